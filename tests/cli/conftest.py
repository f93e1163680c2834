"""A command line in this process, with a home and a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from rushes.cli.published import envelope_schema, published
from rushes.cli.tree import run_command


@dataclass(frozen=True)
class Said:
    """What one command left."""

    args: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The envelope; fails when anything else is on stdout, and when it is not what is published."""
        lines = self.out.splitlines()
        assert len(lines) == 1, self.out
        said = json.loads(lines[0])
        if command := _command(self.args):
            jsonschema.validate(said, envelope_schema(command))
        return said


def _command(args: tuple[str, ...]) -> str | None:
    """What was called, by the words of its schema; None for what is no command."""
    return next((name for name in (" ".join(args[:2]), args[0]) if name in published()), None)


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
        return Said(args, code, caught.out, caught.err)

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
