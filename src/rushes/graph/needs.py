"""What a cell waits for: whether it may run at all, and whether what it needs is there, coming, or lost."""

from __future__ import annotations

from collections.abc import Sequence

from rushes.graph.grid import Cell, Grid
from rushes.graph.value import COMING, LOST, NOT_SELECTED, Outcome, State
from rushes.model.workflow import Mode, Node

_DONE, _FIRST = State.DONE, Mode.FIRST  # looked up once


def withheld(grid: Grid, node: Node, outcomes: Sequence[Outcome | None]) -> Outcome | None:
    """Why the node itself holds its rows back, whatever they are fed: it is switched off, or its condition fails."""
    if not node.enabled:
        return Outcome(State.SKIPPED, says="disabled in the file")
    return None if node.condition is None else _condition(grid, node, outcomes)


def lacking(grid: Grid, cell: Cell, node: Node, outcomes: Sequence[Outcome | None]) -> Outcome | None:
    """What a cell is while something that it needs is not there: AFTER, or BLOCKED with the first cause."""
    for number in cell.needs:
        outcome = outcomes[number]
        if outcome is None or outcome.state is not _DONE:
            break
    else:
        return None
    required = _required(grid, cell, node, outcomes)
    lost = [(number, outcome) for number in required if (outcome := outcomes[number]) is not None and _lost(outcome)]
    if lost:
        forgiven = all(_may_miss(grid, number, outcome) for number, outcome in lost)
        return Outcome(State.BLOCKED, says=_because(grid, *lost[0]), forgiven=forgiven)
    after = any((outcome := outcomes[number]) is None or outcome.state in COMING for number in required)
    return Outcome(State.AFTER) if after else None


def _because(grid: Grid, number: int, outcome: Outcome) -> str:
    if outcome.state is State.BLOCKED and outcome.says.startswith("needs "):
        return outcome.says  # the first cause, however far away
    name = grid.nodes[grid.cells[number].node].called
    if outcome.state is State.SKIPPED:
        return f"needs {name}, which has no result: {outcome.says}"
    return f"needs {name}, which {'failed' if outcome.state is State.FAILED else f'is blocked: {outcome.says}'}"


def _required(grid: Grid, cell: Cell, node: Node, outcomes: Sequence[Outcome | None]) -> list[int]:
    """The cells that must be DONE: of "a OR b" only what serves, or the last hope; never what may be missing."""
    required = list(cell.texts.values())
    for role, mode, feeding in cell.inputs:
        serving = serving_of(grid, mode, feeding, outcomes)
        if not serving and feeding and _least(node, role):
            serving = feeding
        required.extend(serving)
    return required


def _least(node: Node, role: str) -> int:
    slot = node.signature.slots.get(role)
    return 0 if slot is None else slot.least


def serving_of(grid: Grid, mode: Mode, feeding: Sequence[int], outcomes: Sequence[Outcome | None]) -> Sequence[int]:
    """The cells of one input that count: the first hope of "a OR b"; else all but those that may fail and did."""
    if mode is _FIRST:
        return first_hope(grid, feeding, outcomes)
    for number in feeding:
        if _lost(outcomes[number]):
            break
    else:
        return feeding
    return [number for number in feeding if not _may_miss(grid, number, outcomes[number])]


def _may_miss(grid: Grid, number: int, outcome: Outcome | None) -> bool:
    """Whether the workflow goes on without this cell: it is lost, and its file, or that of what it needed, says
    `on_error: continue`."""
    if outcome is None or outcome.state not in LOST or outcome.says.startswith(NOT_SELECTED):
        return False
    return outcome.forgiven or grid.nodes[grid.cells[number].node].keep_going


def first_hope(grid: Grid, feeding: Sequence[int], outcomes: Sequence[Outcome | None]) -> Sequence[int]:
    """Of "a OR b" the cells of the first node of which nothing is lost, or those of the last node."""
    group: list[int] = []
    for number in feeding:
        if group and grid.cells[group[0]].node != grid.cells[number].node:
            if not any(_lost(outcomes[one]) for one in group):
                return group
            group = []
        group.append(number)
    return group


def _lost(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.state in LOST


def _condition(grid: Grid, node: Node, outcomes: Sequence[Outcome | None]) -> Outcome | None:
    assert node.condition is not None
    cells = grid.cells_of(grid.index[node.condition.node])
    states = [outcome.state if (outcome := outcomes[n]) is not None else State.AFTER for n in cells]
    if any(state in COMING for state in states):
        return Outcome(State.AFTER)
    name = grid.nodes[grid.index[node.condition.node]].called
    failed = any(state in (State.FAILED, State.BLOCKED) for state in states)
    holds = failed if node.condition.wants == "failed" else not failed
    if holds:
        return None
    return Outcome(
        State.SKIPPED,
        says=f"its condition does not hold: {name} {'failed' if failed else 'did not fail'}",
    )
