"""What a driven run is told from elsewhere: it waits, goes on, finishes, calls off, retunes, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from rushes.engine import run as loop
from rushes.engine.limits import Accounts
from rushes.engine.parts import Stop
from rushes.errors import StoreError
from rushes.ledger.ear import Deaf, Hear
from rushes.ledger.fold import RunFold, fold
from rushes.model.event import Accepted, Cancelled, Event, RunStarted, Stored, Submitting, Told
from rushes.model.run import Knob, RunState, Verb
from rushes.model.workflow import Workflow
from rushes.testing.clock import EPOCH, run_virtual
from rushes.testing.provider import ScriptedProvider

from .rig import Rig, film, still, workflow

HEARD = 0.1
"""Seconds within which a word is heard."""

LOOK_EVERY = 0.075


class Desk:
    """One run that is told things at moments of virtual time, and what it was doing then."""

    def __init__(self, folder: Path, latency: float = 5.0, in_flight: int | None = None) -> None:
        self.provider = ScriptedProvider(latency=latency, in_flight=in_flight)
        self.rig = Rig(folder, self.provider)
        self.run = self.rig.new_run()
        self.sent: list[float] = []
        self.heard: list[tuple[float, Verb]] = []
        self.taken = False
        self._script: list[tuple[float, Callable[[], None]]] = []

    def at(
        self, seconds: float, verb: Verb, knob: Knob | None = None, value: int | None = None, owner: str = ""
    ) -> None:
        """Tell the run something at a moment."""
        word = Told(verb=verb, by="ana", owner=owner or f"owner-of-{self.run}", knob=knob, value=value)
        self.when(seconds, lambda: self.rig.ledger.append(self.run, [word], EPOCH + seconds))

    def when(self, seconds: float, do: Callable[[], None]) -> None:
        self._script.append((seconds, do))

    def go(self, flow: Workflow, **more: object) -> RunState:
        return run_virtual(self._go(flow, **more))

    async def _go(self, flow: Workflow, **more: object) -> RunState:
        now = asyncio.get_running_loop()
        for seconds, do in self._script:
            now.call_at(seconds, do)
        self._script.clear()

        def watch(event: Event) -> None:
            if isinstance(event, Submitting):
                self.sent.append(now.time())
            if isinstance(event, Told):
                self.heard.append((now.time(), event.verb))

        if not self.taken:
            self.rig.ledger.take_run(self.run, f"owner-of-{self.run}", EPOCH)
        hearing = {"listen": self._listen, **more}
        end = await self.rig.driven(flow, run=self.run, watch=watch, **hearing)  # type: ignore[arg-type]
        self.took = now.time()
        return end.state

    def _listen(self, after: int, hear: Hear, deaf: Deaf) -> Callable[[], None]:
        """The ledger's ear, in virtual time."""
        now, heard = asyncio.get_running_loop(), {self.run: after}
        next_look: asyncio.TimerHandle

        def look() -> None:
            nonlocal next_look
            next_look = now.call_later(LOOK_EVERY, look)
            for last, words in self.rig.ledger.told(heard).values():
                heard[self.run] = last
                hear(words)

        next_look = now.call_later(LOOK_EVERY, look)
        return lambda: next_look.cancel()


def stills(count: int) -> Workflow:
    return workflow(*(still(f"s{n}") for n in range(count)))


def test_a_paused_run_begins_nothing_keeps_what_is_under_way_and_goes_on_when_it_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.at(7.0, Verb.PAUSE)
    desk.at(400.0, Verb.RESUME)
    assert desk.go(stills(8), concurrency=2) is RunState.DONE
    assert [verb for _at, verb in desk.heard] == [Verb.PAUSE, Verb.RESUME]
    assert not [at for at in desk.sent if 7.0 <= at < 400.0], "a call began while it was paused"
    assert [at for at in desk.sent if 400.0 <= at <= 400.0 + HEARD], "it did not go on"
    kept = [entry.at - EPOCH for entry in desk.rig.ledger.events(desk.run) if isinstance(entry.event, Stored)]
    assert sum(7.0 <= at < 20.0 for at in kept) == 2, "what the provider had was left there"
    assert set(desk.provider.posts.values()) == {1} and desk.provider.posts.total() == 8


