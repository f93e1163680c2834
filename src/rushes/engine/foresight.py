"""When the requests of a run have to begin, as far as it is known how many go at once.

That changes while a run goes on: an account finds out what it takes, a person sets another number. So the work that is
left is played ahead (`schedule`) whenever it has become more or less by a quarter. What comes of it takes the place of
the longest remaining path where it is worth it, and counts as that does: seconds before the end.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from rushes.engine.desk import Desk
from rushes.engine.limit import Limit
from rushes.engine.schedule import Task, begins
from rushes.engine.work import Unit
from rushes.graph.frame import candidates_of
from rushes.model.operation import INLINE
from rushes.model.workflow import Node

_MOST = 4000
"""Cells that are played ahead, in about a tenth of a second. Of more work the end is, when so many are left: until then
nearly any order keeps every slot busy.
"""

_NEWS = 1.25  # times as many at once as before, or as few


class Foresight:
    """What lies ahead of one run."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._slots: Mapping[str, int] = {}

    def look(self) -> None:
        """Say anew when what is left has to begin, where something has to wait and it is news how many go at once."""
        desk = self._desk
        if desk.undecided > _MOST or not len(desk.queue):
            return
        slots = _slots(desk)
        few = min(slots.values(), default=math.inf)
        if len(desk.queue) + len(desk.running) > few and _is_news(slots, self._slots):
            self._slots = slots
            _Ahead(desk).play(slots)


def _slots(desk: Desk) -> Mapping[str, int]:
    """How many go at once under each limit of which that is known."""
    known = {limit.name: _most(limit) for limit in desk.limits}
    return {name: most for name, most in known.items() if most is not None}


def _most(limit: Limit) -> int | None:
    """What a limit was told, what it has found out, and what other processes have left: the least of it."""
    ones = [] if limit.most is None else [limit.most]
    if limit.finder is not None and not limit.finder.learned.free:
        ones.append(math.floor(limit.finder.most))
    if limit.part is not None and limit.part.held is not None and limit.part.held > 0:
        ones.append(limit.part.held)
    return min(ones, default=None)


def _is_news(slots: Mapping[str, int], before: Mapping[str, int]) -> bool:
    if slots.keys() != before.keys():
        return True
    return any(max(most, before[name]) >= _NEWS * min(most, before[name]) for name, most in slots.items())


class _Ahead:
    """The work that is left of a run, as tasks: what is on its way, what waits, and then all the other cells."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tasks: list[Task] = []
        self._left: dict[int, list[int]] = {}  # of a cell that has begun to buy: the tasks that it waits for
        self._ends: dict[int, int] = {}  # the task with which a cell ends
        self._turns: Counter[str] = Counter()  # so many tasks of each tab: equal ones take turns
        for unit in desk.running.values():
            self._fly(unit)
        self._waiting = dict(self._wait())
        for number in desk.grid.order:
            if desk.outcomes[number] is None:
                self._ends[number] = self._add(self._cell(number))

    def play(self, slots: Mapping[str, int]) -> None:
        """Say when everything has to begin."""
        desk, found = self._desk, begins(self._tasks, slots)
        desk.begins = {} if found is None else {cell: found[task] for cell, task in self._ends.items() if found[task]}
        for task, units in self._waiting.items():
            for place, unit in enumerate(units):
                unit.path = found[task][place] if found is not None else desk.paths[unit.works[0].cell.node]
        desk.queue.reorder(lambda unit: unit.path)

    def _fly(self, unit: Unit) -> None:
        """One on its way, with all of its seconds; what its provider has answered takes no time any more."""
        times = int(unit.tokens is not None)
        self._note(self._add(Task(self._desk.job.seconds(unit.node), times, unit.lane, (), begun=True)), [unit])

    def _wait(self) -> Iterable[tuple[int, list[Unit]]]:
        """The units that wait, by their task: the most urgent of it first."""
        together: dict[int, list[Unit]] = {}
        for unit in self._desk.queue:
            together.setdefault(unit.works[0].number, []).append(unit)
        for units in together.values():
            units.sort(key=lambda unit: (-unit.path, unit.request.candidate))
            node = units[0].node
            seconds, turn = self._desk.job.seconds(node), self._turn(node)
            task = self._add(Task(seconds, len(units), units[0].lane, (), turn=turn))
            self._note(task, units)
            yield task, units

    def _cell(self, number: int) -> Task:
        """A cell that is not decided: with what it has begun to buy, or with all that it will."""
        desk, node = self._desk, self._desk.node(number)
        if number in self._left:
            return Task(0.0, 0, (), self._left[number])
        needs = [self._ends[need] for need in desk.grid.cells[number].needs if need in self._ends]
        if node.op in INLINE or desk.grid.cells[number].node not in desk.job.selected:
            return Task(0.0, 0, (), needs)
        times = candidates_of(node, desk.job.setting)
        return Task(desk.job.seconds(node), times, desk.limits_of(node), needs, turn=self._turn(node))

    def _turn(self, node: Node) -> int:
        self._turns[node.tab] += 1
        return self._turns[node.tab]

    def _add(self, task: Task) -> int:
        self._tasks.append(task)
        return len(self._tasks) - 1

    def _note(self, task: int, units: Iterable[Unit]) -> None:
        """All cells that asked for these wait for the task."""
        for work in {work.number for unit in units for work in unit.works}:
            self._left.setdefault(work, []).append(task)
