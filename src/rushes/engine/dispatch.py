"""Which ready unit goes next: the longest remaining path first, fairly over tabs, under every limit.

Units wait in one heap per (lane, tab), so that a full group never blocks the work behind it. Among the heads
that may go, the longest remaining path wins (list scheduling); equal paths go to the tab that was served least.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Generic, TypeVar

from rushes.engine.limits import Lane, Limits

U = TypeVar("U")


class Dispatch(Generic[U]):
    """The ready units of one run."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._heaps: dict[Lane, dict[str, list[tuple[float, int, U]]]] = {}
        self._served: dict[str, int] = {}
        self._count = 0
        self._waiting = 0

    def __len__(self) -> int:
        return self._waiting

    def push(self, unit: U, *, lane: Lane, tab: str, path: float) -> None:
        """A unit is ready; `path` is the remaining path in seconds, its own time included."""
        self._count += 1
        self._waiting += 1
        heap = self._heaps.setdefault(lane, {}).setdefault(tab, [])
        heapq.heappush(heap, (-path, self._count, unit))

    def pop(self, now: float) -> tuple[U, Lane] | None:
        """The next unit that every limit admits, with its tokens taken; None when nothing may go."""
        best: tuple[float, int, int] | None = None
        where: tuple[Lane, str] | None = None
        for lane, tabs in self._heaps.items():
            if self._limits.why_not(lane, now) is not None:
                continue
            for tab, heap in tabs.items():
                rank = (heap[0][0], self._served.get(tab, 0), heap[0][1])
                if best is None or rank < best:
                    best, where = rank, (lane, tab)
        if where is None:
            return None
        lane, tab = where
        heap = self._heaps[lane][tab]
        _, _, unit = heapq.heappop(heap)
        if not heap:
            del self._heaps[lane][tab]
            if not self._heaps[lane]:
                del self._heaps[lane]
        self._served[tab] = self._served.get(tab, 0) + 1
        self._waiting -= 1
        self._limits.take(lane)
        return unit, lane

    def lanes(self) -> Iterable[Lane]:
        """The lanes in which something waits."""
        return self._heaps

    def heads(self, most: int) -> list[U]:
        """Some that are nearly next, at most so many of each lane and tab: a heap is in order only at its head."""
        return [unit for tabs in self._heaps.values() for heap in tabs.values() for _, _, unit in heap[:most]]

    def drain(self, limit: str | None = None) -> list[U]:
        """Take out everything that waits (under one limit, if named), in no promised order."""
        taken: list[U] = []
        for lane in [lane for lane in self._heaps if limit is None or limit in lane]:
            for heap in self._heaps.pop(lane).values():
                taken.extend(unit for _, _, unit in heap)
        self._waiting -= len(taken)
        return taken

    def reasons(self, now: float) -> dict[str, int]:
        """How many units wait for which limit: what the display says about waiting."""
        counts: dict[str, int] = {}
        for lane, tabs in self._heaps.items():
            name = self._limits.why_not(lane, now)
            if name is not None:
                counts[name] = counts.get(name, 0) + sum(len(heap) for heap in tabs.values())
        return counts
