"""The end of a run: which state it is in, and what it says about the cells that were not reached."""

from __future__ import annotations

from rushes.engine.cells import Cells
from rushes.engine.desk import Desk
from rushes.engine.job import RunEnd
from rushes.engine.units import Units
from rushes.graph.value import Outcome, State
from rushes.model.event import RunEnded, RunParked
from rushes.model.run import RunState


async def end_of(desk: Desk, cells: Cells, units: Units) -> RunEnd:
    """Give back what was claimed for nothing, write down how the run ended, and say it."""
    waits = desk.queue.reasons(desk.now())
    await units.ahead.let_go()
    state = _state(desk, cells)
    if state is RunState.PARKED:
        await desk.record(RunParked(waiting=len(cells.held)))
    await desk.record(RunEnded(state=str(state), done=cells.done, failed=cells.failed, reused=cells.reused))
    for number, outcome in cells.held.items():
        desk.outcomes[number] = outcome
    after = Outcome(State.AFTER)
    return RunEnd(state, tuple(outcome if outcome is not None else after for outcome in desk.outcomes), waits)


def _state(desk: Desk, cells: Cells) -> RunState:
    if desk.parts.stop.asked and (_left_over(desk, cells) or len(desk.queue)):
        return RunState.INTERRUPTED
    if cells.failed or _missed(desk):
        return RunState.FAILED
    return RunState.PARKED if cells.held else RunState.DONE


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
