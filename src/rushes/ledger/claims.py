"""Claims: one live owner at a time may buy one request.

A claim begins with `Reserved` and ends with `Stored`, `Failed` or `Cancelled` of its attempt. Its stage says what is
at stake: `reserved` (nothing was sent), `sent` (the provider may have it), `unknown` (nobody can say).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from rushes.ledger.database import Database, Row, Transaction
from rushes.ledger.entry import Holder
from rushes.ledger.owner import HEARTBEAT_TTL, alive_here
from rushes.ledger.project import ClaimChange
from rushes.model.event import Reserved
from rushes.model.ids import AttemptId, RequestKey, RunId

_CLAIM = (
    "INSERT INTO claims (request, attempt, run, owner, stage) VALUES (?, ?, ?, ?, 'reserved')"
    " ON CONFLICT (request) DO NOTHING"
)
_TAKE_OVER = (
    "UPDATE claims SET attempt = ?, run = ?, owner = ?, stage = 'reserved'"
    " WHERE request = ? AND attempt = ? AND owner = ?"
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


def claim_all(tx: Transaction, run: RunId, wanted: Sequence[tuple[Reserved, float]], owner: str) -> set[AttemptId]:
    """The attempts that may go on. In the order of their keys, so that two transactions never wait for each other."""
    won: set[AttemptId] = set()
    for event, at in sorted(wanted, key=lambda pair: pair[0].key):
        if _claim(tx, run, event, owner, at) and not _is_answered(tx, event):
            won.add(event.attempt)
    return won


def _claim(tx: Transaction, run: RunId, event: Reserved, owner: str, at: float) -> bool:
    if tx.run(_CLAIM, (event.key, event.attempt, run, owner)):
        return True
    held = holders_of(tx, tx.read(_HOLDER, (event.key,)), at).get(event.key)
    if held is None:  # released since; whoever asks again gets it
        return bool(tx.run(_CLAIM, (event.key, event.attempt, run, owner)))
    if held.alive or held.unknown:
        return False
    if held.sent and held.run != run and not event.harmless:
        return False
    return bool(tx.run(_TAKE_OVER, (event.attempt, run, owner, event.key, held.attempt, held.owner)))


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


def take_claims(tx: Transaction, run: RunId, owner: str) -> None:
    """Hand a run's claims to its new owner; nothing was sent for the ones that are dropped."""
    tx.run("DELETE FROM claims WHERE run = ? AND stage = 'reserved'", (run,))
    tx.run("UPDATE claims SET owner = ? WHERE run = ?", (owner, run))


def drop_unsent(tx: Transaction, run: RunId, owner: str) -> None:
    """Free what an owner reserved for a run and never sent."""
    tx.run("DELETE FROM claims WHERE run = ? AND owner = ? AND stage = 'reserved'", (run, owner))


def beat(tx: Transaction, beats: Mapping[str, float]) -> None:
    """Keep the last heartbeat of each owner."""
    tx.run_many(
        "INSERT INTO owners (owner, beat) VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET beat = excluded.beat",
        sorted(beats.items()),
    )
