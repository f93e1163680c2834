"""The paid call. The one place where money leaves, and the order of its lines is the promise.

::

    Reserved                  the request is ours and its worst case is held; may be done while a slot is waited for
    Submitting                on disk before the first byte is sent: a crash after this line finds an attempt that
                              *may* have been bought, never one that nobody wrote down. (Where asking twice is
                              harmless there is nothing to protect, and nobody waits for the disk.)
    submit                    once. A second POST is never this attempt, unless the provider knows it by its key
    Accepted                  before anything else is done with the answer: from here a crash costs nothing
    poll*                     asking again about a paid job is free (`ask`)
    Done                      the outputs' URLs, before the download: they outlive the process, not the provider
    fetch, store, check       (`keep`)
    Stored                    bytes first, then the fact: a digest in the ledger is always a whole file

`buy` goes through all of it; `adopt` enters where an earlier process was stopped. Where the answer to a submission was
lost, here or there, the provider is asked first (`doubt`).
"""

from __future__ import annotations

import asyncio

from rushes.engine.ask import call_off, finished
from rushes.engine.doubt import find_out
from rushes.engine.in_time import in_time
from rushes.engine.keep import keep, keep_given
from rushes.engine.order import GIVEN, Beyond, Held, Open, Order, Phase, Shut, idempotency_key
from rushes.engine.parts import JobContext, Parts
from rushes.errors import ErrorClass, RemoteError
from rushes.model.claim import Claim
from rushes.model.event import Accepted, Reserved, Submitting
from rushes.model.ids import Digest
from rushes.model.result import Result
from rushes.plugin.provider import Duplicates, Finished, Output, Pending, Provider, Submitted

_DOWNLOAD = 300.0  # seconds that the outputs of a finished job have at least: it is paid for


async def claim(order: Order, parts: Parts) -> None:
    """Reserve an attempt ahead of its slot, so that the disk's time is not the slot's. Raises Held, Beyond, StoreError.

    Nothing was sent: a claim that is not used is given back.
    """
    reserved = _reserved(order, parts.provider(order.request.recipe.provider))
    _won(await parts.journal.reserve(reserved))
    parts.watch(reserved)
    order.claimed = True


async def buy(order: Order, parts: Parts) -> Result:
    """One new attempt, from reservation to stored result.

    Raises Held, Shut, Beyond, Left, CalledOff, RemoteError, StoreError.
    """
    provider = parts.provider(order.request.recipe.provider)
    context = _context(order, idempotency_key(order.attempt, order.request), parts)
    _begin(order, provider, parts)
    await _intend(order, provider, Submitting(attempt=order.attempt, idempotency_key=context.idempotency_key), parts)
    if order.doom is not None:
        raise order.doom  # nothing was sent
    order.phase = Phase.SUBMITTING

    async def job() -> Finished:
        return await _answer(order, provider, await provider.submit(order.request, context), context, parts)

    answer: Finished | None = None
    try:
        answer = await in_time(order, provider, context, parts, job)
    except RemoteError as error:
        if error.kind is not ErrorClass.UNKNOWN_OUTCOME or order.remote is not None:
            raise
    if answer is None:
        answer = await _after_doubt(order, provider, context, parts, order.began)
    if answer is None:
        raise RemoteError(ErrorClass.TRANSIENT, "it never reached the provider")
    return await _kept(order, provider, answer, context, parts)


async def adopt(order: Order, open_: Open, parts: Parts) -> Result | None:
    """Go on with an attempt that was left: fetch, poll or ask what became of it. None: nothing was ever accepted."""
    provider = parts.provider(order.request.recipe.provider)
    context = _context(order, open_.idempotency_key or "", parts)
    _begin(order, provider, parts, open_.sent)
    order.seen = False
    remote = open_.remote
    if remote is not None and remote.startswith(GIVEN):
        return await keep_given(order, Digest(remote.removeprefix(GIVEN)), context, parts)
    answer: Finished | None
    if remote is not None:

        async def job() -> Finished:
            return await _finished_or_kept(order, provider, remote, open_, context, parts)

        answer = await in_time(order, provider, context, parts, job)
    elif open_.urls:  # it answered at once, and its outputs were on their way here
        answer = _lying_at(open_.urls)
    else:
        answer = await _after_doubt(order, provider, context, parts, open_.sent)
    return None if answer is None else await _kept(order, provider, answer, context, parts)


