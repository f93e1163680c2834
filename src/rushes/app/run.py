"""Use case: run a file, go on with a run, ask again for some of its nodes.

A run is made only when there is something to do; the ledger keeps the document's bytes and the options with it, so that
a resume means what was meant, even when the file has changed since.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path

from rushes.app.begun import document_of
from rushes.app.ceiling import keep_ceilings
from rushes.app.consent import has_cost, keep_consent
from rushes.app.disk import keep_room
from rushes.app.hooks import NO_HOOKS, Hooks
from rushes.app.key_guard import require_keys, same_world
from rushes.app.plan import Prepared, prepare_document, prepare_new, read_file
from rushes.app.project import Project
from rushes.app.results import Finished, finish
from rushes.app.standing import left_off, newest_open, was_left
from rushes.app.summary import RunSummary
from rushes.errors import PlanChanged, UserError
from rushes.graph.planned import Plan
from rushes.graph.select import match
from rushes.graph.value import Outcome, State
from rushes.ledger.owner import new_owner
from rushes.model.ids import RunId
from rushes.model.problem import Severity
from rushes.model.run import OnUnknown, RunOptions, RunRecord, RunState


@cache
def _numbers(_process: int) -> Iterator[int]:
    """Not a die for each run: a program that begins hundreds in one second would throw the same number twice. A forked
    process throws anew, or it would go on with its parent's numbers."""
    return itertools.count(secrets.randbits(16))


async def run_file(
    project: Project, file: Path, options: RunOptions, *, bound_to: str | None = None, hooks: Hooks = NO_HOOKS
) -> RunSummary:
    """Run a file. Raises ProblemsError, PlanChanged when `bound_to` is another plan, RemoteError, StoreError."""
    return await run_document(project, file, read_file(file), options, bound_to=bound_to, hooks=hooks)


async def run_document(
    project: Project,
    file: Path,
    data: bytes,
    options: RunOptions,
    *,
    bound_to: str | None = None,
    hooks: Hooks = NO_HOOKS,
) -> RunSummary:
    """`run_file` for a document that no file holds; `file` names it, and its folder is where outputs go."""
    prepared = await prepare_new(project, file, data, options)
    _check_bound(prepared.plan, bound_to)
    return await run_prepared(project, prepared, hooks=hooks)


async def run_prepared(project: Project, prepared: Prepared, *, hooks: Hooks = NO_HOOKS) -> RunSummary:
    """`run_file` for what was prepared a moment ago."""
    require_keys(project, prepared)
    left = left_off(project, prepared)
    run_id = left.id if left is not None else _new_id()
    prepared = _allowed(project, prepared, run_id, hooks)
    hooks.planned(prepared.plan)
    earlier = _earlier(project, prepared)
    if earlier is not None and _nothing_to_do(prepared):
        state = RunState.FAILED if _blocked(prepared.plan.outcomes) else RunState.DONE
        if _waits(prepared.plan.outcomes):
            state = RunState.PARKED
        record = dataclasses.replace(earlier, state=state, options=prepared.options)
        return finish(project, prepared, Finished(record, prepared.plan.outcomes, ()), hooks)
    owner = new_owner()
    if left is not None and project.ledger.take_run(left.id, owner, time.time()) is None:
        return await _drive(project, prepared, _meant(project, left, prepared.options), owner, hooks)
    record = await asyncio.to_thread(_create, project, prepared, run_id if left is None else _new_id())
    project.ledger.take_run(record.id, owner, time.time())
    return await _drive(project, prepared, record, owner, hooks)


async def rerun_file(project: Project, file: Path, options: RunOptions, *, hooks: Hooks = NO_HOOKS) -> RunSummary:
    """Ask again for the nodes of `options.rerun`, and for nothing else. Their earlier results stay in the store."""
    return await rerun_document(project, file, read_file(file), options, hooks=hooks)


