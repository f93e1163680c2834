"""Why a plan does what it does about a cell, in words; the ledger's history is asked once for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rushes.graph.grid import Grid
from rushes.graph.setting import Setting
from rushes.graph.value import History, State
from rushes.graph.walk import Miss, Walked
from rushes.graph.why import changes, sentence
from rushes.model.ids import BaseKey, NodeId
from rushes.model.operation import Operation
from rushes.model.result import GONE

_RUN, _AFTER, _DONE = State.RUN, State.AFTER, State.DONE  # looked up once


class Reasons:
    """The reasons of one plan. `owners` are the cells that ask for each question first."""

    def __init__(
        self, grid: Grid, setting: Setting, walked: Walked, history: History | None, owners: Mapping[BaseKey, int]
    ) -> None:
        self._grid = grid
        self._setting = setting
        self._walked = walked
        self._owners = owners
        self._history = history
        self._asked: Mapping[tuple[NodeId, int], BaseKey] = {}
        self._old: Mapping[BaseKey, Mapping[str, Any]] = {}
        if history is not None:
            self._remember(history)

    def _remember(self, history: History) -> None:
        outcomes = self._walked.outcomes
        open_ = [number for number, one in enumerate(outcomes) if one.state is _RUN or one.state is _AFTER]
        if not open_:
            return
        self._asked = history.asked([self._place(number) for number in open_])
        if not self._asked:
            return  # as of every workflow that never ran
        places = [self._place(number) for number in self._walked.misses]
        bases = [self._asked[place] for place in places if place in self._asked]
        new = {miss.question.base for miss in self._walked.misses.values()}
        old = [base for base in dict.fromkeys(bases) if base not in new]
        self._old = history.recipes(old) if old else {}

    def _place(self, number: int) -> tuple[NodeId, int]:
        cell = self._grid.cells[number]
        return self._grid.nodes[cell.node].id, cell.row

    def stale(self, number: int) -> bool:
        """Whether the cell was asked something else before than it would be asked now."""
        outcome = self._walked.outcomes[number]
        if not self._asked or outcome.state not in (_RUN, _AFTER):
            return False
        before = self._asked.get(self._place(number))
        return before is not None and before != outcome.base

    def of(self, number: int) -> str:
        """The reason of one cell."""
        outcome = self._walked.outcomes[number]
        if outcome.state is _RUN:
            return self._run(number, self._walked.misses[number])
        if outcome.state is _AFTER:
            return self._after(number)
        if outcome.state is _DONE:
            return outcome.says or "unchanged"
        return outcome.says

    def _run(self, number: int, miss: Miss) -> str:
        owner = self._owners[miss.question.base]
        if owner != number and self._grid.cells[owner].node != self._grid.cells[number].node:
            return f"asks the same as {self._called(owner, seen_from=number)}"
        if miss.results:
            return self._missing(miss)
        before = self._asked.get(self._place(number)) if self._asked else None
        if before is None:
            return "never run"
        if before == miss.question.base:
            return "asked before, without a result that is still held"
        old = self._old.get(before)
        found = changes(old, miss.question.recipe().plain()) if old is not None else []
        return sentence(found) if found else "asked something else before"

    def _missing(self, miss: Miss) -> str:
        base, frame = miss.question.base, miss.question.frame
        floors = self._setting.floors
        again = [one for one, _salt in miss.chosen.missing if floors.get((base, one), 0)]
        flagged: dict[int, int] = {}
        lost: set[int] = set()
        for result in miss.results:
            if result.value is GONE:
                lost.add(result.candidate)
            elif result.verdict.flagged and result.salt >= floors.get((base, result.candidate), 0):
                flagged[result.candidate] = flagged.get(result.candidate, 0) + 1
        tried = [one for one, _salt in miss.chosen.missing if one in flagged]
        absent = [one for one, _salt in miss.chosen.missing if one not in flagged and one not in again]
        gone = [one for one in absent if one in lost]
        said = []
        if gone:
            what = f"{len(gone)} of {frame.wanted} candidates are" if frame.wanted > 1 else "its result is"
            became = self._history.collected(base) if self._history is not None else ""
            said.append(f"missing: {what} no longer in the store" + (f": {became}" if became else ""))
            absent = [one for one in absent if one not in lost]
        if absent:
            said.append(f"{len(absent)} of {frame.wanted} candidates missing")
        if tried:
            attempt = min(flagged[one] for one in tried) + 1
            many = f"{len(tried)} of {frame.wanted} candidates " if frame.wanted > 1 else ""
            said.append(f"{many}flagged, attempt {attempt} of {frame.attempts}")
        if len(again) > len([one for one in again if one in flagged]):
            said.append("asked again")
        return "; ".join(said)

    def _called(self, number: int, *, seen_from: int) -> str:
        node = self._grid.nodes[self._grid.cells[number].node]
        here = self._grid.nodes[self._grid.cells[seen_from].node]
        # tabs that are copies of each other have the same titles; ids are never the same
        return f"{node.called} of tab {node.tab}" if node.title and node.tab != here.tab else node.called

    def _after(self, number: int) -> str:
        outcomes = self._walked.outcomes
        for needed in self._grid.cells[number].needs:
            state = outcomes[needed].state
            node = self._grid.nodes[self._grid.cells[needed].node]
            if state is State.WAITING:
                return f"waits for the approval at {node.called}"
            if state in (_RUN, _AFTER):
                made = "the pick at" if node.op is Operation.APPROVE else "the new result of"
                return f"needs {made} {node.called}"
        return "its turn comes later"
