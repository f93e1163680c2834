"""Many durations in little memory: counted, and asked which of them most stayed under.

Up to `EXACT` values are kept as they are. More are counted in bins whose width grows with the value (DDSketch: Masson,
Rim, Lee, VLDB 2019), so that a percentile is within 1 % of the right one however many there are, and a year of
requests takes as much memory as a day.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections import Counter

EXACT = 10_000
"""Values that are kept as they are."""

FEWEST = 5
"""With fewer values than this nobody can speak of the slowest 5 or 1 in a hundred."""

BOUNDS = (0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
"""Upper bounds of the published histogram, in seconds: from a still that comes at once to a film in a long queue."""

_NEAR = 0.01
_GAMMA = (1 + _NEAR) / (1 - _NEAR)
_LOG = math.log(_GAMMA)
_LEAST = 1e-6  # seconds; what is shorter took no time


class Series:
    """Durations in seconds. A clock that was set back makes none of them negative."""

    __slots__ = ("_bins", "_exact", "count", "total", "under")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.under = [0] * (len(BOUNDS) + 1)
        """How many fell into each bin of the histogram; the last is beyond all bounds."""
        self._exact: array[float] | None = array("d")
        self._bins: Counter[int] = Counter()

    @property
    def exact(self) -> bool:
        """Whether percentiles are of the values themselves, not of bins."""
        return self._exact is not None

    def add(self, seconds: float) -> None:
        """One more."""
        seconds = max(seconds, 0.0)
        self.count += 1
        self.total += seconds
        self.under[bisect_left(BOUNDS, seconds)] += 1
        if self._exact is None:
            self._bins[_bin(seconds)] += 1
            return
        self._exact.append(seconds)
        if self.count > EXACT:
            self._bins.update(map(_bin, self._exact))
            self._exact = None

    def below(self, share: float) -> float | None:
        """The least value that so large a share of all stays at or under (nearest rank); None without values."""
        if not self.count:
            return None
        rank = max(math.ceil(share * self.count), 1)
        if self._exact is not None:
            return sorted(self._exact)[rank - 1]
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


def _bin(seconds: float) -> int:
    return math.ceil(math.log(max(seconds, _LEAST)) / _LOG)


def _middle(number: int) -> float:
    value: float = 2 * _GAMMA**number / (_GAMMA + 1)
    return value if number > _bin(0.0) else 0.0
