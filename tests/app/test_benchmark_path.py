"""Where the time of a run went adds up to its whole time, whatever was recorded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.rig import Rig, film, gate, still, workflow

from rushes.app.benchmark_path import Part, Way, way_of
from rushes.errors import ErrorClass
from rushes.graph.grid import Grid
from rushes.ledger.entry import Entry
from rushes.ledger.fold import Spot
from rushes.model.event import (
    Accepted,
    CellDone,
    CellFailed,
    Done,
    Event,
    Failed,
    Place,
    Reserved,
    RunStarted,
    Stored,
    Submitting,
    Unknown,
)
from rushes.model.ids import AttemptId, BaseKey, NodeId, RequestKey, RunId
from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.model.text import plain
from rushes.model.verdict import Verdict
from rushes.model.workflow import Pick, Workflow
from rushes.testing.clock import EPOCH
from rushes.testing.provider import Fault, ScriptedProvider

NODES, TRIES = "abcd", 6

times = st.floats(min_value=-5, max_value=105, allow_nan=False)
places = st.builds(lambda node, row: Place(node=NodeId(node), row=row), st.sampled_from(NODES), st.integers(0, 1))
attempts = st.integers(0, TRIES - 1).map(lambda number: AttemptId(f"r/{number}"))
bases = st.sampled_from([BaseKey(f"bk1:{name}") for name in NODES])


def reserved(attempt: AttemptId, place: Place, base: BaseKey) -> Event:
    return Reserved(
        attempt=attempt,
        place=place,
        key=RequestKey("rk1:x"),
        base=base,
        candidate=0,
        salt=0,
        op=Operation.TEXT_TO_IMAGE,
        provider="p",
        model="m",
        worst=None,
    )


def stored(attempt: AttemptId, place: Place, base: BaseKey) -> Event:
    return Stored(
        attempt=attempt,
        place=place,
        key=RequestKey("rk1:x"),
        base=base,
        candidate=0,
        salt=0,
        artifacts=(),
        verdict=Verdict(),
        recipe={},
    )


events: st.SearchStrategy[Event] = st.one_of(
    st.just(RunStarted(owner="o")),
    st.builds(reserved, attempts, places, bases),
    st.builds(stored, attempts, places, bases),
    attempts.map(lambda one: Submitting(attempt=one, idempotency_key="k")),
    attempts.map(lambda one: Accepted(attempt=one, remote="x")),
    attempts.map(lambda one: Done(attempt=one)),
    st.builds(lambda one, place: Unknown(attempt=one, place=place, says=""), attempts, places),
    st.builds(
        lambda one, place: Failed(attempt=one, place=place, error=ErrorClass.TRANSIENT, says=""), attempts, places
    ),
    st.builds(
        lambda place, base: CellDone(place=place, base=base, artifact=None, reused=False), places, st.none() | bases
    ),
    st.builds(lambda place: CellFailed(place=place, error=None, says=""), places),
)


@given(st.lists(st.tuples(times, events), max_size=60), st.dictionaries(places, st.lists(places, max_size=3)))
def test_the_shares_of_anything_recorded_add_up(recorded: list[tuple[float, Event]], graph: object) -> None:
    entries = [Entry(number, at, event) for number, (at, event) in enumerate(recorded)]
    assert isinstance(graph, dict)
    waits = {(one.node, one.row): [(two.node, two.row) for two in many] for one, many in graph.items()}
    way = way_of(entries, lambda spot: waits.get(spot, ()), 0.0, 100.0)
    assert way.seconds == pytest.approx(100.0) and sum(way.shares.values()) == pytest.approx(100.0)
    assert all(one.seconds > 0 for one in way.stretches)


def needs_of(grid: Grid) -> dict[Spot, list[Spot]]:
    spots = [(grid.nodes[cell.node].id, cell.row) for cell in grid.cells]
    return {spots[number]: [spots[one] for one in cell.needs] for number, cell in enumerate(grid.cells)}


SECONDS = {Operation.TEXT_TO_IMAGE: 5.0, Operation.IMAGE_TO_VIDEO: 20.0}


def latency(request: Request) -> float:
    return SECONDS[request.recipe.op]


def way_through(folder: Path, flow: Workflow, faults: Iterable[Fault] = (), **how: object) -> Way:
    """The way through a run of the real engine in virtual time, in which a still takes 5 s and a film 20 s."""
    rig = Rig(folder, ScriptedProvider(latency=latency, faults=list(faults)))
    rig.go(flow, **how)  # type: ignore[arg-type]
    entries = rig.ledger.events(RunId("run-1"))
    needs = needs_of(rig.grid(flow))
    return way_of(entries, lambda spot: needs[spot], EPOCH, entries[-1].at)


def test_of_a_still_and_its_film_the_provider_had_all_the_time(tmp_path: Path) -> None:
    way = way_through(tmp_path, workflow(still("a"), film("b", "a"), still("c")))
    assert way.nodes == ("a", "b")
    assert way.shares[Part.PROVIDER] == pytest.approx(25, abs=0.01) and way.seconds == pytest.approx(25, abs=0.01)


def test_who_waits_for_a_slot_is_in_the_queue(tmp_path: Path) -> None:
    way = way_through(tmp_path, workflow(still("a"), still("b"), still("c")), concurrency=1)
    assert way.shares[Part.PROVIDER] == pytest.approx(5, abs=0.01)
    assert way.shares[Part.QUEUE] == pytest.approx(10, abs=0.01)


def test_who_waits_to_try_again_is_in_the_queue_and_both_tries_count(tmp_path: Path) -> None:
    once = Fault(error=ErrorClass.TRANSIENT, at=0, times=1)
    way = way_through(tmp_path, workflow(still("a")), [once])
    assert way.shares[Part.PROVIDER] == pytest.approx(5, abs=0.01)
    assert way.shares[Part.QUEUE] > 0 and way.seconds == pytest.approx(sum(way.shares.values()))


def test_a_gate_hands_on_and_is_no_work(tmp_path: Path) -> None:
    way = way_through(tmp_path, workflow(still("a"), gate("chosen", "a", Pick.FIRST_CLEAN), film("b", "chosen")))
    assert way.nodes == ("a", "b") and way.shares[Part.PROVIDER] == pytest.approx(25, abs=0.01)


def test_what_two_places_ask_alike_counts_for_both(tmp_path: Path) -> None:
    alike = plain("a fox")
    way = way_through(tmp_path, workflow(still("a", prompt=alike), still("b", prompt=alike), film("c", "b")))
    assert way.nodes == ("b", "c") and way.shares[Part.PROVIDER] == pytest.approx(25, abs=0.01)


@settings(max_examples=40)
@given(
    graph=st.lists(st.lists(st.integers(0, 8), max_size=3), min_size=1, max_size=9),
    slots=st.integers(1, 4),
)
def test_the_way_through_a_real_run_lasts_as_long_as_the_run(
    tmp_path_factory: pytest.TempPathFactory, graph: list[list[int]], slots: int
) -> None:
    nodes = [
        still(f"n{number}", needs=tuple(f"n{one}" for one in {*many} if one < number))
        for number, many in enumerate(graph)
    ]
    way = way_through(tmp_path_factory.mktemp("run"), workflow(*nodes), concurrency=slots)
    assert way.seconds == pytest.approx(sum(way.shares.values()))
    # every stretch of the path is the provider's or a wait: no second is lost to us in virtual time
    assert way.shares[Part.OURS] == pytest.approx(0, abs=0.05)
    assert way.shares[Part.PROVIDER] == pytest.approx(5.0 * len(way.nodes), abs=0.05)
