"""Whose turn it is at a provider that works on requests in the order in which they came, and tells nobody.

Such a line shows in one thing only: what was sent earlier is still coming back. As long as it does, a request may not
have been begun; from the last one on that came before it, it has no excuse. What came later says nothing about it.
"""

from __future__ import annotations

import asyncio
import math
from bisect import bisect_left
from itertools import count

_KEPT = 2048  # ends that are remembered of each model: more were not in one line with what is out now


class Turns:
    """What one process has at each model of an account, by the order in which it was sent."""

    def __init__(self) -> None:
        self._number = count()
        self._ends: dict[tuple[str, str], list[tuple[int, float]]] = {}

    def take(self, provider: str, model: str) -> Turn:
        """The turn of a request that is sent now."""
        return Turn(next(self._number), self._ends.setdefault((provider, model), []))


class Turn:
    """One request's place among them. Ends lie in the order of both: an end hides all earlier ones of later places."""

    __slots__ = ("_ends", "_number")

    def __init__(self, number: int, ends: list[tuple[int, float]]) -> None:
        self._number, self._ends = number, ends

    @property
    def came(self) -> float:
        """The loop time at which the last one came back that was sent before; minus infinity: none did."""
        place = bisect_left(self._ends, (self._number,))
        return self._ends[place - 1][1] if place else -math.inf

    def over(self) -> None:
        """It came back with a result."""
        del self._ends[bisect_left(self._ends, (self._number,)) :]
        self._ends.append((self._number, asyncio.get_running_loop().time()))
        if len(self._ends) > 2 * _KEPT:
            del self._ends[:_KEPT]
