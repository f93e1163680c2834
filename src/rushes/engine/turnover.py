"""Whether more in flight is still more done, of an account that refuses nothing and says nothing of a line.

What comes back is counted in rounds: as many as were in flight when a round began. Twice as many in flight bring twice
as much where all of it is worked on, and nothing more where the rest only waits. So what is in flight may grow while a
round brings at least a quarter of what the growth promised; else it stays, and is tried again after eight rounds, then
sixteen, and so on.

Pure: time comes in from outside, in seconds of any one clock.
"""

from __future__ import annotations

from typing import NamedTuple

ROUND = 32
"""Results of a round, at least: fewer say nothing about how many come in a time."""

_WORTH = 0.25  # of what growth promised has to come
_GROWN = 1.2  # times as many in flight as before are growth that can be told from chance
_AGAIN = 8  # rounds after which it is tried again: doubled each time


class _Round(NamedTuple):
    """Of a round that is over: how many were in flight, and how many came back in a second."""

    level: float
    rate: float


class Turnover:
    """What comes back from one account. `grows` says whether more may be in flight than there was."""

    def __init__(self) -> None:
        self.grows = True
        self._began: float | None = None
        self._came = 0
        self._levels = 0
        self._last: _Round | None = None
        self._flat = 0
        self._again = _AGAIN

    def sent(self, now: float) -> None:
        """One more is on its way."""
        if self._began is None:
            self._began = now

    def idle(self) -> None:
        """Less was in flight than might be: what comes back now says nothing."""
        self._began, self._came, self._levels = None, 0, 0

    def ended(self, now: float, level: int) -> None:
        """One came back, when so many were in flight."""
        if self._began is None:
            self._began = now
            return
        self._came += 1
        self._levels += level
        if self._came >= max(ROUND, self._levels / self._came) and now > self._began:
            self._judge(_Round(self._levels / self._came, self._came / (now - self._began)))
            self._began, self._came, self._levels = now, 0, 0

    def _judge(self, this: _Round) -> None:
        last = self._last
        if last is None or this.level < last.level:
            self._last = this
        elif this.level >= last.level * _GROWN:
            self.grows = this.rate / last.rate - 1 >= (this.level / last.level - 1) * _WORTH
            self._last, self._flat = this, 0
            if self.grows:
                self._again = _AGAIN
        elif not self.grows:
            self._last = this
            self._flat += 1
            if self._flat >= self._again:
                self.grows, self._flat, self._again = True, 0, self._again * 2
