"""The ledger over SQLite and over PostgreSQL: the same questions, the same answers."""

from __future__ import annotations

import math
import threading

import pytest
from tests.ledger.facts import artifact, base, cell_done, decided, record, sha, stored

from rushes.errors import NotFound, StoreError
from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.ledger.project import TIMING_SLOTS
from rushes.model.event import Done, RunEnded, RunParked, RunStarted, Told
from rushes.model.ids import AttemptId, NodeId, RunId
from rushes.model.media import Artifact
from rushes.model.result import Value
from rushes.model.run import RunMode, RunOptions, RunState, Verb
from rushes.model.verdict import Choice, Finding, Verdict
from rushes.model.workflow import Pick

R1 = RunId("r1")
ODD = "Straße \0 \ud800 'quoted' %s ?"


def test_a_run_comes_back_as_it_was_made(ledger: Ledger) -> None:
    options = RunOptions(
        mode=RunMode.VIDEOS,
        pick=Pick.BEST,
        only=("a", "b"),
        variables={"input": ODD},
        floors=((base("q"), 1, 2),),
        timeout=2.5,
    )
    run = record("2026-a", workflow=ODD, file=f"/films/{ODD}.yaml", options=options, created=7.5, updated=7.5)
    ledger.create_run(run)
    assert ledger.run(RunId("2026-a")) == run
    assert ledger.runs(workflow=ODD) == ledger.runs(file=f"/films/{ODD}.yaml") == [run]
    assert ledger.runs(workflow="another") == []


def test_a_run_is_made_once(ledger: Ledger) -> None:
    ledger.create_run(record())
    with pytest.raises(StoreError, match="already a run r1"):
        ledger.create_run(record())


def test_runs_are_listed_newest_first(ledger: Ledger) -> None:
    for number, created in enumerate((3.0, 1.0, 2.0)):
        ledger.create_run(record(f"run-{number}", created=created))
    assert [run.id for run in ledger.runs()] == ["run-0", "run-2", "run-1"]
    assert [run.id for run in ledger.runs(limit=1)] == ["run-0"]


def test_the_beginning_of_an_id_is_enough_while_it_is_the_only_one(ledger: Ledger) -> None:
    for name in ("20261101-abc", "20261101-abd", "20261102-x%y"):
        ledger.create_run(record(name))
    assert ledger.run(RunId("20261102")).id == "20261102-x%y"
    with pytest.raises(NotFound, match="2 runs begin with '20261101': 20261101-abd, 20261101-abc"):
        ledger.run(RunId("20261101"))
    with pytest.raises(NotFound, match="there is no run '2026-101-abc'") as caught:
        ledger.run(RunId("2026-101-abc"))
    assert "20261101-abc" in caught.value.next_step


@pytest.mark.parametrize("name", ["", "r%", ODD])
def test_a_run_that_is_not_there_is_not_found(ledger: Ledger, name: str) -> None:
    with pytest.raises(NotFound, match="there is no run") as caught:
        ledger.run(RunId(name))
    assert "rushes run FILE" in caught.value.next_step


def test_entries_are_numbered_and_read_from_any_number_on(ledger: Ledger) -> None:
    ledger.create_run(record())
    ledger.append(R1, [RunStarted(owner="o"), cell_done()], 5.0)
    ledger.append(R1, [], 5.5)
    ledger.append(R1, [RunParked(waiting=1)], 6.0)
    assert [(entry.seq, entry.at) for entry in ledger.events(R1)] == [(1, 5.0), (2, 5.0), (3, 6.0)]
    assert [entry.event for entry in ledger.events(R1, after=2)] == [RunParked(waiting=1)]
    assert ledger.events(RunId("another")) == []


def test_events_of_a_run_that_is_not_there_are_refused(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="no run 'r1'"):
        ledger.append(R1, [cell_done()], 1.0)


