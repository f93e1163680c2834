"""From a run's entries to where the run stands: what recovery, status and reports read. Pure.

Folding is total: any order of entries gives a state, and the same entries give the same state however they came to be
written in groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from rushes.errors import ErrorClass
from rushes.ledger.books import Balance, Holds
from rushes.ledger.entry import Entry
from rushes.ledger.project import STATE_AFTER_WORD
from rushes.model.collector import collector_off
from rushes.model.event import (
    EVENTS,
    Accepted,
    Borrowed,
    Cancelled,
    CellDone,
    CellFailed,
    CellSkipped,
    Decided,
    Done,
    Event,
    Failed,
    Place,
    Released,
    Reserved,
    Resolved,
    RunEnded,
    Running,
    RunParked,
    RunStarted,
    Slow,
    Stored,
    Submitting,
    Told,
    Unknown,
    Waiting,
    Word,
)
from rushes.model.ids import AttemptId, BaseKey, NodeId
from rushes.model.media import Artifact
from rushes.model.result import BORROWED, Result, Value
from rushes.model.run import RunState, Verb
from rushes.model.verdict import Decision

Spot = tuple[NodeId, int]
"""A node and a row."""

OPEN = frozenset({"Reserved", "Submitting", "Accepted", "Running", "Done"})
"""Stages that recovery has to do something about. `Unknown` waits for a person or a policy."""


class AttemptState(NamedTuple):
    """How far an attempt has come: `stage` is the name of its last event's class; times are unix seconds."""

    event: Reserved
    stage: str
    since: float
    idempotency_key: str | None = None
    remote: str | None = None
    progress: float | None = None
    urls: tuple[str, ...] = ()
    billed: Decimal | None = None
    text: str | None = None
    artifacts: tuple[Artifact, ...] = ()
    error: ErrorClass | None = None
    says: str = ""
    maybe_billed: bool = False
    final: bool = False
    sent: float | None = None  # when it was first submitted
    outcome: str = ""  # of what was resolved: paid, lost, adopt
    slow: bool = False  # it was said that it takes long


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFold:
    """A run's state. The last word about a (node, row) decides whether it is done, failed or skipped.

    `state` is what events say of it: that it is driven says whoever takes it, in its row. `told` is what the process
    that drives it was told, in order; `owner` who drove it last.
    """

    state: RunState = RunState.CREATED
    last_seq: int = 0
    starts: int = 0
    owner: str = ""
    told: tuple[Word, ...] = ()
    attempts: dict[AttemptId, AttemptState] = field(default_factory=dict)
    results: dict[BaseKey, tuple[Result, ...]] = field(default_factory=dict)
    failures: dict[Place, int] = field(default_factory=dict)
    decided: dict[BaseKey, tuple[Decision, ...]] = field(default_factory=dict)
    waiting: dict[Spot, Waiting] = field(default_factory=dict)
    done: dict[Spot, CellDone] = field(default_factory=dict)
    failed: dict[Spot, CellFailed] = field(default_factory=dict)
    skipped: dict[Spot, CellSkipped] = field(default_factory=dict)
    money: Balance = field(default_factory=Balance)
    ended: RunEnded | None = None

    @property
    def shut(self) -> Word | None:
        """What keeps the run from beginning anything: what it was told, and was not released from."""
        found: Word | None = None
        for one in self.told:
            if one.said.verb is Verb.RESUME:
                found = None
            elif one.said.verb is not Verb.SET and (found is None or found.said.verb is not one.said.verb):
                found = one  # said twice, it holds since the first time
        return found

    @property
    def open(self) -> dict[AttemptId, AttemptState]:
        """Attempts that began and did not end: what a resumed run looks after first."""
        return {name: attempt for name, attempt in self.attempts.items() if attempt.stage in OPEN}

    @property
    def unknown(self) -> dict[AttemptId, AttemptState]:
        """Attempts of which nobody can say whether they were accepted."""
        return {name: attempt for name, attempt in self.attempts.items() if attempt.stage == Unknown.__name__}


def fold(entries: Iterable[Entry]) -> RunFold:
    """Where a run stands after these entries."""
    folding = _Folding()
    with collector_off():
        for entry in entries:
            folding.take(entry)
        return folding.result()