async def rerun_document(
    project: Project, file: Path, data: bytes, options: RunOptions, *, hooks: Hooks = NO_HOOKS
) -> RunSummary:
    """`rerun_file` for a document that no file holds."""
    options = await asked_anew(project, file, data, options)
    return await run_document(project, file, data, options, hooks=hooks)


async def asked_anew(project: Project, file: Path, data: bytes, options: RunOptions) -> RunOptions:
    """The options under which every known result of the nodes of `options.rerun` is passed over."""
    first = await prepare_new(project, file, data, options)
    return dataclasses.replace(first.options, floors=_floors(project, first))


async def resume(
    project: Project,
    run: str | None,
    *,
    budget: Decimal | None = None,
    priority: int | None = None,
    on_unknown: OnUnknown | None = None,
    substitute: tuple[str, ...] = (),
    hooks: Hooks = NO_HOOKS,
) -> RunSummary:
    """Go on with a run (the newest that is not over, when none is named). Raises NotFound, UserError, RefusedError.

    `budget` is the run's ceiling from now on, in USD: what it spent before counts. `priority` is the run's among others
    that want the same account, `on_unknown` what becomes of requests in doubt from now on, `substitute` who may stand
    in for models that are not to be had.
    """
    record = project.ledger.run(RunId(run)) if run is not None else newest_open(project)
    said = {"budget": budget, "priority": priority, "on_unknown": on_unknown}
    now = {name: value for name, value in said.items() if value is not None}
    record = dataclasses.replace(record, options=dataclasses.replace(record.options, **now))  # type: ignore[arg-type]
    record = same_world(project, record)
    if substitute:
        record = _with_stand_ins(project, record, substitute)
    prepared = await prepared_as_of(project, record)
    require_keys(project, prepared)
    prepared = _allowed(project, prepared, record.id, hooks)
    hooks.planned(prepared.plan)
    owner = new_owner()
    holder = project.ledger.take_run(record.id, owner, time.time())
    if holder is not None:
        raise UserError(
            f"run {record.id} is being driven by another process ({holder})",
            next_step=f"let it go on with: rushes ctl {record.id} resume"
            if project.ledger.run(record.id).state is RunState.PAUSED
            else f"watch it with: rushes status {record.id}",
        )
    if now or substitute:
        _meant(project, record, record.options)
    return await _drive(project, prepared, record, owner, hooks)


def _with_stand_ins(project: Project, record: RunRecord, substitute: tuple[str, ...]) -> RunRecord:
    """The run with who may stand in from now on, and what it found not to be had so far."""
    from rushes.app.stand_ins import outs_after

    options = dataclasses.replace(record.options, substitute=substitute)
    return dataclasses.replace(record, options=outs_after(project, record.id, options) or options)


async def prepared_as_of(project: Project, record: RunRecord) -> Prepared:
    """A run's document as it was, planned as of now."""
    return await prepare_document(project, Path(record.file), document_of(project, record), record.options)


async def _drive(project: Project, prepared: Prepared, record: RunRecord, owner: str, hooks: Hooks) -> RunSummary:
    # the engine is loaded when there is something to do
    from rushes.app.drive import drive_run

    summary = await drive_run(project, prepared, record, owner, hooks)
    has_cost(project, record.id, summary.spent + summary.held)
    if (
        not prepared.options.substitute
        or summary.state is not RunState.FAILED
        or (hooks.stop is not None and hooks.stop.asked)
    ):
        return summary
    return await _drive_instead(project, record, hooks) or summary


async def _drive_instead(project: Project, record: RunRecord, hooks: Hooks) -> RunSummary | None:
    """Let others stand in for what a run found not to be had, quoted anew; None where it found nothing of the kind.

    Each round leaves something more out, so that it comes to an end.
    """
    from rushes.app.stand_ins import outs_after

    options = outs_after(project, record.id, record.options)
    if options is None:
        return None
    record = _meant(project, record, options)
    prepared = await prepared_as_of(project, record)
    if not prepared.plan.units or any(one.severity is Severity.ERROR for one in prepared.problems):
        return None
    require_keys(project, prepared)
    prepared = _allowed(project, prepared, record.id, hooks)
    hooks.planned(prepared.plan)
    owner = new_owner()
    if project.ledger.take_run(record.id, owner, time.time()) is not None:
        return None
    return await _drive(project, prepared, record, owner, hooks)


