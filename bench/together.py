"""Several processes of Rushes at one account, as they run: each with limits of its own, which share over one ledger.

The calls and the account are those of a scenario, in virtual time; the processes exchange what they met through a real
ledger in memory. Each has work of its own, and the story ends with the first that has nothing left: what the others
still do they share with fewer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import ExitStack
from pathlib import Path

from bench.rig import home
from bench.scenarios import WAY, Scenario
from bench.story import WARM, Idle, Told
from rushes.engine.limits import Accounts, Limits
from rushes.engine.share import Share
from rushes.ledger.ledger import Ledger
from rushes.ledger.permits import Permits
from rushes.model.limit import Allowed
from rushes.sim.door import Door
from rushes.testing.clock import VirtualClock, run_virtual

FASTER = Path("/dev/shm")
"""Where a ledger is kept that is written to thousands of times in no time."""

_ACCOUNT = "provider:account"
_LANE = (_ACCOUNT,)
_LOOK = 1.0  # seconds between two looks for a standstill


def sharing(accounts: Accounts, ledger: Ledger, number: int) -> Share:
    """What the process with this number shares with the others, over their ledger."""
    permits = Permits(ledger, f"process-{number}")
    return Share(accounts, permits, VirtualClock(), lambda limit: limit.removeprefix("provider:"))


def play_together(scenario: Scenario) -> Told:
    """Play a scenario with its processes. `idle` is right to a second."""
    with ExitStack() as stack:
        return run_virtual(_told(scenario, stack.enter_context(home(FASTER)).ledger))


async def _told(scenario: Scenario, ledger: Ledger) -> Told:
    assert not scenario.errors, "who shares an account meets no errors here"
    door = Door(scenario.hidden(), way=WAY)
    processes = [_Process(scenario, door, ledger, number) for number in range(scenario.processes)]
    idle = Idle(door, scenario)
    tasks = [asyncio.create_task(one.work()) for one in processes]
    watch = asyncio.create_task(_watch(idle, processes))
    done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    seconds = _now()
    for task in (watch, *rest):
        task.cancel()
    await asyncio.gather(watch, *rest, return_exceptions=True)
    for task in done:
        task.result()
    return Told(
        seconds=seconds,
        done=sum(one.done for one in processes) / scenario.calls,
        sent=sum(one.sent for one in processes),
        sent_late=sum(one.sent_late for one in processes),
        refused=door.refused,
        late=sum(one.late for one in processes),
        early=sum(one.early for one in processes),
        most_in_flight=door.most_in_flight,
        idle=idle.longest,
        frozen=idle.freezes,
    )


async def _watch(idle: Idle, processes: list[_Process]) -> None:
    sent = 0
    while True:
        now_sent = sum(one.sent for one in processes)
        idle.forbidden = min(one.heard for one in processes)
        idle.looked(_now(), now_sent - sent, sum(len(one.left) for one in processes))
        sent = now_sent
        await asyncio.sleep(_LOOK)


class _Process:
    """A process with a run that has every so manyth call of the scenario. `heard` is until when it was told to stay
    away; the rest counts as `Told` does.
    """

    def __init__(self, scenario: Scenario, door: Door, ledger: Ledger, number: int) -> None:
        self._scenario, self._door = scenario, door
        self._accounts = Accounts()
        self._share = sharing(self._accounts, ledger, number)
        self._news = asyncio.Event()
        self._run = Limits(self._news.set)
        self.left = deque(range(number, scenario.calls, scenario.processes))
        self.heard = 0.0
        self.done = self.sent = self.sent_late = self.late = self.early = 0

    async def work(self) -> None:
        """Until it has nothing left."""
        async with self._share.taking_part(), asyncio.TaskGroup() as calls:
            self._run.share(self._accounts.account(_ACCOUNT, Allowed(), finds=True))
            mine = self.done + len(self.left)
            while self.done < mine:
                self._news.clear()
                while self.left and self._run.shut(_LANE, _now()) is None:
                    calls.create_task(self._call(self.left.popleft()))
                    await asyncio.sleep(0)  # it takes its token
                await self._wait()

    async def _wait(self) -> None:
        """For news, or until what is shut opens by itself."""
        self._run.line_up({_LANE: len(self.left)} if self.left else {}, _now())
        shut = self._run.shut(_LANE, _now()) if self.left else None
        timer = None
        if shut is not None and shut.until is not None:
            timer = asyncio.get_running_loop().call_at(shut.until, self._news.set)
        await self._news.wait()
        if timer is not None:
            timer.cancel()

    async def _call(self, number: int) -> None:
        began = _now()
        tokens = self._run.take(_LANE, began)
        self.sent += 1
        self.sent_late += began > WARM
        self.early += began < self.heard - 1e-6
        refused = self._door.enter(began, self._scenario.weight)
        if refused is not None:
            self.late += began > WARM
            await asyncio.sleep(refused.held + WAY)
            wait = None if refused.retry_after is None else began + refused.held + refused.retry_after - _now()
            self.heard = max(self.heard, _now() + (wait or 0.0))
            tokens.refused(_now(), wait)
            self.left.appendleft(number)
        else:
            seconds = self._scenario.takes(number)
            ends = self._door.begins(began, seconds) + seconds
            asyncio.get_running_loop().call_at(ends, self._door.leave)
            if not self._scenario.sync:
                await asyncio.sleep(WAY)
                tokens.took(_now())
            await asyncio.sleep(ends + WAY - _now())
            self.done += 1
        tokens.give(_now())
        self._news.set()


def _now() -> float:
    return asyncio.get_running_loop().time()
