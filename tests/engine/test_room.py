"""A disk that fills up while a run goes on: nothing new is begun, what is under way is kept, and it resumes."""

from __future__ import annotations

from pathlib import Path

from rushes.engine.parts import Stop
from rushes.ledger.fold import fold
from rushes.model.event import Event, Released, Reserved, Stored, Submitting
from rushes.model.run import RunState
from rushes.testing.provider import ScriptedProvider

from .rig import Rig, still, workflow

FULL = "the disk has only 12 MB free"


def test_nothing_new_is_begun_what_is_under_way_is_kept_and_a_resume_makes_the_rest(tmp_path: Path) -> None:
    provider = ScriptedProvider(latency=5.0)
    one = Rig(tmp_path, provider)
    flow, run, stop = workflow(*(still(f"s{n}") for n in range(8))), one.new_run(), Stop()
    end = one.go(flow, run=run, stop=stop, room=lambda: FULL if provider.posts.total() >= 3 else None, concurrency=3)
    assert (end.state, stop.short) == (RunState.INTERRUPTED, FULL)
    assert provider.posts.total() == 3, "a request was begun on a full disk"
    assert _count(one.events, Stored) == 3, "what was under way was left at its provider"
    state = fold(one.ledger.events(run))
    assert not state.open and not state.failed
    assert _count(one.events, Reserved) == _count(one.events, Submitting) + _count(one.events, Released)
    assert one.go(flow, run=run, concurrency=3).state is RunState.DONE
    assert provider.posts.total() == 8 and set(provider.posts.values()) == {1}


def test_a_disk_that_is_full_from_the_start_lets_nothing_be_sent(tmp_path: Path) -> None:
    provider = ScriptedProvider()
    one = Rig(tmp_path, provider)
    end = one.go(workflow(still("a"), still("b")), room=lambda: FULL)
    assert end.state is RunState.INTERRUPTED and not provider.posts


def test_a_run_that_has_nothing_left_to_begin_ends_as_always(tmp_path: Path) -> None:
    provider = ScriptedProvider(latency=1.0)
    one = Rig(tmp_path, provider)
    end = one.go(workflow(still("a")), room=lambda: FULL if provider.posts else None)
    assert end.state is RunState.DONE


def test_a_person_who_stops_a_run_that_waits_for_its_last_results_is_heard(tmp_path: Path) -> None:
    """Then it leaves them at their provider, where a resume finds them."""
    provider, stop = ScriptedProvider(latency=500.0), Stop()
    one = Rig(tmp_path, provider)
    flow, run = workflow(*(still(f"s{n}") for n in range(4))), one.new_run()

    def watch(event: Event) -> None:
        if stop.short and not stop.insisted and stop.patient:
            stop.ask()

    end = one.go(flow, run=run, stop=stop, watch=watch, concurrency=2, room=_after(provider, 2))
    assert end.state is RunState.INTERRUPTED and provider.posts.total() == 2
    one.go(flow, run=run, concurrency=2)
    assert set(provider.posts.values()) == {1} and provider.posts.total() == 4


def _after(provider: ScriptedProvider, posts: int):  # type: ignore[no-untyped-def]
    return lambda: FULL if provider.posts.total() >= posts else None


def _count(events: list[Event], kind: type[Event]) -> int:
    return sum(isinstance(one, kind) for one in events)