class _Folding:
    """The state while it is built."""

    def __init__(self) -> None:
        self.state = RunState.CREATED
        self.last_seq = 0
        self.starts = 0
        self.owner = ""
        self.told: list[Word] = []
        self.attempts: dict[AttemptId, AttemptState] = {}
        self.results: dict[BaseKey, dict[tuple[int, int], Result]] = {}
        self.failures: dict[Place, int] = {}
        self.decided: dict[BaseKey, tuple[Decision, ...]] = {}
        self.waiting: dict[Spot, Waiting] = {}
        self.done: dict[Spot, CellDone] = {}
        self.failed: dict[Spot, CellFailed] = {}
        self.skipped: dict[Spot, CellSkipped] = {}
        self.ended: RunEnded | None = None
        self.books = Holds()

    def take(self, entry: Entry) -> None:
        self.last_seq = entry.seq
        self.books.take(entry.event)
        _HANDLERS[type(entry.event)](self, entry.event, entry.at)

    def result(self) -> RunFold:
        return RunFold(
            state=self.state,
            last_seq=self.last_seq,
            starts=self.starts,
            owner=self.owner,
            told=tuple(self.told),
            attempts=self.attempts,
            results={base: tuple(many[key] for key in sorted(many)) for base, many in self.results.items()},
            failures=self.failures,
            decided=self.decided,
            waiting=self.waiting,
            done=self.done,
            failed=self.failed,
            skipped=self.skipped,
            money=self.books.balance,
            ended=self.ended,
        )

    # the run

    def run_started(self, event: RunStarted, _at: float) -> None:
        # whoever drives it now is bound by what was said to him, which may have come before he began
        self.told = [one for one in self.told if one.said.owner == event.owner]
        self.ended = None
        self.owner = event.owner
        self.starts += 1

    def was_told(self, event: Told, at: float) -> None:
        self.told.append(Word(at, event))
        self.state = STATE_AFTER_WORD.get(event.verb, self.state)

    def run_parked(self, _event: RunParked, _at: float) -> None:
        self.state = RunState.PARKED

    def run_ended(self, event: RunEnded, _at: float) -> None:
        self.state, self.ended = RunState(event.state), event
        self.told.clear()

    # the attempt

    def reserved(self, event: Reserved, at: float) -> None:
        self.attempts[event.attempt] = AttemptState(event, Reserved.__name__, at)

    def submitting(self, event: Submitting, at: float) -> None:
        known = self.attempts.get(event.attempt)
        first = at if known is None or known.sent is None else known.sent
        self._move(event, at, idempotency_key=event.idempotency_key, sent=first)

    def accepted(self, event: Accepted, at: float) -> None:
        self._move(event, at, remote=event.remote)

    def running(self, event: Running, at: float) -> None:
        self._move(event, at, progress=event.progress, says=event.says)

    def provider_done(self, event: Done, at: float) -> None:
        self._move(event, at, urls=event.urls, billed=event.billed)

    def stored(self, event: Stored, at: float) -> None:
        self._move(event, at, text=event.text, artifacts=event.artifacts)
        value = Value(event.text, event.artifacts)
        result = Result(event.candidate, event.salt, value, event.verdict, event.attempt)
        self.results.setdefault(event.base, {}).setdefault((event.candidate, event.salt), result)

    def borrowed(self, event: Borrowed, _at: float) -> None:
        value = Value(event.text, event.artifacts)
        result = Result(event.candidate, event.salt, value, event.verdict, BORROWED)
        self.results.setdefault(event.base, {}).setdefault((event.candidate, event.salt), result)

    def attempt_failed(self, event: Failed, at: float) -> None:
        self._move(event, at, error=event.error, says=event.says, maybe_billed=event.maybe_billed, final=event.final)
        self.failures[event.place] = self.failures.get(event.place, 0) + 1

    def cancelled(self, event: Cancelled, at: float) -> None:
        self._move(event, at, billed=event.billed)

    def unknown(self, event: Unknown, at: float) -> None:
        self._move(event, at, says=event.says)

    def slow(self, event: Slow, _at: float) -> None:
        attempt = self.attempts.get(event.attempt)
        if attempt is not None:
            self.attempts[event.attempt] = attempt._replace(slow=True)

    def released(self, event: Released, at: float) -> None:
        self._move(event, at)

    def resolved(self, event: Resolved, at: float) -> None:
        self._move(event, at, remote=event.remote, says=event.note, outcome=event.outcome)

    def _move(self, event: Any, at: float, **changes: Any) -> None:
        attempt = self.attempts.get(event.attempt)
        if attempt is not None:
            self.attempts[event.attempt] = attempt._replace(stage=type(event).__name__, since=at, **changes)

    # the cell

    def cell_done(self, event: CellDone, _at: float) -> None:
        self.done[self._leave(event.place)] = event

    def cell_failed(self, event: CellFailed, _at: float) -> None:
        self.failed[self._leave(event.place)] = event

    def cell_skipped(self, event: CellSkipped, _at: float) -> None:
        self.skipped[self._leave(event.place)] = event

    def waits(self, event: Waiting, _at: float) -> None:
        self.waiting[self._leave(event.place)] = event

    def decided_by(self, event: Decided, at: float) -> None:
        decision = Decision(
            subject=event.subject, artifact=event.artifact, choice=event.choice, by=event.by, at=at, note=event.note
        )
        self.decided[event.subject] = (*self.decided.get(event.subject, ()), decision)

    def _leave(self, place: Place) -> Spot:
        spot = (place.node, place.row)
        for group in (self.waiting, self.done, self.failed, self.skipped):
            group.pop(spot, None)
        return spot


_HANDLERS: dict[type[Event], Callable[[_Folding, Any, float], None]] = {
    RunStarted: _Folding.run_started,
    Told: _Folding.was_told,
    RunParked: _Folding.run_parked,
    RunEnded: _Folding.run_ended,
    Reserved: _Folding.reserved,
    Submitting: _Folding.submitting,
    Accepted: _Folding.accepted,
    Running: _Folding.running,
    Done: _Folding.provider_done,
    Stored: _Folding.stored,
    Borrowed: _Folding.borrowed,
    Failed: _Folding.attempt_failed,
    Cancelled: _Folding.cancelled,
    Unknown: _Folding.unknown,
    Slow: _Folding.slow,
    Released: _Folding.released,
    Resolved: _Folding.resolved,
    CellDone: _Folding.cell_done,
    CellFailed: _Folding.cell_failed,
    CellSkipped: _Folding.cell_skipped,
    Waiting: _Folding.waits,
    Decided: _Folding.decided_by,
}

if unhandled := EVENTS.keys() - {kind.__name__ for kind in _HANDLERS}:  # a new event is folded, or nothing starts
    raise AssertionError(f"events without a fold: {', '.join(sorted(unhandled))}")
