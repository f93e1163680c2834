"""The paid call. The one place where money leaves, and the order of its lines is the promise.

::

    Reserved                  the request is ours and its worst case is held; may be done while a slot is waited for
    Submitting                on disk before the first byte is sent: a crash after this line finds an attempt that
                              *may* have been bought, never one that nobody wrote down. (Where asking twice is
                              harmless there is nothing to protect, and nobody waits for the disk.)
    submit                    once. A second POST is never this attempt
    Accepted                  before anything else is done with the answer: from here a crash costs nothing
    poll*                     asking again about a paid job is free
    Done                      the outputs' URLs, before the download: they outlive the process, not the provider
    fetch, store, check
    Stored                    bytes first, then the fact: a digest in the ledger is always a whole file

`buy` goes through all of it; `adopt` enters where an earlier process was stopped.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from rushes.engine.parts import JobContext, Parts
from rushes.errors import ErrorClass, RemoteError, StoreError
from rushes.model.event import Accepted, Done, Place, Reserved, Running, Stored, Submitting
from rushes.model.ids import AttemptId
from rushes.model.media import Artifact, Kind
from rushes.model.operation import SIGNATURES
from rushes.model.request import Request
from rushes.model.result import Result, Value
from rushes.model.verdict import Finding, Verdict
from rushes.plugin.provider import Absent, Duplicates, Finished, Found, Output, Pending, Provider, Submitted


class Held(Exception):
    """Another live process is buying this very request; its result will serve us too."""


class Left(Exception):
    """The run stops and the provider has the job: a resume finds it by its remote id."""


class Phase(StrEnum):
    """What an order is doing, for the display and for the decision what a stop may interrupt."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    POLLING = "polling"  # the provider has the job: leaving it is safe, it is found again by its remote id
    KEEPING = "keeping"


