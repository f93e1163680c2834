"""What processes that use one account agree on: who may have how much of it in flight, and what was found out of it.

A process *holds* permits: so many requests it may have in flight. It takes what is free in a transaction of its own
(`exchange`). What it is to hand back it hands back in two: it hears of it, keeps to less, and says so the next time;
only then is it free for others. So all that is held together is never more than there is, however long an exchange
takes and whatever is sent meanwhile. Whoever is alone holds everything; who joins waits until the others make room.

Of a rate a process has a *budget*, reckoned as sent until it says what it did send, and when.

One of them *leads*: it alone finds out what the account takes, from what all of them report. What it found stays in the
ledger when everybody has gone, for the next run.

A permit ends with its lease. A process that was killed leaves no permit behind for longer, and none for less: what it
had sent may still be in flight. A process that could not say anything for so long has none any more, and knows it.

Clocks of machines differ. The time that counts is that of the clock that is ahead; what others say and hear is moved by
how much theirs is behind, which may be up to a minute.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, NamedTuple

from rushes.ledger.database import Row, Transaction
from rushes.ledger.ledger import Ledger
from rushes.ledger.owner import alive_here
from rushes.model.limit import Allowed, Rate, Unit

LEASE = 10.0
"""Seconds for which a permit is good without being renewed."""

_GRAIN = 1 / 60  # of a rate's time: what was sent within so much is one entry
_SKEW = 60.0  # seconds that clocks may differ
_SOON = 0.2  # seconds until others will have said what they did with what they were given
_PART = 8  # a budget is at most this part of what is left: no more is lost with a process that is killed
_LOWER = 0.05  # of a rate is for runs of a lower priority, while those of a higher want it

EVERYTHING = -1
"""Held by whoever is alone."""


class Refusal(NamedTuple):
    """A request was refused: when, and until when the account named (unix seconds; None: it did not)."""

    at: float
    until: float | None


class Ask(NamedTuple):
    """What a process says of one limit: what it has in flight, how many more it would send, for how important a run.

    Until it hears the answer it keeps to `holds` in flight (EVERYTHING: nobody else was there), and to what `budgets`
    say of each rate. `sent` is what it sent since it spoke last: by unit, when (unix seconds) and how much; `needs`
    what the next request takes of each rate. `allowed` are the ceiling and the rates that it knows of.
    `taken` and `refusals` are what became of its requests since it spoke last. `found` is what it found out: the word
    of who leads counts, and of the first. `paused` is until when who leads sends nothing, `told` whether the account
    named that time; `finds` says whether anything is to be found out.
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


class Budget(NamedTuple):
    """What a process may send of a rate until it asks again, and the unix time from when on asking gives it more."""

    amount: float
    opens: float


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


class Seen(NamedTuple):
    """A limit as the ledger knows it: what was found and set, and who is at it. `at` is when it was last asked under,
    in unix seconds; 0: never.
    """

    name: str
    found: Mapping[str, Any]
    paused: float
    told: bool
    set: Allowed | None
    at: float
    used: int
    wants: int
    owners: tuple[str, ...]


class _Permit(NamedTuple):
    owner: str
    held: int
    used: int
    wants: int
    priority: int
    until: float
    leads: bool
    taken: int
    refusals: tuple[Refusal, ...]

    @property
    def demand(self) -> int:
        return self.used + self.wants


_PERMITS = "SELECT owner, held, used, wants, priority, until, leads, taken, refusals FROM permits WHERE name = ?"
_PUT = (
    "INSERT INTO permits (name, owner, held, used, wants, priority, until, leads, taken, refusals)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (name, owner) DO UPDATE SET held = excluded.held, used = excluded.used, wants = excluded.wants,"
    " priority = excluded.priority, until = excluded.until, leads = excluded.leads, taken = excluded.taken,"
    " refusals = excluded.refusals"
)
_LIMIT = (
    "INSERT INTO limits (name, at, body) VALUES (?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET at = excluded.at, body = excluded.body"
)

_LOCK = "INSERT INTO limits (name, at, body) VALUES (?, 0, '{}') ON CONFLICT (name) DO UPDATE SET at = limits.at"
"""Nobody else writes of this limit before this transaction has ended: on a server several are under way at once."""

