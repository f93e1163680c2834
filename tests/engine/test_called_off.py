"""Jobs that are called off: the provider is told, what it charges is written down, what had finished is kept."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from rushes.engine.parts import Stop
from rushes.errors import ErrorClass, RemoteError
from rushes.graph.value import State
from rushes.model.event import Accepted, Cancelled, Event, Failed, Stored
from rushes.model.run import RunState
from rushes.model.workflow import LimitSpec
from rushes.plugin.provider import Context, Finished, Pending
from rushes.testing.provider import Fault, ScriptedProvider, Stage

from .rig import Rig, still, workflow

PRICE = Decimal("0.04")


class Told(ScriptedProvider):
    """Counts the jobs that it was told to stop; `deaf` goes on with them, `away` cannot be reached about it."""

    def __init__(self, *, deaf: bool = False, away: bool = False, **more: object) -> None:
        super().__init__(**{"price": PRICE, **more})  # type: ignore[arg-type]
        self.deaf, self.away = deaf, away
        self.stopped: list[str] = []

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        self.stopped.append(remote)
        if self.away:
            raise RemoteError(ErrorClass.TRANSIENT, "nobody answers")
        return PRICE if self.deaf else await super().cancel(remote, context)


def events(one: Rig, kind: type[Event]) -> list[Event]:
    return [event for event in one.events if isinstance(event, kind)]


def posts(one: Rig) -> int:
    return sum(one.provider.posts.values())  # type: ignore[attr-defined]


def test_a_step_out_of_time_is_called_off_and_what_it_costs_is_written_down(tmp_path: Path) -> None:
    one = Rig(tmp_path, Told(latency=1000.0))
    assert one.go(workflow(still("a", timeout=60.0))).state is RunState.FAILED
    (off,) = events(one, Cancelled)
    assert off.billed == PRICE  # type: ignore[attr-defined]
    assert one.provider.stopped == ["job-0"]  # type: ignore[attr-defined]


def test_a_job_that_finished_while_it_was_called_off_is_kept(tmp_path: Path) -> None:
    class Quick(Told):
        async def cancel(self, remote: str, context: Context) -> Decimal | None:
            self.jobs[remote].ready = 0.0
            raise RemoteError(ErrorClass.INVALID_INPUT, "ALREADY_COMPLETED")

    one = Rig(tmp_path, Quick(latency=1000.0))
    assert one.go(workflow(still("a", timeout=60.0))).state is RunState.DONE
    assert not events(one, Cancelled)


def test_a_late_result_of_a_step_out_of_time_is_adopted_by_a_resume(tmp_path: Path) -> None:
    one = Rig(tmp_path, Told(latency=1000.0, deaf=True))
    run = one.new_run()
    assert one.go(workflow(still("a", timeout=60.0)), run=run).state is RunState.FAILED
    for job in one.provider.jobs.values():  # type: ignore[attr-defined]
        job.finished = True
    assert one.go(workflow(still("a", timeout=60.0)), run=run).state is RunState.DONE
    assert posts(one) == 1
    assert events(one, Stored)[0].attempt == f"{run}/1"  # type: ignore[attr-defined]


def test_a_job_that_nobody_can_be_told_to_stop_is_asked_about_before_another_is_bought(tmp_path: Path) -> None:
    one = Rig(tmp_path, Told(latency=1000.0, away=True))
    run = one.new_run()
    assert one.go(workflow(still("a", timeout=60.0)), run=run).state is RunState.FAILED
    (failed,) = events(one, Failed)
    assert failed.maybe_billed  # type: ignore[attr-defined]
    assert one.go(workflow(still("a", timeout=5000.0)), run=run).state is RunState.DONE
    assert posts(one) == 1


def test_what_was_really_stopped_is_bought_again_by_a_resume(tmp_path: Path) -> None:
    one = Rig(tmp_path, Told(latency=1000.0))
    run = one.new_run()
    one.go(workflow(still("a", timeout=60.0)), run=run)
    assert one.go(workflow(still("a", timeout=5000.0)), run=run).state is RunState.DONE
    assert posts(one) == 2


def test_a_group_out_of_time_calls_off_its_own_jobs_only(tmp_path: Path) -> None:
    one = Rig(tmp_path, Told(latency=100.0))
    limits = [LimitSpec(name="group", timeout=30.0)]
    end = one.go(workflow(still("a", limit="group"), still("b"), limits=limits))
    assert [outcome.state for outcome in end.outcomes] == [State.FAILED, State.DONE]
    assert len(one.provider.stopped) == 1  # type: ignore[attr-defined]


def test_failing_fast_calls_off_what_is_under_way(tmp_path: Path) -> None:
    bad = Fault(error=ErrorClass.AUTH, when=lambda r: "bad" in (r.recipe.prompt or ""), stage=Stage.POLL)
    one = Rig(tmp_path, Told(latency=lambda r: 10.0 if "bad" in (r.recipe.prompt or "") else 900.0, faults=[bad]))
    end = one.go(workflow(still("bad"), still("a"), still("b")), fail_fast=True)
    assert end.state is RunState.FAILED
    assert len(one.provider.stopped) == 2  # type: ignore[attr-defined]
    assert len(events(one, Cancelled)) == 2


def test_a_person_who_insists_has_every_job_called_off_and_can_still_resume(tmp_path: Path) -> None:
    one = Rig(tmp_path, Told(latency=300.0))
    run, stop = one.new_run(), Stop()

    def watch(event: Event) -> None:
        if isinstance(event, Accepted) and len(one.provider.jobs) == 3:  # type: ignore[attr-defined]
            stop.ask()
            stop.insist()

    flow = workflow(*(still(f"s{n}") for n in range(3)))
    assert one.go(flow, run=run, stop=stop, watch=watch).state is RunState.INTERRUPTED
    assert len(one.provider.stopped) == 3  # type: ignore[attr-defined]
    assert len(events(one, Cancelled)) == 3
    assert one.go(flow, run=run).state is RunState.DONE


def test_a_poll_that_fails_loses_no_job(tmp_path: Path) -> None:
    away = Fault(error=ErrorClass.TRANSIENT, stage=Stage.POLL, times=5)
    one = Rig(tmp_path, Told(latency=10.0, faults=[away]))
    assert one.go(workflow(still("a"))).state is RunState.DONE
    assert posts(one) == 1
    assert not events(one, Failed)


def test_a_job_that_nobody_can_ask_about_any_more_is_found_by_a_resume_and_not_bought_again(tmp_path: Path) -> None:
    away = Fault(error=ErrorClass.TRANSIENT, stage=Stage.POLL, times=8)
    one = Rig(tmp_path, Told(latency=10.0, faults=[away]))
    run = one.new_run()
    assert one.go(workflow(still("a")), run=run).state is RunState.FAILED
    assert one.go(workflow(still("a")), run=run).state is RunState.DONE
    assert posts(one) == 1


def test_a_broken_download_is_fetched_again_and_never_bought_again(tmp_path: Path) -> None:
    broken = Fault(error=ErrorClass.TRANSIENT, stage=Stage.FETCH, times=7)
    one = Rig(tmp_path, Told(latency=10.0, faults=[broken]))
    run = one.new_run()
    assert one.go(workflow(still("a")), run=run).state is RunState.FAILED
    assert one.go(workflow(still("a")), run=run).state is RunState.DONE
    assert posts(one) == 1


def test_retry_after_of_a_poll_is_kept(tmp_path: Path) -> None:
    asked: list[float] = []

    class Clocked(Told):
        async def poll(self, remote: str, context: Context) -> Pending | Finished:
            from asyncio import get_running_loop

            asked.append(get_running_loop().time())
            return await super().poll(remote, context)

    busy = Fault(error=ErrorClass.RATE_LIMIT, stage=Stage.POLL, retry_after=77.0)
    one = Rig(tmp_path, Clocked(latency=1.0, faults=[busy]))
    assert one.go(workflow(still("a"))).state is RunState.DONE
    assert asked[1] - asked[0] >= 77.0
