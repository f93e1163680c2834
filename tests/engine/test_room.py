"""A disk that fills up while a run goes on: nothing new is begun, what is under way is kept, and it resumes."""

from __future__ import annotations

from pathlib import Path

from rushes.engine.parts import Stop
from rushes.errors import ErrorClass
from rushes.ledger.fold import fold
from rushes.model.event import Accepted, Event, Released, Reserved, Stored, Submitting
from rushes.model.request import Request
from rushes.model.run import RunState
from rushes.plugin.provider import Absent, Context, Found, Unknowable
from rushes.testing.provider import Fault, ScriptedProvider

from .rig import Rig, still, workflow

FULL = "the disk has only 12 MB free"


def test_nothing_new_is_begun_what_is_under_way_is_kept_and_a_resume_makes_the_rest(tmp_path: Path) -> None:
    provider = ScriptedProvider(latency=5.0)
    one = Rig(tmp_path, provider)
    flow, run, stop = workflow(*(still(f"s{n}") for n in range(8))), one.new_run(), Stop()
    end = one.go(flow, run=run, stop=stop, room=lambda: FULL if provider.posts.total() >= 3 else None, concurrency=3)
    assert (end.state, stop.why) == (RunState.INTERRUPTED, FULL)
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
        if stop.why and not stop.insisted and stop.patient:
            stop.ask()

    end = one.go(flow, run=run, stop=stop, watch=watch, concurrency=2, room=_after(provider, 2))
    assert end.state is RunState.INTERRUPTED and provider.posts.total() == 2
    one.go(flow, run=run, concurrency=2)
    assert set(provider.posts.values()) == {1} and provider.posts.total() == 4


def test_on_a_full_disk_what_is_paid_for_is_fetched_and_nothing_is_bought(tmp_path: Path) -> None:
    """Outputs lie at a provider for an hour: they are fetched while there is any room, however many wait."""
    provider, stop = ScriptedProvider(latency=500.0), Stop()
    one = Rig(tmp_path, provider)
    flow, run = workflow(*(still(f"s{n}") for n in range(130))), one.new_run()

    def leave(event: Event) -> None:
        if isinstance(event, Accepted) and provider.posts.total() >= 120 and not stop.asked:
            stop.ask()

    one.go(flow, run=run, stop=stop, watch=leave, concurrency=120)
    left = len(fold(one.ledger.events(run)).open)
    assert left == provider.posts.total() >= 120, "nothing waits at the provider"
    short = Stop()
    end = one.go(flow, run=run, stop=short, room=lambda: FULL, concurrency=7)
    assert (end.state, short.why) == (RunState.INTERRUPTED, FULL)
    assert provider.posts.total() == left, "something was bought on a full disk"
    assert not fold(one.ledger.events(run)).open and _count(one.events, Stored) == left
    assert one.go(flow, run=run).state is RunState.DONE
    assert provider.posts.total() == 130 and set(provider.posts.values()) == {1}


def test_on_a_full_disk_what_turns_out_not_to_be_paid_for_is_not_bought(tmp_path: Path) -> None:
    never = Fault(error=ErrorClass.UNKNOWN_OUTCOME, maybe_billed=True)
    provider = Silent(faults=[never])
    one = Rig(tmp_path, provider)
    flow, run = workflow(still("a")), one.new_run()
    assert one.go(flow, run=run).state is RunState.PARKED, "nobody can say whether it was accepted"
    provider.silent = False
    end = one.go(flow, run=run, room=lambda: FULL)
    assert end.state is RunState.INTERRUPTED and not provider.bought and provider.posts.total() == 1
    assert one.go(flow, run=run).state is RunState.DONE and provider.bought.total() == 1


class Silent(ScriptedProvider):
    """Its list of jobs cannot be had at first."""

    silent = True

    async def reconcile(self, request: Request, context: Context) -> Found | Absent | Unknowable:
        return Unknowable() if self.silent else await super().reconcile(request, context)


def _after(provider: ScriptedProvider, posts: int):  # type: ignore[no-untyped-def]
    return lambda: FULL if provider.posts.total() >= posts else None


def _count(events: list[Event], kind: type[Event]) -> int:
    return sum(isinstance(one, kind) for one in events)
