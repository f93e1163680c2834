"""The suite's command line in this process, with a home and a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rushes.cli.suite.tree import run_command


@dataclass(frozen=True)
class Said:
    """What one command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one line on stdout; fails when anything else is there."""
        (line,) = self.out.splitlines()
        return json.loads(line)

    @property
    def data(self) -> Any:
        """What is in the envelope."""
        return self.json["data"]


Aicp = Callable[..., Said]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, and a home beside it; nobody has keys."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for name in ("RUSHES_PROVIDER", "RUSHES_SIM", "FAL_KEY", "PIPELINE_PARALLEL_ENABLED", "CI", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def aicp(place: Path, capsys: pytest.CaptureFixture[str]) -> Aicp:
    """Run a command line."""

    def run(*args: str) -> Said:
        capsys.readouterr()
        code = run_command(args)
        caught = capsys.readouterr()
        return Said(code, caught.out, caught.err)

    return run


CHAIN = """
name: chain
steps:
  - {name: still, type: text_to_image, prompt: "{{input}}", params: {resolution: 360p}}
  - {name: larger, type: upscale_image}
"""


@pytest.fixture
def chain(place: Path) -> Path:
    """Two steps, one after the other."""
    file = place / "chain.yaml"
    file.write_text(CHAIN)
    return file
