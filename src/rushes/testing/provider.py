"""A provider that does what a script says, and one that answers at once.

`ScriptedProvider` keeps the rules of a real service: a job is bought when its submission is accepted,
whether or not the answer arrives; a repeated idempotency key is the same job; jobs can be listed or not.
Its counts are what tests of money read. With a `journal` file its jobs outlive the process, as a real
service's do, so that a crash test can count what two processes bought together.
"""

from __future__ import annotations

import asyncio
import heapq
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from rushes.errors import ErrorClass, RemoteError
from rushes.model.ids import RequestKey
from rushes.model.limit import Unit
from rushes.model.media import Kind
from rushes.model.money import ZERO, Quote
from rushes.model.operation import SIGNATURES, Operation
from rushes.model.problem import Problem
from rushes.model.request import Recipe, Request
from rushes.plugin.provider import (
    Absent,
    Context,
    Duplicates,
    Facts,
    Finished,
    Found,
    Output,
    Pending,
    Submitted,
    Unknowable,
)
from rushes.sim.door import Door
from rushes.testing.media import MEDIA_TYPES, media, png

_LOOK_AGAIN = 5.0  # seconds after which to ask about a job for the first time, and about one that waits in a line


class Stage(StrEnum):
    """Where a fault strikes."""

    SUBMIT = "submit"  # nothing is accepted
    REPLY = "reply"  # the job is accepted and bought, and its answer is lost
    POLL = "poll"
    FETCH = "fetch"


@dataclass(slots=True, kw_only=True)
class Fault:
    """What goes wrong: for the request with number `at` (by first submission, from 0) or those that `when` picks.

    `times` is how often it strikes (None: always). Without `at` and `when` it strikes every request.
    `retry_after` is in seconds.
    """

    error: ErrorClass
    at: int | None = None
    when: Callable[[Request], bool] | None = None
    times: int | None = 1
    stage: Stage = Stage.SUBMIT
    maybe_billed: bool = False
    retry_after: float | None = None

    def strikes(self, stage: Stage, number: int, request: Request | None) -> bool:
        """Whether it strikes now; counts the stroke."""
        if stage is not self.stage or self.times == 0:
            return False
        if self.at is not None and number != self.at:
            return False
        if self.when is not None and (request is None or not self.when(request)):
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def raised(self) -> RemoteError:
        """The error, as a provider raises it."""
        return RemoteError(
            self.error,
            f"scripted {self.error} at {self.stage}",
            maybe_billed=self.maybe_billed,
            retry_after=self.retry_after,
        )


@dataclass(slots=True, kw_only=True)
class Job:
    """A bought job. At the loop time `begins` it is worked on, at `ready` it is finished; `inside` while it counts at
    the provider's door. `request` is None after a restart.
    """

    remote: str
    number: int
    key: RequestKey
    op: Operation
    idempotency_key: str
    begins: float = 0.0
    ready: float = 0.0
    inside: bool = False
    finished: bool = False
    cancelled: bool = False
    request: Request | None = None


