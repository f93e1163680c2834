"""Who listens to a run besides its display: alerts, and traces where somebody asked for them.

They hang on what the engine says and set timers of their own; nothing of them is on the way of a paid call.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from rushes.app.alerts import Alert, Limits, Watch
from rushes.app.alerts_budget import Nearly
from rushes.app.config import ALERT_COMMANDS, Alerts
from rushes.app.project import Project
from rushes.app.scopes import Ceiling
from rushes.engine.parts import Parts
from rushes.ledger.fold import AttemptState
from rushes.model.event import Event, Slow
from rushes.model.run import RunRecord


@dataclass(slots=True)
class Watched:
    """The parts of a run with everybody who listens, and what these have to say when it is over."""

    parts: Parts
    notes: list[str] = field(default_factory=list)


@asynccontextmanager
async def watching(
    project: Project, record: RunRecord, left: Sequence[AttemptState], ceilings: Sequence[Ceiling], parts: Parts
) -> AsyncIterator[Watched]:
    """Listen to a run while the block drives it. `left` is what was open before, `ceilings` are what it is under."""
    watched = Watched(parts)
    async with _traced(record, left, watched), _told(project.config.alerts, record, watched) as tell:
        parts = watched.parts

        def say(slow: Slow) -> None:
            parts.journal.put(slow)
            parts.watch(slow)

        def spent(alert: Alert) -> None:
            watched.notes.append(alert.says)
            tell(alert)

        alerts = Watch(Limits(project).of, say, tell, parts.clock.time)
        nearly = Nearly(ceilings, project.ledger.accounts, spent)

        def watch(event: Event) -> None:
            parts.watch(event)
            alerts.watch(event)
            nearly.watch(event)

        alerts.left(left)
        watched.parts = dataclasses.replace(parts, watch=watch)
        try:
            yield watched
        finally:
            alerts.close()
            await asyncio.shield(nearly.leave())


@asynccontextmanager
async def _traced(record: RunRecord, left: Sequence[AttemptState], watched: Watched) -> AsyncIterator[None]:
    """Spans, where the standard variables of OpenTelemetry name a collector."""
    environ = os.environ
    if not any(name.startswith("OTEL_EXPORTER_OTLP_") for name in environ):
        yield
        return
    from rushes.app.traces import Traces, wanted, why_not  # for the few who trace

    missing = why_not() if wanted() else ""
    if missing is not None:
        watched.notes += [missing] if missing else []
        yield
        return
    parts = watched.parts
    traces = Traces(record, parts.clock.time)
    traces.left(left)

    def watch(event: Event) -> None:
        parts.watch(event)
        with suppress(Exception):  # whatever is wrong with a span, the run goes on
            traces.watch(event)

    watched.parts = dataclasses.replace(parts, watch=watch, checks=traces.timed(parts.checks))
    try:
        yield
    finally:
        lost = await asyncio.shield(traces.leave())
        watched.notes += [lost] if lost else []


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
