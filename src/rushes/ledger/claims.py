"""Claims: one live owner at a time may buy one request.

A claim begins with `Reserved` and ends with `Stored`, `Failed`, `Cancelled`, `Released` or the `Resolved` of its
attempt. Its stage says what is at stake: `reserved` (nothing was sent), `sent` (the provider may have it), `unknown`
(nobody can say). A claim that is dropped before anything was sent is named to the caller, who writes `Released` for it:
the money that was held comes back, and the journal says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from rushes.ledger.database import Database, Row, Transaction
from rushes.ledger.entry import Holder
from rushes.ledger.owner import HEARTBEAT_TTL, NOBODY, alive_here
from rushes.ledger.project import ClaimChange
from rushes.model.event import Reserved
from rushes.model.ids import AttemptId, RequestKey, RunId

_CLAIM = (
    "INSERT INTO claims (request, attempt, run, owner, stage) VALUES (?, ?, ?, ?, 'reserved')"
    " ON CONFLICT (request) DO NOTHING"
)
_TAKE_OVER = (
    "UPDATE claims SET attempt = ?, run = ?, owner = ?, stage = 'reserved'"
    " WHERE request = ? AND attempt = ? AND owner = ? AND stage = ?"
)

_HOLDER = "SELECT request, run, attempt, owner, stage FROM claims WHERE request = ?"
HOLDERS = "SELECT request, run, attempt, owner, stage FROM claims WHERE request IN (??)"


def change_claims(tx: Transaction, change: ClaimChange) -> None:
    """Follow what happened to attempts."""
    if change.sent:
        tx.run_many("UPDATE claims SET stage = 'sent' WHERE attempt = ?", [(one,) for one in change.sent])
    if change.unknown:
        tx.run_many("UPDATE claims SET stage = 'unknown' WHERE attempt = ?", [(one,) for one in change.unknown])
    if change.released:
        tx.run_many("DELETE FROM claims WHERE attempt = ?", [(one,) for one in change.released])


class Unsent(NamedTuple):
    """An attempt that was reserved and never sent, and whose claim is gone."""

    run: RunId
    attempt: AttemptId


class Claimed(NamedTuple):
    """The attempts that may go on, each with the sent claim that it took the place of; and what was dropped for it."""

    won: dict[AttemptId, Holder | None]
    unsent: list[Unsent]


def claim_all(tx: Transaction, run: RunId, wanted: Sequence[tuple[Reserved, float]], owner: str) -> Claimed:
    """Claim what can be had. In the order of the keys, so that two transactions never wait for each other."""
    claimed = Claimed({}, [])
    for event, at in sorted(wanted, key=lambda pair: pair[0].key):
        _claim(tx, run, event, owner, at, claimed)
        if event.attempt in claimed.won and _is_answered(tx, event):
            del claimed.won[event.attempt]
    return claimed


def _claim(tx: Transaction, run: RunId, event: Reserved, owner: str, at: float, claimed: Claimed) -> None:
    if tx.run(_CLAIM, (event.key, event.attempt, run, owner)):
        claimed.won[event.attempt] = None
        return
    held = holders_of(tx, tx.read(_HOLDER, (event.key,)), at).get(event.key)
    if held is None:  # released since; whoever asks again gets it
        if tx.run(_CLAIM, (event.key, event.attempt, run, owner)):
            claimed.won[event.attempt] = None
        return
    if held.alive or held.unknown:
        return
    if held.sent and held.run != run and not event.harmless:
        return
    stage = "sent" if held.sent else "reserved"
    if tx.run(_TAKE_OVER, (event.attempt, run, owner, event.key, held.attempt, held.owner, stage)):
        claimed.won[event.attempt] = held if held.sent else None
        if not held.sent:
            claimed.unsent.append(Unsent(held.run, held.attempt))


def unclaim(tx: Transaction, event: Reserved, before: Holder | None) -> None:
    """Let go of a claim that was won and cannot be paid for; a sent claim that it took the place of is back."""
    if before is None:
        tx.run("DELETE FROM claims WHERE request = ? AND attempt = ?", (event.key, event.attempt))
    else:
        tx.run(
            "UPDATE claims SET attempt = ?, run = ?, owner = ?, stage = 'sent' WHERE request = ? AND attempt = ?",
            (before.attempt, before.run, before.owner, event.key, event.attempt),
        )


def _is_answered(tx: Transaction, event: Reserved) -> bool:
    """Whether the result came in between the reader's look and this claim; then the claim is let go."""
    where = (event.base, event.candidate, event.salt)
    if not tx.read("SELECT 1 FROM results WHERE base = ? AND candidate = ? AND salt = ?", where):
        return False
    tx.run("DELETE FROM claims WHERE request = ? AND attempt = ?", (event.key, event.attempt))
    return True


