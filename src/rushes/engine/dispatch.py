"""Which ready unit goes next: the longest remaining path first, fairly over tabs, under every limit.

Units wait in one heap per (lane, tab), so that a full group never blocks the work behind it. Among the heads
that may go, the longest remaining path wins (list scheduling); equal paths go to the tab that was served least. Where
it is known how few go at once, a path may have its waits for slots in it (`foresight`).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import Generic, TypeAlias, TypeVar

from rushes.engine.limit import Closed, Weigh
from rushes.engine.limits import Lane, Limits
from rushes.engine.tokens import Tokens
from rushes.model.wait import Wait

U = TypeVar("U")
_Ready: TypeAlias = tuple[float, int, U, Weigh]


class Dispatch(Generic[U]):
    """The ready units of one run."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._heaps: dict[Lane, dict[str, list[_Ready[U]]]] = {}
        self._served: dict[str, int] = {}
        self._count = 0
        self._waiting = 0

    def __len__(self) -> int:
        return self._waiting

    def __iter__(self) -> Iterator[U]:
        """All that wait, in no promised order."""
        return (one[2] for tabs in self._heaps.values() for heap in tabs.values() for one in heap)

    def push(self, unit: U, *, lane: Lane, tab: str, path: float, weigh: Weigh) -> None:
        """A unit is ready; `path` is the remaining path in seconds with its own time, `weigh` what it counts for."""
        self._count += 1
        self._waiting += 1
        heap = self._heaps.setdefault(lane, {}).setdefault(tab, [])
        heapq.heappush(heap, (-path, self._count, unit, weigh))

    def pop(self, now: float) -> tuple[U, Tokens] | None:
        """The next unit that every limit admits, with its tokens taken; None when nothing may go."""
        best: tuple[float, int, int] | None = None
        where: tuple[Lane, str] | None = None
        for lane, tabs in self._heaps.items():
            for tab, heap in tabs.items():
                rank = (heap[0][0], self._served.get(tab, 0), heap[0][1])
                if (best is None or rank < best) and self._limits.shut(lane, now, heap[0][3]) is None:
                    best, where = rank, (lane, tab)
        if where is None:
            return None
        lane, tab = where
        heap = self._heaps[lane][tab]
        _, _, unit, weigh = heapq.heappop(heap)
        if not heap:
            del self._heaps[lane][tab]
            if not self._heaps[lane]:
                del self._heaps[lane]
        self._served[tab] = self._served.get(tab, 0) + 1
        self._waiting -= 1
        return unit, self._limits.take(lane, now, weigh)

    def reorder(self, path: Callable[[U], float]) -> None:
        """The remaining paths of all that wait have become others; equal ones keep their order."""
        for tabs in self._heaps.values():
            for heap in tabs.values():
                heap[:] = [(-path(unit), count, unit, weigh) for _path, count, unit, weigh in heap]
                heapq.heapify(heap)

    def lanes(self) -> dict[Lane, int]:
        """The lanes in which something waits, and how much."""
        return {lane: sum(len(heap) for heap in tabs.values()) for lane, tabs in self._heaps.items()}

    def heads(self, most: int) -> list[U]:
        """Some that are nearly next, at most so many of each lane and tab: a heap is in order only at its head."""
        return [one[2] for tabs in self._heaps.values() for heap in tabs.values() for one in heap[:most]]

    def drain(self, limit: str | None = None) -> list[U]:
        """Take out everything that waits (under one limit, if named), in no promised order."""
        taken: list[U] = []
        for lane in [lane for lane in self._heaps if limit is None or limit in lane]:
            for heap in self._heaps.pop(lane).values():
                taken.extend(one[2] for one in heap)
        self._waiting -= len(taken)
        return taken

    def opens(self, now: float) -> float | None:
        """The loop time at which something may go by itself; None when only somebody can let it go."""
        return min((shut.until for shut, _count in self._shut(now) if shut.until is not None), default=None)

    def reasons(self, now: float) -> dict[str, Wait]:
        """How many units wait for which limit, why, and how long: what the display says about waiting."""
        found: dict[str, Wait] = {}
        for shut, count in self._shut(now):
            left = None if shut.until is None else shut.until - now
            before = found.get(shut.limit, Wait(0, shut.why, left))
            soonest = min((one for one in (left, before.seconds) if one is not None), default=None)
            found[shut.limit] = Wait(before.number + count, before.why, soonest)
        return found

    def _shut(self, now: float) -> Iterator[tuple[Closed, int]]:
        """What holds up the head of each heap, and how many stand behind it."""
        for lane, tabs in self._heaps.items():
            for heap in tabs.values():
                shut = self._limits.shut(lane, now, heap[0][3])
                if shut is not None:
                    yield shut, len(heap)