def test_the_state_of_a_run_follows_its_events(ledger: Ledger) -> None:
    ledger.create_run(record())
    for event, state in (
        (Told(verb=Verb.PAUSE, by="ana"), RunState.PAUSED),
        (Told(verb=Verb.RESUME, by="ana"), RunState.RUNNING),
        (RunParked(waiting=1), RunState.PARKED),
        (RunEnded(state="failed", done=1, failed=1, reused=0), RunState.FAILED),
    ):
        ledger.append(R1, [event], 9.0)
        assert ledger.run(R1).state is state
    assert ledger.run(R1).updated == 9.0


def test_a_stored_result_is_there_for_every_later_run(ledger: Ledger) -> None:
    clip = Artifact(digest=sha("clip"), media_type="video/mp4", size=5, width=640, height=360, seconds=4.25)
    verdict = Verdict(True, 0.25, (Finding("picture.blank", ODD), Finding("picture.dark", "dark", False)))
    ledger.create_run(record())
    ledger.append(R1, [stored("film", artifacts=(clip, artifact("poster")), verdict=verdict, text=ODD)], 1.0)
    ledger.append(R1, [stored("words", attempt="r1/2", artifacts=(), text="a fox")], 1.0)
    found = ledger.results([base("film"), base("words"), base("never asked")])
    assert set(found) == {base("film"), base("words")}
    (film,) = found[base("film")]
    assert film.value == Value(ODD, (clip, artifact("poster")))
    assert film.verdict == verdict
    assert (film.candidate, film.salt, film.attempt) == (0, 0, "r1/1")
    assert found[base("words")][0].value == Value("a fox")
    assert ledger.artifacts([clip.digest, sha("nothing")]) == {clip.digest: clip}


def test_results_come_by_candidate_and_salt(ledger: Ledger) -> None:
    ledger.create_run(record())
    asked = [(1, 0), (0, 2), (0, 0), (0, 1)]
    ledger.append(R1, [stored(candidate=c, salt=s, attempt=f"r1/{c}{s}") for c, s in asked], 1.0)
    assert [(r.candidate, r.salt) for r in ledger.results([base("q")])[base("q")]] == sorted(asked)


def test_the_first_result_of_a_request_stays(ledger: Ledger) -> None:
    ledger.create_run(record())
    ledger.append(R1, [stored(attempt="r1/1"), stored(attempt="r1/2")], 1.0)
    ledger.append(R1, [stored(attempt="r1/3")], 2.0)
    assert [result.attempt for result in ledger.results([base("q")])[base("q")]] == ["r1/1"]
    assert len(ledger.events(R1)) == 3


def test_recipes_stay_beside_their_questions(ledger: Ledger) -> None:
    ledger.create_run(record())
    recipe = {"prompt": ODD, "params": {"steps": 3, "nested": [1.5, None]}, "inputs": {}}
    ledger.append(R1, [stored(recipe=recipe), stored(candidate=1, attempt="r1/2", recipe={"later": 1})], 1.0)
    assert ledger.recipes([base("q"), base("other")]) == {base("q"): recipe}


def test_decisions_are_kept_in_order_and_none_is_lost(ledger: Ledger) -> None:
    ledger.create_run(record())
    ledger.append(R1, [decided(choice=Choice.REJECTED, note=ODD), decided("other")], 1.0)
    ledger.append(R1, [decided(choice=Choice.APPROVED)], 2.0)
    (first, second) = ledger.decisions([base("q")])[base("q")]
    assert (first.choice, first.note, first.at) == (Choice.REJECTED, ODD, 1.0)
    assert (second.choice, second.artifact, second.by, second.at) == (Choice.APPROVED, sha("still"), "ana", 2.0)


def test_a_place_remembers_what_it_asked_last(ledger: Ledger) -> None:
    ledger.create_run(record())
    ledger.create_run(record("r2", workflow="another"))
    ledger.append(R1, [cell_done("a", 0, "first"), cell_done("a", 1, "row"), cell_done(ODD, 0, "odd")], 1.0)
    ledger.append(R1, [cell_done("a", 0, "second"), cell_done("gate", 0, None)], 2.0)
    ledger.append(RunId("r2"), [cell_done("a", 0, "elsewhere")], 2.0)
    places = [(NodeId(node), row) for node, row in (("a", 0), ("a", 1), (ODD, 0), ("gate", 0), ("b", 0))]
    assert ledger.asked("story", places) == {
        ("a", 0): base("second"),
        ("a", 1): base("row"),
        (ODD, 0): base("odd"),
    }


