"""Journals to put between the engine and the ledger: one for virtual time, one that ends the process."""

from __future__ import annotations

import os
import signal
from typing import Any

from rushes.engine.parts import Journal
from rushes.model.claim import Claim
from rushes.model.event import Event, Reserved, Submitting
from rushes.testing.clock import outside


class StillJournal:
    """The ledger's own thread answers in no virtual time."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def put(self, *events: Event) -> None:
        """Hand over."""
        self._journal.put(*events)

    async def record(self, *events: Event) -> None:
        """Hand over and wait for the disk; the clock stands still."""
        with outside():
            await self._journal.record(*events)

    async def intend(self, event: Submitting) -> Claim:
        """Intend; the clock stands still."""
        with outside():
            return await self._journal.intend(event)

    async def reserve(self, event: Reserved, *then: Submitting) -> Claim:
        """Claim; the clock stands still."""
        with outside():
            return await self._journal.reserve(event, *then)

    async def flush(self) -> None:
        """Wait for the disk; the clock stands still."""
        with outside():
            await self._journal.flush()


class KillingJournal:
    """kill -9 to this process as soon as `after` events were handed over (and, where they are durable, written)."""

    def __init__(self, journal: Journal, after: int) -> None:
        self._journal = journal
        self._left = after

    def put(self, *events: Event) -> None:
        """Hand over what fits, then die."""
        self._journal.put(*events[: self._left])
        self._count(len(events))

    async def record(self, *events: Event) -> None:
        """Hand over what fits, then die."""
        await self._journal.record(*events[: self._left])
        self._count(len(events))

    async def intend(self, event: Submitting) -> Claim:
        """Hand it over, then die if it was the last."""
        won = await self._journal.intend(event)
        self._count(1)
        return won

    async def reserve(self, event: Reserved, *then: Submitting) -> Claim:
        """One commit is one moment: it is written whole, then the process dies."""
        won = await self._journal.reserve(event, *then)
        self._count(1 + len(then))
        return won

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)  # `close` and whatever else its owner asks of a journal

    def _count(self, events: int) -> None:
        self._left -= events
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
