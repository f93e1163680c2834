"""Jobs and the accounts they run on: a queue, so many at once, and what they cost."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from rushes.model.money import ZERO
from rushes.sim.books import Entry
from rushes.sim.clock import SimClock
from rushes.sim.door import Door

_LOG = logging.getLogger(__name__)


class State(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobFailed(Exception):
    """Raised by a job's work: it ends failed. `detail` is for the protocol; `billed` says whether it costs."""

    def __init__(self, kind: str, message: str, *, billed: bool = False, detail: Any = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.billed = billed
        self.detail = detail


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """One accepted request. `seconds` is how long it runs (simulated), `price` what it costs when it is done.

    `factor` is what the price list is multiplied by for it; `held` is what its account keeps back for it.

    `work` makes the result, whatever the protocol wants that to be; `facts` is the protocol's own note on it.
    `over` is set when the job has ended, in whatever way; `on_end` is told how, and what is billed.
    """

    id: str
    entry: Entry
    model: str
    seconds: float
    price: Decimal
    work: Callable[[], Awaitable[Any]]
    on_end: Callable[[Entry, str, Decimal], None]
    factor: Decimal = Decimal(1)
    held: Decimal = ZERO
    facts: dict[str, Any] = field(default_factory=dict)
    state: State = State.QUEUED
    result: Any = None
    failure: JobFailed | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    ticket: int = 0

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state not in (State.QUEUED, State.RUNNING)


class Account:
    """One customer: at most `at_once` jobs run, the others wait in order. `balance` in USD (None: no end of it).

    Through its `door` comes who may open a job.
    """

    def __init__(self, name: str, clock: SimClock, at_once: int, balance: Decimal | None, door: Door) -> None:
        self.name = name
        self.balance = balance
        self.door = door
        self.spent = ZERO
        self._held = ZERO
        self._clock = clock
        self._at_once = at_once
        self._running: set[Job] = set()
        self._queue: deque[Job] = deque()
        self._tickets = 0
        self._called = 0

    def affords(self, price: Decimal) -> bool:
        """Whether the balance covers one more job beside those that are not settled yet."""
        return self.balance is None or self.spent + self._held + price <= self.balance

    def add(self, job: Job) -> None:
        """Queue a job; it starts as soon as there is room."""
        job.held = job.price
        self._held += job.held
        job.ticket = self._tickets
        self._tickets += 1
        self._queue.append(job)
        self._start_more()

    def position(self, job: Job) -> int:
        """How many jobs wait before this one; by its ticket, for a search through a long queue takes too long."""
        return max(0, job.ticket - self._called)

    def cancel(self, job: Job, *, charged: bool = False) -> bool:
        """Stop a job that has not ended; false when it has. One that runs already costs its price when `charged`."""
        if job.ended:
            return False
        billed = job.price if charged and job.state is State.RUNNING else ZERO
        if job.state is State.QUEUED:
            self._queue.remove(job)
        elif job.task is not None:
            job.task.cancel()
        self._end(job, State.CANCELLED, billed)
        return True

    async def close(self) -> None:
        """Stop all work; for the end of the simulation."""
        tasks = [job.task for job in self._running if job.task is not None]
        self._queue.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start_more(self) -> None:
        while self._queue and len(self._running) < (self.door.at_once or self._at_once):
            job = self._queue.popleft()
            self._called = job.ticket + 1
            job.state = State.RUNNING
            self._running.add(job)
            job.task = asyncio.get_running_loop().create_task(self._run(job))

    async def _run(self, job: Job) -> None:
        # the result is made while the time passes, so that painting does not make the model slower than it says
        making = asyncio.ensure_future(job.work())
        making.add_done_callback(lambda done: done.cancelled() or done.exception())  # that of a cancelled job, too
        try:
            await self._clock.sleep(job.seconds)
            job.result = await making
        except JobFailed as failure:
            job.failure = failure
            self._end(job, State.FAILED, job.price if failure.billed else ZERO)
        except Exception:  # a fault of the simulator ends this job, and its place is free for the next
            _LOG.exception("the simulator failed at a job of %s", job.model)
            job.failure = JobFailed("internal_server_error", "the simulator failed")
            self._end(job, State.FAILED, ZERO)
        else:
            self._end(job, State.DONE, job.price)
        finally:
            making.cancel()

    def _end(self, job: Job, state: State, billed: Decimal) -> None:
        job.state = state
        job.work = _done  # what was asked can be large, and is not needed any more
        self._running.discard(job)
        self.door.leave()
        self._held -= job.held  # its price may be another by now: tokens are counted when they have come
        self.spent += billed
        job.on_end(job.entry, str(state), billed)
        job.over.set()
        self._start_more()


async def _done() -> None:
    """The work of a job that has ended."""
