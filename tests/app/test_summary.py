"""A run in one value: counts, money, time, failures and gates with their commands."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.app.summary import summarize
from rushes.app.tally import Tally
from rushes.errors import ErrorClass
from rushes.graph.value import Outcome, State
from rushes.ledger.entry import Entry
from rushes.model.event import CellFailed, Done, Event, Place, Reserved, RunEnded, RunParked, RunStarted, Stored
from rushes.model.ids import AttemptId, BaseKey, NodeId, RequestKey
from rushes.model.operation import Operation
from rushes.model.verdict import Verdict

from .world import Studio, gate, grid_of, image, record, waiting


def attempt(n: int, node: str, row: int = 0, billed: str | None = "0.04") -> list[Event]:
    """What one successful attempt writes."""
    place, name = Place(node=NodeId(node), row=row), AttemptId(f"r/{n}")
    base, key = BaseKey("bk1:" + node), RequestKey("rk1:" + node)
    return [
        Reserved(
            attempt=name,
            place=place,
            key=key,
            base=base,
            candidate=0,
            salt=0,
            op=Operation.TEXT_TO_IMAGE,
            provider="p",
            model="m",
            worst=None,
        ),
        Done(attempt=name, billed=None if billed is None else Decimal(billed)),
        Stored(
            attempt=name,
            place=place,
            key=key,
            base=base,
            candidate=0,
            salt=0,
            artifacts=(),
            verdict=Verdict(),
            recipe={},
            seconds=2.0,
        ),
    ]


def entries(*events: Event, start: float = 100.0) -> list[Entry]:
    """One event a second."""
    return [Entry(number, start + number, event) for number, event in enumerate(events)]


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


def test_rows_are_bought_or_stood_in_the_ledger(studio: Studio) -> None:
    grid = grid_of(image("a"), image("b"), image("c"))
    outcomes = [studio.made("a"), studio.made("b"), Outcome(State.BLOCKED, says="needs x")]
    told = summarize(record(), grid, outcomes, entries(RunStarted(owner="o"), *attempt(1, "a")))
    assert told.counts.done == 2 and told.counts.bought == 1 and told.counts.reused == 1 and told.counts.blocked == 1
    assert told.spent == Decimal("0.04") and told.attempts == 1
    assert [(one.state, one.bought, one.reused) for one in told.nodes] == [
        ("done", 1, 0),
        ("done", 0, 1),
        ("blocked", 0, 0),
    ]


def test_money_that_nobody_named_is_counted_as_unknown_and_not_as_nothing(studio: Studio) -> None:
    told = summarize(record(), grid_of(image("a")), [studio.made("a")], entries(*attempt(1, "a", billed=None)))
    assert told.spent == 0 and told.unpriced == 1 and told.nodes[0].spent is None


def test_time_in_which_nobody_drove_the_run_does_not_count() -> None:
    night = 40_000.0
    events = [
        Entry(0, 100.0, RunStarted(owner="o")),
        Entry(1, 107.0, RunParked(waiting=1)),
        Entry(2, 107.0 + night, RunStarted(owner="o", resumed=True)),
        Entry(3, 110.0 + night, RunEnded(state="done", done=1, failed=0, reused=0)),
    ]
    assert Tally(events).seconds == 10.0


def test_a_crash_without_a_farewell_counts_until_its_last_event() -> None:
    events = [
        Entry(0, 100.0, RunStarted(owner="o")),
        *(Entry(n + 1, 103.0, event) for n, event in enumerate(attempt(1, "a"))),
        Entry(9, 9000.0, RunStarted(owner="o", resumed=True)),
        Entry(10, 9001.0, RunEnded(state="done", done=1, failed=0, reused=0)),
    ]
    assert Tally(events).seconds == 4.0


@pytest.mark.parametrize("kind", [*ErrorClass, None])
def test_every_kind_of_failure_has_a_next_step(kind: ErrorClass | None) -> None:
    grid = grid_of(image("a b", title="Scene 1"), image("c", needs="a b"))
    lost = CellFailed(place=Place(node=NodeId("a b")), error=kind, says="no", attempts=3)
    after = CellFailed(place=Place(node=NodeId("c")), error=None, says="", blocked_by=NodeId("a b"))
    told = summarize(
        record(),
        grid,
        [Outcome(State.FAILED, says="no"), Outcome(State.BLOCKED)],
        entries(RunStarted(owner="o"), lost, after),
    )
    (failure,) = told.failures
    assert failure.next_step and "{" not in failure.next_step
    assert failure.attempts == 3 and failure.blocks == 1 and failure.kind == str(kind or "")
    if "rerun" in failure.next_step:
        assert "'a b'" in failure.next_step, "a name with a space is quoted for the shell"


def test_what_failed_before_a_resume_is_no_failure_of_today(studio: Studio) -> None:
    failed = CellFailed(place=Place(node=NodeId("a")), error=ErrorClass.TIMEOUT, says="late")
    told = summarize(
        record(),
        grid_of(image("a")),
        [studio.made("a")],
        entries(RunStarted(owner="o"), failed, RunStarted(owner="o"), *attempt(1, "a")),
    )
    assert told.failures == () and told.counts.done == 1


def test_a_gate_says_how_to_decide_it(studio: Studio) -> None:
    grid = grid_of(image("s", rows=("a", "b"), candidates=3), gate("pick it", "s"))
    one, two = studio.made("1", 3), studio.made("2", 3, flagged=(2,))
    told = summarize(record("run-7"), grid, [one, two, waiting(one), waiting(two)], [])
    assert [row.command for row in told.waiting] == [
        "rushes approve run-7 'pick it' CANDIDATE --row 1",
        "rushes approve run-7 'pick it' CANDIDATE --row 2",
    ]
    assert told.waiting[1].flagged == (2,) and told.waiting[1].candidates == 3


@given(st.lists(st.sampled_from(State), min_size=1, max_size=12))
def test_every_row_is_counted_once(states: list[State]) -> None:
    grid = grid_of(*(image(f"n{i}") for i in range(len(states))))
    outcomes = [Outcome(state) for state in states]
    counts = summarize(record(), grid, outcomes, []).counts
    parts = (counts.done, counts.failed, counts.blocked, counts.skipped, counts.waiting, counts.open)
    assert sum(parts) == counts.total == len(states)


def test_a_summary_is_json(studio: Studio) -> None:
    grid = grid_of(image("s", candidates=2), gate("g", "s"))
    subject = studio.made("s", 2)
    told = summarize(record(), grid, [subject, waiting(subject)], entries(*attempt(1, "s")))
    plain = json.loads(json.dumps(dataclasses.replace(told, exported=(Path("a/b"),)).plain()))
    assert plain["spent_usd"] == "0.04" and plain["exported"] == ["a/b"] and plain["waiting"][0]["row"] == 1
