"""Many durations in little memory: counted, and asked which of them most stayed under.

Up to `EXACT` values are kept as they are. More are counted in bins whose width grows with the value (DDSketch: Masson,
Rim, Lee, VLDB 2019), so that a percentile is within 1 % of the right one however many there are, and a year of
requests takes as much memory as a day.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection

EXACT = 10_000
"""Values that are kept as they are."""

FEWEST = 5
"""With fewer values than this nobody can speak of the slowest 5 or 1 in a hundred."""

BOUNDS = (0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
"""Upper bounds of the published histogram, in seconds: from a still that comes at once to a film in a long queue."""

_AT_ONCE = 1_000
_NEAR = 0.01
_GAMMA = (1 + _NEAR) / (1 - _NEAR)
_LOG = math.log(_GAMMA)
_LEAST = 1e-6  # seconds; what is shorter took no time


class Series:
    """Durations in seconds. A clock that was set back makes none of them negative."""

    __slots__ = ("_bins", "_exact", "_new", "_settled", "_total", "_under")

    def __init__(self) -> None:
        self._new: list[float] = []  # not counted yet: many at once cost half as much
        self._settled = 0
        self._total = 0.0
        self._under = [0] * (len(BOUNDS) + 1)
        self._exact: array[float] | None = array("d")
        self._bins: Counter[int] = Counter()

    @property
    def count(self) -> int:
        """How many there are."""
        return self._settled + len(self._new)

    @property
    def total(self) -> float:
        """Their sum."""
        self._settle()
        return self._total

    @property
    def under(self) -> list[int]:
        """How many fell into each bin of the histogram; the last is beyond all bounds."""
        self._settle()
        return self._under

    @property
    def exact(self) -> bool:
        """Whether percentiles are of the values themselves, not of bins."""
        self._settle()
        return self._exact is not None

    def add(self, seconds: float) -> None:
        """One more."""
        self._new.append(seconds if seconds > 0 else 0.0)
        if len(self._new) >= _AT_ONCE:
            self._settle()

    def _settle(self) -> None:
        new = sorted(self._new)
        if not new:
            return
        self._new = []
        self._settled += len(new)
        self._total += sum(new)
        counted = 0
        for number, bound in enumerate((*BOUNDS, math.inf)):
            upto = bisect_right(new, bound, counted)
            self._under[number] += upto - counted
            counted = upto
        if self._exact is not None:
            self._exact.extend(new)
            if len(self._exact) <= EXACT:
                return
            new, self._exact = list(self._exact), None
        self._bins.update(map(_bin, new))

    def below(self, share: float) -> float | None:
        """The least value that so large a share of all stays at or under (nearest rank); None without values."""
        self._settle()
        if not self._settled:
            return None
        if self._exact is not None:
            return nearest_rank(self._exact, share)
        rank = max(math.ceil(share * self._settled), 1)
        for number in sorted(self._bins):
            rank -= self._bins[number]
            if rank <= 0:
                return _middle(number)
        raise AssertionError("the bins hold every value")

    def percentiles(self) -> dict[str, float | None]:
        """`p50`, `p95` and `p99` in seconds; None where too few values stand behind it."""
        return {
            "p50": self.below(0.5),
            "p95": self.below(0.95) if self.count >= FEWEST else None,
            "p99": self.below(0.99) if self.count >= FEWEST else None,
        }


def nearest_rank(values: Collection[float], share: float) -> float:
    """The least of some values that so large a share of them stays at or under. ValueError without values."""
    if not values:
        raise ValueError("nothing has no percentile")
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]


def _bin(seconds: float) -> int:
    return math.ceil(math.log(max(seconds, _LEAST)) / _LOG)


def _middle(number: int) -> float:
    value: float = 2 * _GAMMA**number / (_GAMMA + 1)
    return value if number > _bin(0.0) else 0.0