@dataclass(slots=True, kw_only=True)
class Order:
    """One attempt in the making. `timeout` is in seconds from submission to the last output.

    `answered` is called when the provider has done its part: what is left to do takes none of its capacity.
    """

    attempt: AttemptId
    place: Place
    request: Request
    timeout: float | None
    answered: Callable[[], None]
    claimed: bool = False
    phase: Phase = Phase.QUEUED
    began: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An attempt that an earlier process left unfinished, as the ledger tells it."""

    attempt: AttemptId
    idempotency_key: str | None
    remote: str | None = None
    urls: tuple[str, ...] = ()


def idempotency_key(attempt: AttemptId, request: Request) -> str:
    """Ours, minted once per attempt: the same after a crash, another for another attempt."""
    return "rushes-" + hashlib.sha256(f"{attempt}\0{request.key}".encode()).hexdigest()[:40]


async def claim(order: Order, parts: Parts) -> None:
    """Reserve an attempt ahead of its slot, so that the disk's time is not the slot's. Raises Held, StoreError."""
    reserved = _reserved(order, parts.provider(order.request.recipe.provider))
    if not await parts.journal.reserve(reserved):
        raise Held
    parts.watch(reserved)
    order.claimed = True


async def buy(order: Order, parts: Parts) -> Result:
    """One new attempt, from reservation to stored result. Raises Held, Left, RemoteError, StoreError."""
    provider = parts.provider(order.request.recipe.provider)
    key = idempotency_key(order.attempt, order.request)
    order.began = parts.clock.time()
    await _intend(order, provider, Submitting(attempt=order.attempt, idempotency_key=key), parts)
    context = JobContext(parts.scratch, key, parts.store, parts.clock, parts.notes)
    order.phase = Phase.SUBMITTING
    try:
        async with asyncio.timeout(order.timeout):
            answer = await provider.submit(order.request, context)
            if isinstance(answer, Submitted):
                await _record(parts, Accepted(attempt=order.attempt, remote=answer.remote))
                answer = await _wait(order, provider, answer.remote, answer.wait, context, parts)
            return await _keep(order, provider, answer, context, parts)
    except TimeoutError as error:
        raise _timed_out(order, provider) from error


async def adopt(order: Order, open_: Open, parts: Parts) -> Result | None:
    """Go on with an attempt that was left: fetch, poll or reconcile. None: it never reached the provider."""
    provider = parts.provider(order.request.recipe.provider)
    context = JobContext(parts.scratch, open_.idempotency_key or "", parts.store, parts.clock, parts.notes)
    order.began = parts.clock.time()
    remote = open_.remote
    if remote is None:
        if open_.idempotency_key is None:
            return None  # reserved and never submitted: nothing was sent
        order.phase = Phase.SUBMITTING
        found = await provider.reconcile(order.request, context)
        if isinstance(found, Absent):
            return None
        if not isinstance(found, Found):
            raise RemoteError(
                ErrorClass.UNKNOWN_OUTCOME,
                f"{provider.name} may or may not have accepted this request, and cannot say",
                maybe_billed=True,
            )
        remote = found.remote
        await _record(parts, Accepted(attempt=order.attempt, remote=remote))
    try:
        async with asyncio.timeout(order.timeout):
            answer = await _wait(order, provider, remote, 0.0, context, parts)
            return await _keep(order, provider, answer, context, parts)
    except TimeoutError as error:
        raise _timed_out(order, provider) from error


async def _intend(order: Order, provider: Provider, submitting: Submitting, parts: Parts) -> None:
    """What is written before the wire, in one commit where nothing was written yet."""
    if not order.claimed:
        reserved = _reserved(order, provider)
        if not await parts.journal.reserve(reserved, submitting):
            raise Held
        parts.watch(reserved)
    elif provider.facts.duplicates is Duplicates.HARMLESS:
        parts.journal.put(submitting)
    else:
        await parts.journal.record(submitting)
    parts.watch(submitting)


def _reserved(order: Order, provider: Provider) -> Reserved:
    request = order.request
    return Reserved(
        attempt=order.attempt,
        place=order.place,
        key=request.key,
        base=request.base,
        candidate=request.candidate,
        salt=request.salt,
        op=request.recipe.op,
        provider=request.recipe.provider,
        model=request.recipe.model,
        worst=provider.estimate(request.recipe).high,
        harmless=provider.facts.duplicates is Duplicates.HARMLESS,
    )


async def _record(parts: Parts, event: Accepted | Done | Stored) -> None:
    await parts.journal.record(event)
    parts.watch(event)


async def _wait(
    order: Order, provider: Provider, remote: str, wait: float, context: JobContext, parts: Parts
) -> Finished:
    order.phase = Phase.POLLING
    said = ""
    while True:
        if parts.stop.asked:
            raise Left
        if wait > 0:
            await parts.clock.sleep(wait)
        answer = await provider.poll(remote, context)
        if not isinstance(answer, Pending):
            return answer
        if answer.says != said:
            said = answer.says
            running = Running(attempt=order.attempt, progress=answer.progress, says=said)
            parts.journal.put(running)
            parts.watch(running)
        wait = answer.wait


async def _keep(order: Order, provider: Provider, answer: Finished, context: JobContext, parts: Parts) -> Result:
    order.phase = Phase.KEEPING
    order.answered()
    await asyncio.sleep(0)  # whoever takes the slot goes first: keeping books takes longer than sending a request
    urls = tuple(output.url for output in answer.outputs if output.url is not None)
    done = Done(attempt=order.attempt, urls=urls, billed=answer.billed)
    if urls:
        await _record(parts, done)
    else:
        parts.journal.put(done)  # the bytes came with the answer: Stored follows at once and carries the fsync
        parts.watch(done)
    artifacts = [await _store(output, provider, context, parts) for output in answer.outputs]
    request = order.request
    _refuse_wrong_kind(request, artifacts, answer.text)
    verdict = await _judge(request, artifacts, context, parts)
    stored = Stored(
        attempt=order.attempt,
        place=order.place,
        key=request.key,
        base=request.base,
        candidate=request.candidate,
        salt=request.salt,
        artifacts=tuple(artifacts),
        verdict=verdict,
        recipe=request.recipe.plain(),
        text=answer.text,
        seconds=round(parts.clock.time() - order.began, 6),
    )
    await _record(parts, stored)
    return Result(request.candidate, request.salt, Value(answer.text, tuple(artifacts)), verdict, order.attempt)


async def _store(output: Output, provider: Provider, context: JobContext, parts: Parts) -> Artifact:
    digest, _size = await parts.store.put_stream(provider.fetch(output, context))
    try:
        return await context.work(lambda: parts.probe(digest, parts.store.path(digest)))
    except StoreError as error:
        raise RemoteError(
            ErrorClass.BAD_OUTPUT, f"{provider.name} returned bytes that are no media: {error}"
        ) from error


def _refuse_wrong_kind(request: Request, artifacts: list[Artifact], text: str | None) -> None:
    wanted = SIGNATURES[request.recipe.op].output
    if wanted is Kind.TEXT:
        if text is None:
            raise RemoteError(ErrorClass.BAD_OUTPUT, "no text came back")
    elif not artifacts:
        raise RemoteError(ErrorClass.BAD_OUTPUT, f"no {wanted} came back")
    elif wanted is not None and artifacts[0].kind is not wanted:
        raise RemoteError(ErrorClass.BAD_OUTPUT, f"{artifacts[0].media_type} came back instead of {wanted}")


async def _judge(request: Request, artifacts: list[Artifact], context: JobContext, parts: Parts) -> Verdict:
    verdicts: list[Verdict] = []
    for artifact in artifacts[:1]:
        path = parts.store.path(artifact.digest)
        for check in parts.checks:
            if artifact.kind in check.kinds:
                verdicts.append(await context.work(partial(check.look, artifact, path, request.recipe)))
    return join_verdicts(verdicts)


def join_verdicts(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict of several checks: flagged if any flags, the mean of their scores, all their findings."""
    many = list(verdicts)
    if not many:
        return Verdict()
    findings: list[Finding] = [finding for verdict in many for finding in verdict.findings]
    score = sum(verdict.score for verdict in many) / len(many)
    return Verdict(any(verdict.flagged for verdict in many), round(score, 6), tuple(findings))


def _timed_out(order: Order, provider: Provider) -> RemoteError:
    harmless = provider.facts.duplicates is Duplicates.HARMLESS
    if order.phase is Phase.SUBMITTING and not harmless:
        # the POST was on its way: a time-out here proves nothing about the other side
        return RemoteError(ErrorClass.UNKNOWN_OUTCOME, f"no answer within {order.timeout:g} s", maybe_billed=True)
    return RemoteError(ErrorClass.TIMEOUT, f"not finished within {order.timeout:g} s", maybe_billed=not harmless)