_HOLD = "UPDATE limits SET at = at WHERE name = ?"
"""The same, if it is there."""

_KEPT = "INSERT INTO limits (name, at, body) VALUES (?, 0, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body"
"""What is known of a limit changes; when it was last asked under stays."""


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
                tx.run("DELETE FROM permits WHERE name = ? AND owner = ?", (ask.name, self._owner))

        self._ledger.database.write(write)


def _in_order(asks: Sequence[Ask]) -> list[Ask]:
    """By name, so that two transactions never wait for each other."""
    return sorted(asks, key=lambda ask: ask.name)


def allow(ledger: Ledger, name: str, allowed: Allowed | None) -> None:
    """Set what a person allows at a limit, for every process; None takes it back."""

    def write(tx: Transaction) -> None:
        tx.run(_LOCK, (name,))
        body = _known(tx, name)[1]
        body["set"] = None if allowed is None else _plain(allowed)
        tx.run(_KEPT, (name, json.dumps(body)))

    ledger.database.write(write)


def forget(ledger: Ledger, names: Iterable[str]) -> int:
    """Forget what was found out of limits, and nothing else: not what people set, nor what was sent of a rate. Of how
    many something was known.
    """

    def write(tx: Transaction) -> int:
        known = [(name, _known(tx, name)[1]) for name in sorted(set(names)) if tx.run(_HOLD, (name,))]
        found = [(name, body) for name, body in known if body.pop("found", None)]
        for name, body in found:
            tx.run(_KEPT, (name, json.dumps(body)))
        return len(found)

    return ledger.database.write(write)


def seen(ledger: Ledger, now: float) -> list[Seen]:
    """Every limit that the ledger knows, by name."""
    database = ledger.database
    at: dict[str, list[_Permit]] = {}
    for name, *row in database.read(
        "SELECT name, owner, held, used, wants, priority, until, leads, taken, refusals FROM permits ORDER BY owner"
    ):
        permit = _permit(tuple(row))
        if _is_there(permit, now):
            at.setdefault(name, []).append(permit)
    found = []
    for name, when, text in database.read("SELECT name, at, body FROM limits ORDER BY name"):
        body, there = json.loads(text), at.get(name, [])
        found.append(
            Seen(
                name=name,
                found=body.get("found") or {},
                paused=body.get("paused", 0.0),
                told=bool(body.get("told")),
                set=_allowed(body.get("set")),
                at=when,
                used=sum(one.used for one in there),
                wants=sum(one.wants for one in there),
                owners=tuple(one.owner for one in there),
            )
        )
    return found


def _exchange(tx: Transaction, owner: str, ask: Ask, asked: float, leaving: bool = False) -> Answer:
    tx.run(_LOCK, (ask.name,))
    at, body = _known(tx, ask.name)
    now = at if 0.0 < at - asked <= _SKEW else asked
    ask, behind = _moved(ask, now - asked), now - asked
    mine, others = _swept(tx, owner, ask.name, now)
    leads = _leads(mine, others, ask)
    _hear(body, ask, now, leads=mine is not None and mine.leads)
    holds = ask.used if mine is None else ask.holds if ask.holds == EVERYTHING else max(ask.holds, ask.used)
    known = mine is not None
    mine = mine or _Permit(owner, 0, 0, 0, 0, 0.0, False, 0, ())
    mine = mine._replace(used=ask.used, wants=ask.wants, priority=ask.priority, until=now + LEASE, leads=leads)
    kept, held = _held(mine, holds, others, _total(body, ask))
    mine = mine._replace(held=kept)
    share = _share(mine, others)
    budgets = _budgets(body, mine, ask, share, {one.owner for one in others}, now, known=known, leaving=leaving)
    mine, taken, refusals = _passed_on(tx, mine, others, ask)
    tx.run(_PUT, _row(ask.name, mine))
    tx.run(_LIMIT, (ask.name, now, json.dumps(body)))
    return Answer(
        held=held,
        elsewhere=sum(one.used for one in others),
        leads=leads,
        share=share,
        found=body.get("found") or {},
        alone=not others,
        budgets={rate: one._replace(opens=one.opens - behind) for rate, one in budgets.items()},
        paused=body.get("paused", behind) - behind,
        told=bool(body.get("told")),
        taken=taken,
        refusals=tuple(_later(one, -behind) for one in refusals),
        set=_allowed(body.get("set")),
    )


