"""Who listens to a run besides its display: alerts, and traces where somebody asked for them.

They hang on what the engine says and set timers of their own; nothing of them is on the way of a paid call.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from rushes.app.alerts import Alert, Limits, Watch
from rushes.app.config import ALERT_COMMANDS, Alerts
from rushes.app.project import Project
from rushes.engine.parts import Parts
from rushes.ledger.fold import RunFold
from rushes.model.event import Event, Slow
from rushes.model.run import RunRecord


@dataclass(slots=True)
class Watched:
    """The parts of a run with everybody who listens, and what these have to say when it is over."""

    parts: Parts
    notes: list[str] = field(default_factory=list)


@asynccontextmanager
async def watching(project: Project, record: RunRecord, past: RunFold, parts: Parts) -> AsyncIterator[Watched]:
    """Listen to a run while the block drives it. `past` is where it stood before."""
    watched = Watched(parts)
    async with _told(project.config.alerts, record, watched) as tell:

        def say(slow: Slow) -> None:
            parts.journal.put(slow)
            parts.watch(slow)

        alerts = Watch(Limits(project).of, say, tell, parts.clock.time)

        def watch(event: Event) -> None:
            parts.watch(event)
            alerts.watch(event)

        alerts.left(past.open.values())
        watched.parts = dataclasses.replace(parts, watch=watch)
        try:
            yield watched
        finally:
            alerts.close()


@asynccontextmanager
async def _told(alerts: Alerts, record: RunRecord, watched: Watched) -> AsyncIterator[Callable[[Alert], None]]:
    """Whoever `[alerts]` names hears of them."""
    command = alerts.command if alerts.may_call else ()
    if alerts.command and not command:
        watched.notes.append(
            f"the command {alerts.command[0]!r} of [alerts] is not called: a project file may be somebody else's;"
            f" if it is yours, set {ALERT_COMMANDS}=yes"
        )
    if not command and alerts.url is None:
        yield lambda _alert: None
        return
    from rushes.app.alerts_calls import Calls  # for the few who want to be called

    calls = Calls(record.id, command, alerts.url)
    try:
        yield calls.tell
    finally:
        await asyncio.shield(calls.leave())
        watched.notes.extend(calls.notes())
