"""What every row of a workflow would ask, were all that it needs made already: its identity, before anything is bought.

Results that nobody made stand in for real ones, each named by the question that it would answer. So two rows have one
key exactly when they ask the same, from the same beginnings, all the way down: of two versions of a workflow this says
what is new, whatever a store holds.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from rushes.graph.answers import generated
from rushes.graph.gates import Held, gate_subject, settle_gate
from rushes.graph.grid import Cell, Grid
from rushes.graph.setting import Setting
from rushes.graph.settle import Question, Settler
from rushes.graph.value import Outcome
from rushes.model.collector import collector_off
from rushes.model.ids import Digest
from rushes.model.media import Artifact, Kind
from rushes.model.operation import Operation
from rushes.model.result import Result, Value
from rushes.model.verdict import Verdict
from rushes.model.workflow import Pick

_TYPES = {
    Kind.IMAGE: "image/png",
    Kind.VIDEO: "video/mp4",
    Kind.AUDIO: "audio/wav",
    Kind.SUBTITLES: "application/x-subrip",
}
_CLEAN = Verdict()


class Ask(NamedTuple):
    """One row that would ask: its cell, its question, and whether all that goes into it is there, not imagined."""

    cell: int
    question: Question
    certain: bool


def asks(grid: Grid, setting: Setting) -> list[Ask]:
    """Every row that asks somebody, in an order in which each comes after what it needs."""
    policy = setting._replace(pick=Pick.FIRST_CLEAN, pick_wins=True)
    settler = Settler(grid, policy)
    outcomes: list[Outcome | None] = [None] * len(grid.cells)
    imagined = [False] * len(grid.cells)
    found: list[Ask] = []
    with collector_off():
        for number in grid.order:
            cell = grid.cells[number]
            imagined[number] = any(imagined[one] for one in cell.needs)
            if grid.nodes[cell.node].op is Operation.APPROVE:
                outcomes[number] = settle_gate(
                    grid, number, outcomes, Held(gate_subject(grid, number, outcomes)), policy
                )
                continue
            settled = settler.settle(number, outcomes)
            if isinstance(settled, Question):
                found.append(Ask(number, settled, not imagined[number]))
                imagined[number] = True
                settled = generated(cell, settled.base, settled.frame.op, (_answer(cell, settled),))
            outcomes[number] = settled
    return found


def _answer(cell: Cell, question: Question) -> Result:
    kind = question.node.signature.output or _kind_of_input(question)
    if kind is Kind.TEXT:
        return Result(0, 0, Value(text=question.base), _CLEAN)
    made = tuple(_artifact(f"{question.base} {panel}", kind) for panel in range(cell.panel + 1))
    return Result(0, 0, Value(artifacts=made), _CLEAN)


def _kind_of_input(question: Question) -> Kind:
    return next((many[0].kind for many in question.inputs.values() if many), Kind.IMAGE)


def _artifact(name: str, kind: Kind) -> Artifact:
    digest = Digest(hashlib.sha256(name.encode()).hexdigest())
    return Artifact(digest=digest, media_type=_TYPES[kind], size=1)
