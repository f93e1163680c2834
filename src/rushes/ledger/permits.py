"""What processes that use one account agree on: who may have how much of it in flight, and what was found out of it.

A process *holds* permits: so many requests it may have in flight. It takes what is free in a transaction of its own
(`exchange`). What it is to hand back it hands back in two: it hears of it, keeps to less, and says so the next time;
only then is it free for others. So all that is held together is never more than there is, however long an exchange
takes and whatever is sent meanwhile. Whoever is alone holds everything; who joins waits until the others make room.

Of a rate a process has a *budget*, reckoned as sent until it says what it did send, and when (`rate_books`).

One of them *leads*: it alone finds out what the account takes, from what all of them report. What it found stays in the
ledger when everybody has gone, for the next run.

A permit ends with its lease. A process that was killed leaves no permit behind for longer, and none for less: what it
had sent may still be in flight. A process that could not say anything for so long has none any more, and knows it.

Clocks of machines differ. The time that counts is that of the clock that is ahead; what others say and hear is moved by
how much theirs is behind, which may be up to a minute. What is ahead by more is a clock that was wrong and was set
back: every time that stands in the ledger of this limit goes back with it, or all would wait for a day that is far off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rushes.ledger.database import Transaction
from rushes.ledger.ledger import Ledger
from rushes.ledger.limits import Known, asked, lock
from rushes.ledger.permit import EVERYTHING, LEASE, Permit, Refusal, drop, others_at, permits_at, put
from rushes.ledger.rate_books import LOWER, Budget, Sender, budget, set_back
from rushes.model.limit import Allowed, Rate, Unit

_SKEW = 60.0  # seconds that clocks may differ


class Ask(NamedTuple):
    """What a process says of one limit: what it has in flight, how many more it would send, for how important a run.

    Until it hears the answer it keeps to `holds` in flight (EVERYTHING: nobody else was there), and to what `budgets`
    say of each rate. `sent` is what it sent since it spoke last: by unit, when (unix seconds) and how much; `needs`
    what the next request takes of each rate. `allowed` are the ceiling and the rates that it knows of.
    `taken` and `refusals` are what became of its requests since it spoke last. `found` is what it found out: the word
    of who leads counts, and of the first. `paused` is until when who leads sends nothing, `told` whether the account
    named that time; `finds` says whether anything is to be found out. `adopted` is how many requests it has gone on
    with since it spoke last that an earlier process had sent, by that process.
    """

    name: str
    used: int
    wants: int
    priority: int = 0
    allowed: Allowed = Allowed()
    holds: int = 0
    sent: Mapping[Unit, Sequence[tuple[float, float]]] = {}
    budgets: Mapping[Rate, float] = {}
    needs: Mapping[Rate, float] = {}
    taken: int = 0
    refusals: tuple[Refusal, ...] = ()
    found: Mapping[str, Any] | None = None
    paused: float = 0.0
    told: bool = False
    finds: bool = True
    adopted: Mapping[str, int] = {}


class Answer(NamedTuple):
    """What holds for the process from now on.

    It may have `held` in flight (EVERYTHING: nobody else is there); the others have `elsewhere`. `share` is its part of
    any rate, `budgets` what it may send of each. `found` is what was found out so far, `taken` and `refusals` what
    the others met, for whoever `leads`. Nobody sends before the unix time `paused`, which the account `told` or not.
    """

    held: int
    elsewhere: int
    leads: bool
    share: float
    found: Mapping[str, Any]
    alone: bool = True
    budgets: Mapping[Rate, Budget] = {}
    paused: float = 0.0
    told: bool = False
    taken: int = 0
    refusals: tuple[Refusal, ...] = ()
    set: Allowed | None = None


class Permits:
    """What one process says to the others, and hears of them. Blocks; raises StoreError."""

    def __init__(self, ledger: Ledger, owner: str) -> None:
        self._ledger, self._owner = ledger, owner

    def exchange(self, asks: Sequence[Ask], now: float) -> dict[str, Answer]:
        """Tell of limits and hear what holds, in one transaction; `now` is in unix seconds."""

        def write(tx: Transaction) -> dict[str, Answer]:
            return {ask.name: _exchange(tx, self._owner, ask, now) for ask in _in_order(asks)}

        return self._ledger.database.write(write)

    def leave(self, asks: Sequence[Ask], now: float) -> None:
        """Hand everything back, and keep what was found out."""

        def write(tx: Transaction) -> None:
            for ask in _in_order(asks):
                _exchange(tx, self._owner, ask._replace(budgets={}), now, leaving=True)
                drop(tx, ask.name, self._owner)

        self._ledger.database.write(write)


def _in_order(asks: Sequence[Ask]) -> list[Ask]:
    """By name, so that two transactions never wait for each other."""
    return sorted(asks, key=lambda ask: ask.name)


def _exchange(tx: Transaction, owner: str, ask: Ask, asks: float, leaving: bool = False) -> Answer:
    known = lock(tx, ask.name)
    if known.at - asks > _SKEW:
        known = _set_back(tx, ask.name, known, known.at - asks)
    permits = permits_at(tx, ask.name)
    now = max(asks, known.at)
    behind = now - asks
    known, ask = known._replace(at=now), _moved(ask, behind)
    before = next((one for one in permits if one.owner == owner), None)
    others = others_at(tx, ask.name, [one for one in permits if one.owner != owner], now, ask.adopted)
    mine = before or Permit(owner)
    leads = _leads(mine, others, ask)
    _hear(known, ask, now, leads=mine.leads)
    holds = ask.used if before is None else ask.holds if ask.holds == EVERYTHING else max(ask.holds, ask.used)
    mine = mine._replace(used=ask.used, wants=ask.wants, priority=ask.priority, until=now + LEASE, leads=leads)
    kept, held = _held(mine, holds, others, _total(known, ask))
    mine = mine._replace(held=kept)
    share = _share(mine, others)
    budgets = _budgets(known, mine, ask, share, others, first=before is None, leaving=leaving)
    mine, taken, refusals = _passed_on(tx, mine, others, ask)
    put(tx, ask.name, mine)
    asked(tx, ask.name, known)
    return Answer(
        held=held,
        elsewhere=sum(one.used for one in others),
        leads=leads,
        share=share,
        found=known.found,
        alone=not others,
        budgets={rate: one._replace(opens=one.opens - behind) for rate, one in budgets.items()},
        paused=max(0.0, known.paused - behind),
        told=known.told,
        taken=taken,
        refusals=tuple(one.later(-behind) for one in refusals),
        set=known.set,
    )


def _set_back(tx: Transaction, name: str, known: Known, seconds: float) -> Known:
    """What stands there of a limit, as a clock has it that is behind by so much."""
    for one in permits_at(tx, name):
        refusals = tuple(refusal.later(-seconds) for refusal in one.refusals)
        put(tx, name, one._replace(until=one.until - seconds, refusals=refusals))
    body = {**known.body, "paused": known.paused - seconds, "rates": set_back(known.rates, seconds)}
    return Known(known.at - seconds, body)


def _moved(ask: Ask, seconds: float) -> Ask:
    """What a process says whose clock is behind by so many seconds, as the clock has it that is ahead."""
    if not seconds:
        return ask
    return ask._replace(
        sent={unit: [(at + seconds, amount) for at, amount in sent] for unit, sent in ask.sent.items()},
        refusals=tuple(one.later(seconds) for one in ask.refusals),
        paused=ask.paused + seconds,
    )


def _leads(mine: Permit, others: Sequence[Permit], ask: Ask) -> bool:
    """Whether this process is the one to find out: one alone, that lives, and has work where others wait."""
    if ask.used + ask.wants == 0 and any(one.wants for one in others):
        return False
    return mine.leads or not any(one.leads and one.acts for one in others)


def _hear(known: Known, ask: Ask, now: float, *, leads: bool) -> None:
    """What was found, and how long nobody is to send: that holds for everybody at once."""
    body = known.body
    if ask.found is not None and (leads or not known.found):
        body["found"] = dict(ask.found)
    waits = [(one.until, True) for one in ask.refusals if one.until is not None]
    if leads:
        waits.append((ask.paused, ask.told))
    for until, told in waits:
        if until > max(known.paused, now):
            body["paused"], body["told"] = until, told


def _passed_on(
    tx: Transaction, mine: Permit, others: Sequence[Permit], ask: Ask
) -> tuple[Permit, int, tuple[Refusal, ...]]:
    """What became of requests is told to whoever leads, once; until somebody does it is kept."""
    if not mine.leads:
        kept = mine._replace(taken=mine.taken + ask.taken, refusals=(*mine.refusals, *ask.refusals))
        return kept, 0, ()
    taken = sum(one.taken for one in others)
    refusals = tuple(refusal for one in others for refusal in one.refusals)
    if taken or refusals:
        tx.run("UPDATE permits SET taken = 0, refusals = '[]' WHERE name = ? AND owner <> ?", (ask.name, mine.owner))
    return mine._replace(taken=0, refusals=()), taken, refusals


def _total(known: Known, ask: Ask) -> int | None:
    """How many requests may be in flight together; None: nobody has said, and there is nothing to find out."""
    told = (known.set or Allowed()).in_flight or ask.allowed.in_flight
    found = int(known.found.get("most", 0)) or None if ask.finds else None
    both = [one for one in (told, found) if one is not None]
    return min(both) if both else None


def _held(mine: Permit, holds: int, others: Sequence[Permit], total: int | None) -> tuple[int, int]:
    """What is this process's in the books from now on, and what it is to keep to: its fair part, of what is free."""
    if not others or total is None:
        return EVERYTHING, EVERYTHING
    part = fair([mine, *others], total, turn=int(mine.until / LEASE))[mine.owner]
    free = max(0, total - sum(one.standing for one in others))
    if any(one.held == EVERYTHING for one in others):
        free = min(free, mine.used)  # they make room when they hear of us
    held = min(part, free)
    return EVERYTHING if holds == EVERYTHING else max(holds, held), held


