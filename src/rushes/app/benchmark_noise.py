"""Times of several runs: what is usual, and whether two series of them really differ."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from math import comb
from statistics import fmean

_MOST = 20_000  # ways of dealing that are tried; more are sampled
_BY_CHANCE = 0.05
"""A difference that chance alone makes this often, or more often, is noise."""


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of them lie, in between where it falls between two."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def beyond_noise(before: Sequence[float], now: Sequence[float]) -> bool | None:
    """Whether two series differ by more than chance would make of them; None: too few to ever say so.

    If it made no difference, any way of dealing all times into two heaps of these sizes would be as likely. Counted is
    in how many of them the means lie at least as far apart as they do.
    """
    together = [*before, *now]
    ways = comb(len(together), len(now))
    if not before or not now or 2 / ways >= _BY_CHANCE:
        return None
    gap = abs(fmean(now) - fmean(before))
    heaps = list(_heaps(len(together), len(now), ways))
    far = sum(_gap(together, heap) >= gap - 1e-12 for heap in heaps)
    return far / len(heaps) < _BY_CHANCE


def _heaps(count: int, taken: int, ways: int) -> Iterable[Sequence[int]]:
    return combinations(range(count), taken) if ways <= _MOST else _some(count, taken)


def _some(count: int, taken: int) -> Iterator[Sequence[int]]:
    dice = random.Random(0)  # noqa: S311  it shall say the same tomorrow
    for _ in range(_MOST):
        yield dice.sample(range(count), taken)


def _gap(values: Sequence[float], heap: Sequence[int]) -> float:
    mine = sum(values[one] for one in heap)
    rest = sum(values) - mine
    return abs(mine / len(heap) - rest / (len(values) - len(heap)))