def _check_bound(plan: Plan, bound_to: str | None) -> None:
    if bound_to is not None and plan.fingerprint != bound_to:
        raise PlanChanged(
            f"the plan is {plan.fingerprint} today, not {bound_to}",
            next_step="look at it again with rushes plan, then run with its fingerprint",
        )


def _allowed(project: Project, prepared: Prepared, run: RunId, hooks: Hooks) -> Prepared:
    """What a plan costs, held against every ceiling and the room on the disks, and agreed to. RefusedError if not."""
    prepared = keep_ceilings(project, prepared, run)
    keep_room(project, prepared, run)
    keep_consent(project, prepared, run, hooks.consent)
    return prepared


def _nothing_to_do(prepared: Prepared) -> bool:
    busy = (State.RUN, State.AFTER)
    waiting = _waits(prepared.plan.outcomes)
    if prepared.setting.lender is not None and prepared.setting.lender.unwritten:
        return False  # what is borrowed costs nothing, and is a fact all the same
    return not any(outcome.state in busy for outcome in prepared.plan.outcomes) or (waiting and not prepared.plan.units)


def _waits(outcomes: Sequence[Outcome]) -> bool:
    return any(outcome.state is State.WAITING for outcome in outcomes)


def _blocked(outcomes: Sequence[Outcome]) -> bool:
    return any(outcome.state in (State.BLOCKED, State.FAILED) for outcome in outcomes)


def _earlier(project: Project, prepared: Prepared) -> RunRecord | None:
    """The last run of this file: what a run that has nothing to do is shown as."""
    for record in project.ledger.runs(file=str(prepared.file.absolute()), limit=1):
        if was_left(project, record):
            return None
        return record if not _waits(prepared.plan.outcomes) or record.state is RunState.PARKED else None
    return None


def _meant(project: Project, record: RunRecord, options: RunOptions) -> RunRecord:
    """The run with the options that it is driven with from now on: a later resume means the same."""
    project.ledger.set_options(record.id, options)
    return dataclasses.replace(record, options=options)


def _new_id() -> RunId:
    return RunId(time.strftime("%Y%m%d-%H%M%S") + f"-{next(_numbers(os.getpid())) % 0x10000:04x}")


def _create(project: Project, prepared: Prepared, run_id: RunId) -> RunRecord:
    digest, _size = project.store.put([prepared.document.data])
    record = RunRecord(
        id=run_id,
        workflow=prepared.workflow.name,
        file=str(prepared.file.absolute()),
        document=digest,
        format=prepared.workflow.format,
        options=prepared.options,
        fingerprint=prepared.plan.fingerprint,
        created=time.time(),
    )
    project.ledger.create_run(record)
    return record


def _floors(project: Project, prepared: Prepared) -> tuple[tuple[str, int, int], ...]:
    """For every question of the nodes to ask again, the salt after its last one."""
    named, _unknown = match(prepared.grid, prepared.options.rerun, "rerun")
    bases = [
        outcome.base
        for number, outcome in enumerate(prepared.plan.outcomes)
        if prepared.grid.cells[number].node in named and outcome.base is not None
    ]
    floors: dict[tuple[str, int], int] = {}
    for base, results in project.ledger.results(list(dict.fromkeys(bases))).items():
        for result in results:
            key = (str(base), result.candidate)
            floors[key] = max(floors.get(key, 0), result.salt + 1)
    return tuple((base, candidate, salt) for (base, candidate), salt in sorted(floors.items()))
