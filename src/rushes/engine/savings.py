"""What an account gives in a time, by what it took until it refused.

Many accounts let be saved up what nobody takes, up to so much (a bucket). What such a one takes in any time is at most
all that it can save, and what it gives in that time. Nobody knows either; but whoever has left it alone until the first
request has found all of it saved, and so knows what it took at once: a *burst*, to its first refusal. Whatever it takes
in a longer time than that is more by what it gives in the difference, at least: two unknowns, two measurements. Where
it was full when the longer time began, and refused at its end, that is no least but the very pace.

Pure: time comes in from outside, in seconds of any one clock.
"""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

_ORIGINS = 64  # moments that are counted from


class Least(NamedTuple):
    """A pace in requests a second that the account certainly gives, and over how many seconds it was measured."""

    rate: float
    seconds: float


class _Burst(NamedTuple):
    took: int
    seconds: float


class Savings:
    """What one account saves up, and gives."""

    def __init__(self) -> None:
        self._burst: _Burst | None = None
        self._begun = False
        self._trusted = True
        self._origins: deque[tuple[float, int]] = deque(maxlen=_ORIGINS)  # when, and all it had taken by then

    def begin(self, now: float) -> None:
        """A request goes; the first finds all of it saved."""
        if not self._begun:
            self._begun = True
            self.count(now, 0)

    def count(self, now: float, taken: int) -> None:
        """Count from here: it takes again after it refused, or it is asked faster from now on."""
        self._origins.append((now, taken))

    def refused(self, now: float, taken: int, *, paced: bool) -> Least | None:
        """It refused when it had taken so many; None where that says nothing. What was not `paced` was a burst."""
        origins = list(self._origins)
        self._origins.clear()
        if origins and not paced:
            began, before = origins[0]
            self._burst = max(self._burst or _Burst(0, 0.0), _Burst(taken - before, now - began))
        if self._burst is None or not self._trusted:
            return None
        longer = [(taken - before, now - began - self._burst.seconds) for began, before in origins]
        slopes = [Least((took - self._burst.took) / seconds, seconds) for took, seconds in longer if seconds > 0]
        return max(slopes, default=None)

    def distrust(self) -> None:
        """What it certainly gave it refused: it is no such account, or not the same any more."""
        self._trusted = False

    def together(self, rate: float) -> float:
        """Requests that may go in one moment where so many go in a second: what it saves; infinity: nobody knows."""
        return math.inf if self._burst is None else max(1.0, self._burst.took - rate * self._burst.seconds)
