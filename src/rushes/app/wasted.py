"""What of a run's money brought nothing that is kept, told while its events go by; `rushes costs` says it of all runs.

Charged without a result: failed, called off, paid and lost. Or with one that a check flagged or a person turned down,
and that no gate let through all the same. What waits for a choice is not wasted yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from rushes.ledger.books import Hold
from rushes.model.event import Cancelled, CellDone, Decided, Event, Failed, Reserved, Resolved, Stored, Waiting
from rushes.model.ids import AttemptId, BaseKey, Digest, NodeId
from rushes.model.money import ZERO
from rushes.model.verdict import Choice


class Wasted:
    """Which attempts of a run came to nothing so far."""

    def __init__(self) -> None:
        self._failed: set[AttemptId] = set()
        self._stored: set[AttemptId] = set()
        self._flagged: dict[AttemptId, tuple[BaseKey, Digest | None]] = {}
        self._of: dict[Digest, AttemptId] = {}
        self._asked: set[NodeId] = set()
        self._waits: set[BaseKey] = set()  # questions of which nothing was chosen yet
        self._chosen: set[Digest] = set()
        self._rejected: set[Digest] = set()

    def take(self, event: Event) -> None:
        """One event; they come oldest first."""
        match event:
            case Reserved(place=place):
                self._asked.add(place.node)
            case Stored(attempt=attempt, base=base, artifacts=artifacts, verdict=verdict):
                digest = artifacts[0].digest if artifacts else None
                self._stored.add(attempt)
                if verdict.flagged:
                    self._flagged[attempt] = base, digest
                if digest is not None:
                    self._of[digest] = attempt
            case Failed(attempt=attempt) | Cancelled(attempt=attempt):
                self._failed.add(attempt)
            case Resolved(attempt=attempt, outcome=outcome):
                (self._failed.discard if outcome == "adopt" else self._failed.add)(attempt)
            case Waiting(subject=subject):
                self._waits.add(subject)
            case CellDone(place=place, base=base, artifact=digest, reused=False) if (
                base and digest and place.node not in self._asked
            ):
                self._chosen.add(digest)  # nothing was asked for its node: a gate
                self._waits.discard(base)
            case Decided(subject=subject, artifact=digest, choice=choice):
                self._waits.discard(subject)
                good = choice is Choice.APPROVED
                (self._chosen if good else self._rejected).add(digest)
                (self._rejected if good else self._chosen).discard(digest)

    def amount(self, holds: Mapping[AttemptId, Hold]) -> Decimal:
        """USD of what came to nothing."""
        flagged = {
            attempt
            for attempt, (base, digest) in self._flagged.items()
            if digest not in self._chosen and base not in self._waits
        }
        turned_down = {self._of[digest] for digest in self._rejected if digest in self._of}
        wasted = (self._failed - self._stored) | flagged | turned_down
        return sum((holds[attempt].spent for attempt in wasted if attempt in holds), ZERO)
