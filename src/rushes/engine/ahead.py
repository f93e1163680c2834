"""Claims ahead: what is next is reserved while it waits for a slot, so that a free slot need not wait for the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rushes.engine.attempt import Held, Order, claim
from rushes.engine.desk import Desk
from rushes.engine.work import Unit
from rushes.model.event import Cancelled
from rushes.model.money import ZERO

_MOST = 32  # requests that are claimed while they wait for a slot


class Ahead:
    """The claims of units that wait. `order` makes the next attempt of a unit."""

    def __init__(self, desk: Desk, order: Callable[[Unit], Order]) -> None:
        self._desk, self._order = desk, order
        self._held: set[Unit] = set()  # claimed, or being claimed, and not yet admitted
        self._dropped: list[Unit] = []  # claimed, and never to be sent

    def look(self, fresh: Callable[[Unit], bool]) -> None:
        """Claim what is next, of units that are `fresh`: never sent before, by nobody."""
        for unit in self._desk.queue.heads(_MOST):
            if len(self._held) >= _MOST:
                return
            if unit.ahead is None and unit.order is None and fresh(unit):
                unit.order = self._order(unit)
                unit.ahead = asyncio.get_running_loop().create_task(claim(unit.order, self._desk.parts))
                unit.ahead.add_done_callback(self._claimed)
                self._held.add(unit)

    async def take(self, unit: Unit) -> bool:
        """A unit goes: whether it has its claim already. Raises Held."""
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

    async def let_go(self) -> None:
        """Give back what was claimed and never sent."""
        for unit in self._dropped:
            assert unit.ahead is not None and unit.order is not None
            await asyncio.wait([unit.ahead])
            if unit.order.claimed:
                self._desk.put(Cancelled(attempt=unit.order.attempt, place=unit.order.place, billed=ZERO))

    def _claimed(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if not isinstance(error, Held):
            self._desk.broken(error)
