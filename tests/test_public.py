"""The public names are a short list, and looking at them costs nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import rushes
from rushes.app.plugins import REMOTE

HEAVY = ("numpy", "PIL", "av", "httpx", "rich", "yaml", "psycopg", "sqlite3", "asyncio", "click")


@pytest.mark.parametrize("name", rushes.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(rushes, name) is not None


def test_the_list_is_sorted_and_is_what_dir_says() -> None:
    assert rushes.__all__ == sorted(rushes.__all__) == dir(rushes)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'engine_room'"):
        _ = rushes.engine_room


def test_public_names_of_our_own_know_where_they_live() -> None:
    moved = [
        name
        for name in rushes.__all__
        if name != "__version__" and not getattr(rushes, name).__module__.startswith("rushes.")
    ]
    assert not moved


def test_every_public_name_is_used_by_the_example_of_a_stranger() -> None:
    text = (Path(__file__).parent / "typing" / "api.py").read_text()
    unused = [name for name in rushes.__all__ if not re.search(rf"\brushes\.{name}\b", text)]
    assert not unused, f"tests/typing/api.py does not use {unused}"


def _modules(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def _imported(code: str) -> set[str]:
    return {module.partition(".")[0] for module in _modules(code)}


def _adapters(code: str) -> set[str]:
    """The adapters of remote providers that some code loads."""
    homes = {name: where.partition(":")[0] for name, where in REMOTE.items()}
    loaded = _modules(code)
    return {name for name, home in homes.items() if home in loaded}


def test_import_rushes_loads_nothing_heavy() -> None:
    assert not _imported("import rushes") & {*HEAVY, "importlib.metadata"}


def test_help_loads_nothing_heavy() -> None:
    code = (
        "sys.argv = ['rushes', '--help']\nimport rushes.cli.main\n"
        "try: rushes.cli.main.main()\nexcept SystemExit as end: assert not end.code"
    )
    assert not _imported(code) & set(HEAVY)


def test_no_adapter_is_loaded_by_those_who_name_none() -> None:
    assert _adapters("import rushes") == set()
    assert _adapters("import rushes.app.plan, rushes.app.run, rushes.app.drive, rushes.cli.main") == set()


@pytest.mark.parametrize("name", REMOTE)
def test_naming_an_adapter_loads_that_one(name: str) -> None:
    code = (
        "from pathlib import Path\nfrom rushes.app.config import load_config\nfrom rushes.app.project import Project\n"
        "import tempfile\n"
        "folder = Path(tempfile.mkdtemp())\n"
        f"Project(load_config(folder, {{'home': str(folder)}}, {{}})).provider({name!r})"
    )
    assert _adapters(code) == {name}
