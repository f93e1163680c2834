"""A run goes on in the order that its slots ask for, from what is known of them at the time: in virtual time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path

import pytest

from rushes.engine import foresight
from rushes.engine.job import RunEnd
from rushes.ledger.ear import Deaf, Hear
from rushes.model.event import Told
from rushes.model.ids import NodeId
from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.model.run import Knob, RunState, Verb
from rushes.model.workflow import Input, LimitSpec, Node, Pick
from rushes.sim.capacity import InFlight, steady
from rushes.sim.door import Door
from rushes.testing.clock import run_virtual
from rushes.testing.provider import ScriptedProvider

from .rig import Rig, film, gate, sent, still, workflow

STILL, FILM = 30.0, 60.0
LONGEST_FIRST, BEST = 210.0, 180.0
"""Seconds of three scenes on two slots: with the longest path first, and all work divided by the slots."""


def scene(name: str, tab: str = "tab") -> list[Node]:
    """Two stills, of which the first clean one becomes a film."""
    return [
        still(name, tab=tab, candidates=2),
        gate(f"{name}-gate", name, Pick.FIRST_CLEAN)._replace(tab=tab),
        film(f"{name}-film", f"{name}-gate", tab=tab),
    ]


def scenes(names: Sequence[str], tab: str = "tab") -> list[Node]:
    return [one for name in names for one in scene(name, tab)]


def account(in_flight: int | None = None, door: Door | None = None) -> ScriptedProvider:
    def latency(request: Request) -> float:
        return STILL if request.recipe.op is Operation.TEXT_TO_IMAGE else FILM

    return ScriptedProvider(latency=latency, polls=False, in_flight=in_flight, door=door)


def seconds(node: Node) -> float:
    return STILL if node.op is Operation.TEXT_TO_IMAGE else FILM


def timed(rig: Rig, nodes: Sequence[Node], **more: object) -> tuple[RunEnd, float]:
    """How a run ended, and the virtual seconds that it took."""

    async def go() -> tuple[RunEnd, float]:
        end = await rig.driven(workflow(*nodes), **{"seconds": seconds, **more})  # type: ignore[arg-type]
        return end, asyncio.get_running_loop().time()

    return run_virtual(go())


def cap(most: int) -> Told:
    """A person sets another number at once for the run."""
    return Told(verb=Verb.SET, by="ana", owner="owner-of-run-1", knob=Knob.CONCURRENCY, value=most)


@pytest.mark.parametrize(("in_flight", "concurrency"), [(2, None), (None, 2), (2, 5), (5, 2)])
def test_whoever_says_how_many_go_at_once_the_last_scene_begins_in_time(
    tmp_path: Path, in_flight: int | None, concurrency: int | None
) -> None:
    provider = account(in_flight)
    end, took = timed(Rig(tmp_path, provider), scenes("abc"), concurrency=concurrency)
    assert end.state is RunState.DONE and provider.posts.total() == 9
    assert took == pytest.approx(BEST)


def test_where_everything_goes_at_once_nothing_is_put_off(tmp_path: Path) -> None:
    assert timed(Rig(tmp_path, account()), scenes("abc"))[1] == pytest.approx(STILL + FILM)


def test_what_an_account_was_found_to_take_is_reckoned_with_as_soon_as_it_is_known(tmp_path: Path) -> None:
    """The run may have five in flight, and its account takes two: it says so by refusing."""
    provider = account(door=Door((InFlight(most=steady(2)),)))
    end, took = timed(Rig(tmp_path, provider), scenes("abc"), concurrency=5)
    assert end.state is RunState.DONE and provider.bought.total() == 9
    assert took == pytest.approx(BEST, abs=5.0)


def test_a_number_that_is_set_while_the_run_goes_on_is_reckoned_with(tmp_path: Path) -> None:
    """Four at once would have no scene wait for long; two are set while the first stills are at work."""

    def listen(_after: int, hear: Hear, _deaf: Deaf) -> Callable[[], None]:
        asyncio.get_running_loop().call_later(10.0, partial(hear, [cap(2)]))
        return lambda: None

    _end, took = timed(Rig(tmp_path, account()), scenes("abc"), concurrency=4, listen=listen)
    assert took == pytest.approx(150.0), "180 with the longest path first"


@pytest.mark.parametrize(("most", "expected"), [(10, STILL + BEST), (9, STILL + BEST), (3, STILL + LONGEST_FIRST)])
def test_of_a_large_run_the_end_is_played_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, expected: float
) -> None:
    """Ten cells: a still that all scenes are drawn after, and the scenes."""
    monkeypatch.setattr(foresight, "_MOST", most)
    drawn = Input("reference", (NodeId("style"),))
    after = [one._replace(inputs=(drawn,)) if one.candidates > 1 else one for one in scenes("abc")]
    _end, took = timed(Rig(tmp_path, account(2)), [still("style"), *after])
    assert took == pytest.approx(expected)


def test_tabs_that_are_alike_take_turns_also_where_the_slots_say_the_order(tmp_path: Path) -> None:
    order: list[str] = []
    nodes = [*scenes("abc", "one"), *scenes("xyz", "two")]
    _end, took = timed(Rig(tmp_path, account(4)), nodes, watch=sent(order))
    assert took == pytest.approx(BEST), "210 with the longest path first"
    ahead = list(accumulate(1 if name[0] in "abc" else -1 for name in order))
    assert len(order) == 18 and max(map(abs, ahead)) <= 2


@pytest.mark.parametrize("seed", range(6))
def test_nothing_starves_and_nothing_is_asked_twice_however_often_the_slots_change(tmp_path: Path, seed: int) -> None:
    """Long paths beside short work, in groups of their own, under a cap that is turned every few seconds."""
    dice = random.Random(seed)
    nodes = scenes([f"scene{number}" for number in range(6)], "films")
    nodes += [still(f"short{number}", tab="shorts", limit=dice.choice((None, "few"))) for number in range(6)]

    def listen(_after: int, hear: Hear, _deaf: Deaf) -> Callable[[], None]:
        for at in range(5, 400, 5):
            word = Told(
                verb=Verb.SET, by="ana", owner="owner-of-run-1", knob=Knob.CONCURRENCY, value=dice.randint(1, 9)
            )
            asyncio.get_running_loop().call_later(at, partial(hear, [word]))
        return lambda: None

    provider = account()
    flow = workflow(*nodes, limits=[LimitSpec(name="few", in_flight=1)])
    end = Rig(tmp_path, provider).go(flow, seconds=seconds, concurrency=2, listen=listen)
    assert end.state is RunState.DONE
    assert len(provider.posts) == 6 * 3 + 6 and set(provider.posts.values()) == {1}


def test_what_a_run_finds_already_made_takes_no_time_in_its_schedule(tmp_path: Path) -> None:
    """Two of three scenes have their stills from an earlier run: what is left goes in the order of what is left."""
    provider = account(2)
    rig = Rig(tmp_path, provider)
    timed(rig, [still("a", candidates=2), still("b", candidates=2)])
    made = provider.posts.total()
    end, took = timed(rig, scenes("abc"))
    assert end.state is RunState.DONE and provider.posts.total() - made == 5
    assert took == pytest.approx(STILL + FILM + STILL), "150 with the longest path first"
