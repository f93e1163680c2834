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
        self.budget: float | None = None  # what this process may send of it, where others send too

    def sum(self, now: float) -> float:
        """What has gone in the last stretch."""
        self._forget(now)
        return self._sum

    def opens(self, amount: float, now: float) -> float:
        """When so much more may go: `now` or before it is at once, infinity when more is granted."""
        self._forget(now)
        if self.budget is not None:
            return now if amount <= max(self.budget, 0.0) or (amount > self.rate.most and not self._log) else math.inf
        over = self._sum + amount - self.rate.most
        if over <= 0 or not self._log:
            return now
        for at, gone in self._log:
            over -= gone
            if over <= 1e-9:
                return at + self.rate.seconds
        return self._log[-1][0] + self.rate.seconds

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