def fair(permits: Sequence[Permit], total: int, turn: int = 0) -> dict[str, int]:
    """How many each process should hold: by priority, then as equal as their demands allow.

    Where there are fewer than processes, it is each one's `turn` in turn. All of them reckon alike.
    """
    parts = dict.fromkeys(sorted(one.owner for one in permits), 0)
    left = total
    for priority in sorted({one.priority for one in permits}, reverse=True):
        hungry = {one.owner: one.demand for one in permits if one.priority == priority and one.demand}
        first = turn % max(1, len(hungry))
        while left > 0 and hungry:
            each = max(1, left // len(hungry))
            names = sorted(hungry)
            for owner in names[first:] + names[:first]:
                given = min(each, hungry[owner], left)
                parts[owner] += given
                left -= given
                hungry[owner] -= given
            hungry = {owner: more for owner, more in hungry.items() if more}
    return parts


def _share(mine: Permit, others: Sequence[Permit]) -> float:
    """This process's part of a rate: an equal one of those that have something to send, the highest priority first."""
    if not others:
        return 1.0
    if not mine.demand:
        return 0.0
    busy = [one for one in (mine, *others) if one.demand]
    level = sum(one.priority == mine.priority for one in busy)
    more = any(one.priority > mine.priority for one in busy)
    return LOWER / level if more else 1.0 / level


def _budgets(
    known: Known, mine: Permit, ask: Ask, share: float, others: Sequence[Permit], *, first: bool, leaving: bool
) -> dict[Rate, Budget]:
    """What this process may send of each rate until it asks again."""
    found, names = {}, {one.owner for one in others}
    for rate in (known.set or Allowed()).rates or ask.allowed.rates:
        # who has not heard of a rate yet keeps to nothing, when it is new here, and else to no more than all of it
        keeps = None if leaving else ask.budgets.get(rate, 0.0 if first else rate.most)
        sender = Sender(mine.owner, keeps, ask.sent.get(rate.of, ()), ask.needs.get(rate, 0.0), share, names)
        found[rate] = budget(known.rates, rate, sender, known.at)
    return found
