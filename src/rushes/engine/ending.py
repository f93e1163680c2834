"""The end of a run: which state it is in, and what it says about the cells that were not reached."""

from __future__ import annotations

import asyncio

from rushes.engine.attempt import call_off_left
from rushes.engine.cells import Cells
from rushes.engine.desk import Desk
from rushes.engine.job import RunEnd
from rushes.engine.order import CalledOff, Order
from rushes.engine.units import Units
from rushes.errors import ErrorClass, RemoteError
from rushes.graph.value import Outcome, State, left_out
from rushes.model.event import Cancelled, RunEnded, RunParked
from rushes.model.run import RunState

_CALLED_OFF_IN = 20.0  # seconds for telling the providers of a run that was stopped for good


async def end_of(desk: Desk, cells: Cells, units: Units) -> RunEnd:
    """Give back what was claimed for nothing, write down how the run ended, and say it."""
    await units.ahead.let_go()
    if desk.parts.stop.insisted:
        await _call_off(desk, units)
    state = _state(desk, cells, units)
    if state is RunState.PARKED:
        await desk.record(RunParked(waiting=len(cells.held) + len(units.doubts)))
    await desk.record(RunEnded(state=str(state), done=cells.done, failed=cells.failed, reused=cells.reused))
    for number, outcome in cells.held.items():
        desk.outcomes[number] = outcome
    for number, outcome in units.doubts.outcomes():
        desk.outcomes[number] = outcome
    told = (outcome or _not_reached(desk, number) for number, outcome in enumerate(desk.outcomes))
    return RunEnd(state, tuple(told))


def _not_reached(desk: Desk, number: int) -> Outcome:
    """What was not selected is not open, also while what it needs waits for a person: as a plan says it."""
    after = Outcome(State.AFTER)
    selected = desk.grid.cells[number].node in desk.job.selected
    return after if selected else left_out(after, desk.job.selection)


async def _call_off(desk: Desk, units: Units) -> None:
    """What the run had left at its providers when the person insisted; a job that had finished stays for a resume."""
    why = RemoteError(ErrorClass.CANCELLED, "the run was stopped")

    async def one(order: Order) -> None:
        try:
            await call_off_left(order, why, desk.parts)
        except CalledOff as off:
            desk.put(Cancelled(attempt=order.attempt, place=order.place, billed=off.billed))
        except RemoteError:
            pass  # nobody can say that it has stopped: it stays open

    orders = [unit.order for unit in units.left if unit.order is not None and unit.order.remote is not None]
    if orders:
        tasks = [asyncio.create_task(one(order)) for order in orders]
        _done, late = await asyncio.wait(tasks, timeout=_CALLED_OFF_IN)
        for task in late:
            task.cancel()


def _state(desk: Desk, cells: Cells, units: Units) -> RunState:
    if desk.parts.stop.asked and (_left_over(desk, cells) or len(desk.queue)):
        return RunState.INTERRUPTED
    if cells.failed or _missed(desk):
        return RunState.FAILED
    return RunState.PARKED if cells.held or len(units.doubts) else RunState.DONE


def _missed(desk: Desk) -> bool:
    """Whether a step is without a result for a failure that was forgiven, and nothing went on without it."""
    outcomes = desk.outcomes
    return any(
        outcome is not None
        and outcome.forgiven
        and not desk.node(number).keep_going
        and not any((later := outcomes[one]) and later.state is State.DONE for one in desk.dependents[number])
        for number, outcome in enumerate(outcomes)
    )


def _left_over(desk: Desk, cells: Cells) -> bool:
    return any(outcome is None and number not in cells.held for number, outcome in enumerate(desk.outcomes))
