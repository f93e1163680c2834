"""The work that is left, played ahead: an order that reckons with slots, and only where it is worth it."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Mapping, Sequence

import pytest

from rushes.engine.schedule import WORTH, Task, begins

SLOTS = {"account": 2}


def scenes(*films: float, stills: int = 2, still: float = 30.0, lane: str = "account") -> list[Task]:
    """Stills of each scene, all of which its film waits for."""
    tasks: list[Task] = []
    for film in films:
        tasks.append(Task(still, stills, (lane,), ()))
        tasks.append(Task(film, 1, (lane,), (len(tasks) - 1,)))
    return tasks


def path(tasks: Sequence[Task], number: int) -> float:
    """The longest remaining path, reckoned in another way: forwards from every task."""
    after = [path(tasks, one) for one, task in enumerate(tasks) if number in task.needs]
    return (tasks[number].seconds if tasks[number].times else 0.0) + max(after, default=0.0)


def length(tasks: Sequence[Task], slots: Mapping[str, int], urgency: Sequence[Sequence[float]]) -> float:
    """Seconds until all is done, where the most urgent that may go goes: step by step, and looking at everything."""
    now, free, flying = 0.0, dict(slots), list[tuple[float, int]]()
    waiting = [sorted(ones, reverse=True) for ones in urgency]
    owed = [task.times for task in tasks]
    while any(owed):
        over = {number for number in range(len(tasks)) if not any(owed[one] for one in _before(tasks, number))}
        able = [n for n in over if waiting[n] and all(free.get(name, 1) > 0 for name in tasks[n].lane)]
        if able:
            number = max(able, key=lambda n: (waiting[n][0], -n))
            waiting[number].pop(0)
            for name in tasks[number].lane:
                free[name] = free.get(name, 10**9) - 1
            heapq.heappush(flying, (now + tasks[number].seconds, number))
            continue
        now, number = heapq.heappop(flying)
        ended = [number, *(heapq.heappop(flying)[1] for _ in range(sum(at == now for at, _n in flying)))]
        for one in ended:
            owed[one] -= 1
            for name in tasks[one].lane:
                free[name] += 1
    return now


def _before(tasks: Sequence[Task], number: int) -> set[int]:
    found = set(tasks[number].needs)
    return found.union(*(_before(tasks, one) for one in found)) if found else found


def drawn(seed: int) -> tuple[list[Task], dict[str, int]]:
    """Tasks in two accounts and under the cap of the run; whole seconds, so that two ways to add agree."""
    dice = random.Random(seed)
    tasks: list[Task] = []
    for number in range(dice.randint(5, 25)):
        needs = dice.sample(range(number), min(number, dice.choice((0, 0, 1, 1, 2))))
        lane = ("run", dice.choice(("one", "other")), "nobody knows")
        tasks.append(Task(float(dice.randint(1, 60)), dice.choice((0, 1, 1, 1, 4)), lane, needs))
    for number in (n for n, task in enumerate(tasks) if n % 2 and not task.needs):
        tasks[number] = tasks[number]._replace(times=1, begun=True)
    return tasks, {"run": dice.randint(2, 6), "one": dice.randint(1, 4), "other": dice.randint(1, 4)}


def paths(tasks: Sequence[Task]) -> list[list[float]]:
    return [[path(tasks, number)] * task.times for number, task in enumerate(tasks)]


def begun_first(tasks: Sequence[Task], urgency: Sequence[Sequence[float]]) -> list[list[float]]:
    """What is on its way has its slots already, as far as there are any."""
    return [[math.inf] if task.begun else list(ones) for task, ones in zip(tasks, urgency, strict=True)]


def test_what_the_longest_path_leaves_too_late_begins_in_time() -> None:
    """Two films leave the third scene alone at the end, with one slot idle; it has to begin before the second film."""
    tasks = scenes(60.0, 60.0, 60.0)
    assert length(tasks, SLOTS, paths(tasks)) == 210.0
    found = begins(tasks, SLOTS)
    assert found is not None
    assert length(tasks, SLOTS, found) == 180.0, "all work divided by the slots: nothing is shorter"


def test_where_the_longest_path_does_as_well_it_stays() -> None:
    assert begins(scenes(60.0, 60.0, 60.0), {}) is None, "everything goes at once"
    assert begins(scenes(60.0, 60.0, 60.0), {"another": 1}) is None
    assert begins(scenes(60.0, 60.0, 60.0), {"account": 1}) is None, "one after the other, in any order"
    assert begins([Task(5.0, 1, ("account",), ()) for _ in range(9)], SLOTS) is None
    assert begins([], SLOTS) is None


def test_each_request_of_a_task_begins_at_a_time_of_its_own() -> None:
    found = begins(scenes(60.0, 60.0, 60.0), SLOTS)
    assert found is not None
    assert sorted(one for ones in found[::2] for one in ones) == [90.0, 120.0, 150.0, 150.0, 180.0, 180.0]


@pytest.mark.parametrize("seed", range(120))
def test_no_request_begins_later_than_its_path_allows_and_no_order_is_taken_that_is_not_worth_it(seed: int) -> None:
    tasks, slots = drawn(seed)
    found = begins(tasks, slots)
    if found is None:
        return
    for number, task in enumerate(tasks):
        assert len(found[number]) == task.times, "every request has its time: none is forgotten"
        assert found[number] == sorted(found[number], reverse=True)
        assert all(begins >= path(tasks, number) for begins in found[number])
    planned, plain = (length(tasks, slots, begun_first(tasks, one)) for one in (found, paths(tasks)))
    assert planned <= (1 - WORTH) * plain
