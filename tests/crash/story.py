"""One small run with everything in it, in a child process that dies where it is told to."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from pathlib import Path
from typing import Any

import rushes.app.drive
from rushes.app.config import load_config
from rushes.app.project import Project
from rushes.app.run import resume, run_file
from rushes.ledger.fold import fold
from rushes.ledger.writer import Writer
from rushes.model.event import Event
from rushes.model.run import RunOptions, RunState
from rushes.model.workflow import Pick
from rushes.testing.crash import Wrap
from rushes.testing.provider import ScriptedProvider

STORY = """\
name: story
steps:
  - name: still
    type: text_to_image
    rows: [a fox, a hare]
    prompt: "{{item}}"
    candidates: 2
    approve: true
  - {name: film, type: image_to_video, input_from: still, prompt: it runs}
  - {name: words, type: analyze_image, input_from: still, prompt: what is it?}
  - {name: all, type: concat_videos, input_from: film}
"""
OPTIONS = RunOptions(provider="scripted", pick=Pick.FIRST_CLEAN, concurrency=2)
PRELOAD = (__name__, "numpy", "av", "PIL.Image", "rushes.app.results", "rushes.qa.picture", "rushes.qa.clip")


class Stage:
    """A folder with the story, a home, and the account of what was bought."""

    def __init__(self, folder: Path, home: Path | None = None) -> None:
        self.folder = folder
        self.home = home or folder / "home"
        self.file = folder / "story.yaml"
        self.account = self.home.with_name("bought")

    def set(self) -> Stage:
        self.folder.mkdir(exist_ok=True)
        self.file.write_text(STORY)
        return self

    def project(self) -> Project:
        provider = ScriptedProvider(latency=0.01, journal=self.account)
        return Project(load_config(self.folder, {"home": str(self.home)}, {}), {"scripted": provider})

    def bought(self) -> Counter[str]:
        return Counter(ScriptedProvider(journal=self.account).bought)

    def outputs(self) -> dict[str, bytes]:
        """Every exported picture and film with its bytes; a half-written one would differ or be too many.

        A folder that a killed process was building is hidden, and swept by a later export.
        """
        assets = self.folder / "Assets"
        files = (p for p in assets.rglob("*") if p.suffix in (".png", ".mp4", ".txt"))
        seen = {str(p.relative_to(assets)): p for p in files}
        return {name: path.read_bytes() for name, path in seen.items() if "/.building-" not in name}

    def events(self) -> list[Event]:
        with self.project() as project:
            return [entry.event for run in project.ledger.runs() for entry in project.ledger.events(run.id)]


def play(wrap: Wrap, folder: Path, how: str, home: Path | None = None) -> None:
    """`run` the story, or `resume` it; the journal of the engine goes through `wrap`."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return wrap(Writer(*args, **kwargs))

    rushes.app.drive.Writer = wrapped  # type: ignore[misc,assignment]
    stage = Stage(folder, home)
    with stage.project() as project:
        going = resume(project, None) if how == "resume" else run_file(project, stage.file, OPTIONS)
        summary = asyncio.run(going)
    assert summary.state is RunState.DONE, summary


def whole(stage: Stage) -> None:
    """Nothing in the home is half-written, and nothing is left open."""
    assert not list((stage.home / "store" / "tmp").iterdir())
    with stage.project() as project:
        for digest in project.store.digests():
            project.store.verify(digest)
        for run in project.ledger.runs():
            assert not fold(project.ledger.events(run.id)).open
    # killed over its files it leaves one hidden folder, which an export removes when it is surely nobody's
    hidden = [name for name in os.listdir(stage.folder / "Assets" / "story") if name.startswith(".building")]
    assert len(hidden) <= 1
