"""A declared rate, kept exactly: never more than so many units in any stretch of so many seconds."""

from __future__ import annotations

import math
from collections import deque

from rushes.model.limit import Rate


class Window:
    """One rate. What is larger than the whole of it goes alone: it has to go some time."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._log: deque[tuple[float, float]] = deque()  # when, and how much
        self._sum = 0.0
        self.budget: float | None = None  # what this process may send of it until it asks again, where others send too
        self.short = 0.0  # what was too much for it
        self._more = -math.inf  # when asking again gives more

    def opens(self, amount: float, now: float) -> float:
        """When so much more may go: `now` or before it is at once, infinity when more is granted."""
        self._forget(now)
        if self.budget is not None:
            if min(amount, self.rate.most) <= self.budget + 1e-9:
                return now
            self.short = max(self.short, amount)
            return math.inf if self.is_open(now) else self._more
        over = self._sum + amount - self.rate.most
        if over <= 0 or not self._log:
            return now
        for at, gone in self._log:
            over -= gone
            if over <= 1e-9:
                return at + self.rate.seconds
        return self._log[-1][0] + self.rate.seconds

    def is_open(self, now: float) -> bool:
        """Whether asking again gives more."""
        return self._more <= now

    def grant(self, amount: float, opens: float) -> None:
        """So much may go until it is asked for again, which gives more from `opens` on."""
        self.budget, self.short, self._more = amount, 0.0, opens

    def take(self, amount: float, now: float) -> None:
        """So much goes."""
        if amount > 0:
            self._log.append((now, amount))
            self._sum += amount
            if self.budget is not None:
                self.budget -= amount

    def _forget(self, now: float) -> None:
        while self._log and self._log[0][0] + self.rate.seconds <= now:
            self._sum -= self._log.popleft()[1]
        if not self._log:
            self._sum = 0.0
