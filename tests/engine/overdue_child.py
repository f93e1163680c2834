"""A request that is out of its time at a provider that stops nothing, in a process that is killed."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import rushes.app.drive
import rushes.engine.ask
import rushes.engine.in_time
from rushes.app.config import load_config
from rushes.app.models import Models
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.errors import ErrorClass, RemoteError
from rushes.ledger.fold import RunFold, fold
from rushes.ledger.writer import Writer
from rushes.model.patience import Patience
from rushes.model.run import RunOptions, RunState
from rushes.plugin.provider import Context, Duplicates
from rushes.testing.crash import Wrap
from rushes.testing.provider import ScriptedProvider

FILE = """\
name: late
steps:
  - {name: still, type: text_to_image, prompt: a fox}
"""


class Unstoppable(ScriptedProvider):
    """Whatever it is at, nobody can stop it."""

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        raise RemoteError(ErrorClass.INVALID_INPUT, "jobs of this model cannot be stopped")


def provider(folder: Path) -> ScriptedProvider:
    """The provider with its account, which outlives every process."""
    return Unstoppable(latency=0.6, duplicates=Duplicates.NEVER, price=Decimal("0.04"), journal=folder / "bought")


def project(folder: Path) -> Project:
    return Project(load_config(folder, {"home": folder / "home"}, {}), {"scripted": provider(folder)})


def state(folder: Path) -> RunFold:
    """Where the newest run stands."""
    with project(folder) as one:
        return fold(one.ledger.events(next(iter(one.ledger.runs())).id))


def play(wrap: Wrap, folder: Path) -> None:
    """Run the file, or go on with its run; a request's time is over long before its job is."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return wrap(Writer(*args, **kwargs))

    rushes.app.drive.Writer = wrapped  # type: ignore[misc,assignment]
    Models.patience = lambda _self, _node: Patience(0.15, 30.0, "learned", 200)  # type: ignore[method-assign]
    rushes.engine.ask.SELDOM = rushes.engine.in_time.SELDOM = 0.1
    with project(folder) as one:
        summary = asyncio.run(run_file(one, folder / "late.yaml", RunOptions(provider="scripted")))
    assert summary.state is RunState.DONE, summary
