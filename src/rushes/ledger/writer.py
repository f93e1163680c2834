"""Group commit: one thread takes everything that waits, and writes it as one transaction with one fsync.

While a commit is on its way to the disk the next group gathers, so a busy run pays for one commit per group and not
per event. The order of `record` calls is the order in the ledger. The same thread sends the owner's heartbeat.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from rushes.errors import StoreError
from rushes.ledger.entry import Batch
from rushes.ledger.ledger import Ledger
from rushes.ledger.owner import HEARTBEAT_EVERY
from rushes.model.claim import WON, Claim
from rushes.model.event import Event, Reserved, Submitting
from rushes.model.ids import RunId


class _Waiter(NamedTuple):
    """Somebody who waits for a batch to be on disk."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Claim]


class _Queued(NamedTuple):
    batch: Batch
    waiter: _Waiter | None


class Writer:
    """The one way from a driving process into its run. Call it from one event loop; close it when done."""

    def __init__(self, ledger: Ledger, run_id: RunId, owner: str, clock: Callable[[], float]) -> None:
        self._ledger = ledger
        self._run = run_id
        self._owner = owner
        self._clock = clock
        self._queue: list[_Queued] = []
        self._wake = threading.Condition()
        self._closing = False
        self._error: BaseException | None = None
        self._told = False
        self._next_beat = 0.0
        self._thread = threading.Thread(target=self._work, name=f"ledger-{run_id}", daemon=True)
        self._thread.start()

    async def record(self, *events: Event) -> None:
        """Write events: returns when they are queued, or, if any is `durable`, when all of them are on disk.

        Raises what stopped the thread, if anything did: then nothing more is written.
        """
        if any(event.durable for event in events):
            await self._put_and_wait(Batch(self._clock(), events))
        else:
            self.put(*events)

    async def intend(self, event: Submitting) -> Claim:
        """Write that a paid call begins: on disk when this returns; not written while the run is told to begin none.

        What was begun before is finished by `record`, whatever the run is told.
        """
        return await self._put_and_wait(Batch(self._clock(), (event,), sends=True))

    def put(self, *events: Event) -> None:
        """Queue events without waiting for the disk; raises what stopped the thread, if anything did."""
        self._put(_Queued(Batch(self._clock(), events), None))

    async def reserve(self, event: Reserved, *then: Submitting) -> Claim:
        """Claim a request, as `Ledger.reserve`; returns when the claim is on disk, or known to be lost.

        An intention in `then` is written in the same transaction if the claim is won, and not at all if it is lost; it
        loses the claim while the run is told to begin nothing.
        """
        return await self._put_and_wait(Batch(self._clock(), (event, *then), claim=True, sends=bool(then)))

    async def flush(self) -> None:
        """Return when everything recorded so far is on disk."""
        await self._put_and_wait(Batch(self._clock(), ()))

    def close(self) -> None:
        """Write what waits and end the thread; raises what stopped it, if nobody has been told yet."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        if self._error is not None and not self._told:
            self._told = True
            raise self._error

    async def _put_and_wait(self, batch: Batch) -> Claim:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Claim] = loop.create_future()
        self._put(_Queued(batch, _Waiter(loop, future)))
        return await future

    def _put(self, queued: _Queued) -> None:
        with self._wake:
            if self._error is not None:
                self._told = True
                raise self._error
            if self._closing:
                raise StoreError(f"the writer of run {self._run} is closed")
            self._queue.append(queued)
            self._wake.notify()

    def _work(self) -> None:
        try:
            while (group := self._next_group()) is not None:
                self._write(group)
        except BaseException as error:  # handed on to whoever waits or records next, never lost
            with self._wake:
                self._error = error
                left, self._queue = self._queue, []
            self._tell(left, error)

    def _next_group(self) -> list[_Queued] | None:
        """Everything that waits; an empty group when it is time for a heartbeat; None at the end."""
        with self._wake:
            if not self._queue and not self._closing:
                self._wake.wait(HEARTBEAT_EVERY)
            if not self._queue and self._closing:
                return None
            group, self._queue = self._queue, []
            return group

    def _write(self, group: list[_Queued]) -> None:
        batches = [queued.batch for queued in group]
        try:
            written = self._commit(batches)
            if time.monotonic() >= self._next_beat:
                self._ledger.beat(self._owner, self._clock())
                self._next_beat = time.monotonic() + HEARTBEAT_EVERY
        except BaseException as error:
            self._tell(group, error)
            raise
        self._tell(group, written)

    def _commit(self, batches: list[Batch]) -> list[Claim]:
        if not any(batch.events for batch in batches):  # only flushes: all before them is on disk already
            return [WON] * len(batches)
        return self._ledger.commit(self._run, batches, self._owner)

    def _tell(self, group: Sequence[_Queued], outcome: list[Claim] | BaseException) -> None:
        waiting: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Claim], Claim | BaseException]]] = {}
        for number, (_batch, waiter) in enumerate(group):
            if waiter is not None:
                answer = outcome if isinstance(outcome, BaseException) else outcome[number]
                waiting.setdefault(waiter.loop, []).append((waiter.future, answer))
                self._told = self._told or isinstance(answer, BaseException)
        for loop, answers in waiting.items():
            with suppress(RuntimeError):  # the loop is closed: nobody waits there any more
                loop.call_soon_threadsafe(_answer, answers)


def _answer(answers: Sequence[tuple[asyncio.Future[Claim], Claim | BaseException]]) -> None:
    for future, answer in answers:
        if future.done():  # cancelled meanwhile; what it waited for is written all the same
            continue
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)
