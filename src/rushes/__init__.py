"""Rushes: a build system for generated media.

::

    async with rushes.Client() as client:
        picture = await client.generate_image("a red fox in the snow")
        ran = await client.run("film.yaml")

Public are the names listed here and three packages: `rushes.plugin` (what providers, checks, formats and stores
promise), `rushes.model` (the values they speak in) and `rushes.testing`. Everything else may change without notice.
A name is loaded when it is first used, so that `import rushes` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rushes.app.check import check_files
    from rushes.app.plan import prepare
    from rushes.app.project import Project
    from rushes.app.review import decide
    from rushes.app.run import rerun_file, resume, run_file
    from rushes.app.show import runs, status
    from rushes.errors import (
        ConfigError,
        DamagedError,
        ErrorClass,
        NotFound,
        PlanChanged,
        RefusedError,
        RemoteError,
        RushesError,
        StoreError,
        UserError,
    )
    from rushes.model.problem import ProblemsError
    from rushes.model.run import RunMode, RunOptions, RunState
    from rushes.model.verdict import Choice
    from rushes.model.workflow import Pick
    from rushes.python.answers import Answer, Planned, Ran
    from rushes.python.client import Client
    from rushes.python.sync import SyncClient
    from rushes.python.workflow import Workflow

    __version__: str

__all__ = [
    "Answer",
    "Choice",
    "Client",
    "ConfigError",
    "DamagedError",
    "ErrorClass",
    "NotFound",
    "Pick",
    "PlanChanged",
    "Planned",
    "ProblemsError",
    "Project",
    "Ran",
    "RefusedError",
    "RemoteError",
    "RunMode",
    "RunOptions",
    "RunState",
    "RushesError",
    "StoreError",
    "SyncClient",
    "UserError",
    "Workflow",
    "__version__",
    "check_files",
    "decide",
    "prepare",
    "rerun_file",
    "resume",
    "run_file",
    "runs",
    "status",
]

_MODULES = {
    "rushes.app.check": ("check_files",),
    "rushes.app.plan": ("prepare",),
    "rushes.app.project": ("Project",),
    "rushes.app.review": ("decide",),
    "rushes.app.run": ("rerun_file", "resume", "run_file"),
    "rushes.app.show": ("runs", "status"),
    "rushes.model.problem": ("ProblemsError",),
    "rushes.model.run": ("RunMode", "RunOptions", "RunState"),
    "rushes.model.verdict": ("Choice",),
    "rushes.model.workflow": ("Pick",),
    "rushes.python.answers": ("Answer", "Planned", "Ran"),
    "rushes.python.client": ("Client",),
    "rushes.python.sync": ("SyncClient",),
    "rushes.python.workflow": ("Workflow",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "__version__":
        value: Any = import_module("importlib.metadata").version("rushes")
    else:
        value = getattr(import_module(_HOME.get(name, "rushes.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
