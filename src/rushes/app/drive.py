"""A run and the engine: what it is given, and what is left when it ends.

Loaded only when there is something to do; a run that finds everything done knows nothing of an engine.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from rushes.app.disk import room_left
from rushes.app.held import Holdings
from rushes.app.hooks import Hooks
from rushes.app.plan import Prepared, concurrency_of
from rushes.app.project import Project
from rushes.app.results import Finished, finish
from rushes.app.scopes import account_of, ceilings_of, scopes_of
from rushes.app.summary import RunSummary
from rushes.app.watching import watching
from rushes.assets.sources import looked_at
from rushes.engine.claims import others_hold, stuck_in
from rushes.engine.clock import SystemClock
from rushes.engine.job import Job
from rushes.engine.parts import Parts, Stop
from rushes.engine.recover import past_of
from rushes.engine.retry import RetryPolicy
from rushes.engine.run import drive
from rushes.graph.select import flags_of
from rushes.ledger.fold import RunFold, fold
from rushes.ledger.writer import Writer
from rushes.model.run import OnUnknown, RunRecord, RunState


async def drive_run(project: Project, prepared: Prepared, record: RunRecord, owner: str, hooks: Hooks) -> RunSummary:
    """Drive a run that `owner` has taken until it is done, parked or stopped, and write its results."""
    ledger = project.ledger
    state = RunState.INTERRUPTED
    writer = Writer(ledger, record.id, owner, time.time)
    project.driven += 1
    try:
        await project.settle_gateways()
        ceilings = ceilings_of(project, prepared, record.id)
        ledger.set_ceilings(record.id, {one.scope: one.most for one in ceilings})
        parts = _parts(project, writer, owner, hooks)
        parts = dataclasses.replace(
            parts, room=room_left(project, prepared), listen=partial(project.ear.listen, record.id)
        )
        past = fold(ledger.journal(record.id))
        job, left = _job(project, prepared, record, owner, past), list(past.open.values())
        del past  # of a large run as large as all that follows
        under = [one._replace(scope=account_of(one, prepared)) for one in ceilings]
        async with (
            project.share.taking_part(),
            _called(project, hooks, parts) as parts,
            watching(project, record, left, under, parts) as watched,
        ):
            end = await drive(job, watched.parts)
        await writer.flush()
        record = dataclasses.replace(record, state=end.state)
        ended = Finished(record, end.outcomes, ledger.journal(record.id))
        # before the run is left: whoever fails or dies over its files leaves a run that resumes
        summary = await asyncio.to_thread(finish, project, prepared, ended, hooks)
        state = end.state
        why = (parts.stop.why,) if parts.stop.why and state is RunState.INTERRUPTED else ()
        return dataclasses.replace(summary, notes=(*summary.notes, *watched.notes, *why))
    finally:
        try:
            writer.close()
        finally:
            project.driven -= 1
            ledger.leave_run(record.id, owner, state, time.time())
            if not project.driven:  # what is torn from under another run of this project may be a paid request
                await _close(project)


@asynccontextmanager
async def _called(project: Project, hooks: Hooks, parts: Parts) -> AsyncIterator[Parts]:
    """The parts of a run whose providers may call, if somebody said where."""
    if hooks.webhooks is None:
        yield parts
        return
    from rushes.app.webhooks import listening, where_of  # a server that few runs have

    def called(name: str) -> Any:
        return getattr(project.loaded_providers().get(name), "called", None)

    async with listening(where_of(hooks.webhooks), called, parts.pace.wakes) as webhook:
        yield dataclasses.replace(parts, webhook=webhook)


async def _close(project: Project) -> None:
    """Let go of the providers' connections, whatever happened: each, also when another cannot."""
    await asyncio.gather(*(one.close() for one in project.loaded_providers().values()), return_exceptions=True)


def _job(project: Project, prepared: Prepared, record: RunRecord, owner: str, past: RunFold) -> Job:
    settings, options = prepared.workflow.settings, prepared.options
    retry = RetryPolicy()
    if settings.max_retries is not None:
        retry = dataclasses.replace(retry, tries=settings.max_retries + 1)
    if settings.retry_delay is not None:
        retry = dataclasses.replace(retry, delay=settings.retry_delay)
    return Job(
        run=record.id,
        grid=prepared.grid,
        setting=prepared.setting,
        selected=prepared.selected if prepared.selected is not None else frozenset(range(len(prepared.grid.nodes))),
        selection=flags_of(prepared.options),
        owner=owner,
        limits=prepared.workflow.limits,
        concurrency=prepared.concurrency,
        usual=concurrency_of(project, prepared.workflow, dataclasses.replace(options, concurrency=None)),
        priority=options.priority,
        fail_fast=options.fail_fast or settings.fail_fast,
        retry=retry,
        request_delay=settings.request_delay or 0.0,
        patience=prepared.models.patience,
        seconds=prepared.models.seconds,
        scopes=scopes_of(project, prepared, record.id),
        on_unknown=options.on_unknown or project.config.on_unknown.value or OnUnknown.ASK,
        past=past_of(past),
    )


def _parts(project: Project, writer: Writer, owner: str, hooks: Hooks) -> Parts:
    return Parts(
        journal=writer,
        known=Holdings(project.ledger, project.store),
        store=project.store,
        provider=project.provider,
        checks=project.checks(),
        probe=looked_at,
        clock=SystemClock(),
        scratch=project.scratch,
        notes=project.ledger,
        stuck=stuck_in(project.ledger, time.time),
        accounts=project.accounts,
        busy=others_hold(project.ledger, owner, time.time),
        stop=hooks.stop or Stop(),
        watch=hooks.watch,
        gauge=hooks.gauge,
    )
