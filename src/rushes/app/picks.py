"""What a run has to show: every row of every generator, its candidates, and which of them was picked.

Gates hold no bytes of their own. A gate's decision is shown where its candidates are: at the generator
it decides about, however many gates lie between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rushes.graph.grid import Grid
from rushes.graph.value import LOST, Outcome, State
from rushes.model.canonical import is_borrowed
from rushes.model.ids import Digest
from rushes.model.media import Artifact, Kind
from rushes.model.operation import INLINE, Fan, Operation
from rushes.model.result import Result, Value
from rushes.model.workflow import Node


class Shown(NamedTuple):
    """One row of one generator. `value` is what stands as its result (None: nothing, or a person must still choose).

    `waits` names the gate that holds it. `row` of `rows` counts from 0.
    """

    cell: int
    node: Node
    row: int
    rows: int
    state: State
    says: str
    candidates: tuple[Result, ...]
    value: Value | None
    how: str
    waits: str | None
    borrowed: bool = False  # made for another prompt; `says` which

    @property
    def picked(self) -> Digest | None:
        """The digest of the candidate that stands."""
        main = self.value.main if self.value is not None else None
        return None if main is None else main.digest

    @property
    def kind(self) -> Kind:
        """What it shows."""
        first = self.value.artifacts if self.value is not None else ()
        for artifact in (*first, *(a for one in self.candidates for a in one.value.artifacts)):
            return artifact.kind
        return self.node.signature.output or Kind.TEXT

    def pictures(self) -> list[tuple[int, Result, Artifact]]:
        """(number as people count, result, main artifact) of every candidate with bytes."""
        return [(one.candidate + 1, one, main) for one in self.candidates if (main := one.value.main) is not None]


def shown(grid: Grid, outcomes: Sequence[Outcome | None]) -> Iterator[Shown]:
    """All rows that generators made or failed to make, in the order of the file; cells never looked at are left out."""
    gates = gates_of(grid, outcomes)
    for number, node in enumerate(grid.nodes):
        if node.op in INLINE:
            continue
        rows = grid.count[number]
        for row, cell in enumerate(grid.cells_of(number)):
            outcome = outcomes[cell]
            if outcome is not None:
                yield _shown(cell, node, row, rows, outcome, gates.get(cell))


def gates_of(grid: Grid, outcomes: Sequence[Outcome | None]) -> dict[int, tuple[Node, Outcome]]:
    """Generator cell -> the gate that decides about it last, and that gate's outcome."""
    found: dict[int, tuple[Node, Outcome]] = {}
    for number, node in enumerate(grid.nodes):
        if node.op is not Operation.APPROVE or not node.enabled:
            continue
        for cell in grid.cells_of(number):
            outcome = outcomes[cell]
            source = _source(grid, cell, outcomes)
            if outcome is not None and source is not None:
                found[source] = (node, outcome)
    return found


def _source(grid: Grid, cell: int, outcomes: Sequence[Outcome | None]) -> int | None:
    while True:
        node = grid.nodes[grid.cells[cell].node]
        if node.op is not Operation.APPROVE:
            return cell
        feeding = [one for _role, _mode, many in grid.cells[cell].inputs for one in many]
        if not feeding:
            return None
        cell = next((one for one in feeding if (o := outcomes[one]) is not None and o.state not in LOST), feeding[-1])


def _shown(cell: int, node: Node, row: int, rows: int, outcome: Outcome, gate: tuple[Node, Outcome] | None) -> Shown:
    candidates = () if node.signature.fan is Fan.SPLIT else outcome.candidates
    value, how, waits = outcome.value, "", None
    if gate is not None and gate[1].state is not State.SKIPPED:
        value, how = gate[1].value, gate[1].says
        if gate[1].state is State.WAITING:
            waits = str(gate[0].id)
    elif len(candidates) > 1:
        how = "first clean"
    lent = is_borrowed(outcome.base) and outcome.state is State.DONE
    return Shown(cell, node, row, rows, outcome.state, outcome.says, candidates, value, how, waits, lent)
