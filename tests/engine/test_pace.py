"""When which job is asked about: bounded, fair, in the order of the expected end, and at once when woken."""

from __future__ import annotations

import asyncio
from collections import Counter

from rushes.engine.pace import TOGETHER, Pace
from rushes.engine.wakes import Wakes
from rushes.testing.clock import run_virtual


def now() -> float:
    return asyncio.get_running_loop().time()


def test_few_jobs_are_asked_exactly_when_their_provider_says() -> None:
    async def main() -> list[float]:
        pace, times = Pace(Wakes()), []

        async def job(name: str, wait: float) -> None:
            await pace.turn("account", name, wait)
            times.append(now())

        await asyncio.gather(*(job(f"j{n}", float(n)) for n in range(1, 11)))
        return times

    assert run_virtual(main()) == [float(n) for n in range(1, 11)]


def test_ten_thousand_jobs_cost_their_account_forty_polls_a_second_and_every_one_is_asked() -> None:
    asked: Counter[str] = Counter()
    per_second: Counter[int] = Counter()

    async def main() -> None:
        pace = Pace(Wakes())

        async def job(number: int) -> None:
            while True:
                await pace.turn("account", f"j{number}", 5.0, expected=float(number), rate=40.0)
                asked[f"j{number}"] += 1
                per_second[int(now())] += 1

        tasks = [asyncio.create_task(job(n)) for n in range(10_000)]
        await asyncio.sleep(600.0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run_virtual(main())
    assert max(per_second.values()) <= 81  # a full bucket and a second's worth
    assert len(asked) == 10_000
    assert max(asked.values()) - min(asked.values()) <= 2
    assert sum(asked.values()) <= 40 * 601 + 40


def test_of_those_that_are_due_the_one_that_should_be_finished_first_is_asked_first() -> None:
    async def main() -> list[int]:
        pace, order = Pace(Wakes()), []

        async def job(number: int) -> None:
            await pace.turn("account", f"j{number}", 60.0, expected=float(-number), rate=10.0)
            order.append(number)

        await asyncio.gather(*(job(number) for number in range(30)))
        return order

    assert run_virtual(main()) == list(reversed(range(30)))


def test_a_wake_brings_exactly_that_job_forward() -> None:
    async def main() -> dict[str, float]:
        wakes, times = Wakes(), {}
        pace = Pace(wakes)

        async def job(name: str) -> None:
            await pace.turn("account", name, 100.0)
            times[name] = now()

        tasks = [asyncio.create_task(job(name)) for name in ('["one","https://x/1"]', "two")]
        await asyncio.sleep(3.0)
        assert wakes.wake("one")
        assert not wakes.wake("nobody's")
        await asyncio.gather(*tasks)
        assert not wakes.wake("one"), "nobody waits any more"
        return times

    assert run_virtual(main()) == {'["one","https://x/1"]': 3.0, "two": 100.0}


def test_a_flood_of_wakes_is_paid_for_by_later_polls() -> None:
    async def main() -> float:
        wakes = Wakes()
        pace = Pace(wakes)
        for _ in range(200):
            turn = asyncio.create_task(pace.turn("account", "woken", 1000.0, rate=10.0))
            await asyncio.sleep(0)
            wakes.wake("woken")
            await turn
        began = now()
        await pace.turn("account", "other", 0.0, rate=10.0)
        return now() - began

    assert run_virtual(main()) >= 1.0


def test_questions_about_many_jobs_go_a_few_at_a_time_and_no_more_seldom() -> None:
    moments: Counter[float] = Counter()

    async def main() -> None:
        pace = Pace(Wakes())

        async def job(number: int) -> None:
            while True:
                await pace.turn("account", f"j{number}", 1.0, rate=20.0)
                moments[now()] += 1

        tasks = [asyncio.create_task(job(n)) for n in range(1000)]
        await asyncio.sleep(200.0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run_virtual(main())
    steady = Counter({at: count for at, count in moments.items() if 60.0 <= at < 200.0})
    assert 19.0 <= steady.total() / 140.0 <= 20.1, "twenty a second, as the account allows"
    assert steady.total() / len(steady) >= TOGETHER - 1, "three or four at each moment"
    assert max(steady.values()) <= 20, "and never more than a full bucket"
