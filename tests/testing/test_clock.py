"""Virtual time."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from rushes.testing import clock as clock_module
from rushes.testing.clock import EPOCH, Stuck, VirtualClock, outside, run_virtual


def test_an_hour_passes_in_no_time_and_exactly() -> None:
    clock = VirtualClock()

    async def main() -> tuple[float, float]:
        await clock.sleep(3600)
        return clock.monotonic(), clock.time()

    before = time.monotonic()
    assert run_virtual(main()) == (3600.0, EPOCH + 3600.0)
    assert time.monotonic() - before < 5


def test_concurrent_waits_overlap_and_wake_in_order() -> None:
    woken: list[float] = []

    async def wait(seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append(seconds)

    async def main() -> float:
        async with asyncio.TaskGroup() as group:
            for seconds in (3.0, 1.0, 2.0):
                group.create_task(wait(seconds))
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 3.0
    assert woken == [1.0, 2.0, 3.0]


def test_time_outs_are_virtual() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(7):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 7.0


def test_time_stands_still_while_a_thread_works() -> None:
    async def main() -> list[str]:
        order: list[str] = []
        sleeper = asyncio.create_task(asyncio.sleep(1), name="sleeper")
        sleeper.add_done_callback(lambda _: order.append("timer"))
        await asyncio.to_thread(sum, range(200_000))
        order.append("thread")
        await sleeper
        await asyncio.sleep(0)
        return order

    assert run_virtual(main()) == ["thread", "timer"]


def test_a_task_that_nothing_will_wake_is_an_error_and_not_a_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_module, "STUCK_AFTER", 0.05)

    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Stuck, match="no task, timer or thread"):
        run_virtual(main())


def test_time_stands_still_for_what_the_loop_cannot_know_of() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[None] = loop.create_future()
        timer = asyncio.create_task(asyncio.sleep(1))
        thread = threading.Thread(target=loop.call_soon_threadsafe, args=(answer.set_result, None))
        with outside():
            thread.start()
            await answer
        now = loop.time()
        timer.cancel()
        thread.join()
        return now

    assert run_virtual(main()) == 0.0
