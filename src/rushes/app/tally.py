"""One walk over a run's events: money, attempts, working time, and why rows failed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from rushes.ledger.entry import Entry
from rushes.model.event import (
    Cancelled,
    CellFailed,
    Done,
    Event,
    Failed,
    Place,
    Reserved,
    RunEnded,
    RunParked,
    RunStarted,
    Stored,
    Unknown,
)
from rushes.model.ids import AttemptId, NodeId
from rushes.model.money import ZERO


@dataclass(slots=True)
class NodeTally:
    """What one node took: results obtained, the rows they are for, USD (None: not all known), seconds of work."""

    bought: int = 0
    rows: set[int] = field(default_factory=set)
    spent: Decimal | None = ZERO
    seconds: float = 0.0


class Tally:
    """The sums. `seconds` is the time in which a process drove the run; waits between two drives do not count."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.spent = ZERO
        self.unpriced = 0
        self.attempts = 0
        self.seconds = 0.0
        self.nodes: dict[NodeId, NodeTally] = {}
        self.failed: dict[tuple[NodeId, int], CellFailed] = {}
        self.tries: dict[tuple[NodeId, int], int] = {}
        self._place: dict[AttemptId, Place] = {}
        self._driven_since: float | None = None
        for entry in entries:
            self.take(entry.event, entry.at)

    def take(self, event: Event, at: float) -> None:
        """Count one event; events come oldest first."""
        self._clock(event, at)
        match event:
            case RunStarted():
                self.failed.clear()  # what failed before is tried again by whoever drives now
            case Reserved(attempt=attempt, place=place):
                self.attempts += 1
                self._place[attempt] = place
                self.tries[place.node, place.row] = self.tries.get((place.node, place.row), 0) + 1
            case Done(attempt=attempt, billed=billed) | Cancelled(attempt=attempt, billed=billed):
                self._pay(attempt, billed)
            case Stored(place=place, seconds=seconds):
                of = self._of(place.node)
                of.bought += 1
                of.rows.add(place.row)
                of.seconds += seconds
            case Failed(maybe_billed=maybe):
                self.unpriced += maybe
            case Unknown():
                self.unpriced += 1
            case CellFailed(place=place):
                self.failed[place.node, place.row] = event

    def _clock(self, event: Event, at: float) -> None:
        if isinstance(event, RunStarted):
            self._driven_since = at
        elif self._driven_since is not None:
            self.seconds += at - self._driven_since
            self._driven_since = None if isinstance(event, RunEnded | RunParked) else at

    def _of(self, node: NodeId) -> NodeTally:
        found = self.nodes.get(node)
        if found is None:
            found = self.nodes[node] = NodeTally()
        return found

    def _pay(self, attempt: AttemptId, billed: Decimal | None) -> None:
        place = self._place.get(attempt)
        of = self._of(place.node) if place is not None else NodeTally()
        if billed is None:
            self.unpriced += 1
            of.spent = None
            return
        self.spent += billed
        if of.spent is not None:
            of.spent += billed
