"""What a provider takes at once, it takes of all runs together that share their accounts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.engine.rig import Rig, still, workflow

from rushes.engine.job import RunEnd
from rushes.engine.limits import Accounts, Limits
from rushes.engine.parts import Stop
from rushes.engine.share import Share
from rushes.errors import ErrorClass, StoreError
from rushes.ledger.owner import new_owner
from rushes.ledger.permit import LEASE
from rushes.ledger.permits import Answer, Ask, Permits
from rushes.model.event import Event
from rushes.model.limit import Allowed
from rushes.model.run import RunState
from rushes.testing.clock import VirtualClock, run_virtual
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
    assert provider.most_in_flight <= 2
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


def test_a_run_whose_process_can_agree_on_nothing_ends_and_says_why(tmp_path: Path) -> None:
    provider = ScriptedProvider(latency=1.0)
    rig, accounts = Rig(tmp_path, provider), Accounts()

    class Broken(Permits):
        def exchange(self, *_asked: object) -> dict[str, Answer]:
            raise ValueError("a fault of ours")

    async def go() -> RunEnd:
        share = Share(accounts, Broken(rig.ledger, "us"), VirtualClock(), lambda name: name)
        async with share.taking_part():
            return await rig.driven(workflow(still("a")), accounts=accounts)

    with pytest.raises(StoreError, match="a fault of ours"):
        run_virtual(go())
    assert not provider.posts


def test_a_run_whose_ledger_stays_silent_ends_and_says_why(tmp_path: Path) -> None:
    provider = ScriptedProvider(latency=1.0)
    rig, accounts = Rig(tmp_path, provider), Accounts()

    times = iter(range(200))

    class Silent(Permits):
        def exchange(self, *_asked: object) -> dict[str, Answer]:
            next(times)  # whoever never gives up is told so here
            raise StoreError("the disk is full", next_step="make room")

    async def go() -> RunEnd:
        share = Share(accounts, Silent(rig.ledger, "us"), VirtualClock(), lambda name: name)
        async with share.taking_part():
            return await rig.driven(workflow(still("a")), accounts=accounts)

    with pytest.raises(StoreError, match="the disk is full"):
        run_virtual(go())
    assert not provider.posts


def test_what_a_dead_process_had_sent_is_asked_about_at_once_and_its_places_are_free_when_it_ends(
    tmp_path: Path,
) -> None:
    provider = ScriptedProvider(in_flight=2, latency=5.0)
    rig, accounts, stop = Rig(tmp_path, provider), Accounts(), Stop()
    flow, run = workflow(*(still(f"still{n}") for n in range(4))), rig.new_run()
    host, _pid, _start, mark = new_owner().split(":")
    dead = f"{host}:4194304:1:{mark}"
    names, start = lambda name: name, VirtualClock().time

    def leave(_event: Event) -> None:
        if provider.most_in_flight == 2:
            stop.ask()

    async def first() -> None:
        held = Ask("provider:scripted", 2, 2, allowed=Allowed(2))
        Permits(rig.ledger, dead).exchange([held], start())
        await rig.driven(flow, run=run, stop=stop, watch=leave, owner=dead)

    async def second() -> tuple[RunEnd, float]:
        async with Share(accounts, Permits(rig.ledger, new_owner()), VirtualClock(), names).taking_part():
            end = await rig.driven(flow, run=run, accounts=accounts)
            return end, asyncio.get_running_loop().time()

    run_virtual(first())
    assert provider.posts.total() == 2
    end, seconds = run_virtual(second())
    assert end.state is RunState.DONE and provider.posts.total() == 4
    assert provider.most_in_flight == 2, "what is adopted holds its place"
    assert seconds < LEASE + 1.0, "two rounds of five seconds, and no lease is waited for"


def test_whoever_is_called_and_wants_nothing_calls_the_next() -> None:
    accounts, called = Accounts(), list[str]()
    runs = {name: Limits(lambda name=name: called.append(name)) for name in ("first", "second", "third")}  # type: ignore[misc]
    account = accounts.account("provider:x", Allowed(1), finds=False)
    for limits in runs.values():
        limits.share(account)
    lane = ("provider:x",)
    tokens = runs["first"].take(lane, 0.0)
    for name in ("second", "third"):
        runs[name].line_up({lane: 1}, 0.0)
    tokens.give(0.0)
    assert called == ["second"] and runs["second"].in_line()
    runs["second"].leave(0.0)
    assert called == ["second", "third"]


def test_a_free_token_is_for_the_highest_priority_and_then_for_who_has_the_fewest() -> None:
    accounts = Accounts()
    account = accounts.account("provider:x", Allowed(4), finds=False)
    low, high, other = Limits(), Limits(priority=5), Limits()
    for limits in (low, high, other):
        limits.share(account)
    lane = ("provider:x",)
    tokens = [low.take(lane, 0.0) for _ in range(3)] + [other.take(lane, 0.0)]
    for limits in (low, other, high):
        limits.line_up({lane: 1}, 0.0)
    tokens.pop(0).give(0.0)
    assert low.shut(lane, 0.0) is not None and other.shut(lane, 0.0) is not None and high.shut(lane, 0.0) is None
    high.take(lane, 0.0)
    high.leave(0.0)
    tokens.pop(0).give(0.0)
    assert other.shut(lane, 0.0) is None, "it has one, and the other has one: in turn"
    other.take(lane, 0.0)
    tokens.pop(0).give(0.0)
    other.line_up({lane: 1}, 0.0)
    assert low.shut(lane, 0.0) is None, "it has none any more"
