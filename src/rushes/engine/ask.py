"""Asking again about a job that was paid for: polls until it is finished, and calling it off.

Asking is free, so nothing that goes wrong with it loses the job: a poll that fails is asked again, later and later;
when nobody answers any more the attempt ends as one that may have been charged, and a resume asks first.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal

from rushes.engine.order import CalledOff, Left, Order, Phase
from rushes.engine.parts import JobContext, Parts
from rushes.engine.retry import ASKED_AGAIN, wait_before_asking
from rushes.errors import RemoteError
from rushes.model.event import Running
from rushes.plugin.provider import Finished, Pending, Provider

SELDOM = 30.0
"""Seconds between two questions about a job that is overdue."""

_TRIES = 8  # polls in a row that fail: about four minutes
_CANCEL = 30.0  # seconds for telling a provider to stop a job


async def finished(
    order: Order, provider: Provider, remote: str, wait: float, context: JobContext, parts: Parts
) -> Finished:
    """Ask about a job until it is finished. Raises Left, CalledOff, RemoteError."""
    order.phase, order.remote = Phase.POLLING, remote
    order.taken(None)
    said, lost = "", 0
    while True:
        _leave_if_asked(order, parts)
        await parts.pace.turn(provider.name, remote, wait, expected=order.expected, rate=provider.facts.polls)
        if order.doom is not None:
            return await call_off(order, provider, order.doom, context)
        _leave_if_asked(order, parts)
        try:
            answer = await provider.poll(remote, context)
        except RemoteError as error:
            lost += 1
            wait = _wait_for_contact(error, lost)
            continue
        if not isinstance(answer, Pending):
            return answer
        order.seen = True
        _note_line(order, answer.queued)
        lost, wait = 0, max(answer.wait, SELDOM if order.overdue else 0.0)
        if answer.says != said and not order.overdue:  # of an attempt that was given up, nothing moves any more
            said = answer.says
            running = Running(attempt=order.attempt, progress=answer.progress, says=said)
            parts.journal.put(running)
            parts.watch(running)


def _note_line(order: Order, queued: bool) -> None:
    order.queued = queued
    if queued:
        order.waited = asyncio.get_running_loop().time() - order.sent
    order.taken(queued)


async def call_off(order: Order, provider: Provider, why: RemoteError, context: JobContext) -> Finished:
    """Tell the provider to stop the job; a result that was finished all the same is kept.

    Raises CalledOff when the provider has stopped it, and `why` when nobody can say that it has.
    """
    assert order.remote is not None
    stopped, billed = False, None
    try:
        async with asyncio.timeout(_CANCEL):
            billed = await provider.cancel(order.remote, context)
            stopped = True
    except (RemoteError, TimeoutError):
        pass  # finished already, or out of reach: the next question tells
    answer = await _last_look(order.remote, provider, context)
    if answer is not None:
        return answer
    raise _ended(why, stopped, billed)


async def _last_look(remote: str, provider: Provider, context: JobContext) -> Finished | None:
    try:
        async with asyncio.timeout(_CANCEL):
            answer = await provider.poll(remote, context)
    except (RemoteError, TimeoutError):
        return None
    return answer if isinstance(answer, Finished) else None


def _ended(why: RemoteError, stopped: bool, billed: Decimal | None) -> Exception:
    return CalledOff(why, billed) if stopped else RemoteError(why.kind, why.message, maybe_billed=True)


def _wait_for_contact(error: RemoteError, lost: int) -> float:
    if error.kind not in ASKED_AGAIN or error.maybe_billed:  # about the job, not about the question
        raise error
    if lost >= _TRIES:
        # the job lives on where nobody reaches it: not an offer to buy another one
        raise RemoteError(error.kind, error.message, maybe_billed=True, retry_after=error.retry_after) from error
    return wait_before_asking(error, lost)


def _leave_if_asked(order: Order, parts: Parts) -> None:
    # nobody who waits for the end of a run waits for what is overdue: a resume finds it
    if parts.stop.asked and (order.overdue or not parts.stop.patient) and order.doom is None:
        raise Left
