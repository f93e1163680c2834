"""A submission whose answer was lost: what the provider can say about it, before anybody decides.

Three kinds of provider can say. One lists its jobs: there it is, or there it is not. One recognises our idempotency
key: the same attempt is sent again under the same key, which is no second purchase while the provider remembers the
key, and is written down like the first. One takes no harm. The others cannot say, and nothing is sent again.
"""

from __future__ import annotations

from rushes.engine.order import Order, Phase
from rushes.engine.parts import JobContext, Parts
from rushes.engine.retry import ASKED_AGAIN, wait_before_asking
from rushes.errors import ErrorClass, RemoteError
from rushes.model.event import Submitting
from rushes.plugin.provider import Absent, Duplicates, Finished, Found, Provider, Submitted, Unknowable

_TRIES = 3  # questions, or sendings under the same key, before the outcome is called unknown
_MARGIN = 60.0  # seconds before a key is forgotten, from which on it is not trusted: clocks differ

_REFUSED = frozenset({ErrorClass.CONTENT_POLICY, ErrorClass.INVALID_INPUT, ErrorClass.RETIRED_MODEL})
"""What a provider answers to the same request under the same key is what it answered the first time."""


async def find_out(
    order: Order, provider: Provider, context: JobContext, parts: Parts, sent: float | None
) -> Submitted | Finished | None:
    """What became of a submission: the job, or None when it is certain that nothing was accepted.

    `sent` is the unix time of the first sending. Raises RemoteError(UNKNOWN_OUTCOME) when nobody can say.
    """
    order.phase = Phase.SUBMITTING
    found = await _reconciled(order, provider, context, parts)
    if isinstance(found, Absent):
        return None
    if isinstance(found, Found):
        return Submitted(found.remote, wait=0.0)
    if _remembers(provider, sent, parts.clock.time()):
        return await _sent_again(order, provider, context, parts, sent)
    raise _unknown(f"{provider.name} may or may not have accepted this request, and cannot say")


async def _reconciled(
    order: Order, provider: Provider, context: JobContext, parts: Parts
) -> Found | Absent | Unknowable:
    for tries in range(1, _TRIES + 1):
        try:
            return await provider.reconcile(order.request, context)
        except RemoteError as error:
            if error.kind not in ASKED_AGAIN:
                raise _unknown(f"{provider.name} could not be asked about it: {error.message}") from error
            if tries < _TRIES:
                await parts.clock.sleep(wait_before_asking(error, tries))
    raise _unknown(f"{provider.name} may have accepted this request, and could not be reached to ask")


def _remembers(provider: Provider, sent: float | None, now: float) -> bool:
    facts = provider.facts
    if facts.duplicates is not Duplicates.IDEMPOTENCY_KEY or facts.remembers is None or sent is None:
        return False
    # a clock that was set back says nothing about how long ago it was
    return sent <= now < sent + facts.remembers - _MARGIN


async def _sent_again(
    order: Order, provider: Provider, context: JobContext, parts: Parts, sent: float | None
) -> Submitted | Finished:
    """The same attempt under the same key: the provider answers with the job it has, or takes it for the first time."""
    for tries in range(1, _TRIES + 1):
        again = Submitting(attempt=order.attempt, idempotency_key=context.idempotency_key)
        await parts.journal.record(again)
        parts.watch(again)
        try:
            return await provider.submit(order.request, context)
        except RemoteError as error:
            if error.kind in _REFUSED:
                raise
            # any other failure of the second sending says nothing about the first
            if tries < _TRIES:
                await parts.clock.sleep(wait_before_asking(error, tries))
            if not _remembers(provider, sent, parts.clock.time()):
                break
    raise _unknown(f"{provider.name} may have accepted this request, and did not answer when it was sent again")


def _unknown(says: str) -> RemoteError:
    return RemoteError(ErrorClass.UNKNOWN_OUTCOME, says, maybe_billed=True)
