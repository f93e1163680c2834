"""A benchmark really makes everything, keeps to the money that was agreed to, and changes nothing that stands."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.app.bench_desk import AGREED, GATED, USD, Desk, dying

from rushes.app.benchmark_noise import beyond_noise, percentile
from rushes.app.benchmark_path import Part
from rushes.app.benchmarked import Before
from rushes.app.consent import Spending
from rushes.app.hooks import Hooks
from rushes.app.plan import prepare
from rushes.app.review import decide
from rushes.app.run import resume
from rushes.app.stopping import Stop
from rushes.errors import ErrorClass, RefusedError, UserError
from rushes.model.run import RunMode, RunOptions, RunState
from rushes.model.verdict import Choice
from rushes.model.workflow import Pick
from rushes.testing.crash import Ending, run_killed
from rushes.testing.provider import Fault, ScriptedProvider


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_every_run_really_makes_everything(desk: Desk) -> None:
    found = desk.bench(3)
    assert found.good and desk.provider.bought.total() == 6
    assert [(one.bought, one.spent) for one in found.rounds] == [(2, USD("0.20"))] * 3
    assert (found.spent, found.each) == (USD("0.60"), USD("0.20"))
    assert found.quoted.high == USD("0.60") and found.path == (("still", "film"), 3)
    assert [number for number, _one in desk.told] == [1, 2, 3]


def test_the_shares_of_a_run_add_up_to_its_time(desk: Desk) -> None:
    found = desk.bench(2)
    for one in found.rounds:
        assert sum(one.way.shares.values()) == pytest.approx(one.seconds, abs=1e-6)
    assert sum(found.shares.values()) == pytest.approx(fmean(found.measured), abs=1e-6)
    assert set(found.shares) == set(Part)


def test_what_was_made_before_stands_and_is_not_bought_again(desk: Desk) -> None:
    before = desk.run()
    files = desk.files()
    desk.bench(2)
    assert desk.files() == files
    bought = desk.provider.bought.total()
    after = desk.run()
    assert after.run == before.run and after.idle and desk.provider.bought.total() == bought
    with desk.opened() as project:
        plan = asyncio.run(prepare(project, desk.file, RunOptions(provider="scripted"))).plan
    assert plan.idle and not plan.stale


def test_no_approval_is_touched(desk: Desk) -> None:
    desk.file.write_text(GATED)
    parked = desk.run()
    assert parked.state is RunState.PARKED
    with desk.opened() as project:
        asyncio.run(decide(project, parked.run, "still", 2, Choice.APPROVED))
    assert desk.run().state is RunState.DONE
    bought = desk.provider.bought.total()
    assert desk.bench(1, pick=Pick.FIRST_CLEAN).good
    assert desk.run().idle and desk.provider.bought.total() == bought + 3


def test_what_was_paid_for_is_kept(desk: Desk) -> None:
    found = desk.bench(2)
    with desk.opened() as project:
        for one in found.rounds:
            stored = [entry.event for entry in project.ledger.events(one.run) if hasattr(entry.event, "artifacts")]  # type: ignore[arg-type]
            assert len(stored) == 2
            assert all(project.store.has(artifact.digest) for event in stored for artifact in event.artifacts)


def test_a_warm_benchmark_makes_what_is_missing_once_and_then_nothing(desk: Desk) -> None:
    found = desk.bench(3, warm=True)
    assert found.good and len(found.rounds) == 3 and desk.provider.bought.total() == 2
    assert [(one.bought, one.spent) for one in found.rounds] == [(0, 0)] * 3
    assert found.quoted.high == USD("0.20")
    assert desk.run().idle


# --- money --------------------------------------------------------------------------------------------------------


def test_nobody_agreed_to_one_run_when_five_are_meant(desk: Desk) -> None:
    desk.provider = ScriptedProvider(price=USD("0.40"))  # one run stays below the threshold, and five do not
    with pytest.raises(RefusedError, match=r"\$4\.00"):
        desk.bench(5, hooks=Hooks())
    assert not desk.provider.posts
    asked: list[Spending] = []

    def answer(spending: Spending) -> bool:
        asked.append(spending)
        return True

    assert desk.bench(5, hooks=Hooks(consent=answer)).good
    assert [(one.requests, one.expected) for one in asked] == [(10, USD("4.00"))], "asked once, for all of it"


def test_what_five_runs_cost_at_least_is_held_against_the_budget_before_the_first(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="5 runs cost"):
        desk.bench(5, budget=USD("0.49"))
    assert not desk.provider.posts


def test_and_against_the_ceilings_of_the_day_and_the_project(desk: Desk) -> None:
    (desk.folder / "rushes.toml").write_text("[budget]\nday = 0.49\n")
    with pytest.raises(RefusedError, match=r"costs \$0\.50 at least.*day of \[budget\]"):
        desk.bench(5)
    assert not desk.provider.posts
    (desk.folder / "rushes.toml").write_text("[budget]\nrun = 0.20\n")
    assert desk.bench(5).good, "a ceiling on one run is one on each"


def test_all_runs_together_stay_below_the_budget(desk: Desk) -> None:
    found = desk.bench(3, budget=USD("0.50"))
    assert not found.good and found.spent == USD("0.50")
    assert desk.provider.bought.total() == 5


def test_a_run_that_the_rest_of_the_budget_cannot_begin_ends_it_and_keeps_the_others(desk: Desk) -> None:
    found = desk.bench(3, budget=USD("0.45"))
    assert found.spent == USD("0.40") and len(found.measured) == 2
    assert found.why.startswith("run 3 was not begun: this costs $0.10 at least")


def test_a_run_that_fails_ends_it_and_is_told(desk: Desk) -> None:
    refusal = Fault(error=ErrorClass.CONTENT_POLICY, at=3, times=None)
    desk.provider = ScriptedProvider(price=USD("0.10"), faults=[refusal])
    found = desk.bench(4)
    assert [one.state for one in found.rounds] == [RunState.DONE, RunState.FAILED]
    assert len(found.measured) == 1 and "content_policy" in found.rounds[1].why
    assert desk.bench(1).before is None, "what did not come to its end is nothing to compare with"


def test_a_benchmark_stops_when_it_is_asked_to(desk: Desk) -> None:
    stop = Stop()
    found = desk.bench(5, hooks=AGREED._replace(stop=stop), tell=lambda _number, _one: stop.ask())
    assert not found.good and len(found.rounds) < 5


def test_a_gate_that_waits_for_a_person_is_refused_before_anything_is_bought(desk: Desk) -> None:
    desk.file.write_text(GATED)
    with pytest.raises(UserError, match="waits for a person") as caught:
        desk.bench()
    assert "--pick" in caught.value.next_step and not desk.provider.posts


@pytest.mark.parametrize("after", [2, 4, 9, 17])
def test_killed_anywhere_nothing_is_bought_twice_and_its_run_comes_to_its_end(tmp_path: Path, after: int) -> None:
    assert run_killed(dying, str(tmp_path), after) is Ending.KILLED
    desk = Desk(tmp_path)
    desk.lasting()
    with desk.opened() as project:
        left = [one for one in project.ledger.runs() if one.state is not RunState.DONE]
        assert len(left) == 1
        assert asyncio.run(resume(project, left[0].id, hooks=AGREED)).state is RunState.DONE
    assert set(desk.provider.bought.values()) == {1} and desk.provider.bought.total() % 2 == 0
    assert desk.bench(1).good, "and the next benchmark is as any other"


def test_a_part_is_measured_on_what_is_here(desk: Desk) -> None:
    with pytest.raises(UserError, match="film cannot be made"):
        desk.bench(2, mode=RunMode.VIDEOS)
    assert not desk.provider.posts
    desk.file.write_text(GATED)
    parked = desk.run()
    with desk.opened() as project:
        asyncio.run(decide(project, parked.run, "still", 2, Choice.APPROVED))
    found = desk.bench(2, mode=RunMode.VIDEOS)  # nobody has to decide anything: the still is approved
    assert found.good and [one.bought for one in found.rounds] == [1, 1]
    assert desk.provider.bought.total() == 4, "two stills, and two films of the approved one"
    assert desk.run().counts.bought == 1, "the film that stands is still to be made"


def test_what_failed_the_last_time_is_nothing_to_make_anew(desk: Desk) -> None:
    with pytest.raises(UserError, match="--failed is about the last run"):
        desk.bench(2, failed=True)


# --- the next one -------------------------------------------------------------------------------------------------


def test_the_next_one_is_compared_with_the_one_before(desk: Desk) -> None:
    first, second = desk.bench(2), desk.bench(2)
    assert first.before is None and second.before is not None
    assert second.before.seconds == pytest.approx(first.measured)
    assert second.change == pytest.approx(fmean(second.measured) / fmean(first.measured))
    assert desk.bench(1, warm=True).before is None, "cold and warm are two things"
    assert desk.bench(1, concurrency=1).before is None, "and so are two ways to run it"


many = st.lists(st.floats(0.01, 100), min_size=1, max_size=8)


@given(many, many)
def test_a_difference_is_beyond_noise_whatever_the_unit(before: list[float], now: list[float]) -> None:
    scaled = beyond_noise([one * 2 for one in before], [one * 2 for one in now])
    assert scaled == beyond_noise(before, now)


@given(st.lists(st.floats(1, 2), min_size=5, max_size=8), st.lists(st.floats(4, 5), min_size=5, max_size=8))
def test_what_never_overlaps_is_beyond_noise(low: list[float], high: list[float]) -> None:
    assert beyond_noise(low, high) is True and beyond_noise(high, low) is True


def test_noise_is_called_so_about_nineteen_times_of_twenty() -> None:
    dice = random.Random(7)

    def series() -> list[float]:
        return [dice.gauss(10, 1) for _ in range(5)]

    called = sum(beyond_noise(series(), series()) is True for _ in range(300))
    assert called < 30  # 15 are expected
    assert beyond_noise([1.0, 1.1, 1.2], [9.0, 9.1, 9.2]) is None, "three and three can be dealt in twenty ways only"
    assert beyond_noise([5.0] * 30, [5.0] * 30) is False, "too many ways to try all of them"


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_percentile_lies_between_the_least_and_the_most(values: list[float], share: float) -> None:
    assert min(values) <= percentile(values, share) <= max(values)
    assert percentile(values, 0) == min(values) and percentile(values, 1) == max(values)


def test_a_note_that_cannot_be_read_is_no_benchmark() -> None:
    assert Before.read("") is None and Before.read('{"at": 1}') is None
    note = Before(1.0, (2.0, 3.0), "0.1")
    assert Before.read(note.text()) == note
