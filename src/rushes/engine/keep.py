"""From the provider's answer to a result in the store. The download is part of the paid call.

Outputs lie at a provider for an hour or so: they are fetched at once, a broken download is fetched again and never
bought again, and bytes are in the store before the ledger says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial

from rushes.engine.order import Order, Phase
from rushes.engine.parts import JobContext, Parts
from rushes.engine.retry import ASKED_AGAIN, wait_before_asking
from rushes.errors import ErrorClass, RemoteError, RushesError, StoreError
from rushes.model.event import Done, Stored
from rushes.model.ids import Digest
from rushes.model.media import Artifact, Kind
from rushes.model.operation import SIGNATURES
from rushes.model.request import Request
from rushes.model.result import Result, Value
from rushes.model.verdict import Finding, Verdict
from rushes.plugin.provider import Finished, Output, Provider

_TRIES = 5  # downloads of one output, before it is left to a resume


async def keep(order: Order, provider: Provider, answer: Finished, context: JobContext, parts: Parts) -> Result:
    """Fetch, store and judge what a finished job made. Raises RemoteError, StoreError."""
    order.phase = Phase.KEEPING
    order.answered()
    await asyncio.sleep(0)  # whoever takes the slot goes first: keeping books takes longer than sending a request
    urls = tuple(output.url for output in answer.outputs if output.url is not None)
    done = Done(attempt=order.attempt, urls=urls, billed=answer.billed)
    if urls:
        await parts.journal.record(done)
    else:
        parts.journal.put(done)  # the bytes came with the answer: Stored follows at once and carries the fsync
    parts.watch(done)
    digests = [await _store(output, provider, context, parts) for output in answer.outputs]
    unusable = f"{provider.name} returned bytes that are no media"
    return await _finish(order, digests, answer.text, unusable, context, parts)


async def keep_given(order: Order, digest: Digest, context: JobContext, parts: Parts) -> Result:
    """The result that a person brought: its bytes are in the store already. Raises RemoteError, StoreError."""
    order.phase = Phase.KEEPING
    order.answered()
    done = Done(attempt=order.attempt)
    parts.journal.put(done)
    parts.watch(done)
    unusable = "what was adopted cannot be used"
    try:
        parts.store.path(digest)
    except RushesError as error:
        raise RemoteError(ErrorClass.BAD_OUTPUT, f"{unusable}: {error}") from error
    return await _finish(order, [digest], None, unusable, context, parts)


async def _finish(
    order: Order, digests: list[Digest], text: str | None, unusable: str, context: JobContext, parts: Parts
) -> Result:
    request = order.request
    # one way to a thread and back for all looks at the files: it is dearer than a look at a small one
    look = partial(_looked_at, request, digests, text, unusable, parts)
    artifacts, verdict = await context.work(look) if digests else look()
    stored = Stored(
        attempt=order.attempt,
        place=order.place,
        key=request.key,
        base=request.base,
        candidate=request.candidate,
        salt=request.salt,
        artifacts=artifacts,
        verdict=verdict,
        recipe=request.recipe.kept(),
        text=text,
        # of what had finished before anybody looked again, nobody knows how long it took; a line is no work
        seconds=round(parts.clock.time() - order.began - order.waited, 6) if order.seen else 0.0,
    )
    await parts.journal.record(stored)
    parts.watch(stored)
    return Result(request.candidate, request.salt, Value(text, artifacts), verdict, order.attempt)


async def _store(output: Output, provider: Provider, context: JobContext, parts: Parts) -> Digest:
    tries = 0
    while True:
        try:
            digest, _size = await parts.store.put_stream(provider.fetch(output, context))
            return digest
        except RemoteError as error:
            tries += 1
            if error.kind not in ASKED_AGAIN or tries >= _TRIES:
                # it is paid for: whatever the retry policy says of this class, nobody buys it again by himself
                raise RemoteError(
                    error.kind, error.message, maybe_billed=True, retry_after=error.retry_after
                ) from error
            await parts.clock.sleep(wait_before_asking(error, tries))


def _looked_at(
    request: Request, digests: list[Digest], text: str | None, unusable: str, parts: Parts
) -> tuple[tuple[Artifact, ...], Verdict]:
    """What stored bytes are, and what the checks say of them. Blocks. Raises RemoteError, StoreError."""
    paths = [parts.store.path(digest) for digest in digests]
    try:
        artifacts = tuple(map(parts.probe, digests, paths))
    except StoreError as error:
        raise RemoteError(ErrorClass.BAD_OUTPUT, f"{unusable}: {error}") from error
    _refuse_wrong_kind(request, artifacts, text)
    looks = [
        check.look(artifact, path, request.recipe)
        for artifact, path in zip(artifacts[:1], paths[:1], strict=True)
        for check in parts.checks
        if artifact.kind in check.kinds
    ]
    return artifacts, join_verdicts(looks)


def _refuse_wrong_kind(request: Request, artifacts: Sequence[Artifact], text: str | None) -> None:
    wanted = SIGNATURES[request.recipe.op].output
    if wanted is Kind.TEXT:
        if text is None:
            raise RemoteError(ErrorClass.BAD_OUTPUT, "no text came back")
    elif not artifacts:
        raise RemoteError(ErrorClass.BAD_OUTPUT, f"no {wanted} came back")
    elif wanted is not None and artifacts[0].kind is not wanted:
        raise RemoteError(ErrorClass.BAD_OUTPUT, f"{artifacts[0].media_type} came back instead of {wanted}")


def join_verdicts(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict of several checks: flagged if any flags, the mean of their scores, all their findings."""
    many = list(verdicts)
    if not many:
        return Verdict()
    findings: list[Finding] = [finding for verdict in many for finding in verdict.findings]
    score = sum(verdict.score for verdict in many) / len(many)
    return Verdict(any(verdict.flagged for verdict in many), round(score, 6), tuple(findings))
