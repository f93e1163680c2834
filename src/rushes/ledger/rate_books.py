"""What all processes together sent of a rate, and what each may send until it asks again.

What a process was given counts as sent until it says what it did send, and when; so whatever all of them do, together
they keep the rate. Pure: the books are a value of the limit's row in the ledger.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence, Set
from typing import Any, NamedTuple

from rushes.model.limit import Rate, Unit

LOWER = 0.05
"""Of a rate for runs of a lower priority, while those of a higher want it."""

_GRAIN = 1 / 60  # of a rate's time: what was sent within so much is one entry
_SOON = 0.2  # seconds until others will have said what they did with what they were given
_PART = 8  # a budget is at most this part of what is left: no more is lost with a process that is killed


class Budget(NamedTuple):
    """What a process may send of a rate until it asks again, and the unix time from when on asking gives it more."""

    amount: float
    opens: float


class Sender(NamedTuple):
    """What a process says of a rate: it keeps to `keeps` until it hears the answer (None: it is leaving), it `sent` so
    much since it spoke last (unix seconds, amount), its next request `needs` so much, and its part of what is left is
    `share`, as there are `others`.
    """

    owner: str
    keeps: float | None
    sent: Sequence[tuple[float, float]]
    needs: float
    share: float
    others: Set[str]


def budget(books: dict[str, Any], rate: Rate, sender: Sender, now: float) -> Budget:
    """Write down what a process says of a rate; what it may send of it from now on."""
    name = f"{rate.most:g}/{rate.seconds:g} {rate.of}"
    kept = books.get(name, {"log": [], "open": {}})
    stays = {sender.owner, *sender.others}
    dead = [[now, amount] for one, amount in kept["open"].items() if one not in stays]
    log = _log(rate, [*kept["log"], *sender.sent, *dead], now)
    opened = {one: amount for one, amount in kept["open"].items() if one in sender.others}
    left = max(0.0, rate.most - sum(amount for _at, amount in log) - sum(opened.values()))
    need = min(sender.needs or min(1.0, rate.most), rate.most)
    amount = _given(rate, left, sender.share, need)
    if sender.keeps is not None:
        opened[sender.owner] = max(amount, sender.keeps)
    books[name] = {"log": log, "open": opened}
    return Budget(amount, now if left >= need else _opens(rate, log, need, now))


def set_back(books: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The books as a clock has them that is behind by so much."""
    return {name: {**one, "log": [[at - seconds, amount] for at, amount in one["log"]]} for name, one in books.items()}


def _given(rate: Rate, left: float, share: float, need: float) -> float:
    """A share of what is left, in small parts: enough for a second, and for the next request if there is enough."""
    part = left * share
    amount = min(part, max(part / _PART, rate.most / rate.seconds))
    if amount < need:
        return need if left >= need and share > LOWER else 0.0
    return amount if rate.of is Unit.USD else float(math.floor(amount))


def _opens(rate: Rate, log: Sequence[Sequence[float]], need: float, now: float) -> float:
    """When enough of what was sent is so long ago that there is room; soon, if others have been given it."""
    left = rate.most - sum(amount for _at, amount in log)
    if left >= need:
        return now + _SOON
    for at, amount in log:
        left += amount
        if left >= need:
            return at + rate.seconds
    return now + _SOON


def _log(rate: Rate, entries: Iterable[Sequence[float]], now: float) -> list[list[float]]:
    """What counts still, in the order of time; what was sent within a moment is one entry, as late as its last."""
    log: list[list[float]] = []
    grain = rate.seconds * _GRAIN
    for at, amount in sorted((min(entry[0], now), entry[1]) for entry in entries):
        if at + rate.seconds <= now or not amount:
            continue
        if log and int(log[-1][0] / grain) == int(at / grain):
            log[-1] = [at, log[-1][1] + amount]
        else:
            log.append([at, amount])
    return log
