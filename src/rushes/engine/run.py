"""One run from its grid to its end; the file to read first.

The loop is short: settle every cell whose needs are settled, admit what the limits allow, wait until something
changed. A cell that needs nothing bought is settled in the loop itself (`cells`); a cell that buys becomes units, each
a task of its own (`units`); the cell is decided when its last unit is. There are no stages: a film starts the moment
its own still is decided, whatever the other scenes do. What ends a run early is in `halts`, how it ended in `ending`.

`drive` is re-entrant. It decides everything anew from what the ledger knows, so it makes no difference whether an
earlier process of this run was killed, or which other run bought a result.
"""

from __future__ import annotations

import asyncio

from rushes.engine.cells import Cells
from rushes.engine.control import Control
from rushes.engine.desk import Desk
from rushes.engine.ending import end_of
from rushes.engine.foresight import Foresight
from rushes.engine.halts import Halts
from rushes.engine.job import Job, RunEnd
from rushes.engine.parts import Parts
from rushes.engine.units import Units
from rushes.errors import StoreError
from rushes.model.event import Released, RunStarted

_MONEY_POLL = 2.0  # seconds between looks for money that another process holds
_DECISION_POLL = 0.5  # seconds between looks for a person's decision while other work goes on


async def drive(job: Job, parts: Parts) -> RunEnd:
    """Drive a run until it is done, failed, parked at its gates, or asked to stop. Raises StoreError."""
    run = _Run(job, parts)
    leave = run.control.listen()
    try:
        return await run.go()
    finally:
        leave()
        run.units.late.close()
        run.desk.limits.leave(run.desk.now())


class _Run:
    def __init__(self, job: Job, parts: Parts) -> None:
        self.desk = desk = Desk(job, parts)
        self.halts = Halts(desk)
        self.units = Units(desk, lambda name: self.halts.begins(self.units, name))
        self.cells = Cells(desk, self.units.start, lambda node: self.halts.lost(self.units, node))
        self.units.decide = self.cells.finish
        self.control = Control(desk)
        self.foresight = Foresight(desk)

    async def go(self) -> RunEnd:
        desk, parts = self.desk, self.desk.parts
        parts.stop.listen(self._stop)
        parts.gauge(lambda: {**desk.queue.reasons(desk.now()), **self.units.purse.reasons()})
        await desk.record(RunStarted(owner=desk.job.owner, resumed=desk.job.past.resumed))
        for attempt in desk.job.past.unsent:  # a process died between its reservation and its first byte
            desk.put(Released(attempt=attempt))
        if parts.stop.asked:
            self._stop()
        while True:
            desk.wake.clear()
            self.cells.settle_ready()
            if not desk.ready:
                self.foresight.look()
            try:
                self.units.admit()
            except StoreError as error:
                await self._abandon(error)
            if desk.ready:  # the first of many are on their way before the last are looked at
                await asyncio.sleep(0)  # they begin, and wait for their claims
                await parts.journal.flush()  # which are on disk now
                continue
            if not desk.running and not desk.ready and not self._may_go_on():
                if not len(self.units.purse):
                    break
                if self.units.purse.try_the_rest():
                    continue
                self.units.refuse_the_rest()  # which may decide cells that others wait for
                continue
            await self._wait()
            if desk.fatal is not None:
                await self._abandon(desk.fatal)
        return await end_of(desk, self.cells, self.units)

    def _may_go_on(self) -> bool:
        desk = self.desk
        if desk.parts.stop.asked and not len(desk.queue):
            return False
        comes = desk.queue.opens(desk.now()) is not None or desk.limits.in_line()
        return (
            self.units.sleeping > 0
            or (len(desk.queue) > 0 and comes)
            or (len(desk.queue) > 0 and self.control.paused)
            or (len(self.units.purse) > 0 and desk.parts.busy())
        )

    async def _wait(self) -> None:
        desk, loop = self.desk, asyncio.get_running_loop()
        timers = []
        free = desk.queue.opens(loop.time())
        if free is not None:
            timers.append(loop.call_at(free, desk.wake.set))
        if self.cells.held:
            timers.append(loop.call_later(_DECISION_POLL, self.cells.look_again))
        if len(self.units.purse) and not desk.running:  # somebody else holds the money
            timers.append(loop.call_later(_MONEY_POLL, self._look_for_money))
        await desk.wake.wait()
        for timer in timers:
            timer.cancel()

    def _look_for_money(self) -> None:
        self.units.purse.settled()
        self.desk.wake.set()

    def _stop(self) -> None:
        self.control.let_go()
        self.halts.stop(self.units)

    async def _abandon(self, error: BaseException) -> None:
        # a broken store or ledger: nothing new is begun, but what is at a provider's door is not torn away from it
        self._stop()
        if self.desk.running:
            await asyncio.wait(self.desk.running)
        raise error
