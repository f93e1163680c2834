"""Pins: blobs that a person wants to keep, whatever else speaks for letting them go."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rushes.ledger.ledger import Ledger
from rushes.model.ids import Digest

_PIN = "INSERT INTO pins (digest, at, who, why) VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING"


class Pin(NamedTuple):
    """A pinned blob: since when (unix seconds), by whom, and what it was called then."""

    digest: Digest
    at: float
    who: str
    why: str


def pin(ledger: Ledger, pins: Iterable[Pin]) -> None:
    """Pin blobs; what is pinned already stays as it is."""
    rows = sorted(pins)
    ledger.database.write(lambda tx: tx.run_many(_PIN, rows))


def unpin(ledger: Ledger, digests: Iterable[Digest]) -> int:
    """Let blobs go again; how many of them were pinned."""
    many = sorted(set(digests))
    return ledger.database.write(lambda tx: sum(tx.run("DELETE FROM pins WHERE digest = ?", (one,)) for one in many))


def pins(ledger: Ledger) -> list[Pin]:
    """Everything that is pinned, oldest first."""
    rows = ledger.database.read("SELECT digest, at, who, why FROM pins ORDER BY at, digest")
    return [Pin(Digest(digest), at, who, why) for digest, at, who, why in rows]
