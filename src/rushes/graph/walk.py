"""The walk over the grid that a plan is made from: every cell to its outcome, one question to the ledger per level.

A level is everything that can be known once the answers of the level before are known. Texts and references
wait for no answer, so they belong to the level of what they need. Cells are settled, chosen and let through gates by
the functions that a run uses.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import NamedTuple

from rushes.graph.answers import Chosen, generated
from rushes.graph.gates import held_by, settle_gate
from rushes.graph.grid import Grid
from rushes.graph.looked_up import borrowed, look_up
from rushes.graph.setting import Setting
from rushes.graph.settle import Question, Settler
from rushes.graph.value import Known, Outcome, State, left_out, unselected
from rushes.model.operation import Operation
from rushes.model.result import Result

# looked up once: to reach a member of an enumeration costs as much as a small function
_RUN = State.RUN
_APPROVE, _PROMPT, _MEDIA = Operation.APPROVE, Operation.PROMPT, Operation.MEDIA


class Miss(NamedTuple):
    """A cell whose question has no full answer: what there is, and what must be asked."""

    question: Question
    chosen: Chosen
    results: Sequence[Result]


class Walked(NamedTuple):
    """Every cell's outcome, and the questions of the cells that must run."""

    outcomes: list[Outcome]
    misses: dict[int, Miss]
    settler: Settler


def walk(grid: Grid, setting: Setting, known: Known, selected: Set[int] | None, flags: str) -> Walked:
    """Settle every cell. What is not selected is taken from what exists, and never asked."""
    outcomes: list[Outcome | None] = [None] * len(grid.cells)
    misses: dict[int, Miss] = {}
    settler = Settler(grid, setting)
    for level in levels(grid):
        asked: list[tuple[int, Question]] = []
        gates: list[int] = []
        for number in level:
            node = grid.cells[number].node
            if grid.nodes[node].op is _APPROVE:
                gates.append(number)
                continue
            found = settler.settle(number, outcomes)
            if isinstance(found, Question):
                asked.append((number, found))
            elif selected is not None and node not in selected:
                outcomes[number] = left_out(found, flags)
            else:
                outcomes[number] = found
        if asked:
            _answer(settler, known, selected, flags, asked, outcomes, misses)
        if gates:
            _open(grid, setting, known, selected, flags, gates, outcomes)
    return Walked(_all(outcomes), misses, settler)


def levels(grid: Grid) -> list[list[int]]:
    """Cell numbers by level, each level in topological order."""
    ready = [0] * len(grid.cells)  # the level at which a cell's outcome is known
    found: list[list[int]] = []
    inline = [node.op is _PROMPT or node.op is _MEDIA for node in grid.nodes]
    cells = grid.cells
    for number in grid.order:
        cell = cells[number]
        level = 0
        for needed in cell.needs:
            if ready[needed] > level:
                level = ready[needed]
        if level == len(found):
            found.append([])
        found[level].append(number)
        ready[number] = level if inline[cell.node] else level + 1
    return found


def _answer(
    settler: Settler,
    known: Known,
    selected: Set[int] | None,
    flags: str,
    asked: Sequence[tuple[int, Question]],
    outcomes: list[Outcome | None],
    misses: dict[int, Miss],
) -> None:
    for number, question, chosen, results, loan in look_up(settler, known, asked):
        base, op = question.base, question.frame.op
        cell = settler.grid.cells[number]
        if loan is not None and (loan.kept or selected is None or cell.node in selected):
            outcomes[number] = borrowed(cell, question, loan)
        elif not chosen.missing:
            outcomes[number] = generated(cell, base, op, chosen.candidates)
        elif selected is None or cell.node in selected:
            misses[number] = Miss(question, chosen, results)
            outcomes[number] = Outcome(_RUN, base=base, candidates=chosen.candidates)
        elif chosen.candidates:
            outcomes[number] = generated(cell, base, op, chosen.candidates)
        else:
            outcomes[number] = unselected(flags)


def _open(
    grid: Grid,
    setting: Setting,
    known: Known,
    selected: Set[int] | None,
    flags: str,
    gates: Sequence[int],
    outcomes: list[Outcome | None],
) -> None:
    for number, held in held_by(grid, gates, outcomes, known, setting).items():
        outcome = settle_gate(grid, number, outcomes, held, setting)
        if selected is not None and grid.cells[number].node not in selected:
            outcome = left_out(outcome, flags)
        outcomes[number] = outcome


def _all(outcomes: Sequence[Outcome | None]) -> list[Outcome]:
    found = [outcome for outcome in outcomes if outcome is not None]
    assert len(found) == len(outcomes), "every cell is in exactly one level"
    return found
