"""What the README promises about the repository is so."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from tests.docs.blocks import ROOT

PINNED = re.compile(r"^([a-z0-9._-]+)==(\S+)(?: ; (.+?))? \\$", re.MULTILINE)


def pins(name: str) -> dict[str, set[str]]:
    """The locked versions of each package; some have one for each range of Pythons."""
    found: dict[str, set[str]] = {}
    for package, version, _marker in PINNED.findall((ROOT / name).read_text()):
        found.setdefault(package, set()).add(version)
    return found


def test_both_locks_agree_so_that_one_environment_serves_both() -> None:
    everything = pins("requirements-dev.txt")
    for package, versions in pins("requirements.txt").items():
        assert everything.get(package) == versions, f"{package} differs between the locks: run sh scripts/lock"


def test_the_locks_cover_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    locked = pins("requirements.txt")
    for requirement in wanted:
        assert re.split(r"[\[>=<]", requirement)[0].lower() in locked, f"{requirement}: run sh scripts/lock"
    everything = pins("requirements-dev.txt")
    tools = [one for one in project["dependency-groups"]["dev"] if isinstance(one, str)]
    # torch is another build on each kind of machine: what is local is installed by scripts/local
    lockable = {**project["project"]["optional-dependencies"], "local": []}
    extras = [one for many in lockable.values() for one in many]
    for requirement in (*tools, *extras):
        assert re.split(r"[\[>=<]", requirement)[0].lower() in everything, f"{requirement}: run sh scripts/lock"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_holds_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) == len(PINNED.findall(text))
    assert text.count("--hash=sha256:") >= len(PINNED.findall(text))


def test_the_readme_names_its_two_commands_and_ci_runs_the_second() -> None:
    commands = re.findall(r"^sh scripts/\w+$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert commands[:2] == ["sh scripts/example", "sh scripts/test"]
    assert "command='sh scripts/test'" in (ROOT / ".ci/run").read_text()


@pytest.mark.parametrize("script", sorted(p.name for p in (ROOT / "scripts").iterdir()))
def test_scripts_are_plain_posix_shell(script: str) -> None:
    subprocess.run(["sh", "-n", str(ROOT / "scripts" / script)], check=True)


def test_the_wheel_holds_the_package_with_its_data_and_nothing_else(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    there = {
        str(path.relative_to(ROOT / "src"))
        for path in (ROOT / "src/rushes").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == there
