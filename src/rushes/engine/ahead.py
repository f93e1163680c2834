"""Claims ahead: what is next is reserved while it waits for a slot, so that a free slot need not wait for the disk.

A claim holds the worst case of its request. So that money which is only waited with starves nobody, requests that cost
are claimed ahead no more than there are in flight, and not at all while a ceiling is short.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rushes.engine.attempt import claim
from rushes.engine.desk import Desk
from rushes.engine.order import Beyond, Held, Order
from rushes.engine.work import Unit
from rushes.model.event import Released
from rushes.plugin.provider import Duplicates

_MOST = 32  # requests that are claimed while they wait for a slot
_LEAST = 2


class Ahead:
    """The claims of units that wait. `order` makes the next attempt of a unit."""

    def __init__(self, desk: Desk, order: Callable[[Unit], Order]) -> None:
        self._desk, self._order = desk, order
        self._held: set[Unit] = set()  # claimed, or being claimed, and not yet admitted
        self._dropped: list[Unit] = []  # claimed, and never to be sent
        self._short = False

    def look(self, fresh: Callable[[Unit], bool]) -> None:
        """Claim what is next, of units that are `fresh`: never sent before, by nobody."""
        paid = min(_MOST, max(_LEAST, len(self._desk.running)))
        for unit in self._desk.queue.heads(_MOST):
            if len(self._held) >= (_MOST if self._is_free(unit) else 0 if self._short else paid):
                return
            if unit.ahead is None and unit.order is None and fresh(unit):
                unit.order = self._order(unit)
                unit.ahead = asyncio.get_running_loop().create_task(claim(unit.order, self._desk.parts))
                unit.ahead.add_done_callback(lambda task, unit=unit: self._claimed(unit, task))  # type: ignore[misc]
                self._held.add(unit)

    async def take(self, unit: Unit) -> bool:
        """A unit goes: whether it has its claim already. Raises Held, Beyond."""
        self._held.discard(unit)
        if unit.ahead is None:
            return False
        ahead, unit.ahead = unit.ahead, None
        await ahead
        return True

    def drop(self, unit: Unit) -> None:
        """It will not be sent: its claim, if it has one, is let go at the end."""
        if unit in self._held:
            self._held.discard(unit)
            self._dropped.append(unit)

    def settled(self) -> None:
        """Money may have come back."""
        self._short = False

    async def let_go(self) -> None:
        """Give back what was claimed and never sent."""
        for unit in self._dropped:
            if unit.ahead is not None:
                await asyncio.wait([unit.ahead])
            if unit.order is not None and unit.order.claimed:
                self._desk.put(Released(attempt=unit.order.attempt))

    def _is_free(self, unit: Unit) -> bool:
        facts = self._desk.parts.provider(unit.request.recipe.provider).facts
        return facts.duplicates is Duplicates.HARMLESS

    def _claimed(self, unit: Unit, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Beyond):
            self._short = True
            if unit in self._held:  # it waits still, and asks again when its turn comes
                self._held.discard(unit)
                unit.ahead = None
        elif not isinstance(error, Held):
            self._desk.broken(error)
