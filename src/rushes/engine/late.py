"""Jobs that were given up at the time that a person declared, and that nobody could stop: what they bring is kept.

Their step has failed, as it was wished. But the job may still finish and be charged, and its outputs lie at its
provider for an hour or so. While the run goes on for other reasons it is asked about now and then; what turns up is
stored, and a resume takes it. Nothing waits for it, and it holds nobody's slot.
"""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import suppress

from rushes.engine.attempt import adopt
from rushes.engine.desk import Desk
from rushes.engine.order import CalledOff, Left, Open, Order
from rushes.errors import ErrorClass, RemoteError
from rushes.model.patience import undeclared


class Late:
    """The jobs of one run that may still bring something."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tasks: set[asyncio.Task[None]] = set()

    def gave_up(self, order: Order, error: RemoteError) -> None:
        """An attempt has ended so: look out for its result, where there may be one."""
        if error.kind is ErrorClass.TIMEOUT and error.maybe_billed and order.remote is not None and not order.overdue:
            task = asyncio.create_task(self._look_for(order))
            self._tasks.add(task)
            task.add_done_callback(self._looked)

    def close(self) -> None:
        """The run is over: a resume looks once more."""
        for task in self._tasks:
            task.cancel()

    async def _look_for(self, order: Order) -> None:
        most = undeclared(order.request.recipe.op)
        again = dataclasses.replace(order, patience=most, overdue=True, remote=None, answered=_nothing, let_go=_nothing)
        left = Open(order.attempt, None, remote=order.remote, sent=order.began)
        with suppress(Left, CalledOff, RemoteError):  # it has ended as it was written down
            await adopt(again, left, self._desk.parts)

    def _looked(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._desk.broken(None if task.cancelled() else task.exception())


def _nothing() -> None:
    """It has no slot."""
