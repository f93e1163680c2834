"""A command line in this process, with a home and a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rushes.cli.tree import run_command


@dataclass(frozen=True)
class Said:
    """What one command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The envelope; fails when anything else is on stdout."""
        lines = self.out.splitlines()
        assert len(lines) == 1, self.out
        return json.loads(lines[0])


Rushes = Callable[..., Said]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, and a home beside it."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path / "home"))
    for name in ("RUSHES_PROVIDER", "RUSHES_PICK", "CI", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def rushes(place: Path, capsys: pytest.CaptureFixture[str]) -> Rushes:
    """Run a command line."""

    def run(*args: str) -> Said:
        capsys.readouterr()
        code = run_command(args)
        caught = capsys.readouterr()
        return Said(code, caught.out, caught.err)

    return run


HELLO = """
name: hello
steps:
  - name: picture
    type: text_to_image
    prompt: a red fox
    params: {resolution: 360p}
"""

GATED = """
name: gated
steps:
  - name: scene_1
    type: text_to_image
    prompt: a red fox
    candidates: 2
    params: {resolution: 360p}
  - name: pick_1
    type: approve
    input_from: scene_1
  - name: larger
    type: upscale_image
    input_from: pick_1
"""


@pytest.fixture
def hello(place: Path) -> Path:
    """One picture."""
    file = place / "hello.yaml"
    file.write_text(HELLO)
    return file


@pytest.fixture
def gated(place: Path) -> Path:
    """Two candidates, a gate, and something after it."""
    file = place / "gated.yaml"
    file.write_text(GATED)
    return file
