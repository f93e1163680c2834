"""A desk at which workflows are measured, and a benchmark that dies."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

from rushes.app.benchmark import benchmark
from rushes.app.benchmarked import Benchmark, Round
from rushes.app.config import load_config
from rushes.app.consent import given as given_beforehand
from rushes.app.hooks import Hooks
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.app.summary import RunSummary
from rushes.model.event import Event
from rushes.model.run import RunOptions
from rushes.testing.provider import ScriptedProvider

USD = Decimal
PLAIN = """
name: story
steps:
  - {name: still, type: text_to_image, prompt: a fox}
  - {name: film, type: image_to_video, input_from: still, prompt: it runs}
"""
GATED = """
name: gated
steps:
  - {name: still, type: text_to_image, prompt: a fox, candidates: 2}
  - {name: chosen, type: approve, input_from: still}
  - {name: film, type: image_to_video, input_from: chosen, prompt: it runs}
"""
AGREED = Hooks(consent=given_beforehand)


class Desk:
    """A folder with a workflow, and a provider whose requests cost ten cents each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.provider = ScriptedProvider(price=USD("0.10"))
        self.file = folder / "story.yaml"
        self.file.write_text(PLAIN)
        self.told: list[tuple[int, Round]] = []

    def lasting(self) -> None:
        """Let the provider know its jobs after the death of this process, as real ones do."""
        self.provider = ScriptedProvider(price=USD("0.10"), journal=self.folder / "jobs")

    def opened(self) -> Project:
        config = load_config(self.folder, {"home": self.folder / "home"}, {})
        return Project(config, {"scripted": self.provider}, checks=())

    def bench(
        self, times: int = 3, *, warm: bool = False, hooks: Hooks = AGREED, tell: Any = None, **options: Any
    ) -> Benchmark:
        return asyncio.run(
            benchmark(
                self.opened,
                self.file,
                RunOptions(provider="scripted", **options),
                times=times,
                warm=warm,
                hooks=hooks,
                tell=tell or (lambda number, one: self.told.append((number, one))),
            )
        )

    def run(self, **options: Any) -> RunSummary:
        with self.opened() as project:
            asked = RunOptions(provider="scripted", **options)
            return asyncio.run(run_file(project, self.file, asked, hooks=AGREED))

    def files(self) -> set[Path]:
        return {path for path in self.folder.rglob("*") if path.is_file() and "home" not in path.parts}


def dying(_wrap: object, folder: str, after: int) -> None:
    """A benchmark whose process dies without a word after so many facts."""
    facts = itertools.count(1)

    def watch(_event: Event) -> None:
        if next(facts) == after:
            os.kill(os.getpid(), signal.SIGKILL)

    desk = Desk(Path(folder))
    desk.lasting()
    desk.bench(3, hooks=AGREED._replace(watch=watch))
