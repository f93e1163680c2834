"""Doing a job within its time, and what becomes of one that takes longer.

A request whose time is over holds nobody up. Its job is called off where the provider can do that, and what it had
finished all the same is kept. Where nobody can say that it has stopped, it may still finish and be charged: then it is
*overdue*. Its slot is given back, it is named, and it is asked about now and then until its patience ends; a result
that turns up meanwhile is one like any other. Nothing is bought in its place.

A provider that answers on the connection itself is never torn away from it before that: nobody could say afterwards
whether it was paid.

What a request waits in a line of its provider's own is not its time: that begins when it has left the line, where the
provider says so, and else when the last one has come back that was sent before it (`turns`). What a person named is a
wish about the whole, and only a line of which the provider speaks puts it off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from rushes.engine.ask import SELDOM, call_off, finished
from rushes.engine.order import Order, Phase
from rushes.engine.parts import JobContext, Parts
from rushes.engine.turns import Turn
from rushes.errors import ErrorClass, RemoteError, StoreError
from rushes.model.event import Slow
from rushes.model.patience import LINE
from rushes.plugin.provider import Duplicates, Finished, Provider

A = TypeVar("A")


async def in_time(
    order: Order, provider: Provider, context: JobContext, parts: Parts, ask: Callable[[], Awaitable[A]]
) -> A | Finished:
    """What `ask` brings within the order's patience. Raises what it raises, CalledOff, RemoteError."""
    recipe = order.request.recipe
    order.sent, order.queued, order.waited = asyncio.get_running_loop().time(), False, 0.0
    turn = parts.turns.take(recipe.provider, recipe.model)
    try:
        answer = await _within(order, parts, turn, ask)
        turn.over()
        return answer
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
    return await _to_the_end(order, provider, turn, context, parts)


class _Alarm:
    """Rings when a request has been at work for so many seconds; whenever it is due, it looks whether that is so."""

    def __init__(self, order: Order, turn: Turn, seconds: float, ring: Callable[[], None]) -> None:
        self._order, self._turn, self._seconds, self._ring = order, turn, seconds, ring
        self._look()

    def stop(self) -> None:
        """It does not ring any more."""
        self._timer.cancel()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        ends = self._begun(loop.time()) + self._seconds
        if ends > loop.time():
            self._timer: asyncio.Handle = loop.call_at(ends, self._look)
        else:
            self._timer = loop.call_soon(self._ring)

    def _begun(self, now: float) -> float:
        order = self._order
        begun = now if order.queued else order.sent + order.waited
        if not order.patience.wished:
            begun = max(begun, self._turn.came)
        return min(begun, order.sent + LINE)


async def _within(order: Order, parts: Parts, turn: Turn, ask: Callable[[], Awaitable[A]]) -> A:
    """Raises TimeoutError: a job is out of its time, or whatever it is out of all patience."""
    loop, patience = asyncio.get_running_loop(), order.patience
    async with asyncio.timeout(None) as limit:

        def end() -> None:
            limit.reschedule(loop.time())

        def over() -> None:
            if order.phase is Phase.POLLING and not order.overdue:
                end()
            else:
                with suppress(StoreError):  # a journal that cannot be written ends the run by itself, and says why
                    _overdue(order, parts)

        alarms = [_Alarm(order, turn, patience.most, end)]
        if _waits_on(order):
            alarms.append(_Alarm(order, turn, patience.seconds, over))
        try:
            return await ask()
        finally:
            for alarm in alarms:
                alarm.stop()


async def _to_the_end(order: Order, provider: Provider, turn: Turn, context: JobContext, parts: Parts) -> Finished:
    remote = order.remote
    assert remote is not None
    try:
        return await _within(order, parts, turn, lambda: finished(order, provider, remote, SELDOM, context, parts))
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
    if order.queued:
        says = f"not begun within {LINE + seconds:g} s: it stands in the provider's own line"
    return RemoteError(ErrorClass.TIMEOUT, says, maybe_billed=not harmless)
