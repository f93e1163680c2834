"""Use case: ask the services themselves what their endpoints take, cost and until when. Opt-in: it uses the network.

Nothing is bought. What they say is kept in the home and beats older data files; `rushes models doctor` compares.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from rushes.app.plugins import REMOTE
from rushes.app.project import Project
from rushes.catalogue.endpoints import endpoints
from rushes.catalogue.snapshot import Seen, read_snapshot, snapshot_text, unit_of
from rushes.engine.clock import SystemClock
from rushes.engine.parts import JobContext
from rushes.errors import RemoteError, StoreError, UserError
from rushes.plugin.published import Published, Publishes


class Refreshed(NamedTuple):
    """What one provider came to: endpoints that were seen, those that it does not know, and what went wrong."""

    provider: str
    seen: int
    unknown: tuple[str, ...]
    wrong: str
    next_step: str = ""


async def refresh(project: Project, provider: str | None, say: Callable[[str], None]) -> list[Refreshed]:
    """Ask every provider that publishes something, or one. Raises UserError for one that publishes nothing."""
    names = [provider] if provider is not None else list(REMOTE)
    found = []
    for name in names:
        asked = project.provider(name)
        if not isinstance(asked, Publishes):
            if provider is not None:
                raise UserError(f"{name} publishes nothing about its models", next_step="leave --provider out")
            continue
        say(f"asking {name}")
        try:
            found.append(await _one(project, name, asked))
        finally:
            await asked.close()
    return found


async def _one(project: Project, name: str, provider: Publishes) -> Refreshed:
    context = JobContext(project.scratch, "", project.store, SystemClock(), project.ledger)
    folder, today = project.snapshots, date.today()
    seen, fresh = read_snapshot(folder, name), 0
    unknown: list[str] = []
    for endpoint in _asked_for(project, name):
        try:
            told = await provider.published(endpoint, context)
        except RemoteError as error:
            _write(folder, name, seen)  # what was seen until now is not lost
            return Refreshed(name, fresh, tuple(unknown), error.message, error.next_step)
        if told is None:
            unknown.append(endpoint)
        else:
            seen[endpoint] = _seen(told, today)
            fresh += 1
    _write(folder, name, seen)
    return Refreshed(name, fresh, tuple(unknown), "")


def _asked_for(project: Project, provider: str) -> list[str]:
    listed = (one for model in project.catalogue.models() for one in model.listings() if one.provider == provider)
    return sorted({*(one.endpoint for one in listed), *endpoints(provider)})


def _seen(told: Published, today: date) -> Seen:
    return Seen(today, told.schema, told.usd, unit_of(told.unit), told.ends)


def _write(folder: Path, provider: str, seen: dict[str, Seen]) -> None:
    """Whole or not at all: another process may be reading."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / f"{provider}.json.{os.getpid()}"
        beside.write_text(snapshot_text(seen), "utf-8")
        beside.replace(folder / f"{provider}.json")
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}") from error