async def look_back(order: Order, late: Open, parts: Parts) -> Result | None:
    """The result of an attempt that was given up, if the provider has one by now or is still at it. Else None."""
    provider = parts.provider(order.request.recipe.provider)
    context = _context(order, late.idempotency_key or "", parts)
    try:
        assert late.remote is not None
        answer = await provider.poll(late.remote, context)
    except RemoteError:
        return None  # it is gone, or was really stopped: that attempt has ended as it was written down
    return await adopt(order, late, parts) if isinstance(answer, Finished | Pending) else None


async def call_off_left(order: Order, why: RemoteError, parts: Parts) -> None:
    """Stop a job that this run left at its provider. Raises CalledOff or `why`; returns when it had finished.

    A finished job is left as it is: the next resume fetches it.
    """
    provider = parts.provider(order.request.recipe.provider)
    await call_off(order, provider, why, _context(order, "", parts))


async def _after_doubt(
    order: Order, provider: Provider, context: JobContext, parts: Parts, sent: float | None
) -> Finished | None:
    async def asked() -> Finished | None:
        answer = await find_out(order, provider, context, parts, sent)
        return None if answer is None else await _answer(order, provider, answer, context, parts)

    return await in_time(order, provider, context, parts, asked)


async def _answer(
    order: Order, provider: Provider, answer: Submitted | Finished, context: JobContext, parts: Parts
) -> Finished:
    """From the answer to a submission to a finished job."""
    if isinstance(answer, Submitted):
        order.remote = answer.remote
        accepted = Accepted(attempt=order.attempt, remote=answer.remote)
        await parts.journal.record(accepted)
        parts.watch(accepted)
        return await finished(order, provider, answer.remote, answer.wait, context, parts)
    return answer


async def _kept(order: Order, provider: Provider, answer: Finished, context: JobContext, parts: Parts) -> Result:
    """The result of a finished job. Its outputs have a time of their own: they are not given up for being late."""
    seconds = max(order.patience.seconds, _DOWNLOAD)
    try:
        async with asyncio.timeout(seconds):
            return await keep(order, provider, answer, context, parts)
    except TimeoutError as error:  # it is paid for: a resume asks again
        says = f"it was finished, and its outputs did not come within {seconds:g} s"
        raise RemoteError(ErrorClass.TIMEOUT, says, maybe_billed=True) from error


async def _finished_or_kept(
    order: Order, provider: Provider, remote: str, open_: Open, context: JobContext, parts: Parts
) -> Finished:
    """The job's outputs; where the provider has forgotten the job, the places where the ledger says they lie."""
    try:
        return await finished(order, provider, remote, 0.0, context, parts)
    except RemoteError as error:
        if open_.vouched and not error.maybe_billed:
            says = f"{provider.name} was asked about {remote!r}, as somebody said: {error.message}"
            raise RemoteError(ErrorClass.UNKNOWN_OUTCOME, says, maybe_billed=True) from error
        if not open_.urls:
            raise
        return _lying_at(open_.urls)


async def _intend(order: Order, provider: Provider, submitting: Submitting, parts: Parts) -> None:
    """What is written before the wire, in one commit where nothing was written yet."""
    if not order.claimed:
        reserved = _reserved(order, provider)
        _won(await parts.journal.reserve(reserved, submitting))
        parts.watch(reserved)
    elif provider.facts.duplicates is Duplicates.HARMLESS:
        parts.journal.put(submitting)
    else:
        _won(await parts.journal.intend(submitting))
    parts.watch(submitting)


def _won(answer: Claim) -> None:
    if answer.shut:
        raise Shut
    if answer.short is not None:
        raise Beyond(answer.short)
    if not answer.won:
        raise Held


def _begin(order: Order, provider: Provider, parts: Parts, sent: float | None = None) -> None:
    now = parts.clock.time()
    order.began = now if sent is None else min(sent, now)
    order.expected = order.began + provider.estimate(order.request.recipe).seconds


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
        scopes=order.scopes,
    )


def _lying_at(urls: tuple[str, ...]) -> Finished:
    return Finished(tuple(Output("application/octet-stream", url=url) for url in urls))


def _context(order: Order, key: str, parts: Parts) -> JobContext:
    webhook = parts.webhook(order.request.recipe.provider)
    return JobContext(parts.scratch, key, parts.store, parts.clock, parts.notes, webhook, order.heard)
