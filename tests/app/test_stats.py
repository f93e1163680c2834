"""Statistics: from a ledger that real runs wrote, and the arithmetic behind them."""

from __future__ import annotations

import asyncio
import math
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.app import stats_series
from rushes.app.config import load_config
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.app.stats import Stats, stats
from rushes.app.stats_count import Counted
from rushes.app.stats_series import BOUNDS, FEWEST, Series
from rushes.errors import ErrorClass
from rushes.ledger.stats import Moment
from rushes.model.run import RunOptions
from rushes.model.workflow import Pick
from rushes.testing.provider import Fault, ScriptedProvider, Stage

seconds = st.floats(0, 1e6, allow_nan=False)

# --- durations -----------------------------------------------------------------------------------------------------


def nearest_rank(values: list[float], share: float) -> float:
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]


@given(st.lists(seconds, min_size=1, max_size=60), st.sampled_from([0.5, 0.95, 0.99]))
def test_few_values_have_exact_percentiles(values: list[float], share: float) -> None:
    series = Series()
    for value in values:
        series.add(value)
    assert series.exact and series.count == len(values)
    assert series.below(share) == nearest_rank(values, share)


@given(st.lists(seconds, min_size=30, max_size=200), st.sampled_from([0.5, 0.95, 0.99]))
def test_many_values_have_percentiles_within_one_percent(values: list[float], share: float) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stats_series, "EXACT", 20)
        series = Series()
        for value in values:
            series.add(value)
        assert not series.exact and series.count == len(values)
    found, right = series.below(share), nearest_rank(values, share)
    assert found is not None and abs(found - right) <= 0.01 * right + 1e-6


@given(st.lists(seconds, max_size=50))
def test_the_histogram_counts_each_value_under_the_first_bound_that_holds_it(values: list[float]) -> None:
    series = Series()
    for value in values:
        series.add(value)
    for number, bound in enumerate(BOUNDS):
        assert sum(series.under[: number + 1]) == sum(value <= bound for value in values)
    assert sum(series.under) == len(values) and series.total == pytest.approx(sum(values))


def test_nobody_speaks_of_the_slowest_in_a_hundred_of_four() -> None:
    series = Series()
    assert series.percentiles() == {"p50": None, "p95": None, "p99": None}
    for value in range(FEWEST - 1):
        series.add(float(value))
    assert series.percentiles() == {"p50": 1.0, "p95": None, "p99": None}
    series.add(9.0)
    assert series.percentiles() == {"p50": 2.0, "p95": 9.0, "p99": 9.0}


# --- counting ------------------------------------------------------------------------------------------------------


def took(counted: Counted, *moments: tuple[str, float], attempt: str = "r/1", **last: object) -> None:
    """An attempt's way: kinds and times; `last` is what its last moment says besides."""
    counted.take(Moment("Reserved", moments[0][1] - 1, attempt, "p", "m", "scene", 0, "b"))
    for number, (kind, at) in enumerate(moments):
        more = last if number == len(moments) - 1 else {}
        counted.take(Moment(kind, at, attempt, **more))  # type: ignore[arg-type]


def test_a_request_is_measured_in_its_parts() -> None:
    counted = Counted()
    took(counted, ("Submitting", 10.0), ("Accepted", 12.0), ("Done", 42.0), ("Stored", 45.0))
    (one,) = counted.models.values()
    parts = [series.below(0.5) for series in (one.total, one.slot, one.answer, one.work, one.keep)]
    assert parts == [35.0, 1.0, 2.0, 30.0, 3.0]


def test_who_answers_at_once_has_worked_since_it_was_asked() -> None:
    counted = Counted()
    took(counted, ("Submitting", 10.0), ("Done", 14.0), ("Stored", 15.0))
    (one,) = counted.models.values()
    assert (one.answer.count, one.work.below(0.5), one.keep.below(0.5)) == (0, 4.0, 1.0)


def test_a_request_that_is_sent_again_under_its_key_is_one_request() -> None:
    counted = Counted()
    took(counted, ("Submitting", 10.0), ("Submitting", 70.0), ("Done", 80.0), ("Stored", 80.0))
    (one,) = counted.models.values()
    assert (one.sent, one.total.below(0.5), counted.flying["p"].most) == (1, 70.0, 1)


def test_what_was_given_up_and_turned_up_later_is_both() -> None:
    counted = Counted()
    moments = [("Submitting", 1.0), ("Accepted", 2.0), ("Failed", 9.0)]
    took(counted, *moments, error="timeout")
    counted.take(Moment("Done", 30.0, "r/1"))
    counted.take(Moment("Stored", 31.0, "r/1", node="scene", base="b", artifact="d"))
    (one,) = counted.models.values()
    assert one.ended == {"timeout": 1, "stored": 1} and one.in_flight == 0