class ScriptedProvider:
    """A provider whose every answer is written down beforehand.

    `latency` is in seconds, one number or one for each request; with `polls` the job is submitted and asked
    about, without it `submit` answers when it is finished. At its `door` (`rushes.sim.door`) calls are refused with
    RATE_LIMIT; what counts more than requests there, `weigh` says of each. `way` is how many seconds an answer to a
    submission, and the word that a job is done, are under way.
    `price` is what a request is quoted at, one amount or one for each recipe (None: unknown); `charges` says what it is
    really charged (None: nobody says), where that is something else.
    `journal` keeps jobs in a file; a provider that opens the same file knows them, and they are finished.
    """

    def __init__(
        self,
        name: str = "scripted",
        *,
        latency: float | Callable[[Request], float] = 0.0,
        polls: bool = True,
        faults: Sequence[Fault] = (),
        duplicates: Duplicates = Duplicates.JOB_LIST,
        price: Decimal | Callable[[Recipe], Decimal | None] | None = ZERO,
        charges: Callable[[Request], Decimal | None] | None = None,
        outputs: int = 1,
        in_flight: int | None = None,
        door: Door | None = None,
        way: float = 0.0,
        weigh: Callable[[Request], Mapping[Unit, float]] = lambda _request: {},
        refuses: Callable[[Recipe], Sequence[Problem]] | None = None,
        versions: dict[str, str] | None = None,
        journal: Path | None = None,
    ) -> None:
        self.name = name
        self.facts = Facts(
            duplicates=duplicates, remembers=86400.0, bills_refusals=False, outputs_live=3600.0, in_flight=in_flight
        )
        self.posts: Counter[RequestKey] = Counter()
        """How often each request was sent."""
        self.bought: Counter[RequestKey] = Counter()
        """How often each request was accepted, and would have been charged."""
        self.jobs: dict[str, Job] = {}
        self.polled = 0
        self.fetched = 0
        self.now_in_flight = 0
        self.most_in_flight = 0
        self._numbers: dict[RequestKey, int] = {}
        self._latency = latency
        self._polls = polls
        self._faults = list(faults)
        self._price = price
        self._charges = charges
        self._outputs = outputs
        self.door = door or Door()
        self._way = way
        self._weigh = weigh
        self._inside: list[tuple[float, str]] = []  # by the time at which they leave by the door
        self._refuses = refuses
        self._versions = versions or {}
        self._journal = journal
        if journal is not None and journal.exists():
            self._recall(journal)

    def version(self, model: str) -> str:
        """`MODEL@1`, or what `versions` says."""
        return self._versions.get(model, f"{model}@1")

    def validate(self, recipe: Recipe) -> Sequence[Problem]:
        """What `refuses` says; nothing without it."""
        return self._refuses(recipe) if self._refuses is not None else ()

    def estimate(self, recipe: Recipe) -> Quote:
        """The price, and the latency where it is one number."""
        seconds = self._latency if isinstance(self._latency, float | int) else 1.0
        price = self._price(recipe) if callable(self._price) else self._price
        return Quote(price, price, float(seconds), "scripted")

    async def submit(self, request: Request, context: Context) -> Submitted | Finished:
        """Buy one job, unless a fault strikes first."""
        key = request.key
        number = self._numbers.setdefault(key, len(self._numbers))
        self.posts[key] += 1
        self._strike(Stage.SUBMIT, number, request)
        job = self._known(context.idempotency_key)
        if job is None:
            await self._knock(request, context)
            job = self._buy(request, number, context.idempotency_key)
        self._strike(Stage.REPLY, number, request)
        if self._polls:
            await self._under_way(self._way, context)
            left = max(job.ready + self._way - _now(), 0.0)
            return Submitted(job.remote, wait=min(left, _LOOK_AGAIN))
        await context.sleep(max(job.ready - _now(), 0.0) + self._way)
        return self._finish(job)

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """The job's state; of one that is worked on, its wait is exactly what is left."""
        self.polled += 1
        job = self._job(remote)
        self._strike(Stage.POLL, job.number, job.request)
        left = job.ready + self._way - _now()
        if left <= 1e-9 or job.finished:
            return self._finish(job)
        queued = job.begins > _now()
        return Pending(min(left, _LOOK_AGAIN) if queued else left, queued=queued)

    async def fetch(self, output: Output, context: Context) -> AsyncIterator[bytes]:
        """The bytes, in two pieces, so that a reader that takes only the first is found out."""
        self.fetched += 1
        remote, _, index = (output.url or "").partition("/")
        job = self._job(remote)
        self._strike(Stage.FETCH, job.number, job.request)
        data = self._bytes(job, int(index))
        yield data[: len(data) // 2]
        yield data[len(data) // 2 :]

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """Stop the job; it is charged all the same."""
        job = self._job(remote)
        if not job.finished:
            self._let_out()
            if job.inside:
                self._leave(job)
            job.finished = job.cancelled = True
            self.now_in_flight -= 1
        return self._billed(job)

    async def reconcile(self, request: Request, context: Context) -> Found | Absent | Unknowable:
        """What `duplicates` allows to know: a job list knows everything, a harmless provider need not."""
        match self.facts.duplicates:
            case Duplicates.JOB_LIST:
                job = next((one for one in self.jobs.values() if one.idempotency_key == context.idempotency_key), None)
                return Found(job.remote) if job is not None else Absent()
            case Duplicates.HARMLESS:
                return Absent()
            case Duplicates.IDEMPOTENCY_KEY | Duplicates.NEVER:
                return Unknowable()

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _known(self, idempotency_key: str) -> Job | None:
        if self.facts.duplicates is not Duplicates.IDEMPOTENCY_KEY:
            return None
        return next((one for one in self.jobs.values() if one.idempotency_key == idempotency_key), None)

    def _buy(self, request: Request, number: int, idempotency_key: str) -> Job:
        latency = self._latency(request) if callable(self._latency) else self._latency
        begins = self.door.begins(_now(), latency)
        job = Job(
            remote=f"job-{len(self.jobs)}" if self._journal is None else f"job-{os.getpid()}-{len(self.jobs)}",
            number=number,
            key=request.key,
            op=request.recipe.op,
            idempotency_key=idempotency_key,
            begins=begins,
            ready=begins + latency,
            inside=True,
            request=request,
        )
        self._keep(job)
        heapq.heappush(self._inside, (job.ready, job.remote))
        self.now_in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.now_in_flight)
        if self._journal is not None:
            line = json.dumps([job.remote, job.number, job.key, job.op, job.idempotency_key])
            with self._journal.open("a") as file:
                file.write(line + "\n")
        return job

    async def _knock(self, request: Request, context: Context) -> None:
        self._let_out()
        refused = self.door.enter(_now(), self._weigh(request))
        if refused is None:
            return
        await self._under_way(refused.held + self._way, context)
        raise RemoteError(ErrorClass.RATE_LIMIT, "the door is shut", retry_after=refused.retry_after)

    async def _under_way(self, seconds: float, context: Context) -> None:
        if seconds > 0:
            await context.sleep(seconds)

    def _let_out(self) -> None:
        """A job leaves by the door when it is finished, whenever its client asks about it."""
        while self._inside and self._inside[0][0] <= _now() + 1e-9:
            job = self.jobs[heapq.heappop(self._inside)[1]]
            if job.inside:
                self._leave(job)

    def _leave(self, job: Job) -> None:
        job.inside = False
        self.door.leave()

    def _keep(self, job: Job) -> None:
        self.jobs[job.remote] = job
        self.bought[job.key] += 1

    def _recall(self, journal: Path) -> None:
        for line in journal.read_text().splitlines():
            remote, number, key, op, idempotency_key = json.loads(line)
            self._numbers.setdefault(key, number)
            self._keep(
                Job(
                    remote=remote,
                    number=number,
                    key=key,
                    op=Operation(op),
                    idempotency_key=idempotency_key,
                    finished=True,
                )
            )

    def _job(self, remote: str) -> Job:
        job = self.jobs.get(remote)
        if job is None:
            raise RemoteError(ErrorClass.INVALID_INPUT, f"there is no job {remote!r}")
        if job.cancelled:
            raise RemoteError(ErrorClass.CANCELLED, f"the job {remote!r} was cancelled")
        return job

    def _strike(self, stage: Stage, number: int, request: Request | None) -> None:
        for fault in self._faults:
            if fault.strikes(stage, number, request):
                raise fault.raised()

    def _finish(self, job: Job) -> Finished:
        if not job.finished:
            job.finished = True
            self.now_in_flight -= 1
        kind = _kind(job.op)
        if kind is Kind.TEXT:
            return Finished(billed=self._billed(job), text=f"an answer to {job.key}")
        outputs = tuple(Output(MEDIA_TYPES[kind], url=f"{job.remote}/{n}") for n in range(self._outputs))
        return Finished(outputs, self._billed(job))

    def _billed(self, job: Job) -> Decimal | None:
        """What a job is charged; after a restart nobody knows what a function would have said."""
        if job.request is None:
            return None if callable(self._price) or self._charges is not None else self._price
        if self._charges is not None:
            return self._charges(job.request)
        return self._price(job.request.recipe) if callable(self._price) else self._price

    def _bytes(self, job: Job, index: int) -> bytes:
        return media(_kind(job.op), f"{job.key}/{index}")


class InstantProvider:
    """Answers every request at once with bytes of its own, free: for measuring everything but the provider."""

    name = "instant"
    facts = Facts(duplicates=Duplicates.HARMLESS, remembers=None, bills_refusals=False, outputs_live=None)

    def __init__(self, name: str = "instant", *, latency: float = 0.0) -> None:
        self.name = name
        self.latency = latency
        self.submitted = 0
        self._picture = png("instant", 16)

    def version(self, model: str) -> str:
        """The model itself."""
        return model

    def validate(self, recipe: Recipe) -> Sequence[Problem]:
        """Nothing is refused."""
        return ()

    def estimate(self, recipe: Recipe) -> Quote:
        """Free."""
        return Quote(ZERO, ZERO, self.latency, "free")

    async def submit(self, request: Request, context: Context) -> Submitted | Finished:
        """The answer, after `latency` seconds."""
        self.submitted += 1
        if self.latency:
            await context.sleep(self.latency)
        kind = _kind(request.recipe.op)
        if kind is Kind.TEXT:
            return Finished(billed=ZERO, text=request.key)
        # bytes after its end are no part of a picture, and make each file another one
        data = self._picture + request.key.encode() if kind is Kind.IMAGE else media(kind, request.key)
        return Finished((Output(MEDIA_TYPES[kind], data=data),), ZERO)

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """There are no jobs."""
        raise RemoteError(ErrorClass.INVALID_INPUT, f"there is no job {remote!r}")

    async def fetch(self, output: Output, context: Context) -> AsyncIterator[bytes]:
        """The bytes that came with the answer."""
        if output.data is None:
            raise RemoteError(ErrorClass.INVALID_INPUT, "this output has no bytes")
        yield output.data

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """There are no jobs."""
        raise RemoteError(ErrorClass.INVALID_INPUT, f"there is no job {remote!r}")

    async def reconcile(self, request: Request, context: Context) -> Found | Absent | Unknowable:
        """Nothing was bought, ever."""
        return Absent()

    async def close(self) -> None:
        """There is nothing to let go of."""


def _kind(op: Operation) -> Kind:
    kind = SIGNATURES[op].output
    assert kind is not None, f"{op} is not asked of a provider"
    return kind


def _now() -> float:
    return asyncio.get_running_loop().time()
