"""What was borrowed, as it is told: in a plan, in a summary, in a manifest and in a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rushes.graph.grid import Grid
from rushes.graph.value import Outcome, State
from rushes.model.canonical import is_borrowed
from rushes.model.operation import REMOTE


def loans_in(grid: Grid, outcomes: Sequence[Outcome | None]) -> Iterator[str]:
    """A line for each row that is answered with what was made for another prompt."""
    for number, outcome in enumerate(outcomes):
        if outcome is None or outcome.state is not State.DONE or not is_borrowed(outcome.base):
            continue
        cell = grid.cells[number]
        node = grid.nodes[cell.node]
        if node.op in REMOTE:  # a gate or a text hands on what was borrowed, and borrows nothing
            row = f" row {cell.row + 1}" if grid.count[cell.node] > 1 else ""
            yield f"{node.called}{row}: {outcome.says}"
