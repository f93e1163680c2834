"""One walk over a run's events: money, attempts, working time, and why rows failed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from rushes.app.wasted import Wasted
from rushes.ledger.books import Balance, Books, Hold, Holds
from rushes.ledger.entry import Entry
from rushes.model.collector import collector_off
from rushes.model.event import (
    Cancelled,
    CellFailed,
    Event,
    Failed,
    Place,
    Reserved,
    RunEnded,
    RunParked,
    RunStarted,
    Slow,
    Stored,
)
from rushes.model.ids import AttemptId, NodeId
from rushes.model.money import ZERO

__all__ = ["Books", "NodeTally", "Tally"]


@dataclass(slots=True)
class NodeTally:
    """What one node took: results obtained, the rows they are for, USD (None: not all known), seconds of work.

    `spent` counts the worst case where something was charged and nobody said how much.
    """

    bought: int = 0
    rows: set[int] = field(default_factory=set)
    spent: Decimal | None = ZERO
    seconds: float = 0.0


class Tally:
    """The sums. `seconds` is the time in which a process drove the run; waits between two drives do not count.

    `money` is what the ledger's own books say: no sum of money is made here.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.books = Holds()
        self._wasted = Wasted()
        self.attempts = 0
        self.seconds = 0.0
        self.nodes: dict[NodeId, NodeTally] = {}
        self.failed: dict[tuple[NodeId, int], CellFailed] = {}
        self.tries: dict[tuple[NodeId, int], int] = {}
        self.slow: list[Slow] = []
        self.called_off: set[tuple[NodeId, int]] = set()  # rows whose last request was really stopped
        self._place: dict[AttemptId, Place] = {}
        self._driven_since: float | None = None
        with collector_off():
            for entry in entries:
                self.take(entry.event, entry.at)

    @property
    def money(self) -> Balance:
        """Where the run's money is, added up anew."""
        return self.books.balance

    @property
    def wasted(self) -> Decimal:
        """What of the money spent brought nothing that is kept, in USD."""
        return self._wasted.amount(self.books.holds)

    def take(self, event: Event, at: float) -> None:
        """Count one event; events come oldest first."""
        self._clock(event, at)
        self._wasted.take(event)
        moved = self.books.take(event)
        if moved is not None and not isinstance(event, Reserved):
            self._pay(event.attempt, *moved)  # type: ignore[attr-defined]
        match event:
            case RunStarted():
                self.failed.clear()  # what failed before is tried again by whoever drives now
            case Reserved(attempt=attempt, place=place):
                self.attempts += 1
                self._place[attempt] = place
                self.tries[place.node, place.row] = self.tries.get((place.node, place.row), 0) + 1
            case Stored(place=place, seconds=seconds):
                of = self._of(place.node)
                of.bought += 1
                of.rows.add(place.row)
                of.seconds += seconds
            case Failed(place=place):
                self.called_off.discard((place.node, place.row))
            case Cancelled(place=place):
                self.called_off.add((place.node, place.row))
            case CellFailed(place=place):
                self.failed[place.node, place.row] = event
            case Slow():
                self.slow.append(event)

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

    def _pay(self, attempt: AttemptId, before: Hold | None, after: Hold) -> None:
        of = self._of(self._place[attempt].node)
        if after.unpriced:
            of.spent = None
        elif of.spent is not None and before is not None:
            of.spent += after.spent - before.spent
