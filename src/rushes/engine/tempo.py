"""A pace that was found: so many requests a second.

Measured first: when an account takes again after it refused, it has what time has given it since, and the same after
the next refusal; what it took between the two is what it gives in that time, or less, where it can save no more. What
it took from a recovery to the refusal after it is more than it gives: some of that had been saved. Then bracketed: a
pace at which enough was taken is proven, one that was refused is too much, and what is tried next lies between them. A
refusal narrows that further: it says what is given at least (`savings`), and more than a little above it is not likely.

A faster pace is a risk. It is taken when so many requests have gone at this one as it would have to speed up to be
worth it: what a refusal costs, times how likely one is if any pace between the two bounds is as likely as any other. So
who is told to come back after a minute and a half tries seldom, and in small steps; who is told nothing, soon.

Pure, as `finder` is.
"""

from __future__ import annotations

import math
from collections import deque

from rushes.engine.savings import Least, Savings

_SPAN = 100  # requests that a measurement goes back over, at least, where there are as many
_MARKS = 64  # recoveries that are remembered
_LOOSE = 300  # requests that the pace did not hold up, after which it is given up
_HOLD, _LEAST_HOLD = 200, 10  # requests at one pace before it is proven, at most and at least
_SURE, _UNSURE = 0.02, 0.5  # how far a measurement may be off, at best and at worst
_CLOSE, _FINE = 1.03, 1.005  # a bracket is not halved any further, and what is likely not
_BLUR = 4  # requests by which a count may be off
_WIDE = 2.0  # the largest step
_WORTH = 80  # requests that a refusal costs at least
_FORGOTTEN = 4  # times a pace was proven, after which what was refused is tried again


class Tempo:
    """The pace of one account. `rate` is requests a second; None: nothing holds them up."""

    def __init__(self) -> None:
        self.rate: float | None = None
        self._next = -math.inf
        self._marks: deque[tuple[float, int]] = deque(maxlen=_MARKS)  # when it took again, and all it had taken by then
        self._bound = math.inf  # what it took from a recovery to the refusal after it, a second
        self._savings = Savings()
        self._unsure = _UNSURE
        self._hold = _LEAST_HOLD
        self._cost = 0.0  # seconds for which a refusal has shut it
        self._clean = 0
        self._loose = 0
        self._low: float | None = None  # proven
        self._before: float | None = None  # proven before the last step
        self._high = math.inf  # refused
        self._measured: float | None = None  # given at least, as the savings say
        self._likely = math.inf  # faster is given too, but that is not likely
        self._down = _SURE  # how far it falls where no slower pace is proven: doubled each time

    def opens(self) -> float:
        """When the next one may go."""
        return -math.inf if self.rate is None else self._next

    def sent(self, now: float) -> bool:
        """One goes; whether the pace had held it up. A second's worth may go together, where the account saves as much:
        a late timer loses nothing.
        """
        self._savings.begin(now)
        if self.rate is None:
            return False
        gap = 1.0 / self.rate
        held = now <= self._next + max(gap, 1.0)
        behind = min(1.0 - gap, (self._savings.together(self.rate) - 1.0) * gap)
        self._next = max(self._next, now - max(0.0, behind)) + gap
        self._loose = 0 if held else self._loose + 1
        if self._loose > _LOOSE:
            self.rate = None
        return held

    def took(self, now: float, taken: int) -> None:
        """One that the pace had held up was taken, `taken` in all: after enough of them it is proven, and a faster one
        is tried.
        """
        self._clean += 1
        if self.rate is None or self._clean < self._hold:
            return
        self._low, self._down = self.rate, _SURE
        again = self._high <= self.rate * _CLOSE  # nothing is left to try but what was refused
        step, risk = self._faster(again)
        worth = risk * max(_WORTH, self._cost * self.rate / (step - 1.0))
        if self._clean < max(worth, self._hold * _FORGOTTEN if again else 0):
            return
        if again:
            self._high = math.inf
        if self._high == math.inf:
            self._unsure = min(_UNSURE, self._unsure * 2.0)
        self._clean, self._before = 0, self.rate
        self._marks.clear()  # until now it gave less than it could have
        self.rate *= step
        self._next = min(self._next, now + 1.0 / self.rate)
        self._savings.count(now, taken)

    def _faster(self, again: bool) -> tuple[float, float]:
        """The next step, as a factor, and how likely it is to be refused."""
        assert self.rate is not None
        if again or self._high == math.inf:
            return 1.0 + self._unsure, 1.0
        if self.rate * _FINE < self._likely < self._high:
            return min(_WIDE, math.sqrt(self._likely / self.rate)), 0.5
        room = self._high / self.rate
        step = min(_WIDE, math.sqrt(room))
        return step, 1.0 if self._likely < self._high else math.log(step) / math.log(room)

    def refused(self, held: bool, cost: float, now: float, taken: int) -> None:
        """It was refused; `held` by this pace: then it is too fast, and the one that was proven is the pace again.

        `cost` is the seconds for which nobody may ask now, `taken` how many it had taken by then.
        """
        self._clean, self._cost = 0, cost
        if self._marks and now > self._marks[-1][0]:
            self._bound = (taken - self._marks[-1][1]) / (now - self._marks[-1][0])
        least = self._savings.refused(now, taken, paced=self.rate is not None)
        if self.rate is not None and held:
            self._fall(self.rate, least)

    def _fall(self, refused: float, least: Least | None) -> None:
        """Keep a slower pace than the one that was refused: one that was proven, or what is given at least."""
        if refused == self._measured:
            self._savings.distrust()
            least = None
        self._high, self._unsure, self._likely = refused, _SURE, math.inf
        self._hold = min(2 * _HOLD, self._hold * 2)
        self.rate = self._slower(refused)
        if least is not None and self.rate < least.rate < refused:
            self.rate = self._low = self._measured = least.rate
            self._likely = least.rate + _BLUR / least.seconds

    def _slower(self, rate: float) -> float:
        """The fastest pace below this one that is proven; where there is none, one that falls further each time."""
        if self._low is not None and self._low < rate:
            return self._low
        before, self._low, self._before = self._before, None, None
        if before is not None and before < rate:
            return before
        down, self._down = self._down, min(_UNSURE, self._down * 2.0)
        return rate * (1.0 - down)

    def healed(self, now: float, taken: int) -> None:
        """It takes again, for the first time since it refused: a measurement ends here, and the next begins."""
        self._savings.count(now, taken)
        self._marks.append((now, taken))
        while len(self._marks) > 2 and taken - self._marks[1][1] >= _SPAN:
            self._marks.popleft()
        if self.rate is not None and self._low is None and taken - self._marks[0][1] >= _LEAST_HOLD:
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
        self._unsure = min(_UNSURE, max(_SURE, 2.0 / took))
        self._hold = min(_HOLD, max(self._hold, took // 2))
        self.rate = took / seconds * (1.0 - self._unsure / 2.0)
        if self._bound > self.rate:
            self._high = min(self._high, self._bound)
