"""A pace that was found: so many requests a second, measured from one recovery to the next.

When an account takes again after it refused, it has what time has given it since, and the same after the next refusal.
What it took between the two is what it gives in that time. The more it took, the surer the number: an unsure one is tried upwards soon and far, a sure one seldom and
by little. Pure, as `finder` is.
"""

from __future__ import annotations

import math
from collections import deque

_SPAN = 100  # requests that a measurement goes back over, at least, where there are as many
_MARKS = 64  # recoveries that are remembered
_LOOSE = 200  # requests that the pace did not hold up, after which it is given up
_HOLD = 200  # requests at one pace before a faster one is tried, at most
_LEAST_HOLD = 10
_SURE, _UNSURE = 0.02, 0.3  # how far a measurement may be off, at best and at worst


class Tempo:
    """The pace of one account. `rate` is requests a second; None: nothing holds them up."""

    def __init__(self) -> None:
        self.rate: float | None = None
        self._next = -math.inf
        self._marks: deque[tuple[float, int]] = deque(
            maxlen=_MARKS
        )  # when it took again, and what it had taken by then
        self._unsure = _UNSURE
        self._hold = _LEAST_HOLD
        self._clean = 0
        self._loose = 0

    def opens(self) -> float:
        """When the next one may go."""
        return -math.inf if self.rate is None else self._next

    def sent(self, now: float) -> None:
        """One goes. A second's worth may go together, so that a late timer loses nothing."""
        if self.rate is None:
            return
        gap = 1.0 / self.rate
        self._loose = self._loose + 1 if now > self._next + max(gap, 1.0) else 0
        self._next = max(self._next, now - max(0.0, 1.0 - gap)) + gap
        if self._loose > _LOOSE:
            self.rate = None

    def took(self) -> None:
        """One was taken at this pace: after enough of them a faster one is tried."""
        self._clean += 1
        if self.rate is not None and self._clean >= self._hold:
            self.rate *= 1.0 + self._unsure
            self._unsure = min(_UNSURE, self._unsure * 2.0)
            self._clean = 0

    def refused(self) -> None:
        """It was refused: no faster for now."""
        self._clean = 0

    def healed(self, now: float, taken: int) -> None:
        """It takes again, for the first time since it refused: a measurement ends here, and the next begins."""
        self._marks.append((now, taken))
        while len(self._marks) > 2 and taken - self._marks[1][1] >= _SPAN:
            self._marks.popleft()
        if self.rate is not None:
            self._measure()

    def keep(self, now: float) -> None:
        """From now on a pace is kept, if one was measured."""
        if self.rate is None:
            self._loose = 0
            self._next = now
            self._measure()

    def _measure(self) -> None:
        if len(self._marks) < 2:
            return
        (began, before), (ended, after) = self._marks[0], self._marks[-1]
        took, seconds = after - before, ended - began
        if took < 1 or seconds <= 0:
            return
        self._unsure = min(_UNSURE, max(_SURE, 2.0 / took))
        self._hold = min(_HOLD, max(_LEAST_HOLD, took))
        self.rate = took / seconds * (1.0 - self._unsure / 2.0)
