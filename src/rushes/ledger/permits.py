"""What processes that use one account agree on: who may have how much of it in flight, and what was found out of it.

A process *holds* permits: so many requests it may have in flight. It takes them, and hands them back, in transactions
of its own (`exchange`), so that all that is held together is never more than there is. Whoever is alone holds
everything; who joins waits until the others have made room, which takes them one exchange.

One of them *leads*: it alone finds out what the account takes, from what all of them report. What it found stays in the
ledger when everybody has gone, for the next run.

A permit ends with its lease. A process that was killed leaves no permit behind for longer, and none for less: what it
had sent may still be in flight.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, NamedTuple

from rushes.ledger.database import Row, Transaction
from rushes.ledger.ledger import Ledger
from rushes.ledger.owner import alive_here
from rushes.model.limit import Allowed, Rate, Unit

LEASE = 10.0
"""Seconds for which a permit is good without being renewed."""

_GRAIN = 1 / 60  # of a rate's time: what was sent within so much is one entry

EVERYTHING = -1
"""Held by whoever is alone."""


class Refusal(NamedTuple):
    """A request was refused: when, and until when the account named (unix seconds; None: it did not)."""

    at: float
    until: float | None


class Ask(NamedTuple):
    """What a process says of one limit: what it has in flight, how many more it would send, for how important a run.

    `most` and `rates` are the ceiling and the rates that it knows of, `sent` what it sent since it spoke last, by unit.
    `taken` and `refusals` are what became of its requests since then; `found` is what it found out, if it leads.
    """

    name: str
    used: int
    wants: int
    priority: int = 0
    allowed: Allowed = Allowed()
    sent: Mapping[Unit, float] = {}
    taken: int = 0
    refusals: tuple[Refusal, ...] = ()
    found: Mapping[str, Any] | None = None
    finds: bool = True


class Answer(NamedTuple):
    """What holds for the process from now on.

    It may have `held` in flight (EVERYTHING: whoever is alone); the others may have `elsewhere`. `share` is its part of
    any rate. `found` is what was found out so far, `taken` and `refusals` what the others met, for whoever `leads`.
    `left` is what it may still send of each of the rates; `paused` the unix time before which nobody sends.
    """

    held: int
    elsewhere: int
    leads: bool
    share: float
    found: Mapping[str, Any]
    left: tuple[float, ...] = ()
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
                _exchange(tx, self._owner, ask, now)
                tx.run("DELETE FROM permits WHERE name = ? AND owner = ?", (ask.name, self._owner))

        self._ledger.database.write(write)


def _in_order(asks: Sequence[Ask]) -> list[Ask]:
    """By name, so that two transactions never wait for each other."""
    return sorted(asks, key=lambda ask: ask.name)


def allow(ledger: Ledger, name: str, allowed: Allowed | None) -> None:
    """Set what a person allows at a limit, for every process; None takes it back."""

    def write(tx: Transaction) -> None:
        body = _body(tx, name)
        body["set"] = None if allowed is None else _plain(allowed)
        tx.run(_KEPT, (name, json.dumps(body)))

    ledger.database.write(write)


def forget(ledger: Ledger, names: Iterable[str]) -> int:
    """Forget what was found out of limits, and nothing else: not what people set, nor what was sent of a rate. Of how
    many something was known.
    """

    def write(tx: Transaction) -> int:
        known = [(name, _body(tx, name)) for name in sorted(set(names))]
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


def _exchange(tx: Transaction, owner: str, ask: Ask, now: float) -> Answer:
    permits = {one.owner: one for one in map(_permit, tx.read(_PERMITS, (ask.name,)))}
    gone = [one.owner for one in permits.values() if one.until <= now and one.owner != owner]
    for one in gone:
        tx.run("DELETE FROM permits WHERE name = ? AND owner = ?", (ask.name, one))
        del permits[one]
    body = _body(tx, ask.name)
    mine = permits.pop(owner, _Permit(owner, 0, 0, 0, 0, 0.0, False, 0, ()))
    others = list(permits.values())
    leads = mine.leads or not any(one.leads and _acts(one) for one in others)
    _hear(body, ask, leads, now)
    total = _total(body, ask)
    mine = mine._replace(used=ask.used, wants=ask.wants, priority=ask.priority, until=now + LEASE, leads=leads)
    mine = mine._replace(held=_held(mine, others, total))
    taken, refusals = 0, tuple[Refusal, ...]()
    if leads:
        taken = sum(one.taken for one in others)
        refusals = tuple(refusal for one in others for refusal in one.refusals)
        if taken or refusals:
            tx.run("UPDATE permits SET taken = 0, refusals = '[]' WHERE name = ? AND owner <> ?", (ask.name, owner))
        mine = mine._replace(taken=0, refusals=())
    else:
        mine = mine._replace(taken=mine.taken + ask.taken, refusals=(*mine.refusals, *ask.refusals))
    share = _share(mine, others)
    left = tuple(
        _left(body, owner, rate, ask.sent.get(rate.of, 0.0), share, {one.owner for one in others}, now)
        for rate in _rates(body, ask)
    )
    tx.run(_PUT, _row(ask.name, mine))
    tx.run(_LIMIT, (ask.name, now, json.dumps(body)))
    return Answer(
        held=mine.held,
        elsewhere=sum(max(one.held, one.used) for one in others),
        leads=leads,
        share=share,
        left=left,
        found=body.get("found") or {},
        paused=body.get("paused", 0.0),
        told=bool(body.get("told")),
        taken=taken,
        refusals=refusals,
        set=_allowed(body.get("set")),
    )


def _hear(body: dict[str, Any], ask: Ask, leads: bool, now: float) -> None:
    """What this process found, and how long it was told to wait: that holds for everybody at once."""
    if leads and ask.found is not None:
        body["found"] = dict(ask.found)
    for refusal in ask.refusals:
        if refusal.until is not None and refusal.until > max(body.get("paused", 0.0), now):
            body["paused"], body["told"] = refusal.until, True


def _total(body: Mapping[str, Any], ask: Ask) -> int | None:
    """How many requests may be in flight together; None: nobody has said, and nothing was found."""
    told = (_allowed(body.get("set")) or Allowed()).in_flight or ask.allowed.in_flight
    found = int((body.get("found") or {}).get("most", 0)) or None if ask.finds else None
    both = [one for one in (told, found) if one is not None]
    return min(both) if both else None


def _held(mine: _Permit, others: Sequence[_Permit], total: int | None) -> int:
    """What this process holds from now on: its fair part, of what is free; never less than it has in flight."""
    if not others or total is None:
        return EVERYTHING
    part = fair([mine, *others], total)[mine.owner]
    if any(one.held == EVERYTHING for one in others):
        return mine.used  # they make room when they hear of us
    held = mine.used if mine.held == EVERYTHING else mine.held
    free = total - held - sum(max(one.held, one.used) for one in others)
    return max(mine.used, held + min(max(free, 0), part - held) if part > held else part)


def fair(permits: Sequence[_Permit], total: int) -> dict[str, int]:
    """How many each process should hold: by priority, then as equal as their demands allow; what nobody demands is for
    whoever comes first by name, so that all of them reckon alike.
    """
    parts = dict.fromkeys(sorted(one.owner for one in permits), 0)
    left = total
    for priority in sorted({one.priority for one in permits}, reverse=True):
        hungry = {one.owner: one.demand for one in permits if one.priority == priority and one.demand}
        while left > 0 and hungry:
            each = max(1, left // len(hungry))
            for owner in sorted(hungry):
                given = min(each, hungry[owner], left)
                parts[owner] += given
                left -= given
                hungry[owner] -= given
            hungry = {owner: more for owner, more in hungry.items() if more}
    return parts


def _share(mine: _Permit, others: Sequence[_Permit]) -> float:
    """This process's part of a rate: an equal one of those that have something to send, the highest priority first."""
    busy = [one for one in (mine, *others) if one.demand]
    if mine not in busy:
        return 1.0 / (len(busy) + 1)
    first = max(one.priority for one in busy)
    level = [one for one in busy if one.priority == first]
    return 1.0 / len(level) if mine in level else 0.05 / len(busy)


