"""The work that is left, played ahead: when each request has to begin, where slots are few.

The longest remaining path knows nothing of slots: where films wait for stills, it gives the last of the stills too late
to those whose path is short, and at the end slots are idle. So the schedule that this order makes is played again from
its end: what ended last goes first, and everything lies as late as the slots allow. That says for each request how many
seconds before the end it has to begin: its remaining path, with the waits for slots in it. This is justification
(Valls, Ballestin, Quintanilla: Justification and RCPSP, European Journal of Operational Research 165, 2005).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from rushes.engine.limits import Lane

WORTH = 0.03
"""The share of the time that is left which another order has to save: seconds are estimates, and the longest path
suffers least from their errors.
"""

_SAME = 1e-6  # seconds within which things end together

_Place: TypeAlias = tuple[float, int, int]
"""In a queue, the lowest first: urgency, turn, and the number of the task."""


class Task(NamedTuple):
    """`times` equal requests, of `seconds` each; all wait for all tasks in `needs`, which have lower numbers.

    `lane` are the limits that each takes a slot of; `begun` are on their way. Where several are equally urgent, the
    lowest `turn` goes first.
    """

    seconds: float
    times: int
    lane: Lane
    needs: Sequence[int]
    begun: bool = False
    turn: int = 0


def begins(tasks: Sequence[Task], slots: Mapping[str, int]) -> list[list[float]] | None:
    """For each request of each task the seconds before the end at which it has to begin, the most first.

    A limit that has no `slots` holds nobody up. None where the longest remaining path does as well.
    """
    floor = _laid(tasks, slots)
    paths = _paths(floor)
    plain, ends = _Play(floor, paths).go()
    if _least(floor, paths) >= plain * (1 - WORTH):
        return None
    _length, begins = _Play(floor.mirrored(), ends).go()
    planned, _ends = _Play(floor, begins).go()
    return begins if planned < plain * (1 - WORTH) else None


class _Floor(NamedTuple):
    """Where tasks are played: in which lanes, and who comes after whom. `sharing` are the lanes of each limit, `first`
    says who is on the way.
    """

    tasks: Sequence[Task]
    slots: Mapping[str, int]
    lanes: Sequence[Lane]
    sharing: Mapping[str, Collection[Lane]]
    needs: Sequence[Sequence[int]]
    after: Sequence[Sequence[int]]
    first: Sequence[bool]

    def mirrored(self) -> _Floor:
        """The same from its end, where nothing is on the way."""
        return self._replace(needs=self.after, after=self.needs, first=[False] * len(self.tasks))


def _laid(tasks: Sequence[Task], slots: Mapping[str, int]) -> _Floor:
    lanes = [tuple([name for name in one.lane if name in slots]) for one in tasks]
    different = set(lanes)
    sharing = {name: [lane for lane in different if name in lane] for name in slots}
    after: list[list[int]] = [[] for _ in tasks]
    for number, one in enumerate(tasks):
        for need in one.needs:
            after[need].append(number)
    return _Floor(tasks, slots, lanes, sharing, [one.needs for one in tasks], after, [one.begun for one in tasks])


def _paths(floor: _Floor) -> list[list[float]]:
    """Of each request the longest remaining path."""
    rest = [0.0] * len(floor.tasks)
    for number in range(len(rest) - 1, -1, -1):
        own = floor.tasks[number].seconds if floor.tasks[number].times else 0.0
        rest[number] = own + max([rest[one] for one in floor.after[number]], default=0.0)
    return [[path] * one.times for path, one in zip(rest, floor.tasks, strict=True)]


def _least(floor: _Floor, paths: Sequence[Sequence[float]]) -> float:
    """Seconds that no order can beat: the longest path, and for each limit its work divided by its slots."""
    work = dict.fromkeys(floor.slots, 0.0)
    for one, lane in zip(floor.tasks, floor.lanes, strict=True):
        for name in lane:
            work[name] += one.seconds * one.times
    longest = max([path[0] for path in paths if path], default=0.0)
    return max([longest, *(work[name] / most for name, most in floor.slots.items())])


class _Play:
    """One playing of a floor: whenever a slot is free, the most urgent that may have it takes it.

    `urgency` is that of each request, of each task the highest first.
    """

    def __init__(self, floor: _Floor, urgency: Sequence[Sequence[float]]) -> None:
        self._floor, self._urgency = floor, urgency
        self._now = 0.0
        self._free = dict(floor.slots)
        self._left = [len(needs) for needs in floor.needs]
        self._owed = [one.times for one in floor.tasks]
        self._sent = [0] * len(floor.tasks)
        self._ready: dict[Lane, list[_Place]] = {lane: [] for lane in floor.lanes}
        self._calls: list[tuple[_Place, Lane]] = []  # firsts of lanes that were not seen to be full since
        self._flying: list[tuple[float, int]] = []
        self._ends: list[list[float]] = [[] for _ in floor.tasks]

    def go(self) -> tuple[float, list[list[float]]]:
        """Seconds until the last request has ended, and until each has: of each task the last one first."""
        for number, needs in enumerate(self._floor.needs):
            if not needs:
                self._begin(number)
        self._fill()
        while self._flying:
            self._land()
            self._fill()
        for ends in self._ends:
            ends.reverse()
        return self._now, self._ends

    def _begin(self, number: int) -> None:
        """All that a task needs is there."""
        begun = [number]
        for one in begun:  # grows while it is walked: what asks for nothing is over at once
            if self._owed[one]:
                lane = self._floor.lanes[one]
                heapq.heappush(self._ready[lane], self._next(one))
                self._call(lane)
            else:
                begun += self._end(one)

    def _next(self, number: int) -> _Place:
        """Where the next request of a task stands in the queue."""
        urgency = math.inf if self._floor.first[number] else self._urgency[number][self._sent[number]]
        return -urgency, self._floor.tasks[number].turn, number

    def _end(self, number: int) -> list[int]:
        """A task is over; what has all that it needs now."""
        able = []
        for after in self._floor.after[number]:
            self._left[after] -= 1
            if not self._left[after]:
                able.append(after)
        return able

    def _call(self, lane: Lane) -> None:
        """There may be a slot for the first of a lane."""
        ready = self._ready[lane]
        if ready:
            heapq.heappush(self._calls, (ready[0], lane))

    def _fill(self) -> None:
        free = self._free
        while self._calls:
            first, lane = heapq.heappop(self._calls)
            ready = self._ready[lane]
            if ready and ready[0] == first and min([free[name] for name in lane], default=1) > 0:
                self._send(first[-1], lane)
                self._call(lane)

    def _send(self, number: int, lane: Lane) -> None:
        task, ready = self._floor.tasks[number], self._ready[lane]
        self._sent[number] += 1
        if self._sent[number] < task.times:
            heapq.heapreplace(ready, self._next(number))
        else:
            heapq.heappop(ready)
        for name in lane:
            self._free[name] -= 1
        heapq.heappush(self._flying, (self._now + task.seconds, number))

    def _land(self) -> None:
        """The next that ends, and all that end with it."""
        self._now = self._flying[0][0]
        freed: set[str] = set()
        while self._flying and self._flying[0][0] <= self._now + _SAME:
            number = heapq.heappop(self._flying)[1]
            for name in self._floor.lanes[number]:
                self._free[name] += 1
                freed.add(name)
            self._ends[number].append(self._now)
            self._owed[number] -= 1
            if not self._owed[number]:
                for able in self._end(number):
                    self._begin(able)
        for name in freed:
            for lane in self._floor.sharing[name]:
                self._call(lane)
