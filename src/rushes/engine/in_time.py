"""Doing a job within its time, and what becomes of one that takes longer.

A request whose time is over holds nobody up. Its job is called off where the provider can do that, and what it had
finished all the same is kept. Where nobody can say that it has stopped, it may still finish and be charged: then it is
*overdue*. Its slot is given back, it is named, and it is asked about now and then until its patience ends; a result
that turns up meanwhile is one like any other. Nothing is bought in its place.

A provider that answers on the connection itself is never torn away from it before that: nobody could say afterwards
whether it was paid.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from rushes.engine.ask import SELDOM, call_off, finished
from rushes.engine.order import Order, Phase
from rushes.engine.parts import JobContext, Parts
from rushes.errors import ErrorClass, RemoteError, StoreError
from rushes.model.event import Slow
from rushes.plugin.provider import Duplicates, Finished, Provider

A = TypeVar("A")


async def in_time(
    order: Order, provider: Provider, context: JobContext, parts: Parts, ask: Callable[[], Awaitable[A]]
) -> A | Finished:
    """What `ask` brings within the order's patience. Raises what it raises, CalledOff, RemoteError."""
    try:
        return await _within(order, parts, ask)
    except TimeoutError as error:
        why = _over(order, provider)
        if order.phase is not Phase.POLLING:
            raise why from error
    try:
        return await call_off(order, provider, why, context)
    except RemoteError:
        if order.overdue or not _waits_on(order):
            raise
    _overdue(order, parts)
    return await _to_the_end(order, provider, context, parts)


async def _within(order: Order, parts: Parts, ask: Callable[[], Awaitable[A]]) -> A:
    """Raises TimeoutError: a job is out of its time, or whatever it is out of all patience."""
    loop, patience = asyncio.get_running_loop(), order.patience
    async with asyncio.timeout(patience.most) as limit:

        def over() -> None:
            if order.phase is Phase.POLLING and not order.overdue:
                limit.reschedule(loop.time())
            else:
                with suppress(StoreError):  # a journal that cannot be written ends the run by itself, and says why
                    _overdue(order, parts)

        timer = loop.call_later(patience.seconds, over) if _waits_on(order) else None
        try:
            return await ask()
        finally:
            if timer is not None:
                timer.cancel()


async def _to_the_end(order: Order, provider: Provider, context: JobContext, parts: Parts) -> Finished:
    assert order.remote is not None
    patience = order.patience
    try:
        async with asyncio.timeout(patience.most - patience.seconds):
            return await finished(order, provider, order.remote, SELDOM, context, parts)
    except TimeoutError:
        pass
    return await call_off(order, provider, _over(order, provider), context)


def _waits_on(order: Order) -> bool:
    return order.patience.most > order.patience.seconds


def _overdue(order: Order, parts: Parts) -> None:
    """Its slot is another's from now on, and everybody hears why it is still there."""
    if order.overdue:
        return
    order.overdue = True
    order.let_go()
    patience, recipe = order.patience, order.request.recipe
    slow = Slow(
        attempt=order.attempt,
        place=order.place,
        provider=recipe.provider,
        model=recipe.model,
        limit=patience.seconds,
        learned=patience.source == "learned",
        until=patience.most,
    )
    parts.journal.put(slow)
    parts.watch(slow)


def _over(order: Order, provider: Provider) -> RemoteError:
    """Why it ended: its time, or all patience, is over."""
    harmless = provider.facts.duplicates is Duplicates.HARMLESS
    seconds = order.patience.most if order.overdue else order.patience.seconds
    if order.phase is Phase.SUBMITTING and not harmless:
        # the POST was on its way: a time-out here proves nothing about the other side
        return RemoteError(ErrorClass.UNKNOWN_OUTCOME, f"no answer within {seconds:g} s", maybe_billed=True)
    why = "nobody could call it off" if order.overdue else order.patience.says
    says = f"not finished within {seconds:g} s ({why})"
    return RemoteError(ErrorClass.TIMEOUT, says, maybe_billed=not harmless)
