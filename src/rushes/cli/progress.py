"""A run in numbers, kept up event by event. Every event costs the same, however large the run is.

Nothing here draws: the live panel, the plain log and the tests read the same object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from rushes.app.planned import Plan
from rushes.app.tally import Books
from rushes.app.waiting import BEGIN
from rushes.model.event import (
    Accepted,
    Cancelled,
    CellDone,
    CellFailed,
    CellSkipped,
    Decided,
    Done,
    Event,
    Failed,
    Place,
    Reserved,
    RunEnded,
    Running,
    RunParked,
    RunStarted,
    Stored,
    Told,
    Unknown,
    Waiting,
)
from rushes.model.ids import AttemptId
from rushes.model.run import Verb
from rushes.model.wait import Wait

_WORTH_GUESSING = 3  # finished requests before their pace says more than the plan's estimate


class Now(NamedTuple):
    """One request in flight. `since` is on the display's clock; `says` is what the provider said last."""

    place: Place
    since: float
    model: str
    says: str


class Waits(NamedTuple):
    """Requests and rows that do not move, by reason."""

    limit: int  # ready, and a limit is full: `limits` says which
    inputs: int  # something before them is not decided
    retry: int  # failed, and tried again soon
    approval: int  # a person must choose
    limits: Mapping[str, Wait]


class Progress:
    """What is done, what runs, what waits and why, what it cost, how long it will take."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.ended = False
        self.stopping = False
        self.run = ""
        self.paused_by = ""
        self.requests = 0  # to buy, as far as the plan can know
        self.bought = 0
        self.rows = 0
        self.reused = 0
        self.failed = 0
        self.blocked = 0
        self.skipped = 0
        self.lost = 0  # requests given up
        self.books = Books()
        self.expected: Decimal | None = None
        self._seconds = 0.0
        self._running: dict[AttemptId, Now] = {}
        self._ready: set[tuple[str, int, int]] = set()
        self._retrying: set[Place] = set()
        self._asking: set[tuple[str, int]] = set()
        self._titles: dict[str, str] = {}
        self._gauge: Callable[[], Mapping[str, Wait]] | None = None

    def gauge(self, ask: Callable[[], Mapping[str, Wait]]) -> None:
        """Take the run's own answer to the question how many requests wait for which limit."""
        self._gauge = ask

    def planned(self, plan: Plan) -> None:
        """Take the totals of a plan."""
        self.requests = plan.most
        self.rows = sum(one.rows for one in plan.nodes)
        self.expected = None if plan.money.unknown else plan.money.high
        self._seconds = plan.seconds
        self._ready = {(unit.base, unit.candidate, unit.salt) for unit in plan.units}
        tabs = len({one.tab for one in plan.nodes}) > 1
        self._titles = {
            one.node: f"{one.tab}/{one.title}" if tabs and one.tab.casefold() not in one.title.casefold() else one.title
            for one in plan.nodes
            if one.title
        }

    def title(self, node: str) -> str:
        """What people call the node."""
        return self._titles.get(node, node)

    def feed(self, event: Event, now: float) -> None:
        """Take one event; `now` is on the clock of `began`."""
        self.books.take(event)
        match event:
            case Reserved():
                self.run = self.run or event.attempt.rpartition("/")[0]
                self._ready.discard((event.base, event.candidate, event.salt))
                self._retrying.discard(event.place)
                self._running[event.attempt] = Now(event.place, now, event.model, "")
            case Accepted(attempt=attempt):
                self._say(attempt, "accepted")
            case Running(attempt=attempt, says=says, progress=progress):
                self._say(attempt, says or ("" if progress is None else f"{progress:.0%}"))
            case Done(attempt=attempt):
                self._say(attempt, "fetching")
            case Stored(attempt=attempt):
                self._running.pop(attempt, None)
                self.bought += 1
            case Failed(attempt=attempt, place=place, final=final):
                self._running.pop(attempt, None)
                if final:
                    self.lost += 1
                else:
                    self._retrying.add(place)
            case Cancelled(attempt=attempt) | Unknown(attempt=attempt):
                self._running.pop(attempt, None)
                self.lost += 1
            case _:
                self._of_row(event)

    def _of_row(self, event: Event) -> None:
        match event:
            case CellDone(place=place, reused=reused):
                self.reused += reused
                self._asking.discard((place.node, place.row))
            case CellFailed(place=place, blocked_by=blocked_by):
                if blocked_by is None:
                    self.failed += 1
                else:
                    self.blocked += 1
                self._asking.discard((place.node, place.row))
            case CellSkipped():
                self.skipped += 1
            case Waiting(place=place):
                self._asking.add((place.node, place.row))
            case Decided(place=place):
                self._asking.discard((place.node, place.row))
            case RunStarted():
                self.ended = False
            case Told(verb=verb, by=by):
                self.paused_by = by if verb is Verb.PAUSE else self.paused_by if verb is Verb.SET else ""
            case RunEnded() | RunParked():
                self.ended = True
                self._running.clear()

    def _say(self, attempt: AttemptId, says: str) -> None:
        was = self._running.get(attempt)
        if was is not None:
            self._running[attempt] = was._replace(says=says)

    @property
    def spent(self) -> Decimal:
        """USD that requests seen here were charged; the worst case where nobody said how much."""
        return self.books.balance.spent

    @property
    def unpriced(self) -> int:
        """Requests that cost, or may cost, an amount that nobody knows."""
        return self.books.balance.unpriced

    @property
    def running(self) -> int:
        """Requests in flight."""
        return len(self._running)

    def longest(self, most: int) -> Iterator[Now]:
        """The requests that run longest; they began in this order, so nothing is sorted."""
        return islice(self._running.values(), most)

    @property
    def waits(self) -> Waits:
        """Why the rest does not move."""
        limits = self._gauge() if self._gauge is not None else {}
        limit = sum(one.number for one in limits.values()) if limits else len(self._ready)
        inputs = self.requests - self.bought - self.lost - self.running - limit - len(self._retrying)
        return Waits(limit, max(0, inputs), len(self._retrying), len(self._asking), limits)

    @property
    def held_up(self) -> Mapping[str, Wait]:
        """What waits for which limit, but for the word to go on: `pause` says that."""
        limits = self.waits.limits
        return {name: one for name, one in limits.items() if name != BEGIN} if self.paused_by else limits

    @property
    def pause(self) -> str:
        """Who lets the run wait, how much waits, and what lets it go on; `""` while it is not paused."""
        if not self.paused_by:
            return ""
        return (
            f"paused by {self.paused_by}: {self.waits.limit:,} wait; go on with: rushes ctl {self.run or 'last'} resume"
        )

    @property
    def share(self) -> float:
        """How much of the work is done, from 0 to 1."""
        total = max(self.requests, self.bought + self.lost + self.running)
        return 1.0 if total == 0 else (self.bought + self.lost) / total

    def left(self, now: float) -> float | None:
        """Seconds that the rest will take, from the pace so far; None when nobody can say."""
        total = max(self.requests, self.bought + self.lost + self.running)
        rest = total - self.bought - self.lost
        if rest <= 0:
            return None
        if self.bought >= _WORTH_GUESSING:
            return (now - self.began) / self.bought * rest
        return max(0.0, self._seconds - (now - self.began)) or None