def test_who_hears_nothing_begins_nothing_either(tmp_path: Path) -> None:
    """The ledger itself refuses what begins a paid call: nothing hangs on hearing a pause in time."""
    desk = Desk(tmp_path)
    desk.at(7.0, Verb.PAUSE)
    desk.at(13.1, Verb.RESUME)
    assert desk.go(stills(8), concurrency=2, listen=None) is RunState.DONE
    assert not desk.heard
    assert not [at for at in desk.sent if 7.0 <= at < 13.0]
    assert set(desk.provider.posts.values()) == {1} and desk.provider.posts.total() == 8
    assert not fold(desk.rig.ledger.events(desk.run)).open


def test_while_it_waits_it_does_not_spin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path)
    rounds: list[float] = []
    wait = loop._Run._wait

    async def counted(run: loop._Run) -> None:
        rounds.append(run.desk.now())
        await wait(run)

    monkeypatch.setattr(loop._Run, "_wait", counted)
    desk.at(7.0, Verb.PAUSE)
    desk.at(200.0, Verb.RESUME)
    desk.go(stills(4), concurrency=1)
    assert not [at for at in rounds if 20.0 < at < 199.0]


def test_a_run_that_has_nothing_left_to_begin_ends_paused_or_not(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.at(1.0, Verb.PAUSE)
    assert desk.go(stills(2)) is RunState.DONE
    assert desk.took < 10


def test_what_follows_from_a_result_waits_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.at(1.0, Verb.PAUSE)
    desk.at(90.0, Verb.RESUME)
    assert desk.go(workflow(still("a"), film("b", "a"))) is RunState.DONE
    assert len(desk.sent) == 2 and desk.sent[1] >= 90.0


def test_what_an_earlier_process_paid_for_is_fetched_in_a_paused_run_whatever_else_waits(tmp_path: Path) -> None:
    """Outputs lie at a provider for an hour, and a pause may last for days."""
    desk, stop = Desk(tmp_path, latency=20.0), Stop()
    desk.when(5.0, stop.ask)
    assert desk.go(stills(9), concurrency=6, stop=stop) is RunState.INTERRUPTED
    assert len(fold(desk.rig.ledger.events(desk.run)).open) == 6, "nothing was left at the provider"
    desk.at(0.0, Verb.PAUSE)
    desk.when(300.0, lambda: kept.append(fold(desk.rig.ledger.events(desk.run))))
    desk.at(400.0, Verb.RESUME)
    kept: list[RunFold] = []
    desk.sent.clear()
    assert desk.go(stills(9), concurrency=2) is RunState.DONE
    assert not [one for one in kept[0].open.values() if one.remote] and len(kept[0].results) == 6
    assert len(desk.sent) == 3 and min(desk.sent) >= 400.0
    assert set(desk.provider.posts.values()) == {1}


def test_drained_it_finishes_what_is_under_way_and_stops_as_one_that_resumes(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.at(1.0, Verb.DRAIN)
    assert desk.go(stills(6), concurrency=2) is RunState.INTERRUPTED
    assert desk.provider.posts.total() == 2 == len(desk.provider.jobs)
    assert not fold(desk.rig.ledger.events(desk.run)).open, "something was left at its provider"
    assert desk.took < 10
    assert desk.go(stills(6)) is RunState.DONE
    assert set(desk.provider.posts.values()) == {1} and desk.provider.posts.total() == 6


@pytest.mark.parametrize("verb", [Verb.DRAIN, Verb.CANCEL])
def test_a_paused_run_can_be_drained_and_cancelled(verb: Verb, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.at(1.0, Verb.PAUSE)
    desk.at(60.0, verb)
    assert desk.go(stills(6), concurrency=2) is RunState.INTERRUPTED
    assert 60.0 <= desk.took <= 61.0 and desk.provider.posts.total() == 2


def test_a_paused_run_can_be_stopped_at_its_own_keyboard(tmp_path: Path) -> None:
    desk, stop = Desk(tmp_path), Stop()
    desk.at(1.0, Verb.PAUSE)
    desk.when(60.0, stop.ask)
    assert desk.go(stills(6), concurrency=2, stop=stop) is RunState.INTERRUPTED
    assert desk.took == 60.0


def test_cancelled_it_calls_off_what_is_under_way(tmp_path: Path) -> None:
    desk = Desk(tmp_path, latency=500.0)
    desk.at(3.0, Verb.CANCEL)
    assert desk.go(stills(6), concurrency=2) is RunState.INTERRUPTED
    assert sum(isinstance(event, Cancelled) for event in desk.rig.events) == 2
    assert all(job.cancelled for job in desk.provider.jobs.values()) and desk.took < 60


def test_the_cap_on_what_is_in_flight_is_turned_while_it_runs(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    flying: list[int] = []
    desk.at(6.0, Verb.SET, Knob.CONCURRENCY, 4)
    desk.at(22.0, Verb.SET, Knob.CONCURRENCY, None)
    for seconds in (3.0, 14.0, 23.0):
        desk.when(seconds, lambda: flying.append(desk.provider.now_in_flight))
    assert desk.go(stills(40), concurrency=1, usual=7) is RunState.DONE
    assert flying == [1, 4, 7]
    assert desk.rig.ledger.run(desk.run).options.concurrency is None


def test_a_priority_that_is_set_counts_from_the_next_free_slot_on(tmp_path: Path) -> None:
    """Two runs at one account that takes one request at a time: from then on the other one comes first."""
    desk = Desk(tmp_path, in_flight=1)
    other, accounts, sent = desk.rig.new_run(), Accounts(), list[float]()
    desk.at(12.0, Verb.SET, Knob.PRIORITY, 5)

    async def both() -> None:
        now = asyncio.get_running_loop()

        def watch(event: Event) -> None:
            if isinstance(event, Submitting):
                sent.append(now.time())

        theirs = workflow(*(still(f"t{n}") for n in range(5)))
        await asyncio.gather(
            desk.rig.driven(theirs, run=other, accounts=accounts, priority=1, watch=watch),
            desk._go(stills(3), accounts=accounts),
        )

    run_virtual(both())
    assert len(desk.sent) == 3 and len(sent) == 5
    before = [at for at in desk.sent if at < 12.0]
    assert len(before) <= 1, "the lower priority was served first"
    mine = [at for at in desk.sent if at >= 12.0]
    assert not [at for at in sent if 12.5 < at < max(mine)], "the other went on before"


def test_what_an_earlier_process_was_told_binds_no_later_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.at(1.0, Verb.PAUSE, owner="somebody else")
    desk.when(1.05, lambda: desk.rig.ledger.append(desk.run, [Told(verb=Verb.RESUME, by="bo", owner="x")], EPOCH + 2))
    assert desk.go(stills(4), concurrency=1) is RunState.DONE
    assert not desk.heard and desk.took < 30


def test_a_word_to_a_process_that_has_not_quite_begun_is_not_lost(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    ledger, owner = desk.rig.ledger, f"owner-of-{desk.run}"
    desk.taken = ledger.take_run(desk.run, owner, EPOCH) is None
    ledger.append(desk.run, [Told(verb=Verb.PAUSE, by="ana", owner=owner)], EPOCH)
    desk.at(40.0, Verb.RESUME)
    assert desk.go(stills(2)) is RunState.DONE
    kinds = [type(entry.event) for entry in ledger.events(desk.run)]
    assert kinds.index(Told) < kinds.index(RunStarted)
    assert [verb for _at, verb in desk.heard] == [Verb.PAUSE, Verb.RESUME]
    assert min(desk.sent) >= 40.0


def test_a_run_that_can_hear_nothing_any_more_ends_and_leaves_nothing_behind(tmp_path: Path) -> None:
    desk = Desk(tmp_path)

    def listen(_after: int, _hear: Hear, deaf: Deaf) -> Callable[[], None]:
        gone = asyncio.get_running_loop().call_later(2.0, deaf, StoreError("the ledger is gone"))
        return gone.cancel

    with pytest.raises(StoreError, match="the ledger is gone"):
        desk.go(stills(6), concurrency=2, listen=listen)
    accepted = [event for event in desk.rig.events if isinstance(event, Accepted)]
    assert len(accepted) == desk.provider.posts.total() <= 2


def test_what_is_paused_is_told_from_what_is_full(tmp_path: Path) -> None:
    desk, asked = Desk(tmp_path), list[Callable[[], object]]()
    seen: list[object] = []
    desk.at(1.0, Verb.PAUSE)
    desk.when(8.0, lambda: seen.append(asked[0]()))
    desk.at(9.0, Verb.RESUME)
    desk.go(stills(5), concurrency=2, gauge=asked.append)
    (waits,) = seen
    assert list(waits) == ["begin"] and waits["begin"].number == 3 and "paused by ana" in waits["begin"].why  # type: ignore[call-overload, index]