def _rates(body: Mapping[str, Any], ask: Ask) -> tuple[Rate, ...]:
    return (_allowed(body.get("set")) or Allowed()).rates or ask.allowed.rates


def _left(
    body: dict[str, Any], owner: str, rate: Rate, sent: float, share: float, others: Set[str], now: float
) -> float:
    """What this process may send of a rate until it asks again: its share of what nobody has sent or may send.

    What it may send counts as sent until it says what it did send; so whatever all of them do, together they keep it.
    """
    kept = body.setdefault("rates", {}).setdefault(f"{rate.most:g}/{rate.seconds:g} {rate.of}", {"log": [], "open": {}})
    log = [[at, amount] for at, amount in kept["log"] if at + rate.seconds > now]
    gone = sent + sum(amount for one, amount in kept["open"].items() if one not in others and one != owner)
    if gone and log and log[-1][0] + rate.seconds * _GRAIN > now:
        log[-1] = [now, log[-1][1] + gone]  # later than it was: what is forgotten later is never too much
    elif gone:
        log.append([now, gone])
    opened = {one: amount for one, amount in kept["open"].items() if one in others}
    left = max(0.0, rate.most - sum(amount for _at, amount in log) - sum(opened.values()))
    mine = float(int(left * share)) or min(left, 1.0)
    body["rates"][f"{rate.most:g}/{rate.seconds:g} {rate.of}"] = {"log": log, "open": {**opened, owner: mine}}
    return mine


def _acts(permit: _Permit) -> bool:
    """Whether its process may still act; on another host its lease is all that is known."""
    return alive_here(permit.owner) is not False


def _is_there(permit: _Permit, now: float) -> bool:
    return permit.until > now


def _body(tx: Transaction, name: str) -> dict[str, Any]:
    rows = tx.read("SELECT body FROM limits WHERE name = ?", (name,))
    return dict(json.loads(rows[0][0])) if rows else {}


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
