"""Cells being decided: what needs nothing bought at once, what is here already from the ledger, gates by a person.

A cell that has to buy becomes `CellWork` and is handed on; it comes back through `finish` when its last unit is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

from rushes.engine.desk import Desk
from rushes.engine.limits import Lane
from rushes.engine.work import CellWork
from rushes.errors import ErrorClass
from rushes.graph.answers import generated
from rushes.graph.gates import held_by, settle_gate, shown_as
from rushes.graph.looked_up import LookedUp, borrowed, look_up
from rushes.graph.settle import Question, Settler
from rushes.graph.value import LOST, Outcome, State, left_out, unselected
from rushes.model.event import CellDone, CellFailed, CellSkipped, Waiting
from rushes.model.ids import NodeId
from rushes.model.operation import INLINE, Operation
from rushes.model.problem import Severity
from rushes.model.request import Recipe
from rushes.model.workflow import Node

_AT_ONCE = 100  # cells that are settled before what may go is sent on its way


class Cells:
    """The cells of one run. `buy` takes a cell that lacks results; `lost` hears of a node that failed for good."""

    def __init__(self, desk: Desk, buy: Callable[[CellWork, Lane], None], lost: Callable[[Node], None]) -> None:
        self._desk, self._buy, self._lost = desk, buy, lost
        self._settler = Settler(desk.grid, desk.job.setting)
        self._cause: dict[int, NodeId] = {}  # of a blocked cell: the node that failed first
        self.held: dict[int, Outcome] = {}  # gates that wait for a person
        self.failed = self.done = self.reused = 0

    def settle_ready(self) -> None:
        """Decide what can be decided, begin to buy what cannot; at most a hundred at once."""
        desk, looked = self._desk, 0
        while desk.ready and looked < _AT_ONCE:
            wave = list(dict.fromkeys(islice(desk.ready, _AT_ONCE)))
            for _ in range(min(len(desk.ready), _AT_ONCE)):
                desk.ready.popleft()
            looked += len(wave)
            asked: list[tuple[int, Question]] = []
            gates: list[int] = []
            for number in wave:
                if desk.outcomes[number] is not None:
                    continue
                if desk.node(number).op is Operation.APPROVE:
                    gates.append(number)
                    continue
                settled = self._settler.settle(number, desk.outcomes)
                if isinstance(settled, Question):
                    asked.append((number, settled))
                else:
                    self.finish(number, self._chosen(number, settled))
            self._begin_all(asked)
            self._settle_gates(gates)

    def look_again(self) -> None:
        """Look at the gates that wait: somebody may have decided."""
        self._desk.ready.extend(self.held)
        self._desk.wake.set()

    def finish(
        self, number: int, outcome: Outcome, *, reused: bool = False, error: ErrorClass | None = None, tries: int = 0
    ) -> None:
        """A cell is decided: write it down, and let what waited for it go on."""
        desk = self._desk
        desk.outcomes[number] = outcome
        desk.undecided -= 1
        node = desk.node(number)
        match outcome.state:
            case State.DONE:
                self._count_done(number, node, outcome, reused)
            case State.SKIPPED:
                desk.put(CellSkipped(place=desk.place(number), says=outcome.says))
            case _:
                self._count_failed(number, node, outcome, error, tries)
        for dependent in desk.dependents[number]:
            desk.left[dependent] -= 1
            if desk.left[dependent] == 0:
                desk.ready.append(dependent)

    def _begin_all(self, asked: Sequence[tuple[int, Question]]) -> None:
        if not asked:
            return
        for found in look_up(self._settler, self._desk.parts.known, asked):
            self._begin(found)

    def _begin(self, found: LookedUp) -> None:
        """Take what is stored; where something is missing, begin to buy it, or say why not."""
        desk, (number, question, chosen, results, loan) = self._desk, found
        cell, frame, base = desk.grid.cells[number], question.frame, question.base
        wanted = cell.node in desk.job.selected
        if loan is not None and (loan.kept or wanted):
            if not loan.kept:
                for event in loan.events(question.node.id, cell.row, question.recipe()):
                    desk.put(event)
            self.finish(number, borrowed(cell, question, loan), reused=True)
            return
        if not chosen.missing or (chosen.candidates and not wanted):
            self.finish(number, generated(cell, base, frame.op, chosen.candidates), reused=True)
            return
        if not wanted:
            self.finish(number, unselected(desk.job.selection))
            return
        lane = desk.lane(question.node, frame.choice)
        halted = desk.why_halted(lane)
        if halted is not None and not desk.parts.stop.patient:
            if not desk.parts.stop.asked:
                self.finish(number, Outcome(State.BLOCKED, base=base, says=halted))
            return
        recipe = question.recipe()
        refused = self._refusals(recipe)
        if refused:
            self.finish(number, Outcome(State.FAILED, base=base, says=refused), error=ErrorClass.INVALID_INPUT)
            return
        self._buy(CellWork(number, cell, frame, base, recipe, list(results)), lane)

    def _refusals(self, recipe: Recipe) -> str:
        """What the provider would refuse, found without asking it."""
        found = self._desk.parts.provider(recipe.provider).validate(recipe)
        errors = [problem for problem in found if problem.severity is Severity.ERROR]
        return "; ".join(f"{one.says} ({one.try_})" if one.try_ else one.says for one in errors)

    def _settle_gates(self, gates: Sequence[int]) -> None:
        desk = self._desk
        setting = desk.job.setting
        for number, about in held_by(desk.grid, gates, desk.outcomes, desk.parts.known, setting).items():
            outcome = self._chosen(number, settle_gate(desk.grid, number, desk.outcomes, about, setting))
            if outcome.state is not State.WAITING:
                self.held.pop(number, None)
                self.finish(number, outcome)
            elif number not in self.held:
                self.held[number] = outcome
                assert outcome.base is not None
                shown = tuple(shown_as(one.value) for one in outcome.candidates)
                desk.put(Waiting(place=desk.place(number), subject=outcome.base, shown=shown))

    def _chosen(self, number: int, outcome: Outcome) -> Outcome:
        selected = self._desk.grid.cells[number].node in self._desk.job.selected
        return outcome if selected else left_out(outcome, self._desk.job.selection)

    def _count_done(self, number: int, node: Node, outcome: Outcome, reused: bool) -> None:
        self.done += 1
        if node.op in INLINE and node.op is not Operation.APPROVE:
            return
        self.reused += reused
        main = outcome.value.main if outcome.value is not None else None
        artifact = main.digest if main is not None else None
        place = self._desk.place(number)
        self._desk.put(CellDone(place=place, base=outcome.base, artifact=artifact, reused=reused))

    def _count_failed(self, number: int, node: Node, outcome: Outcome, error: ErrorClass | None, tries: int) -> None:
        blocked_by = None
        if outcome.state is State.BLOCKED:
            blocked_by = self._first_cause(number)
        elif not node.keep_going:
            self.failed += 1
            self._lost(node)
        self._desk.put(
            CellFailed(
                place=self._desk.place(number), error=error, says=outcome.says, attempts=tries, blocked_by=blocked_by
            )
        )

    def _first_cause(self, number: int) -> NodeId | None:
        desk = self._desk
        for need in desk.grid.cells[number].needs:
            state = desk.outcomes[need]
            if state is not None and state.state in LOST:
                self._cause[number] = self._cause.get(need, desk.node(need).id)
                return self._cause[number]
        return None
