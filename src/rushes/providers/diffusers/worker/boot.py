"""Starts the worker under whatever interpreter has torch: `boot.py FOLDER-OF-RUSHES PIPELINE IDENTITY ROOM IDLE`.

Of the runner's packages only `rushes` itself is made visible, from its own folder: an interpreter that has torch brings
everything else, and must never pick up libraries that were built for another one.
"""

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location


def _show_rushes(folder: str) -> None:
    spec = spec_from_file_location("rushes", f"{folder}/__init__.py", submodule_search_locations=[folder])
    assert spec is not None and spec.loader is not None
    module = sys.modules["rushes"] = module_from_spec(spec)
    spec.loader.exec_module(module)


if __name__ == "__main__":
    _show_rushes(sys.argv[1])
    import_module("rushes.providers.diffusers.worker.serve").serve(*sys.argv[2:])
