"""The books: what one attempt does to money. Pure; the tables, the fold, the summary and the display all use it.

Money goes one way through four places, and nothing is lost between them::

    reserved (the worst case) --> held --> spent
                                       \\-> released
    over-charged -----------------------> spent

At every prefix of every ledger, for every run and every account: reserved + over = spent + released + held.

What is known about an attempt only grows. Each event puts it in a `Stand`, a higher stand is never left for a lower
one, and of two amounts the larger counts; so a second `Done`, a late webhook or an adopted result changes nothing that
was settled, and the end is the same in whatever order the facts come in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from enum import IntEnum
from typing import Any, NamedTuple

from rushes.ledger.entry import Entry
from rushes.model.event import Cancelled, Done, Event, Failed, Released, Reserved, Resolved, Stored
from rushes.model.ids import AttemptId
from rushes.model.money import ZERO

_FINEST = Decimal("1e-12")
_MOST = Decimal("1e12")


class Stand(IntEnum):
    """What is known about the charge of an attempt, from least to most certain."""

    HELD = 0  # it may still cost anything up to its worst case
    FREED = 1  # it failed, or never left: nothing was charged
    ASSUMED = 2  # it failed and may have been charged all the same
    LOST = 3  # somebody looked: it was not charged, whatever was assumed
    UNTOLD = 4  # it was charged, and nobody said how much
    TOLD = 5  # it was charged this much


class Hold(NamedTuple):
    """One attempt in the books: what was reserved for it in which accounts, and what became of that. USD.

    `worst` is None where no price is known; then nothing could be held, and what is charged is charged over.
    """

    worst: Decimal | None
    scopes: tuple[str, ...] = ()
    stand: Stand = Stand.HELD
    billed: Decimal = ZERO

    @property
    def reserved(self) -> Decimal:
        """What was set aside for it."""
        return ZERO if self.worst is None else self.worst

    @property
    def held(self) -> Decimal:
        """What is still set aside."""
        return self.reserved if self.stand is Stand.HELD else ZERO

    @property
    def spent(self) -> Decimal:
        """What it was charged; the worst case where it was charged, or may have been, and nobody said how much."""
        if self.stand is Stand.TOLD:
            return self.billed
        return self.reserved if self.stand in (Stand.ASSUMED, Stand.UNTOLD) else ZERO

    @property
    def over(self) -> Decimal:
        """What it was charged beyond what was set aside for it."""
        return max(self.billed - self.reserved, ZERO) if self.stand is Stand.TOLD else ZERO

    @property
    def released(self) -> Decimal:
        """What came back of what was set aside."""
        return ZERO if self.stand is Stand.HELD else self.reserved + self.over - self.spent

    @property
    def guessed(self) -> bool:
        """Whether `spent` is its worst case for want of an answer."""
        return self.stand in (Stand.ASSUMED, Stand.UNTOLD) and self.worst != ZERO

    @property
    def unpriced(self) -> bool:
        """Whether it costs, or may cost, an amount that is in none of these sums."""
        return self.worst is None and self.stand in (Stand.HELD, Stand.ASSUMED, Stand.UNTOLD)


def opened(event: Reserved) -> Hold:
    """The hold of a new attempt."""
    return Hold(usd(event.worst), tuple(dict.fromkeys(event.scopes)))


def settled(hold: Hold, event: Event) -> Hold:
    """The hold after one more event of its attempt."""
    judge = _STANDS.get(type(event))
    if judge is None:
        return hold
    stand, billed = judge(event)
    if stand < hold.stand or (stand == hold.stand and billed <= hold.billed):
        return hold
    return hold._replace(stand=stand, billed=billed)


def usd(amount: Decimal | None) -> Decimal | None:
    """An amount as the books take it: None for what is no amount of money, else exact to 10^-12 USD, rounded up.

    Amounts come from outside. So many digits leave room for exact sums of any length that a ledger can have.
    """
    if amount is None or not amount.is_finite() or not ZERO <= amount < _MOST:
        return None
    exponent = amount.as_tuple().exponent
    return amount.quantize(_FINEST, ROUND_CEILING) if isinstance(exponent, int) and exponent < -12 else amount


def _charged(event: Done | Cancelled) -> tuple[Stand, Decimal]:
    billed = usd(event.billed)
    return (Stand.UNTOLD, ZERO) if billed is None else (Stand.TOLD, billed)


def _failed(event: Failed) -> tuple[Stand, Decimal]:
    return (Stand.ASSUMED if event.maybe_billed else Stand.FREED), ZERO


def _resolved(event: Resolved) -> tuple[Stand, Decimal]:
    # an adopted job goes on holding its worst case until it says what it cost
    return {"paid": Stand.UNTOLD, "lost": Stand.LOST}.get(event.outcome, Stand.HELD), ZERO


_STANDS: Mapping[type[Event], Callable[[Any], tuple[Stand, Decimal]]] = {
    Done: _charged,
    Cancelled: _charged,
    Stored: lambda _event: (Stand.UNTOLD, ZERO),  # a result without a word about its price is not free
    Failed: _failed,
    Resolved: _resolved,
    Released: lambda _event: (Stand.FREED, ZERO),
}

MOVES_MONEY: frozenset[type[Event]] = frozenset({Reserved, *_STANDS})
"""Classes of events that this page is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Sums of holds, in USD: reserved + over = spent + released + held.

    `guessed` is the part of `spent` that is a worst case because nobody said what was charged; `unpriced` counts the
    attempts that cost, or may cost, an amount that nobody knows and that is in no sum.
    """

    reserved: Decimal = ZERO
    spent: Decimal = ZERO
    released: Decimal = ZERO
    held: Decimal = ZERO
    over: Decimal = ZERO
    guessed: Decimal = ZERO
    unpriced: int = 0


def total(holds: Iterable[Hold]) -> Balance:
    """The balance of these holds."""
    return _moved(Balance(), (), holds)


def _moved(was: Balance, gone: Iterable[Hold], come: Iterable[Hold]) -> Balance:
    reserved, spent, released = was.reserved, was.spent, was.released
    held, over, guessed, unpriced = was.held, was.over, was.guessed, was.unpriced
    for sign, holds in ((-1, gone), (1, come)):
        for one in holds:
            reserved += sign * one.reserved
            if one.stand is Stand.HELD:
                held += sign * one.reserved
            else:
                spent += sign * one.spent
                released += sign * one.released
                over += sign * one.over
                guessed += sign * one.spent if one.guessed else ZERO
            unpriced += sign * one.unpriced
    return Balance(
        reserved=reserved, spent=spent, released=released, held=held, over=over, guessed=guessed, unpriced=unpriced
    )


class Holds:
    """The hold of every attempt, kept up event by event."""

    def __init__(self) -> None:
        self.holds: dict[AttemptId, Hold] = {}

    @property
    def balance(self) -> Balance:
        """Where the money is now."""
        return total(self.holds.values())

    def take(self, event: Event) -> tuple[Hold | None, Hold] | None:
        """Enter one event: the attempt's hold before and after, or None when no money moved."""
        if type(event) not in MOVES_MONEY:
            return None
        attempt: AttemptId = event.attempt  # type: ignore[attr-defined]
        before = self.holds.get(attempt)
        if before is None:
            if not isinstance(event, Reserved):
                return None  # of an attempt that was never reserved nothing can be said
            after = opened(event)
        else:
            after = settled(before, event)
            if after is before:
                return None
        self.holds[attempt] = after
        return before, after


class Books(Holds):
    """Holds with their balance always at hand: a look at it costs the same however many there are."""

    def __init__(self) -> None:
        super().__init__()
        self._balance = Balance()

    @property
    def balance(self) -> Balance:
        """Where the money is now."""
        return self._balance

    def take(self, event: Event) -> tuple[Hold | None, Hold] | None:
        """As `Holds.take`."""
        moved = super().take(event)
        if moved is not None:
            before, after = moved
            self._balance = _moved(self._balance, () if before is None else (before,), (after,))
        return moved


def balance(entries: Iterable[Entry]) -> Balance:
    """The balance after these entries."""
    holds = Holds()
    for entry in entries:
        holds.take(entry.event)
    return holds.balance
