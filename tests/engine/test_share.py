"""Several processes at one account, in one loop over one ledger: what one meets holds for all, and nobody is frozen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from rushes.engine.limit import Limit
from rushes.engine.limits import Accounts, Limits
from rushes.engine.share import Share
from rushes.errors import StoreError
from rushes.ledger.ledger import Ledger
from rushes.ledger.limits import allow, seen
from rushes.ledger.open import open_ledger
from rushes.ledger.permit import EVERYTHING, LEASE
from rushes.ledger.permits import Permits
from rushes.model.limit import Allowed, Rate
from rushes.sim.capacity_text import capacity_from_text
from rushes.sim.door import Door
from rushes.testing.clock import VirtualClock, run_virtual

LANE = ("provider:fal",)


def now() -> float:
    return asyncio.get_running_loop().time()


UNKNOWN = Allowed()


class Process:
    """What a process has of its own, and a run in it that sends calls of so many seconds through the door."""

    def __init__(
        self,
        ledger: Ledger,
        door: Door,
        name: str,
        declared: Allowed = UNKNOWN,
        priority: int = 0,
        ahead: float = 0.0,
    ) -> None:
        self.accounts, self.door, self.declared = Accounts(), door, declared
        self.permits = Permits(ledger, name)
        clock = VirtualClock(1_750_000_000.0 + ahead)
        self.share = Share(self.accounts, self.permits, clock, lambda limit: limit.removeprefix("provider:"))
        self.news = asyncio.Event()
        self.run = Limits(self.news.set, priority)
        self.sent: list[float] = []
        self.done: list[float] = []
        self.refused: list[float] = []
        self.pending = 0
        self.seconds = 1.0

    @property
    def limit(self) -> Limit:
        return self.accounts.limits[LANE[0]]

    async def work(self, calls: int, seconds: float = 1.0) -> None:
        """Take part until so many calls are done."""
        async with self.share.taking_part():
            self.run.share(self.accounts.account(LANE[0], self.declared, finds=True))
            await self.send(calls, seconds)
            self.run.leave(now())

    async def send(self, calls: int, seconds: float = 1.0) -> None:
        self.pending += calls
        self.seconds, flying = seconds, set[asyncio.Task[None]]()
        while self.pending or flying:
            self.news.clear()
            while self.pending and self.run.shut(LANE, now()) is None:
                self.pending -= 1
                task = asyncio.create_task(self._call())
                flying.add(task)
                task.add_done_callback(flying.discard)
                task.add_done_callback(lambda _task: self.news.set())
                await asyncio.sleep(0)
            self.run.line_up({LANE: self.pending} if self.pending else {}, now())
            shut = self.run.shut(LANE, now()) if self.pending else None
            timer = None
            if shut is not None and shut.until is not None:
                timer = asyncio.get_running_loop().call_at(shut.until, self.news.set)
            await self.news.wait()
            if timer is not None:
                timer.cancel()

    async def _call(self) -> None:
        tokens = self.run.take(LANE, now())
        self.sent.append(now())
        refusal = self.door.enter(now())
        if refusal is None:
            tokens.took(now())
            await asyncio.sleep(self.seconds)
            self.door.leave()
            self.done.append(now())
        else:
            self.refused.append(now())
            tokens.refused(now(), refusal.retry_after)
            self.pending += 1
        tokens.give(now())


async def lately(of: Callable[[], int], seconds: float = 4.0) -> float:
    """What stands on average: everything in these stories ends together with something else."""
    found = []
    for _ in range(int(seconds * 20)):
        await asyncio.sleep(0.05)
        found.append(of())
    return sum(found) / len(found)


def door_of(*rules: str) -> Door:
    return Door([capacity_from_text(one).rule for one in rules])


def played(folder: Path, story: Callable[[Ledger], Any]) -> None:
    """In memory, where there is such a disk: these stories exchange thousands of times in no time."""
    memory = Path("/dev/shm")
    with (
        TemporaryDirectory(dir=memory if memory.is_dir() else folder) as there,
        open_ledger(Path(there) / "ledger.sqlite") as ledger,
    ):
        run_virtual(story(ledger))


@asynccontextmanager
async def background(*tasks: Any) -> AsyncIterator[list[asyncio.Task[Any]]]:
    started = [asyncio.create_task(one) for one in tasks]
    try:
        yield started
    finally:
        for task in started:
            task.cancel()
        await asyncio.gather(*started, return_exceptions=True)


def test_eight_processes_find_what_an_account_takes_and_use_it(tmp_path: Path) -> None:
    async def story(ledger: Ledger) -> None:
        door = door_of("in-flight=40")
        processes = [Process(ledger, door, f"p{n}") for n in range(8)]
        await asyncio.gather(*(one.work(250, 4.0) for one in processes))
        assert door.accepted == 2000
        assert 2000 * 4.0 / 40 / now() >= 0.85, f"{now()} s: most of it is finding out"
        steady = [at for one in processes for at in one.refused if at > 60.0]
        assert len(steady) <= 2000 * 0.01
        ends = [one.done[-1] for one in processes]
        assert min(ends) >= 0.8 * max(ends), "as much for each"

    played(tmp_path, story)


def test_a_declared_ceiling_is_never_exceeded_and_used_to_the_full(tmp_path: Path) -> None:
    async def story(ledger: Ledger) -> None:
        door = door_of()
        processes = [Process(ledger, door, f"p{n}", Allowed(10)) for n in range(8)]

        async def later(process: Process, wait: float) -> None:
            await asyncio.sleep(wait)
            await process.work(60, 2.0)

        await asyncio.gather(*(later(one, n * 1.3) for n, one in enumerate(processes)))
        assert door.most_in_flight == 10
        assert 480 * 2.0 / 10 / now() >= 0.9

    played(tmp_path, story)


def test_a_rate_is_kept_by_all_together_and_used(tmp_path: Path) -> None:
    async def story(ledger: Ledger) -> None:
        door = door_of("60/min sliding")
        processes = [Process(ledger, door, f"p{n}", Allowed(None, (Rate(60, 60.0),))) for n in range(4)]
        await asyncio.gather(*(one.work(75) for one in processes))
        assert door.refused == 0, "not one too many in any minute"
        assert now() <= 240.0 / 0.95, "sixty at once, and then sixty each minute"

    played(tmp_path, story)


def test_a_refusal_at_one_stops_all_for_as_long_as_it_says(tmp_path: Path) -> None:
    async def story(ledger: Ledger) -> None:
        door = door_of("overloaded=20-50 wait=30")
        processes = [Process(ledger, door, f"p{n}", Allowed(12), ahead=float(n % 3)) for n in range(4)]
        async with background(*(one.work(4000) for one in processes)):
            await asyncio.sleep(80.0)
        sent = [at for one in processes for at in one.sent if at > 20.0]
        first = min(at for one in processes for at in one.refused)
        assert not [at for at in sent if first + 0.25 < at < first + 30.0 - 1.0], "all of them heard of it"
        assert len([at for at in sent if at > first + 30.0]) > 100, "and all go on"
        assert all(one.done[-1] > first + 31.0 for one in processes)

    played(tmp_path, story)


def test_a_person_says_less_and_running_processes_keep_to_it(tmp_path: Path) -> None:
    async def story(ledger: Ledger) -> None:
        door = door_of()
        processes = [Process(ledger, door, f"p{n}", Allowed(12)) for n in range(3)]
        async with background(*(one.work(4000) for one in processes)):
            await asyncio.sleep(20.0)
            assert await lately(lambda: door.in_flight) > 11.0
            allow(ledger, "fal", Allowed(4))
            await asyncio.sleep(3.0)
            for _ in range(50):
                assert door.in_flight <= 4
                await asyncio.sleep(0.1)
            before = door.accepted
            await asyncio.sleep(10.0)
            assert door.accepted - before >= 36
            allow(ledger, "fal", None)
            await asyncio.sleep(3.0)
            assert await lately(lambda: door.in_flight) > 11.0

    played(tmp_path, story)


def test_alone_together_and_alone_again(tmp_path: Path) -> None:
    async def story(ledger: Ledger) -> None:
        door = door_of()
        one, two = (Process(ledger, door, name, Allowed(8)) for name in ("one", "two"))
        async with background(one.work(4000)) as tasks:
            await asyncio.sleep(5.0)
            assert one.limit.part is not None and one.limit.part.held == EVERYTHING
            assert await lately(lambda: one.limit.used) > 7.5
            tasks.append(asyncio.create_task(two.work(60)))
            await asyncio.sleep(4.0)
            assert 3.5 < await lately(lambda: one.limit.used) < 4.5
            assert await lately(lambda: door.in_flight) > 7.5
            await asyncio.wait_for(tasks[1], 60.0)
            await asyncio.sleep(2.0)
            assert await lately(lambda: one.limit.used) > 7.5 and door.most_in_flight == 8

    played(tmp_path, story)


def test_the_higher_priority_has_it_first_and_the_lower_the_rest(tmp_path: Path) -> None:
    async def story(ledger: Ledger) -> None:
        door = door_of()
        low, high = Process(ledger, door, "a-low", Allowed(8)), Process(ledger, door, "high", Allowed(8), priority=5)
        async with background(low.work(4000)) as tasks:
            await asyncio.sleep(3.0)
            tasks.append(asyncio.create_task(high.work(120)))
            await asyncio.sleep(3.5)
            assert await lately(lambda: high.limit.used) > 7.0
            assert await lately(lambda: low.limit.used) < 1.0
            await asyncio.wait_for(tasks[1], 20.0)
            await asyncio.sleep(2.0)
            assert await lately(lambda: low.limit.used) > 7.5

    played(tmp_path, story)


@pytest.mark.parametrize("dies", [True, False])
def test_when_the_one_that_finds_out_is_gone_another_does(tmp_path: Path, dies: bool) -> None:
    async def story(ledger: Ledger) -> None:
        door = door_of("in-flight=30")
        leader, other = Process(ledger, door, "leader"), Process(ledger, door, "other")
        async with background(leader.work(4000, 2.0)) as tasks:
            await asyncio.sleep(0.3)
            tasks.append(asyncio.create_task(other.work(4000, 2.0)))
            await asyncio.sleep(30.0)
            assert leader.limit.part is not None and leader.limit.part.leads
            assert other.limit.part is not None and not other.limit.part.leads
            if dies:  # nothing is said any more, and nothing handed back
                leader.permits.leave = lambda asks, at: None  # type: ignore[assignment,method-assign]
            tasks[0].cancel()
            if dies:
                assert await lately(lambda: other.limit.used, LEASE - 1.0) <= 16, "the others' may be in flight still"
            await asyncio.sleep(4.0)
            assert other.limit.part.leads
            assert await lately(lambda: other.limit.used) > 26.0

    played(tmp_path, story)


def test_a_process_without_work_holds_nobody_up(tmp_path: Path) -> None:
    async def story(ledger: Ledger) -> None:
        door = door_of("in-flight=30")
        idle, busy = Process(ledger, door, "idle"), Process(ledger, door, "busy")

        async def waits() -> None:
            async with idle.share.taking_part():
                idle.run.share(idle.accounts.account(LANE[0], Allowed(), finds=True))
                await asyncio.sleep(50.0)
                began = now()
                await idle.send(1)
                assert idle.sent[0] - began <= 2.0, "its turn comes as soon as something comes back"

        async with background(waits(), busy.work(4000, 1.0)) as tasks:
            await asyncio.sleep(40.0)
            assert await lately(lambda: busy.limit.used) > 26.0
            await asyncio.wait_for(tasks[0], 30.0)

    played(tmp_path, story)


def test_a_second_run_begins_where_the_first_ended(tmp_path: Path) -> None:
    async def story(ledger: Ledger) -> None:
        door = door_of("in-flight=30")
        await asyncio.gather(*(Process(ledger, door, f"p{n}").work(300) for n in range(2)))
        refused = door.refused
        found = seen(ledger, 0.0)[0].found
        assert 28 <= found["most"] <= 31
        second = Process(ledger, door, "second")
        began = now()
        async with background(second.work(300)):
            await asyncio.sleep(0.9)
            assert second.limit.used == int(found["most"]) or door.refused == refused + 1
        assert now() - began < 1.0

    played(tmp_path, story)


def test_a_pace_is_remembered(tmp_path: Path) -> None:
    async def story(ledger: Ledger) -> None:
        door = door_of("bucket=2/s:4")
        await asyncio.gather(*(Process(ledger, door, f"p{n}").work(300) for n in range(2)))
        pace = seen(ledger, 0.0)[0].found["pace"]
        assert pace is not None and 1.7 <= pace <= 2.2
        second = Process(ledger, door, "second")
        async with background(second.work(300)):
            await asyncio.sleep(1.0)
            assert second.limit.finder is not None and second.limit.finder.pace == pytest.approx(pace)

    played(tmp_path, story)


def test_the_first_call_waits_for_one_exchange_and_no_longer(tmp_path: Path) -> None:
    async def story(ledger: Ledger) -> None:
        one = Process(ledger, door_of(), "one")
        async with one.share.taking_part():
            await asyncio.sleep(3.3)
            began = now()
            one.run.share(one.accounts.account(LANE[0], Allowed(), finds=True))
            assert one.run.shut(LANE, now()) is not None, "nobody knows yet who else is there"
            await one.send(1)
            assert one.sent[0] - began <= 0.02

    played(tmp_path, story)


def test_a_ledger_that_does_not_answer_stops_a_process_before_others_take_its_permits(tmp_path: Path) -> None:
    async def story(ledger: Ledger) -> None:
        one, two = (Process(ledger, door_of(), name, Allowed(8)) for name in ("one", "two"))
        exchange = one.permits.exchange

        def broken(*_asked: Any) -> Any:
            raise StoreError("the ledger cannot be reached", next_step="")

        async with background(one.work(4000), two.work(4000)):
            await asyncio.sleep(5.0)
            at, one.permits.exchange = now(), broken  # type: ignore[assignment,method-assign]
            await asyncio.sleep(LEASE + 3.0)
            assert max(one.sent) <= at + LEASE and max(one.sent) >= at + LEASE - 2.0
            assert await lately(lambda: two.limit.used) > 7.5
            shut = one.run.shut(LANE, now())
            assert shut is not None and shut.why == "the ledger does not say what other processes send"
            one.permits.exchange = exchange  # type: ignore[method-assign]
            await asyncio.sleep(4.0)
            assert 3.5 < await lately(lambda: one.limit.used) < 4.5, "and it goes on"

    played(tmp_path, story)


def test_what_was_not_heard_is_told_again(tmp_path: Path) -> None:
    async def story(ledger: Ledger) -> None:
        door, rate = door_of("20/min sliding"), Rate(20, 60.0)
        one, two = (Process(ledger, door, name, Allowed(None, (rate,))) for name in ("one", "two"))
        exchange, times = one.permits.exchange, iter(range(10_000))

        def shaky(*asked: Any) -> Any:
            if next(times) % 3:
                raise StoreError("the ledger is busy", next_step="")
            return exchange(*asked)

        one.permits.exchange = shaky  # type: ignore[assignment,method-assign]
        await asyncio.gather(one.work(40), two.work(40))
        assert door.refused == 0

    played(tmp_path, story)
