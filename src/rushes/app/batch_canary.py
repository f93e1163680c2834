"""What some rows say about all of them: the share that comes out well, and what the table will cost, with intervals.

The share has Wilson's interval, which is right for few rows and at both ends. The money has Student's interval of the
mean of a row, times the rows that are left: rows are drawn evenly over the table, so that a table sorted by size or
subject is seen from end to end. Both at 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

from rushes.app.batch_lines import DONE, FAILED, WAITING, Line
from rushes.model.money import ZERO

_Z = 1.959964
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)
_CENTS = Decimal("0.000001")


class Share(NamedTuple):
    """A share from 0 to 1 and its interval."""

    value: float
    low: float
    high: float


class Cost(NamedTuple):
    """USD and its interval."""

    usd: Decimal
    low: Decimal
    high: Decimal


class Canary(NamedTuple):
    """What the canary came to. `accepted` of `decided` rows have a result that no check finds fault with.

    `cost` is for all `rest` rows; None where somebody charged and did not say how much, or only one row was asked.
    `paths` are outputs to look at.
    """

    rows: int
    decided: int
    accepted: int
    waiting: int
    spent: Decimal | None
    rest: int
    share: Share | None
    cost: Cost | None
    paths: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """As JSON: money as strings."""
        return {
            **self._asdict(),
            "spent": None if self.spent is None else str(self.spent),
            "share": None if self.share is None else self.share._asdict(),
            "cost": None if self.cost is None else {name: str(usd) for name, usd in self.cost._asdict().items()},
            "paths": list(self.paths),
        }


def canary_of(lines: Sequence[Line], rest: int, home: Path) -> Canary:
    """What these rows say about `rest` others; `home` is the folder of the batch."""
    decided = [one for one in lines if one.state in (DONE, FAILED)]
    accepted = sum(one.state == DONE and not one.flagged for one in decided)
    money = [one.usd for one in decided if one.usd is not None]
    known = len(money) == len(decided)
    return Canary(
        rows=len(lines),
        decided=len(decided),
        accepted=accepted,
        waiting=sum(one.state == WAITING for one in lines),
        spent=sum(money, ZERO) if known else None,
        rest=rest,
        share=wilson(accepted, len(decided)) if decided else None,
        cost=cost_of(money, rest) if known and len(money) > 1 else None,
        paths=tuple(str(home / path) for one in lines for path in one.outputs),
    )


def wilson(hits: int, tries: int) -> Share:
    """The share of hits with Wilson's interval; `tries` is at least one."""
    share, square = hits / tries, _Z * _Z
    middle = share + square / (2 * tries)
    half = _Z * math.sqrt(share * (1 - share) / tries + square / (4 * tries * tries))
    whole = 1 + square / tries
    return Share(share, max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole))


def cost_of(rows: Sequence[Decimal], rest: int) -> Cost:
    """What `rest` more rows cost, from what at least two did."""
    amounts = [float(one) for one in rows]
    half = _student(len(rows) - 1) * stdev(amounts) / math.sqrt(len(rows))
    middle = mean(rows) * rest
    spread = Decimal(str(half)) * rest
    low, high = max(ZERO, middle - spread), middle + spread
    return Cost(*(one.quantize(_CENTS).normalize() + ZERO for one in (middle, low, high)))


def _student(free: int) -> float:
    """The 97.5 % quantile of Student's t with so many degrees of freedom."""
    return (
        _T[free - 1]
        if free <= len(_T)
        else _Z + (_Z**3 + _Z) / (4 * free) + (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / (96 * free**2)
    )


def every_nth(count: int, of: int) -> frozenset[int]:
    """`count` of the numbers below `of`, evenly spread, the middle of each stretch."""
    count = min(count, of)
    return frozenset((2 * one + 1) * of // (2 * count) for one in range(count))
