"""Where the time of one run went: back from its end along what each thing waited for, until its beginning.

The stretches lie end to end, so they add up to the run's whole time, whatever was recorded, in which order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from rushes.ledger.entry import Entry
from rushes.ledger.fold import Spot
from rushes.model.event import (
    Cancelled,
    CellDone,
    CellFailed,
    CellSkipped,
    Done,
    Failed,
    Reserved,
    RunStarted,
    Stored,
    Submitting,
    Unknown,
)
from rushes.model.ids import AttemptId, BaseKey, NodeId


class Part(StrEnum):
    """Who had the work."""

    QUEUE = "queue"  # ready, and waiting for a slot, for money, for the time to try again
    PROVIDER = "provider"  # from sending the request to the word that it is done
    DOWNLOAD = "download"  # fetching it, storing it, looking at it
    OURS = "ours"  # all the rest: reading, planning, deciding, writing files


class Stretch(NamedTuple):
    """Seconds in one piece, for which node (None: for all of the run)."""

    part: Part
    seconds: float
    node: NodeId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The critical path of a run, in the order of time."""

    stretches: tuple[Stretch, ...]

    @property
    def seconds(self) -> float:
        """All of it: the run's whole time."""
        return sum(one.seconds for one in self.stretches)

    @property
    def shares(self) -> dict[Part, float]:
        """Seconds by who had the work."""
        found = dict.fromkeys(Part, 0.0)
        for one in self.stretches:
            found[one.part] += one.seconds
        return found

    @property
    def nodes(self) -> tuple[NodeId, ...]:
        """The nodes that it leads through."""
        return tuple(dict.fromkeys(one.node for one in self.stretches if one.node is not None))


@dataclass(slots=True)
class _Try:
    """One attempt; unix seconds, None where it never came so far."""

    place: tuple[NodeId, int, int]
    reserved: float
    sent: float | None = None
    answered: float | None = None
    ended: float | None = None


class _Cell(NamedTuple):
    spot: Spot
    at: float
    base: BaseKey | None


Needs = Callable[[Spot], Iterable[Spot]]
"""What a row of a node waits for."""


def way_of(entries: Sequence[Entry], needs: Needs, began: float, ended: float) -> Way:
    """The way through a run that lasted from `began` to `ended`, in unix seconds."""
    return _Walk(entries, needs, began, max(began, ended)).way()


class _Walk:
    """Goes back in time; `_at` is how far it has come."""

    def __init__(self, entries: Sequence[Entry], needs: Needs, began: float, ended: float) -> None:
        self._needs = needs
        self._began, self._at = began, ended
        self._started = began
        self._tries: dict[AttemptId, _Try] = {}
        self._of: defaultdict[BaseKey | Spot, list[_Try]] = defaultdict(list)
        self._cells: dict[Spot, _Cell] = {}
        self._back: list[Stretch] = []
        for entry in entries:
            self._take(entry)

    def way(self) -> Way:
        cell = self._last(self._cells)
        while cell is not None:
            self._back_to(cell.at, Part.OURS, None)
            del self._cells[cell.spot]
            worked = self._through(cell)
            before = self._last(self._needs(cell.spot))
            ready = self._started if before is None else before.at
            self._back_to(ready, Part.QUEUE if worked else Part.OURS, cell.spot[0] if worked else None)
            cell = before
        self._back_to(self._began, Part.OURS, None)
        return Way(stretches=tuple(reversed(self._back)))

    def _back_to(self, at: float, part: Part, node: NodeId | None) -> None:
        at = min(max(at, self._began), self._at)
        if at < self._at:
            self._back.append(Stretch(part, self._at - at, node))
            self._at = at

    def _last(self, spots: Iterable[Spot]) -> _Cell | None:
        """Whichever of them was decided last."""
        known = [self._cells[spot] for spot in spots if spot in self._cells]
        return max(known, key=lambda one: one.at, default=None)

    def _through(self, cell: _Cell) -> bool:
        """Back through the attempts that a cell waited for; false when it waited for none."""
        node, gap = cell.spot[0], Part.OURS
        needs = [self._cells[spot].base for spot in self._needs(cell.spot) if spot in self._cells]
        if cell.base is not None and cell.base in needs:
            return False  # a gate: it hands on what was asked before it
        # equal requests of several places are asked once, so the question decides, where the cell has one
        tries = self._of[cell.spot if cell.base is None else cell.base]
        one = _ended_before(tries, self._at)
        worked = one is not None
        while one is not None and one.ended is not None:
            self._back_to(one.ended, gap, node)
            self._back_to(one.ended if one.answered is None else one.answered, Part.DOWNLOAD, node)
            self._back_to(one.reserved if one.sent is None else one.sent, Part.PROVIDER, node)
            self._back_to(one.reserved, Part.QUEUE, node)
            gap = Part.QUEUE  # what is before it is the wait of a try that comes after another one
            tries = [other for other in tries if other.place == one.place and other is not one]
            one = _ended_before(tries, self._at)
        return worked

    def _take(self, entry: Entry) -> None:
        event, at = entry.event, entry.at
        match event:
            case RunStarted() if self._started == self._began:
                self._started = max(at, self._began)
            case Reserved(attempt=attempt, place=place, base=base):
                one = self._tries[attempt] = _Try((place.node, place.row, place.candidate), at)
                self._of[base].append(one)
                self._of[place.node, place.row].append(one)
            case Submitting(attempt=attempt) if attempt in self._tries:
                self._tries[attempt].sent = at
            case Done(attempt=attempt) if attempt in self._tries:
                self._tries[attempt].answered = at
            case Stored(attempt=attempt) | Failed(attempt=attempt) | Cancelled(attempt=attempt) if (
                attempt in self._tries
            ):
                self._tries[attempt].ended = at
            case Unknown(attempt=attempt) if attempt in self._tries:
                self._tries[attempt].ended = at
            case CellDone(place=place, base=base):
                self._cells[place.node, place.row] = _Cell((place.node, place.row), at, base)
            case CellFailed(place=place) | CellSkipped(place=place):
                self._cells[place.node, place.row] = _Cell((place.node, place.row), at, None)
            case _:
                pass


def _ended_before(tries: Iterable[_Try], at: float) -> _Try | None:
    over = [one for one in tries if one.ended is not None and one.ended <= at]
    return max(over, key=lambda one: one.ended or 0.0, default=None)