def _moved(ask: Ask, seconds: float) -> Ask:
    """What a process says whose clock is behind by so many seconds, as the clock has it that is ahead."""
    if not seconds:
        return ask
    return ask._replace(
        sent={unit: [(at + seconds, amount) for at, amount in sent] for unit, sent in ask.sent.items()},
        refusals=tuple(_later(one, seconds) for one in ask.refusals),
        paused=ask.paused + seconds,
    )


def _later(one: Refusal, seconds: float) -> Refusal:
    return Refusal(one.at + seconds, None if one.until is None else one.until + seconds)


def _swept(tx: Transaction, owner: str, name: str, now: float) -> tuple[_Permit | None, list[_Permit]]:
    """This process's permit, if it has one still, and those of the others; what has ended is not there any more."""
    permits = {one.owner: one for one in map(_permit, tx.read(_PERMITS, (name,)))}
    mine = permits.pop(owner, None)
    for one in permits.values():
        if not _is_there(one, now):
            tx.run("DELETE FROM permits WHERE name = ? AND owner = ?", (name, one.owner))
    return mine, [_last_seen(one) for one in permits.values() if _is_there(one, now)]


def _last_seen(one: _Permit) -> _Permit:
    """Who is known to be dead wants nothing more, and sends nothing more: what it had sent is all that it holds."""
    if _acts(one):
        return one
    return one._replace(wants=0, held=one.used)


def _leads(mine: _Permit | None, others: Sequence[_Permit], ask: Ask) -> bool:
    """Whether this process is the one to find out: one alone, that lives, and has work where others wait."""
    if ask.used + ask.wants == 0 and any(one.wants for one in others):
        return False
    return (mine is not None and mine.leads) or not any(one.leads and _acts(one) for one in others)


def _hear(body: dict[str, Any], ask: Ask, now: float, *, leads: bool) -> None:
    """What was found, and how long nobody is to send: that holds for everybody at once."""
    if ask.found is not None and (leads or not body.get("found")):
        body["found"] = dict(ask.found)
    waits = [(one.until, True) for one in ask.refusals if one.until is not None]
    if leads:
        waits.append((ask.paused, ask.told))
    for until, told in waits:
        if until > max(body.get("paused", 0.0), now):
            body["paused"], body["told"] = until, told


def _passed_on(
    tx: Transaction, mine: _Permit, others: Sequence[_Permit], ask: Ask
) -> tuple[_Permit, int, tuple[Refusal, ...]]:
    """What became of requests is told to whoever leads, once; until somebody does it is kept."""
    if not mine.leads:
        kept = mine._replace(taken=mine.taken + ask.taken, refusals=(*mine.refusals, *ask.refusals))
        return kept, 0, ()
    taken = sum(one.taken for one in others)
    refusals = tuple(refusal for one in others for refusal in one.refusals)
    if taken or refusals:
        tx.run("UPDATE permits SET taken = 0, refusals = '[]' WHERE name = ? AND owner <> ?", (ask.name, mine.owner))
    return mine._replace(taken=0, refusals=()), taken, refusals


def _total(body: Mapping[str, Any], ask: Ask) -> int | None:
    """How many requests may be in flight together; None: nobody has said, and there is nothing to find out."""
    told = (_allowed(body.get("set")) or Allowed()).in_flight or ask.allowed.in_flight
    found = int((body.get("found") or {}).get("most", 0)) or None if ask.finds else None
    both = [one for one in (told, found) if one is not None]
    return min(both) if both else None


def _standing(one: _Permit) -> int:
    """How many another process has in flight, or may have."""
    return max(one.held, one.used)


def _held(mine: _Permit, holds: int, others: Sequence[_Permit], total: int | None) -> tuple[int, int]:
    """What is this process's in the books from now on, and what it is to keep to: its fair part, of what is free."""
    if not others or total is None:
        return EVERYTHING, EVERYTHING
    part = fair([mine, *others], total, turn=int(mine.until / LEASE))[mine.owner]
    free = max(0, total - sum(_standing(one) for one in others))
    if any(one.held == EVERYTHING for one in others):
        free = min(free, mine.used)  # they make room when they hear of us
    held = min(part, free)
    return EVERYTHING if holds == EVERYTHING else max(holds, held), held


