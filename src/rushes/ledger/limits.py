"""What the ledger knows of a limit: what was found out of it, what people set, until when it is shut, who is at it.

It stays when every process has gone, for the next run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from rushes.ledger.database import Transaction
from rushes.ledger.ledger import Ledger
from rushes.ledger.permit import ALL, Permit, named_permit
from rushes.model.limit import Allowed, Rate, Unit


class Known(NamedTuple):
    """One limit's row: when it was last asked under (unix seconds; 0: never), and what is known of it."""

    at: float
    body: dict[str, Any]

    @property
    def found(self) -> dict[str, Any]:
        """What was found out, as whoever found it tells it."""
        return self.body.get("found") or {}

    @property
    def paused(self) -> float:
        """The unix time before which nobody sends."""
        return float(self.body.get("paused", 0.0))

    @property
    def told(self) -> bool:
        """Whether the account named that time."""
        return bool(self.body.get("told"))

    @property
    def set(self) -> Allowed | None:
        """What a person allows."""
        raw: Mapping[str, Any] | None = self.body.get("set")
        if raw is None:
            return None
        return Allowed(raw["in_flight"], tuple(Rate(most, seconds, Unit(of)) for most, seconds, of in raw["rates"]))

    @property
    def rates(self) -> dict[str, Any]:
        """The books of its rates (`rate_books`)."""
        books: dict[str, Any] = self.body.setdefault("rates", {})
        return books


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


_LOCK = "INSERT INTO limits (name, at, body) VALUES (?, 0, '{}') ON CONFLICT (name) DO UPDATE SET at = limits.at"
_HOLD = "UPDATE limits SET at = at WHERE name = ?"  # the same, if it is there
_ASKED = (
    "INSERT INTO limits (name, at, body) VALUES (?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET at = excluded.at, body = excluded.body"
)
_KEPT = "UPDATE limits SET body = ? WHERE name = ?"  # when it was last asked under stays


def lock(tx: Transaction, name: str) -> Known:
    """The limit, which nobody else writes of before this transaction has ended: a server runs several at once."""
    tx.run(_LOCK, (name,))
    return _known(tx, name)


def asked(tx: Transaction, name: str, known: Known) -> None:
    """Somebody asked under it."""
    tx.run(_ASKED, (name, known.at, json.dumps(known.body)))


def allow(ledger: Ledger, name: str, allowed: Allowed | None) -> None:
    """Set what a person allows at a limit, for every process; None takes it back."""

    def write(tx: Transaction) -> None:
        body = lock(tx, name).body
        body["set"] = None if allowed is None else _plain(allowed)
        tx.run(_KEPT, (json.dumps(body), name))

    ledger.database.write(write)


def forget(ledger: Ledger, names: Iterable[str]) -> int:
    """Forget what was found out of limits, and nothing else: not what people set, nor what was sent of a rate. Of how
    many something was known.
    """

    def write(tx: Transaction) -> int:
        known = [(name, _known(tx, name).body) for name in sorted(set(names)) if tx.run(_HOLD, (name,))]
        found = [(name, body) for name, body in known if body.pop("found", None)]
        for name, body in found:
            tx.run(_KEPT, (json.dumps(body), name))
        return len(found)

    return ledger.database.write(write)


def seen(ledger: Ledger, now: float) -> list[Seen]:
    """Every limit that the ledger knows, by name."""
    database = ledger.database
    at: dict[str, list[Permit]] = {}
    for name, permit in map(named_permit, database.read(ALL)):
        if permit.is_there(now):
            at.setdefault(name, []).append(permit)
    rows = database.read("SELECT name, at, body FROM limits ORDER BY name")
    return [_seen(name, Known(when, json.loads(text)), at.get(name, [])) for name, when, text in rows]


def _seen(name: str, known: Known, there: list[Permit]) -> Seen:
    return Seen(
        name=name,
        found=known.found,
        paused=known.paused,
        told=known.told,
        set=known.set,
        at=known.at,
        used=sum(one.used for one in there),
        wants=sum(one.wants for one in there),
        owners=tuple(one.owner for one in there),
    )


def _known(tx: Transaction, name: str) -> Known:
    at, body = tx.read("SELECT at, body FROM limits WHERE name = ?", (name,))[0]
    return Known(at, json.loads(body))


def _plain(allowed: Allowed) -> dict[str, Any]:
    return {"in_flight": allowed.in_flight, "rates": [list(rate) for rate in allowed.rates]}