def test_how_long_results_of_a_model_took_is_kept(ledger: Ledger) -> None:
    ledger.create_run(record())
    quick = {"provider": "sketch", "model": "quick"}
    many = [
        stored(f"q{n}", attempt=f"r1/{n}", seconds=seconds, recipe=quick) for n, seconds in enumerate((1.0, 100.0, 3.0))
    ]
    ledger.append(R1, [*many, stored("slow", attempt="r1/9", seconds=60.0), stored("q", "r1/10", seconds=0.0)], 1.0)
    assert ledger.durations("sketch", "quick") == [1.0, 3.0, 100.0]
    assert ledger.durations("sketch", "sketch-1") == [60.0]
    assert ledger.durations("sketch", "never") == []


def test_of_many_durations_so_many_are_kept_that_the_slowest_is_not_what_is_usual(ledger: Ledger) -> None:
    ledger.create_run(record())
    took = [1.0] * 2990 + [900.0] * 10
    ledger.append(R1, [stored(f"q{n}", attempt=f"r1/{n}", seconds=took[n * 7 % 3000]) for n in range(3000)], 1.0)
    kept = ledger.durations("sketch", "sketch-1")
    assert 900 <= len(kept) <= TIMING_SLOTS
    assert kept[math.ceil(0.99 * len(kept)) - 1] == 1.0


def test_notes_are_replaced_and_kept_apart_by_kind(ledger: Ledger) -> None:
    ledger.memoize("file", {f"/a/{ODD}": "1", "/b": "2"})
    ledger.memoize("file", {"/b": "3"})
    ledger.memoize("url", {"/b": "4"})
    ledger.memoize("url", {})
    assert ledger.memo("file", [f"/a/{ODD}", "/b", "/c"]) == {f"/a/{ODD}": "1", "/b": "3"}
    assert ledger.memo("url", ["/b"]) == {"/b": "4"}
    assert ledger.memo("url", []) == {}


def test_thousands_of_questions_are_one_query(ledger: Ledger) -> None:
    """No limit on the number of values in a query is in the way."""
    ledger.create_run(record())
    count = 3_000
    ledger.append(R1, [stored(f"q{n}", attempt=f"r1/{n}") for n in range(count)], 1.0)
    bases = [base(f"q{n}") for n in range(count)]
    assert len(ledger.results(bases)) == len(ledger.recipes(bases)) == count


def test_everything_is_there_after_reopening(ledger_where: str) -> None:
    with open_ledger(ledger_where) as first:
        first.create_run(record())
        first.append(R1, [stored(), cell_done()], 1.0)
    with open_ledger(ledger_where) as second:
        assert len(second.events(R1)) == 2
        assert len(second.results([base("q")])) == 1


def test_an_append_is_all_or_nothing(ledger: Ledger) -> None:
    """A size that no database can hold fails the whole append, events and results alike."""
    ledger.create_run(record())
    impossible = stored("b", attempt="r1/2", artifacts=(artifact(size=1 << 80),))
    with pytest.raises((StoreError, OverflowError)):
        ledger.append(R1, [stored("a"), cell_done(), impossible], 1.0)
    assert ledger.events(R1) == []
    assert ledger.results([base("a"), base("b")]) == {}
    ledger.append(R1, [stored("a")], 2.0)
    assert len(ledger.events(R1)) == 1


def test_threads_may_write_and_read_at_once(ledger: Ledger) -> None:
    ledger.create_run(record())
    failures: list[BaseException] = []

    def work(name: int) -> None:
        try:
            for number in range(20):
                attempt = f"{name}/{number}"
                ledger.append(R1, [stored(attempt, attempt=attempt), Done(attempt=AttemptId(attempt))], 1.0)
                assert base(attempt) in ledger.results([base(attempt)])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [entry.seq for entry in ledger.events(R1)] == list(range(1, 241))
