"""A small run over each kind of provider, in a child process that dies at a fact or right after a purchase."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import rushes.app.drive
from rushes.app.config import load_config
from rushes.app.project import Project
from rushes.app.run import resume, run_file
from rushes.app.unknowns import Outcome, UnknownAttempt, resolve, unknowns
from rushes.ledger.fold import fold
from rushes.ledger.writer import Writer
from rushes.model.request import Request
from rushes.model.run import RunOptions, RunState
from rushes.plugin.provider import Duplicates
from rushes.testing.crash import Wrap
from rushes.testing.provider import Job, ScriptedProvider

FILE = """\
name: paid
steps:
  - {name: still, type: text_to_image, rows: [a fox, a hare], prompt: "{{item}}"}
"""
OPTIONS = RunOptions(provider="scripted", concurrency=2)
PRELOAD = (__name__, "numpy", "av", "PIL.Image", "rushes.app.results", "rushes.qa.picture")


class Kind(StrEnum):
    """What a provider can say about a submission whose answer was lost."""

    QUEUE = "queue"  # asynchronous, no job list, no idempotency key
    AT_ONCE = "at-once"  # answers when it is finished, and can say nothing
    JOB_LIST = "job-list"
    KEY = "key"


_DUPLICATES = {
    Kind.QUEUE: Duplicates.NEVER,
    Kind.AT_ONCE: Duplicates.NEVER,
    Kind.JOB_LIST: Duplicates.JOB_LIST,
    Kind.KEY: Duplicates.IDEMPOTENCY_KEY,
}


class Dying(ScriptedProvider):
    """kill -9 as soon as so many jobs were bought: the answer to the last one reaches nobody."""

    def __init__(self, *, die: int | None, **more: Any) -> None:
        super().__init__(**more)
        self._die = die

    def _buy(self, request: Request, number: int, idempotency_key: str) -> Job:
        job = super()._buy(request, number, idempotency_key)
        if self._die is not None and len(self.jobs) >= self._die:
            os.kill(os.getpid(), signal.SIGKILL)
        return job


class Desk(NamedTuple):
    """A folder with the file, a home, and the account of the provider."""

    folder: Path
    kind: Kind

    @property
    def file(self) -> Path:
        return self.folder / "paid.yaml"

    @property
    def account(self) -> Path:
        return self.folder / "bought"

    def provider(self, die: int | None = None) -> ScriptedProvider:
        return Dying(
            die=die,
            latency=0.01,
            polls=self.kind is not Kind.AT_ONCE,
            duplicates=_DUPLICATES[self.kind],
            journal=self.account,
        )

    def project(self, die: int | None = None) -> Project:
        config = load_config(self.folder, {"home": str(self.folder / "home")}, {})
        return Project(config, {"scripted": self.provider(die)})

    def bought(self) -> Counter[str]:
        return Counter(self.provider().bought)

    def unknown(self) -> list[UnknownAttempt]:
        with self.project() as project:
            return unknowns(project)

    def say_what_is_true(self) -> int:
        """Look every request in doubt up at the provider, as a person would; how many there were."""
        jobs = {job.idempotency_key: job.remote for job in self.provider().jobs.values()}
        many = self.unknown()
        with self.project() as project:
            for one in many:
                remote = jobs.get(one.key)
                word = Outcome.LOST if remote is None else Outcome.ADOPT
                asyncio.run(resolve(project, one.attempt, word, remote, by="me"))
        return len(many)

    def left_open(self) -> int:
        with self.project() as project:
            return sum(len(fold(project.ledger.events(run.id)).open) for run in project.ledger.runs())


def play(wrap: Wrap, folder: Path, kind: Kind, how: str, die: int | None = None) -> None:
    """`run` or `resume`; the journal of the engine goes through `wrap`."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return wrap(Writer(*args, **kwargs))

    rushes.app.drive.Writer = wrapped  # type: ignore[misc,assignment]
    desk = Desk(folder, kind)
    with desk.project(die) as project:
        going = resume(project, None) if how == "resume" else run_file(project, desk.file, OPTIONS)
        summary = asyncio.run(going)
    assert summary.state in (RunState.DONE, RunState.PARKED), summary
