"""The engine's journal without a thread: every event is in the ledger when the call returns."""

from __future__ import annotations

from collections.abc import Callable

from rushes.ledger.entry import Batch
from rushes.ledger.ledger import Ledger
from rushes.model.claim import Claim
from rushes.model.event import Event, Reserved, Submitting
from rushes.model.ids import RunId


class DirectJournal:
    """An `engine.parts.Journal` over a real ledger; `seen` keeps every event in order."""

    def __init__(self, ledger: Ledger, run: RunId, owner: str, now: Callable[[], float]) -> None:
        self._ledger = ledger
        self._run = run
        self._owner = owner
        self._now = now
        self.seen: list[Event] = []

    def put(self, *events: Event) -> None:
        self._write(Batch(self._now(), events))

    async def record(self, *events: Event) -> None:
        self.put(*events)

    async def intend(self, event: Submitting) -> Claim:
        return self._write(Batch(self._now(), (event,), sends=True))

    async def reserve(self, event: Reserved, *then: Submitting) -> Claim:
        return self._write(Batch(self._now(), (event, *then), claim=True, sends=bool(then)))

    def _write(self, batch: Batch) -> Claim:
        won = self._ledger.commit(self._run, [batch], self._owner)[0]
        if won:
            self.seen.extend(batch.events)
        return won

    async def flush(self) -> None:
        """Nothing waits here."""
