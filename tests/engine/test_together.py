"""What a provider takes at once, it takes of all runs together that share their accounts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.engine.rig import Rig, still, workflow

from rushes.engine.job import RunEnd
from rushes.engine.limits import Accounts, Limits
from rushes.engine.parts import Stop
from rushes.errors import ErrorClass
from rushes.model.run import RunState
from rushes.testing.clock import run_virtual
from rushes.testing.provider import Fault, ScriptedProvider


def together(rig: Rig, accounts: Accounts, runs: int, stills: int = 1) -> tuple[list[RunEnd], float]:
    """That many runs at once, each with stills of its own: how they ended, and the virtual seconds that it took."""

    async def go() -> tuple[list[RunEnd], float]:
        flows = (workflow(*(still(f"run{n}-still{m}") for m in range(stills))) for n in range(runs))
        ends = await asyncio.gather(*(rig.driven(flow, accounts=accounts) for flow in flows))
        return ends, asyncio.get_running_loop().time()

    return run_virtual(go())


@pytest.mark.parametrize("stills", [1, 5])
def test_a_provider_is_asked_no_more_at_once_by_many_runs_than_by_one(tmp_path: Path, stills: int) -> None:
    provider = ScriptedProvider(in_flight=3, latency=1.0)
    ends, seconds = together(Rig(tmp_path, provider), Accounts(), 12, stills)
    assert {end.state for end in ends} == {RunState.DONE}
    assert provider.most_in_flight == 3 and provider.posts.total() == 12 * stills
    assert seconds == pytest.approx(12 * stills / 3), "a token that is handed back is taken at once"


def test_without_a_limit_all_go_at_once(tmp_path: Path) -> None:
    provider = ScriptedProvider(latency=1.0)
    _ends, seconds = together(Rig(tmp_path, provider), Accounts(), 12)
    assert provider.most_in_flight == 12 and seconds == pytest.approx(1.0)


def test_all_runs_of_a_program_have_a_limit_together(tmp_path: Path) -> None:
    provider = ScriptedProvider(latency=1.0)
    _ends, seconds = together(Rig(tmp_path, provider), Accounts(4), 12)
    assert provider.most_in_flight == 4 and seconds == pytest.approx(3.0)


def test_whoever_is_told_to_slow_down_slows_all_down(tmp_path: Path) -> None:
    slow = Fault(error=ErrorClass.RATE_LIMIT, at=0, retry_after=60.0)
    provider = ScriptedProvider(in_flight=2, latency=1.0, faults=[slow])
    _ends, seconds = together(Rig(tmp_path, provider), Accounts(), 6)
    assert provider.posts.total() == 7 and seconds >= 60.0
    assert provider.most_in_flight == 2
    before = [job for job in provider.jobs.values() if job.ready < 60.0]
    assert len(before) <= 1, "only what was under way already"


def test_who_is_stopped_in_the_line_holds_nobody_up(tmp_path: Path) -> None:
    provider = ScriptedProvider(in_flight=1, latency=1.0)
    rig, accounts, stop = Rig(tmp_path, provider), Accounts(), Stop()

    async def go() -> list[RunEnd]:
        asyncio.get_running_loop().call_later(0.5, stop.ask)
        flows = [workflow(still(f"run{n}")) for n in range(4)]
        return await asyncio.gather(
            *(rig.driven(flow, accounts=accounts, stop=stop if n == 1 else None) for n, flow in enumerate(flows))
        )

    states = [end.state for end in run_virtual(go())]
    assert states == [RunState.DONE, RunState.INTERRUPTED, RunState.DONE, RunState.DONE]
    assert provider.posts.total() == 3


def test_a_failing_run_hands_its_place_on(tmp_path: Path) -> None:
    no = Fault(error=ErrorClass.CONTENT_POLICY, at=0)
    provider = ScriptedProvider(in_flight=1, latency=1.0, faults=[no])
    ends, _seconds = together(Rig(tmp_path, provider), Accounts(), 3)
    assert sorted(str(end.state) for end in ends) == ["done", "done", "failed"]


def test_whoever_is_called_and_wants_nothing_calls_the_next() -> None:
    accounts, called = Accounts(), list[str]()
    runs = {name: Limits() for name in ("first", "second", "third")}
    for limits in runs.values():
        limits.share("provider:x", accounts.limit("provider:x"))
    lane, wakes = ("provider:x",), {name: lambda name=name: called.append(name) for name in runs}
    runs["first"].set("provider:x", 1)
    runs["first"].take(lane)
    for name in ("second", "third"):
        runs[name].line_up([lane], wakes[name], 0.0)
    runs["first"].give(lane)
    assert called == ["second"] and not runs["second"].in_line(wakes["second"])
    runs["second"].leave(wakes["second"])
    assert called == ["second", "third"]