def holders_of(source: Transaction | Database, rows: Iterable[Row], at: float) -> dict[RequestKey, Holder]:
    """Rows of `HOLDERS`, with what is known of their owners."""
    alive = cache(lambda owner: is_alive(source, owner, at))
    return {
        key: Holder(
            run=RunId(run),
            attempt=AttemptId(attempt),
            owner=owner,
            sent=stage != "reserved",
            unknown=stage == "unknown",
            alive=alive(owner),
        )
        for key, run, attempt, owner, stage in rows
    }


def is_alive(source: Transaction | Database, owner: str, at: float) -> bool:
    """Whether an owner may still act: by its process on this host, by its last heartbeat elsewhere."""
    here = alive_here(owner)
    if here is not None:
        return here
    rows = source.read("SELECT beat FROM owners WHERE owner = ?", (owner,))
    return bool(rows) and rows[0][0] >= at - HEARTBEAT_TTL


def take_claims(tx: Transaction, run: RunId, owner: str) -> list[Unsent]:
    """Hand a run's claims to its new owner, without those for which nothing was sent."""
    dropped = _drop(tx, tx.read("SELECT run, attempt FROM claims WHERE run = ? AND stage = 'reserved'", (run,)))
    tx.run("UPDATE claims SET owner = ? WHERE run = ?", (owner, run))
    return dropped


def leave_claims(tx: Transaction, run: RunId, owner: str) -> list[Unsent]:
    """Let go of what an owner claimed for a run: free is what it never sent, and what it sent waits for the run's next
    owner. Its process may live on, and whoever took that for the owner would wait as long."""
    sql = "SELECT run, attempt FROM claims WHERE run = ? AND owner = ? AND stage = 'reserved'"
    dropped = _drop(tx, tx.read(sql, (run, owner)))
    tx.run("UPDATE claims SET owner = ? WHERE run = ? AND owner = ?", (NOBODY, run, owner))
    return dropped


def drop_dead(tx: Transaction, owner: str, at: float) -> list[Unsent]:
    """Free what dead owners, of any run, reserved and never sent."""
    alive = cache(lambda one: one == owner or is_alive(tx, one, at))
    rows = tx.read("SELECT run, attempt, owner FROM claims WHERE stage = 'reserved'")
    return _drop(tx, [row[:2] for row in rows if not alive(row[2])])


def _drop(tx: Transaction, rows: Sequence[Row]) -> list[Unsent]:
    dropped = sorted(Unsent(RunId(run), AttemptId(attempt)) for run, attempt in rows)
    # sent meanwhile is not dropped: the stage is looked at again by the statement that deletes
    return [
        one for one in dropped if tx.run("DELETE FROM claims WHERE attempt = ? AND stage = 'reserved'", (one.attempt,))
    ]


def beat(tx: Transaction, beats: Mapping[str, float]) -> None:
    """Keep the last heartbeat of each owner."""
    tx.run_many(
        "INSERT INTO owners (owner, beat) VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET beat = excluded.beat",
        sorted(beats.items()),
    )