def fair(permits: Sequence[_Permit], total: int, turn: int = 0) -> dict[str, int]:
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


def _share(mine: _Permit, others: Sequence[_Permit]) -> float:
    """This process's part of a rate: an equal one of those that have something to send, the highest priority first."""
    if not others:
        return 1.0
    if not mine.demand:
        return 0.0
    busy = [one for one in (mine, *others) if one.demand]
    level = sum(one.priority == mine.priority for one in busy)
    more = any(one.priority > mine.priority for one in busy)
    return _LOWER / level if more else 1.0 / level


def _budgets(
    body: dict[str, Any],
    mine: _Permit,
    ask: Ask,
    share: float,
    others: Set[str],
    now: float,
    *,
    known: bool,
    leaving: bool,
) -> dict[Rate, Budget]:
    """What this process may send of each rate until it asks again.

    What it was given counts as sent until it says what it did send; so whatever all of them do, together they keep it.
    """
    rates = (_allowed(body.get("set")) or Allowed()).rates or ask.allowed.rates
    books, budgets = body.setdefault("rates", {}), {}
    for rate in rates:
        name = f"{rate.most:g}/{rate.seconds:g} {rate.of}"
        kept = books.get(name, {"log": [], "open": {}})
        dead = [[now, amount] for one, amount in kept["open"].items() if one not in others and one != mine.owner]
        log = _log(rate, [*kept["log"], *ask.sent.get(rate.of, ()), *dead], now)
        opened = {one: amount for one, amount in kept["open"].items() if one in others}
        left = max(0.0, rate.most - sum(amount for _at, amount in log) - sum(opened.values()))
        need = min(ask.needs.get(rate, 0.0) or min(1.0, rate.most), rate.most)
        amount = _given(rate, left, share, need)
        budgets[rate] = Budget(amount, now if left >= need else _opens(rate, log, need, now))
        if not leaving:
            keeps = ask.budgets.get(rate, rate.most if known else 0.0)  # who has not heard of a rate keeps to nothing
            opened[mine.owner] = max(amount, keeps)
        books[name] = {"log": log, "open": opened}
    return budgets


def _given(rate: Rate, left: float, share: float, need: float) -> float:
    """A share of what is left, in small parts: enough for a second, and for the next request if there is enough."""
    part = left * share
    amount = min(part, max(part / _PART, rate.most / rate.seconds))
    if amount < need:
        return need if left >= need and share > _LOWER else 0.0
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


def _acts(permit: _Permit) -> bool:
    """Whether its process may still act; on another host its lease is all that is known."""
    return alive_here(permit.owner) is not False


def _is_there(permit: _Permit, now: float) -> bool:
    return permit.until > now


def _known(tx: Transaction, name: str) -> tuple[float, dict[str, Any]]:
    """When a limit was last asked under, and what is known of it."""
    rows = tx.read("SELECT at, body FROM limits WHERE name = ?", (name,))
    return (rows[0][0], dict(json.loads(rows[0][1]))) if rows else (0.0, {})


def _permit(row: Row) -> _Permit:
    owner, held, used, wants, priority, until, leads, taken, refusals = row
    return _Permit(
        owner,
        held,
        used,
        wants,
        priority,
        until,
        bool(leads),
        taken,
        tuple(Refusal(*one) for one in json.loads(refusals)),
    )


def _row(name: str, one: _Permit) -> Row:
    refusals = json.dumps(one.refusals)
    return name, one.owner, one.held, one.used, one.wants, one.priority, one.until, int(one.leads), one.taken, refusals


def _plain(allowed: Allowed) -> dict[str, Any]:
    return {"in_flight": allowed.in_flight, "rates": [list(rate) for rate in allowed.rates]}


def _allowed(raw: Mapping[str, Any] | None) -> Allowed | None:
    if raw is None:
        return None
    return Allowed(raw["in_flight"], tuple(Rate(most, seconds, Unit(of)) for most, seconds, of in raw["rates"]))
