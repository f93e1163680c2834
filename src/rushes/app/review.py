"""Use case: a person decides about a candidate, and the decision is bound to its bytes."""

from __future__ import annotations

import getpass
import time
from typing import NamedTuple

from rushes.app.plan import Prepared
from rushes.app.project import Project
from rushes.app.run import prepared_as_of
from rushes.app.show import run_named
from rushes.errors import NotFound, UserError
from rushes.graph.gates import gate_subject, shown_as
from rushes.graph.select import match
from rushes.graph.value import Outcome, State
from rushes.model.event import Decided, Place
from rushes.model.ids import RunId
from rushes.model.operation import Operation
from rushes.model.result import GONE
from rushes.model.run import DRIVEN
from rushes.model.verdict import Choice


class Ruling(NamedTuple):
    """A decision that was written. `left` rows of this run still wait; `parked` says that nobody drives it."""

    run: RunId
    node: str
    row: int
    candidate: int
    choice: Choice
    digest: str
    left: int
    parked: bool


async def decide(
    project: Project,
    run: str | None,
    node: str,
    candidate: int,
    choice: Choice,
    *,
    row: int | None = None,
    by: str | None = None,
    note: str = "",
) -> Ruling:
    """Approve or reject a candidate of a gate, or of the generator in front of one.

    `candidate` and `row` count from 1; `row` may be left out when only one row waits. Raises NotFound, UserError.
    """
    record = run_named(project, run)
    prepared = await prepared_as_of(project, record)
    cell, outcome = _gate_row(prepared, node, row)
    assert outcome.base is not None
    place = Place(node=prepared.grid.nodes[prepared.grid.cells[cell].node].id, row=prepared.grid.cells[cell].row)
    found = next((one for one in outcome.candidates if one.candidate == candidate - 1), None)
    if found is None or found.value == GONE:
        numbers = ", ".join(str(one.candidate + 1) for one in outcome.candidates)
        raise NotFound(f"{node} has no candidate {candidate}", next_step=f"choose one of: {numbers}")
    digest = shown_as(found.value)
    event = Decided(
        place=Place(node=place.node, row=place.row, candidate=candidate - 1),
        subject=outcome.base,
        artifact=digest,
        choice=choice,
        by=by or person(),
        note=note,
    )
    project.ledger.append(record.id, [event], time.time())
    left = (await prepared_as_of(project, record)).plan.outcomes
    waiting = sum(one.state is State.WAITING for one in left)
    parked = record.state not in DRIVEN
    return Ruling(record.id, str(place.node), place.row + 1, candidate, choice, digest, waiting, parked)


def _gate_row(prepared: Prepared, name: str, row: int | None) -> tuple[int, Outcome]:
    grid = prepared.grid
    numbers, unknown = match(grid, [name], "NODE")
    if unknown:
        raise NotFound(unknown[0].says, next_step=unknown[0].try_)
    gates = [number for number in sorted(numbers) if grid.nodes[number].op is Operation.APPROVE]
    gates = gates or [gate for number in sorted(numbers) for gate in _gates_after(prepared, number)]
    if not gates:
        raise UserError(f"{name} is no gate, and none follows it", next_step="name an approve step")
    cells = [cell for gate in gates for cell in grid.cells_of(gate) if prepared.plan.outcomes[cell].base is not None]
    if row is not None:
        cells = [cell for cell in cells if grid.cells[cell].row == row - 1]
        if not cells:
            raise NotFound(f"{name} has no row {row} with candidates", next_step="see rushes status")
    elif len(cells) > 1:
        cells = [cell for cell in cells if prepared.plan.outcomes[cell].state is State.WAITING] or cells
    if not cells:
        raise UserError(f"{name} has no candidates yet", next_step="run the steps before it first")
    if len(cells) > 1:
        rows = ", ".join(str(grid.cells[cell].row + 1) for cell in cells)
        raise UserError(f"{name} has several rows", next_step=f"say which with --row: {rows}")
    return cells[0], _with_candidates(prepared, cells[0])


def _with_candidates(prepared: Prepared, cell: int) -> Outcome:
    """What a gate chooses from, also when it is decided already: a mind may be changed."""
    subject = gate_subject(prepared.grid, cell, prepared.plan.outcomes)
    if subject is None or subject.base is None or not subject.candidates:
        raise UserError("this gate has nothing to choose from", next_step="see rushes status")
    return subject


def _gates_after(prepared: Prepared, number: int) -> list[int]:
    grid = prepared.grid
    children = grid.topology.children[number]
    return [child for child in children if grid.nodes[child].op is Operation.APPROVE]


def person() -> str:
    """Who sits at this machine, for records of decisions."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
