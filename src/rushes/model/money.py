"""Money. USD as Decimal; an unknown price is None and is never counted as zero."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

ZERO = Decimal(0)
_MOST = Decimal(1_000_000_000)


class Quote(NamedTuple):
    """What one request would cost: USD from `low` to `high` (None: unknown), and typical seconds.

    `source` says where the price came from and when, for people.
    """

    low: Decimal | None
    high: Decimal | None
    seconds: float
    source: str = ""

    @property
    def known(self) -> bool:
        """Whether a ceiling can be kept with this quote."""
        return self.high is not None


FREE = Quote(ZERO, ZERO, 0.0, "free")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A sum of quotes; `unknown` counts the requests without a price, which are *not* in the sum."""

    low: Decimal = ZERO
    high: Decimal = ZERO
    unknown: int = 0

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(self.low + other.low, self.high + other.high, self.unknown + other.unknown)

    def plain(self) -> dict[str, str | int]:
        """As JSON; money as strings."""
        return {"low": str(self.low), "high": str(self.high), "unknown": self.unknown}

    def times(self, count: int) -> Estimate:
        """The same, so many times."""
        return Estimate(self.low * count, self.high * count, self.unknown * count)

    def plus(self, quote: Quote, times: int = 1) -> Estimate:
        """This estimate and `times` requests of one quote."""
        if quote.low is None or quote.high is None:
            return Estimate(self.low, self.high, self.unknown + times)
        return Estimate(self.low + quote.low * times, self.high + quote.high * times, self.unknown)


def sum_of(estimates: Iterable[Estimate]) -> Estimate:
    """All of them together."""
    low, high, unknown = ZERO, ZERO, 0
    for one in estimates:
        low += one.low
        high += one.high
        unknown += one.unknown
    return Estimate(low, high, unknown)


def parse_usd(text: str) -> Decimal | None:
    """An amount as people write it: `5`, `5.00`, `$5`; None for what is no amount of at least nothing."""
    try:
        amount = Decimal(text.strip().removeprefix("$"))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and ZERO <= amount < _MOST else None


def show_usd(amount: Decimal | None) -> str:
    """`$0.039`, `$12.00`, `unknown`: at least two decimals, no more than the amount has."""
    if amount is None:
        return "unknown"
    text = f"{amount:.6f}".rstrip("0")
    whole, _, cents = text.partition(".")
    return f"${whole}.{cents:0<2}"


def show_estimate(estimate: Estimate) -> str:
    """`$0.39`, `$0.39-0.80`, `$0.39 + 2 unknown`, `unknown`: what is certain, and what may become necessary."""
    if estimate.unknown and not estimate.high:
        return "unknown"
    low, high = show_usd(estimate.low), show_usd(estimate.high)
    text = high if low == high else f"{low}-{high[1:]}"
    return f"{text} + {estimate.unknown} unknown" if estimate.unknown else text


def show_most(estimate: Estimate) -> str:
    """`$0.80`, or `$0.80 + 2 unknown`: with all that may become necessary."""
    return show_usd(estimate.high) + (f" + {estimate.unknown} unknown" if estimate.unknown else "")
