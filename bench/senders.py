"""Whom the limiter is held against: a number that somebody set, and the best-known way to find one.

Each is written as its users have it, not as ours: a call that was refused keeps its place and waits on its own, for as
long as it was told, or twice as long each time.
"""

from __future__ import annotations

import heapq
import math

_LONGEST_WAIT = 60.0


class _Waiting:
    """Calls that hold a place while they wait to be sent again."""

    def __init__(self) -> None:
        self.flying = 0
        self._number = 0
        self._rests: list[float] = []
        self._times = 0

    def sent(self, now: float) -> int:
        """Takes a place, or is the one that has rested longest."""
        if self._rests and self._rests[0] <= now + 1e-9:
            heapq.heappop(self._rests)
        self.flying += 1
        self._number += 1
        return self._number

    def places(self, most: int, now: float) -> float:
        """When a call may be sent, with so many places."""
        if self._rests and self._rests[0] <= now + 1e-9:
            return now
        if self.flying + len(self._rests) < most:
            return now
        return self._rests[0] if self._rests else math.inf

    def took(self, ticket: int, now: float) -> None:
        """Nothing follows from that."""

    def ended(self, ticket: int, now: float) -> None:
        """A place is free."""
        self.flying -= 1
        self._times = 0

    def refused(self, ticket: int, now: float, until: float | None) -> None:
        """It rests, and keeps its place."""
        self.flying -= 1
        self._times += 1
        heapq.heappush(self._rests, until or now + min(_LONGEST_WAIT, 2.0 ** min(self._times, 8)))

    def lost(self, ticket: int) -> None:
        """Its place is free, and it is sent again."""
        self.flying -= 1

    def erred(self, now: float) -> None:
        """Nothing follows from that."""


class Fixed(_Waiting):
    """A number that somebody set."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def opens(self, now: float) -> float:
        """When a place is free."""
        return self.places(self._most, now)


class Aimd(_Waiting):
    """Starts at 20 and doubles with each clean round; from the first refusal on x 0.8 for each episode and 5 % more
    with each clean round; an episode lasts 15 s. Between 4 and 100. Errors of the server put growth off.
    """

    def __init__(self) -> None:
        super().__init__()
        self._most = 20.0
        self._doubling = True
        self._cool = -math.inf
        self._clean = 0

    def opens(self, now: float) -> float:
        """When a place is free."""
        return self.places(int(self._most), now)

    def ended(self, ticket: int, now: float) -> None:
        """A round is as many clean calls as there are places."""
        super().ended(ticket, now)
        self._clean += 1
        if self._clean >= self._most and now >= self._cool:
            self._most = min(100.0, self._most * (2.0 if self._doubling else 1.05))
            self._clean = 0

    def refused(self, ticket: int, now: float, until: float | None) -> None:
        """One cut for each episode."""
        super().refused(ticket, now, until)
        self._clean, self._doubling = 0, False
        if now >= self._cool:
            self._most = max(4.0, self._most * 0.8)
            self._cool = now + 15.0

    def erred(self, now: float) -> None:
        """Growth has to wait."""
        self._clean = 0
