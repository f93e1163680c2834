"""Where a run stands follows from its events, however they came to be written."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger.facts import any_event, base, cell_done, decided, event_of, record, reserved, sha, stored

from rushes.errors import ErrorClass
from rushes.ledger.entry import Entry
from rushes.ledger.fold import RunFold, fold
from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.model.event import (
    EVENTS,
    Accepted,
    Cancelled,
    CellFailed,
    Done,
    Event,
    Failed,
    Place,
    RunEnded,
    RunStarted,
    Submitting,
    Told,
    Unknown,
    Waiting,
)
from rushes.model.ids import AttemptId, NodeId, RunId
from rushes.model.run import RunState, Verb

ATTEMPT = AttemptId("r1/1")
PLACE = Place(node=NodeId("scene"))


def folded(*events: Event) -> RunFold:
    return fold(Entry(number, float(number), event) for number, event in enumerate(events, 1))


@pytest.mark.parametrize("cls", EVENTS.values(), ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_every_class_of_event_is_folded(cls: type[Event], data: st.DataObject) -> None:
    assert folded(data.draw(event_of(cls))).last_seq == 1


def test_an_attempt_is_followed_to_its_result() -> None:
    steps: Sequence[Event] = (
        reserved(),
        Submitting(attempt=ATTEMPT, idempotency_key="k1"),
        Accepted(attempt=ATTEMPT, remote="job-7"),
        Done(attempt=ATTEMPT, urls=("http://out/1",), billed=Decimal("0.04")),
    )
    held = folded(*steps[:3])
    assert held.open[ATTEMPT].remote == "job-7"
    assert held.open[ATTEMPT].idempotency_key == "k1"
    assert held.money.held == Decimal("0.05")
    done = folded(*steps)
    assert done.open[ATTEMPT].urls == ("http://out/1",)
    assert (done.money.held, done.money.spent) == (0, Decimal("0.04"))
    kept = folded(*steps, stored())
    assert not kept.open
    assert kept.attempts[ATTEMPT].stage == "Stored"
    assert [result.attempt for result in kept.results[base("q")]] == [ATTEMPT]
    assert kept.money.spent == Decimal("0.04")


def test_the_first_result_of_a_request_stays_its_result() -> None:
    again = folded(stored(attempt="r1/1"), stored(attempt="r1/2", text="late"))
    (result,) = again.results[base("q")]
    assert result.attempt == "r1/1"


def test_a_failed_attempt_holds_no_money_and_costs_its_worst_case_if_it_may_have_been_billed() -> None:
    failed = Failed(attempt=ATTEMPT, place=PLACE, error=ErrorClass.TRANSIENT, says="reset")
    assert (folded(reserved(), failed).money.held, folded(reserved(), failed).money.spent) == (0, 0)
    maybe = Failed(attempt=ATTEMPT, place=PLACE, error=ErrorClass.TIMEOUT, says="late", maybe_billed=True)
    state = folded(reserved(attempt="r1/0"), reserved(), failed, maybe)
    assert state.failures == {PLACE: 2}
    assert (state.money.held, state.money.spent) == (Decimal("0.05"), Decimal("0.05"))


def test_what_nobody_knows_is_counted_and_not_taken_for_nothing() -> None:
    state = folded(
        reserved(worst=None),
        Unknown(attempt=ATTEMPT, place=PLACE, says="no answer"),
        reserved(attempt="r1/2"),
        Cancelled(attempt=AttemptId("r1/2"), place=PLACE),
    )
    assert state.money.unpriced == 1
    assert (state.money.spent, state.money.guessed) == (Decimal("0.05"), Decimal("0.05"))
    assert list(state.unknown) == [ATTEMPT]
    assert not state.open


def test_the_last_word_about_a_cell_counts() -> None:
    failed = CellFailed(place=PLACE, error=None, says="no")
    state = folded(failed, cell_done())
    assert (list(state.done), state.failed) == ([("scene", 0)], {})
    state = folded(cell_done(), failed)
    assert (state.done, list(state.failed)) == ({}, [("scene", 0)])


def test_a_gate_waits_until_its_row_is_decided() -> None:
    waiting = Waiting(place=Place(node=NodeId("gate")), subject=base("q"), shown=(sha("still"),))
    state = folded(waiting, decided())
    assert list(state.waiting) == [("gate", 0)]
    assert [decision.by for decision in state.decided[base("q")]] == ["ana"]
    assert folded(waiting, decided(), cell_done("gate")).waiting == {}


ENDED = RunEnded(state="failed", done=1, failed=1, reused=0)


def test_a_run_that_is_driven_again_has_not_ended() -> None:
    assert folded(RunStarted(owner="o"), ENDED).state is RunState.FAILED
    state = folded(RunStarted(owner="o"), ENDED, RunStarted(owner="p", resumed=True))
    assert (state.starts, state.ended) == (2, None)


def told(verb: Verb, owner: str = "o") -> Told:
    return Told(verb=verb, by="ana", owner=owner)


def shut(*events: Event) -> tuple[float, Verb] | None:
    found = folded(*events).shut
    return None if found is None else (found.at, found.said.verb)


def test_a_word_to_pause_holds_since_it_was_said_first_and_until_it_is_taken_back() -> None:
    start = RunStarted(owner="o")
    assert shut(start) is None
    paused = (start, told(Verb.PAUSE), told(Verb.SET), told(Verb.PAUSE))
    assert shut(*paused) == (2.0, Verb.PAUSE)
    assert folded(*paused).state is RunState.PAUSED
    assert shut(*paused, told(Verb.RESUME)) is None
    assert folded(*paused, told(Verb.RESUME)).state is RunState.RUNNING
    assert shut(*paused, told(Verb.DRAIN)) == (5.0, Verb.DRAIN)
    assert shut(*paused, ENDED) is None


def test_a_word_binds_the_process_that_it_was_said_to_and_no_later_one() -> None:
    paused = (RunStarted(owner="o"), told(Verb.PAUSE))
    assert shut(*paused, RunStarted(owner="p")) is None
    early = told(Verb.PAUSE, "p")  # to a process that had the run and had not yet begun
    assert shut(*paused, early, RunStarted(owner="p")) == (3.0, Verb.PAUSE)


def cut(events: Sequence[Event], at: Sequence[int]) -> list[Sequence[Event]]:
    edges = [0, *sorted(at), len(events)]
    return [events[start:end] for start, end in itertools.pairwise(edges)]


batched = st.lists(any_event, max_size=25).flatmap(
    lambda events: st.tuples(st.just(events), st.lists(st.integers(0, len(events)), max_size=6))
)


def write(ledger: Ledger, run: RunId, events: Sequence[Event], at: Sequence[int]) -> None:
    for group in cut(events, at):
        ledger.append(run, group, 5.0)


@settings(max_examples=40)
@given(batched)
def test_what_is_projected_is_what_is_folded(example: tuple[list[Event], list[int]]) -> None:
    """Results, decisions and the run's state are the same from the tables as from the events."""
    events, edges = example
    with tempfile.TemporaryDirectory() as folder, open_ledger(Path(folder) / "ledger.sqlite") as ledger:
        ledger.create_run(record())
        write(ledger, RunId("r1"), events, edges)
        entries = ledger.events(RunId("r1"))
        assert [entry.event for entry in entries] == events
        state = fold(entries)
        bases = [base("a"), base("b")]
        assert {key: tuple(many) for key, many in ledger.results(bases).items()} == state.results
        assert {key: tuple(many) for key, many in ledger.decisions(bases).items()} == state.decided
        assert ledger.run(RunId("r1")).state == state.state


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batched)
def test_any_grouping_folds_to_the_same_state(ledger: Ledger, example: tuple[list[Event], list[int]]) -> None:
    events, edges = example
    number = len(ledger.runs(limit=10_000))
    one, other = RunId(f"run-{number}-one"), RunId(f"run-{number}-other")
    for run in (one, other):
        ledger.create_run(record(run))
    write(ledger, one, events, [])
    write(ledger, other, events, edges)
    assert fold(ledger.events(one)) == fold(ledger.events(other))
    assert fold(ledger.events(one)) == folded_at(events, 5.0)


def folded_at(events: Sequence[Event], at: float) -> RunFold:
    return fold(Entry(number, at, event) for number, event in enumerate(events, 1))