def test_requests_before_the_period_are_not_of_it() -> None:
    counted = Counted(since=100.0)
    took(counted, ("Submitting", 99.0), ("Done", 101.0), ("Stored", 101.0), attempt="r/1")
    took(counted, ("Submitting", 100.5), ("Done", 101.0), ("Stored", 101.5), attempt="r/2")
    (one,) = counted.models.values()
    assert one.sent == one.ended["stored"] == 1


KINDS = ("Reserved", "Submitting", "Accepted", "Running", "Done", "Stored", "Failed", "Cancelled", "Unknown", "Slow")


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from("abc"), st.floats(0, 100)), max_size=60))
def test_whatever_comes_in_whatever_order_nothing_flies_below_zero(many: list[tuple[str, str, float]]) -> None:
    counted = Counted()
    for kind, attempt, at in many:
        counted.take(Moment(kind, at, attempt, "p", "m", "scene", 0, "b", error="transient"))
        assert all(flying.now >= 0 for flying in counted.flying.values())
        assert all(one.in_flight >= 0 for one in counted.models.values())
    counted.run_over()
    assert all(flying.now == 0 for flying in counted.flying.values())


# --- from a ledger -------------------------------------------------------------------------------------------------

STORY = """\
name: story
steps:
  - {name: fox, type: text_to_image, prompt: a red fox, candidates: 4, approve: first-clean}
  - {name: film, type: image_to_video, input_from: fox, prompt: it runs}
"""


class Place:
    """A folder, a home and a provider, and what is asked of them."""

    def __init__(self, folder: Path, *faults: Fault) -> None:
        self.folder = folder
        self.provider = ScriptedProvider(faults=faults)
        self.flags: dict[str, object] = {"home": folder / "home"}

    def project(self) -> Project:
        config = load_config(self.folder, self.flags, {})
        return Project(config, {"scripted": self.provider}, checks=())

    def run(self, text: str = STORY, name: str = "story", **more: object) -> None:
        (self.folder / f"{name}.yaml").write_text(text)
        options = RunOptions(provider="scripted", pick=Pick.FIRST_CLEAN, **more)  # type: ignore[arg-type]
        with self.project() as project:
            asyncio.run(run_file(project, self.folder / f"{name}.yaml", options))

    def stats(self, **more: object) -> Stats:
        with self.project() as project:
            return stats(project, **{"since": time.time() - 3600.0, **more})  # type: ignore[arg-type]


def test_a_run_is_counted_with_its_refusals_its_picks_and_what_it_reused(tmp_path: Path) -> None:
    limited = Fault(error=ErrorClass.RATE_LIMIT, at=1, times=2, retry_after=0.01)
    refused = Fault(error=ErrorClass.TRANSIENT, at=2, stage=Stage.SUBMIT)
    place = Place(tmp_path, limited, refused)
    place.run()
    real, simulated = place.stats().worlds
    assert simulated.empty and not real.empty
    still, film = real.models
    assert (still.count.sent, still.count.ended) == (7, {"stored": 4, "rate_limit": 2, "transient": 1})
    assert still.errors == [("rate_limit", 2, 0.285714), ("transient", 1, 0.142857)]
    assert (still.offered, still.picked, still.picked_share, still.clean_share) == (4, 1, 0.25, 1.0)
    assert (film.count.sent, film.count.ended, film.picked_share) == (1, {"stored": 1}, None)
    assert (real.made, real.reused, real.hit_share) == (2, 0, 0.0)
    assert [(limit.provider, limit.rate_limited) for limit in real.limits] == [("scripted", 2)]
    assert (real.limits[0].found_at_once or 0) >= 1, "what was found while it ran"
    again = STORY + "  - {name: owl, type: text_to_image, prompt: an owl}\n"
    place.run(again)
    real = place.stats().worlds[0]
    assert (real.made, real.reused, real.hit_share) == (3, 2, 0.4)


def test_a_period_a_provider_and_a_model_can_be_named(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.run()
    assert place.stats(provider="scripted").worlds[0].models
    assert not place.stats(provider="another").worlds[0].models
    named = place.stats(model="VEO 3.1 Fast").worlds[0].models
    assert [one.model for one in named] == ["veo_3_1_fast@1"]
    assert not place.stats(model="kling").worlds[0].models
    assert place.stats(since=None).runs == 1


def test_what_was_simulated_is_counted_apart(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.flags["sim"] = "http://127.0.0.1:9"
    place.run()
    real, simulated = place.stats().worlds
    assert real.empty and simulated.models
    assert [world["simulated"] for world in place.stats().plain()["worlds"]] == [False, True]
