"""Requests whose time is over: they hold nobody up, what they bring late is kept, and none is bought twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.engine.rig import Rig, film, still, workflow

from rushes.engine.ask import SELDOM
from rushes.engine.parts import Stop
from rushes.errors import ErrorClass, RemoteError
from rushes.graph.value import State
from rushes.ledger.fold import fold
from rushes.model.event import Accepted, Cancelled, Event, Failed, RunEnded, Slow, Stored, Unknown
from rushes.model.patience import Patience, declared
from rushes.model.request import Request
from rushes.model.run import RunState
from rushes.model.workflow import LimitSpec, Node
from rushes.plugin.provider import Context, Duplicates, Output
from rushes.testing.provider import Fault, ScriptedProvider, Stage

PRICE = Decimal("0.04")
LEARNED = Patience(60.0, 1000.0, "learned", 200)


class Unstoppable(ScriptedProvider):
    """Whatever it is at, nobody can stop it."""

    def __init__(self, latency: float | Callable[[Request], float], **more: Any) -> None:
        super().__init__(**{"latency": latency, "price": PRICE, **more})

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        raise RemoteError(ErrorClass.INVALID_INPUT, "jobs of this model cannot be stopped")


class Timed(Rig):
    """Says at which second of the loop each event was heard."""

    def run(self, *nodes: Node, patience: Patience = LEARNED, **more: Any) -> Any:
        self.at: list[tuple[float, Event]] = []

        def watch(event: Event) -> None:
            self.at.append((asyncio.get_running_loop().time(), event))

        limits = more.pop("limits", ())
        more.setdefault("watch", watch)
        return self.go(workflow(*nodes, limits=limits), patience=lambda _node: patience, **more)

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def when(self, kind: type[Event], node: str) -> float:
        names = {event.attempt: event.place.node for _at, event in self.at if hasattr(event, "key")}  # type: ignore[attr-defined]
        return next(at for at, event in self.at if isinstance(event, kind) and names[event.attempt] == node)  # type: ignore[attr-defined]

    @property
    def posts(self) -> int:
        return sum(self.provider.posts.values())  # type: ignore[attr-defined]


def long_for(name: str, seconds: float, otherwise: float = 5.0) -> Callable[[Request], float]:
    return lambda request: seconds if f"for {name}" in (request.recipe.prompt or "") else otherwise


def test_a_late_result_is_adopted_in_the_same_run_and_nothing_is_bought_in_its_place(tmp_path: Path) -> None:
    one = Timed(tmp_path, Unstoppable(300.0))
    assert one.run(still("a"), film("b", "a")).state is RunState.DONE
    assert one.posts == 2
    assert not one.of(Failed) and not one.of(Cancelled)
    assert [stored.place.node for stored in one.of(Stored)] == ["a", "b"]


def test_what_is_overdue_is_named_once_with_how_long_it_is_waited_for(tmp_path: Path) -> None:
    one = Timed(tmp_path, Unstoppable(300.0))
    one.run(still("a"))
    (slow,) = one.of(Slow)
    assert (slow.limit, slow.until, slow.learned, slow.place.node) == (60.0, 1000.0, True, "a")
    assert "1000 s" in slow.says
    assert one.when(Slow, "a") == pytest.approx(60.0)


def test_an_overdue_job_gives_its_slot_back(tmp_path: Path) -> None:
    one = Timed(tmp_path, Unstoppable(long_for("a", 900.0)))
    assert one.run(still("a"), still("b"), still("c"), concurrency=1).state is RunState.DONE
    assert one.when(Stored, "b") < 70.0
    assert one.when(Stored, "c") < 80.0
    assert one.when(Stored, "a") >= 900.0


def test_an_overdue_job_is_asked_about_seldom_however_often_its_provider_wishes(tmp_path: Path) -> None:
    class Eager(Unstoppable):
        async def poll(self, remote: str, context: Context) -> Any:
            answer = await super().poll(remote, context)
            return answer._replace(wait=1.0) if hasattr(answer, "wait") else answer

    one = Timed(tmp_path, Eager(900.0))
    one.run(still("a"))
    early, late = 60, (900 - 60) / SELDOM
    assert one.provider.polled <= early + late + 5  # type: ignore[attr-defined]


def test_the_cell_of_an_overdue_job_waits_and_its_money_stays_held(tmp_path: Path) -> None:
    one, seen = Timed(tmp_path, Unstoppable(300.0)), []
    run = one.new_run()

    def look() -> None:
        state = fold(one.ledger.events(run))
        seen.append((state.money.held, len(state.open), len(state.done), len(state.failed)))

    def watch(event: Event) -> None:
        if isinstance(event, Slow):
            asyncio.get_running_loop().call_later(100.0, look)

    one.run(still("a"), run=run, watch=watch)
    assert seen == [(PRICE, 1, 0, 0)]
    after = fold(one.ledger.events(run)).money
    assert (after.held, after.spent) == (0, PRICE)


def test_at_the_end_of_all_patience_it_has_failed_and_a_resume_looks_once_more(tmp_path: Path) -> None:
    one = Timed(tmp_path, Unstoppable(1500.0))
    run = one.new_run()
    assert one.run(still("a"), run=run).state is RunState.FAILED
    (failed,) = one.of(Failed)
    assert (failed.error, failed.maybe_billed, failed.says) == (
        ErrorClass.TIMEOUT,
        True,
        "not finished within 1000 s (nobody could call it off)",
    )
    one.provider.jobs["job-0"].ready = 500.0  # type: ignore[attr-defined]
    assert one.run(still("a"), run=run).state is RunState.DONE
    assert one.posts == 1


def test_a_job_that_can_be_called_off_is_and_is_never_overdue(tmp_path: Path) -> None:
    one = Timed(tmp_path, ScriptedProvider(latency=300.0, price=PRICE))
    end = one.run(still("a"))
    assert end.state is RunState.FAILED
    assert end.outcomes[0].says == "not finished within 60 s (learned from 200 results)"
    assert len(one.of(Cancelled)) == 1
    assert not one.of(Slow)
    assert one.when(Cancelled, "a") == pytest.approx(60.0)


def test_a_declared_time_ends_the_request_to_the_second(tmp_path: Path) -> None:
    one = Timed(tmp_path, Unstoppable(300.0))
    assert one.run(still("a"), patience=declared(60.0, "step")).state is RunState.FAILED
    assert one.when(Failed, "a") == pytest.approx(60.0)
    assert not one.of(Slow)


def test_without_any_word_about_its_time_a_request_still_ends(tmp_path: Path) -> None:
    one = Timed(tmp_path, Unstoppable(1e6))
    assert one.go(workflow(still("a"))).state is RunState.FAILED
    assert one.of(Failed)[0].says == "not finished within 1800 s (nothing is known)"


def test_who_answers_on_the_connection_is_not_torn_from_it_but_frees_its_slot(tmp_path: Path) -> None:
    provider = Unstoppable(long_for("a", 300.0), polls=False, duplicates=Duplicates.NEVER)
    one = Timed(tmp_path, provider)
    assert one.run(still("a"), still("b"), concurrency=1).state is RunState.DONE
    assert not one.of(Unknown)
    assert one.posts == 2
    assert one.when(Stored, "b") < 70.0


def test_a_connection_that_never_answers_is_in_doubt_in_the_end(tmp_path: Path) -> None:
    one = Timed(tmp_path, Unstoppable(1e6, polls=False, duplicates=Duplicates.NEVER))
    assert one.run(still("a")).state is RunState.PARKED
    assert one.of(Unknown)[0].says == "scripted may or may not have accepted this request, and cannot say"
    assert one.posts == 1


def test_a_stop_leaves_an_overdue_job_and_a_resume_goes_on_with_it(tmp_path: Path) -> None:
    one, stop = Timed(tmp_path, Unstoppable(1200.0)), Stop()
    run = one.new_run()

    def watch(event: Event) -> None:
        if isinstance(event, Slow):
            asyncio.get_running_loop().call_later(50.0, stop.ask)

    assert one.run(still("a"), run=run, stop=stop, watch=watch).state is RunState.INTERRUPTED
    assert len(fold(one.ledger.events(run)).open) == 1
    one.provider.jobs["job-0"].ready = 500.0  # type: ignore[attr-defined]
    assert one.run(still("a"), run=run).state is RunState.DONE
    assert one.posts == 1


def test_a_run_that_drains_does_not_wait_for_what_is_overdue(tmp_path: Path) -> None:
    one, stop = Timed(tmp_path, Unstoppable(900.0)), Stop()
    run = one.new_run()
    ended: list[float] = []

    def watch(event: Event) -> None:
        if isinstance(event, Slow):
            stop.drain("no room is left")
        if isinstance(event, RunEnded):
            ended.append(now())

    assert one.run(still("a"), run=run, stop=stop, watch=watch).state is RunState.INTERRUPTED
    assert ended[0] <= 60.0 + SELDOM
    assert len(fold(one.ledger.events(run)).open) == 1


def test_what_was_given_up_at_a_declared_time_is_kept_when_it_comes_while_the_run_goes_on(tmp_path: Path) -> None:
    one = Timed(tmp_path, Unstoppable(long_for("a", 300.0, otherwise=900.0)))
    run = one.new_run()
    short, long = declared(60.0, "step"), declared(5000.0, "step")
    flow = workflow(still("a", timeout=60.0), still("b", timeout=5000.0))

    def each(node: Node) -> Patience:
        return short if node.id == "a" else long

    assert one.go(flow, run=run, patience=each).state is RunState.FAILED
    assert [failed.place.node for failed in one.of(Failed)] == ["a"]
    assert [stored.place.node for stored in one.of(Stored)] == ["a", "b"]
    money = fold(one.ledger.events(run)).money
    assert (money.held, money.spent) == (0, 2 * PRICE)
    assert one.go(flow, run=run, patience=each).state is RunState.DONE
    assert one.posts == 2


def test_nobody_waits_for_what_was_given_up(tmp_path: Path) -> None:
    one = Timed(tmp_path, Unstoppable(300.0))
    ended: list[float] = []
    watch = lambda event: ended.append(now()) if isinstance(event, RunEnded) else None  # noqa: E731
    assert one.run(still("a"), patience=declared(60.0, "step"), watch=watch).state is RunState.FAILED
    assert ended == [pytest.approx(60.0)]


def test_a_group_that_runs_out_of_time_ends_its_overdue_job(tmp_path: Path) -> None:
    one = Timed(tmp_path, Unstoppable(900.0))
    end = one.run(still("a", limit="group"), limits=[LimitSpec(name="group", timeout=120.0)])
    assert end.outcomes[0].state is State.FAILED
    assert one.when(Failed, "a") == pytest.approx(120.0)


def test_a_job_that_fails_while_it_is_overdue_has_failed(tmp_path: Path) -> None:
    bad = Fault(error=ErrorClass.CONTENT_POLICY, stage=Stage.POLL, when=lambda _r: now() > 300.0)
    one = Timed(tmp_path, Unstoppable(900.0, faults=[bad]))

    assert one.run(still("a")).state is RunState.FAILED
    assert one.of(Failed)[0].error is ErrorClass.CONTENT_POLICY


def test_the_download_of_a_finished_job_is_not_given_up_for_being_late(tmp_path: Path) -> None:
    class Heavy(Unstoppable):
        async def fetch(self, output: Output, context: Context) -> AsyncIterator[bytes]:
            await context.sleep(200.0)
            async for chunk in super().fetch(output, context):
                yield chunk

    one = Timed(tmp_path, Heavy(50.0))
    assert one.run(still("a")).state is RunState.DONE


def test_what_was_overdue_teaches_how_long_it_really_took(tmp_path: Path) -> None:
    one = Timed(tmp_path, Unstoppable(300.0))
    one.run(still("a"))
    (stored,) = one.of(Stored)
    assert 300.0 <= stored.seconds <= 300.0 + SELDOM
    assert one.ledger.durations("scripted", "m@1") == [stored.seconds]


def test_what_had_finished_before_a_resume_looked_teaches_nothing(tmp_path: Path) -> None:
    one, stop = Timed(tmp_path, Unstoppable(300.0)), Stop()
    run = one.new_run()
    one.run(still("a"), run=run, stop=stop, watch=lambda event: stop.ask() if isinstance(event, Accepted) else None)
    for job in one.provider.jobs.values():  # type: ignore[attr-defined]
        job.finished = True
    assert one.run(still("a"), run=run).state is RunState.DONE
    assert one.of(Stored)[0].seconds == 0.0
    assert one.ledger.durations("scripted", "m@1") == []


def now() -> float:
    return asyncio.get_running_loop().time()
