"""A pace that was found: so many requests a second.

Measured first: when an account takes again after it refused, it has what time has given it since, and the same after
the next refusal; what it took between the two is what it gives in that time. Then bracketed: a pace at which enough was
taken is proven, one that was refused is too much, and what is tried next lies between them. Pure, as `finder` is.
"""

from __future__ import annotations

import math
from collections import deque

_SPAN = 100  # requests that a measurement goes back over, at least, where there are as many
_MARKS = 64  # recoveries that are remembered
_LOOSE = 300  # requests that the pace did not hold up, after which it is given up
_HOLD, _LEAST_HOLD = 200, 10  # requests at one pace before a faster one is tried, at most and at least
_SURE, _UNSURE = 0.02, 0.5  # how far a measurement may be off, at best and at worst
_CLOSE = 1.02  # a bracket is not halved any further
_FORGOTTEN = 4  # times a pace was proven, after which what was refused is tried again


class Tempo:
    """The pace of one account. `rate` is requests a second; None: nothing holds them up."""

    def __init__(self) -> None:
        self.rate: float | None = None
        self._next = -math.inf
        self._marks: deque[tuple[float, int]] = deque(maxlen=_MARKS)  # when it took again, and all it had taken by then
        self._unsure = _UNSURE
        self._hold = _LEAST_HOLD
        self._clean = 0
        self._loose = 0
        self._low: float | None = None  # proven
        self._high = math.inf  # refused
        self._proven = 0
        self._measuring = True

    def opens(self) -> float:
        """When the next one may go."""
        return -math.inf if self.rate is None else self._next

    def sent(self, now: float) -> bool:
        """One goes; whether the pace had held it up. A second's worth may go together: a late timer loses nothing."""
        if self.rate is None:
            return False
        gap = 1.0 / self.rate
        held = now <= self._next + max(gap, 1.0)
        self._next = max(self._next, now - max(0.0, 1.0 - gap)) + gap
        self._loose = 0 if held else self._loose + 1
        if self._loose > _LOOSE:
            self.rate = None
        return held

    def took(self) -> None:
        """One that the pace had held up was taken: after enough of them it is proven, and a faster one is tried."""
        self._clean += 1
        if self.rate is None or self._clean < self._hold:
            return
        self._clean = 0
        self._low = self.rate
        self._proven += 1
        if self._proven >= _FORGOTTEN:
            self._high = math.inf
        if self._high == math.inf:
            self.rate *= 1.0 + self._unsure
            self._unsure = min(_UNSURE, self._unsure * 2.0)
        elif self._high > self.rate * _CLOSE:
            self.rate = min(self.rate * (1.0 + _UNSURE), math.sqrt(self.rate * self._high))

    def refused(self, held: bool) -> None:
        """It was refused; `held` by this pace: then it is too fast, and the one that was proven is the pace again."""
        self._clean = 0
        if self.rate is None:
            self._measuring = True
        elif held:
            self._high, self._proven, self._unsure = self.rate, 0, _SURE
            self._hold = min(2 * _HOLD, self._hold * 2)
            self._measuring = self._low is None or self._low >= self.rate
            self.rate = self.rate * (1.0 - _SURE) if self._measuring else self._low
            if self._measuring:
                self._low = None

    def healed(self, now: float, taken: int) -> None:
        """It takes again, for the first time since it refused: a measurement ends here, and the next begins."""
        self._marks.append((now, taken))
        while len(self._marks) > 2 and taken - self._marks[1][1] >= _SPAN:
            self._marks.popleft()
        if self.rate is not None and self._measuring:
            self._measure()

    def keep(self, now: float) -> None:
        """From now on a pace is kept, if one was measured."""
        if self.rate is None:
            self._loose, self._next = 0, now
            self._low, self._high = None, math.inf
            self._measure()

    def _measure(self) -> None:
        if len(self._marks) < 2:
            return
        (began, before), (ended, after) = self._marks[0], self._marks[-1]
        took, seconds = after - before, ended - began
        if took < 1 or seconds <= 0:
            return
        self._measuring = False
        self._unsure = min(_UNSURE, max(_SURE, 2.0 / took))
        self._hold = min(_HOLD, max(_LEAST_HOLD, took // 2))
        self.rate = took / seconds * (1.0 - self._unsure / 2.0)
