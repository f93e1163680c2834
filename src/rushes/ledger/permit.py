"""One permit in the ledger: what one process holds of one limit, and until when.

A process that is known to be dead on this host wants nothing and sends nothing more: what it had sent may still be in
flight, and holds its place until the lease is over, or until somebody goes on with it (`adopted`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rushes.ledger.database import Row, Transaction
from rushes.ledger.owner import alive_here, process_of

LEASE = 10.0
"""Seconds for which a permit is good without being renewed."""

EVERYTHING = -1
"""Held by whoever is alone."""


class Refusal(NamedTuple):
    """A request was refused: when, and until when the account named (unix seconds; None: it did not)."""

    at: float
    until: float | None

    def later(self, seconds: float) -> Refusal:
        """As a clock has it that is ahead by so much."""
        return Refusal(self.at + seconds, None if self.until is None else self.until + seconds)


class Permit(NamedTuple):
    """What a process holds: `held` is how many it may have in flight, `used` how many it has, `wants` how many more it
    would send, `until` the unix time at which its lease is over. `taken` and `refusals` are what became of its requests
    that whoever `leads` has not heard of yet.
    """

    owner: str
    held: int = 0
    used: int = 0
    wants: int = 0
    priority: int = 0
    until: float = 0.0
    leads: bool = False
    taken: int = 0
    refusals: tuple[Refusal, ...] = ()

    @property
    def demand(self) -> int:
        """How many it would have in flight."""
        return self.used + self.wants

    @property
    def standing(self) -> int:
        """How many it has in flight, or may have."""
        return max(self.held, self.used)

    @property
    def acts(self) -> bool:
        """Whether its process may still act; on another host its lease is all that is known."""
        return alive_here(self.owner) is not False

    def is_there(self, now: float) -> bool:
        """Whether its lease is not over."""
        return self.until > now


ALL = "SELECT name, owner, held, used, wants, priority, until, leads, taken, refusals FROM permits ORDER BY owner"
"""All permits, each with its limit's name: for `named_permit`."""

_AT = "SELECT name, owner, held, used, wants, priority, until, leads, taken, refusals FROM permits WHERE name = ?"
_PUT = (
    "INSERT INTO permits (name, owner, held, used, wants, priority, until, leads, taken, refusals)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (name, owner) DO UPDATE SET held = excluded.held, used = excluded.used, wants = excluded.wants,"
    " priority = excluded.priority, until = excluded.until, leads = excluded.leads, taken = excluded.taken,"
    " refusals = excluded.refusals"
)


def named_permit(row: Row) -> tuple[str, Permit]:
    """A row of the ledger: a limit's name, and a permit."""
    name, owner, held, used, wants, priority, until, leads, taken, text = row
    refusals = tuple(Refusal(*one) for one in json.loads(text))
    return name, Permit(owner, held, used, wants, priority, until, bool(leads), taken, refusals)


def permits_at(tx: Transaction, name: str) -> list[Permit]:
    """All permits of a limit."""
    return [named_permit(row)[1] for row in tx.read(_AT, (name,))]


def put(tx: Transaction, name: str, one: Permit) -> None:
    """Write a permit."""
    *plain, leads, taken, refusals = one
    tx.run(_PUT, (name, *plain, int(leads), taken, json.dumps(refusals)))


def drop(tx: Transaction, name: str, owner: str) -> None:
    """Take a permit away."""
    tx.run("DELETE FROM permits WHERE name = ? AND owner = ?", (name, owner))


def others_at(
    tx: Transaction, name: str, permits: Sequence[Permit], now: float, adopted: Mapping[str, int]
) -> list[Permit]:
    """Of these permits what counts now; what has ended is taken away. `adopted` is how many requests somebody goes on
    with that a process had sent which is dead: that many hold their place elsewhere from now on.
    """
    there = []
    for one in permits:
        if not one.is_there(now):
            drop(tx, name, one.owner)
        elif one.acts:
            there.append(one)
        else:
            there.append(_last_seen(one, adopted.get(process_of(one.owner), 0)))
            if there[-1].used != one.used:
                put(tx, name, there[-1])
    return there


def _last_seen(one: Permit, adopted: int) -> Permit:
    """Who is known to be dead wants nothing more, and sends nothing more: what it had sent is all that it holds."""
    used = max(0, one.used - adopted)
    return one._replace(wants=0, used=used, held=used)
