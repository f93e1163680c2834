"""The pipelines of the suite's guide, as people bring them: each loads, validates and runs, offline and simulated."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.cli.envelopes.simulated import simulator

from .conftest import Aicp

GUIDE = Path(__file__).parents[2] / "examples" / "guide"
FILES = sorted(path.name for path in GUIDE.glob("*.yaml"))

RESULTS = {"costs": 2, "dependencies": 4, "lines": 3, "panels": 10, "parallel": 4}
"""How many results each leaves: rows counted, what was not needed left out."""


@pytest.fixture
def guide(place: Path) -> Path:
    shutil.copytree(GUIDE, place, dirs_exist_ok=True)
    return place


def results(said: Any) -> list[str]:
    assert said.code == 0, said.err
    assert said.data["success"] and said.data["error"] is None
    return [one for outputs in said.data["outputs"].values() for one in outputs]


def test_every_pipeline_has_its_count() -> None:
    assert sorted(RESULTS) == [name.removesuffix(".yaml") for name in FILES]


@pytest.mark.parametrize("name", FILES)
def test_a_pipeline_of_the_guide_runs_offline_and_every_result_is_on_disk(name: str, aicp: Aicp, guide: Path) -> None:
    made = results(aicp("run-chain", "--config", name, "--provider", "sketch", "--json"))
    assert len(made) == RESULTS[name.removesuffix(".yaml")]
    files = [Path(one) for one in made if one.startswith("/")]
    assert len(set(files)) == len(files) and all(path.stat().st_size for path in files)


def test_a_step_that_was_not_needed_is_told_as_skipped_and_not_as_failed(aicp: Aicp, guide: Path) -> None:
    said = aicp("run-chain", "--config", "costs.yaml", "--provider", "sketch")
    assert said.code == 0 and "skipped second" in said.out and "failed" not in said.out.replace("did not fail", "")


@pytest.mark.parametrize("name", FILES)
def test_a_pipeline_of_the_guide_runs_at_its_own_models_and_is_billed_as_quoted(
    name: str, aicp: Aicp, guide: Path
) -> None:
    with simulator() as url:
        quoted = aicp("run-chain", "--config", name, "--sim", url, "--dry-run", "--json").data
        said = aicp("run-chain", "--config", name, "--sim", url, "--json")
        assert len(results(said)) == RESULTS[name.removesuffix(".yaml")]
        assert 0 < said.data["total_cost"] <= quoted["total_cost"] + 1e-9
        again = aicp("run-chain", "--config", name, "--sim", url, "--json")
        assert results(again) == results(said) and again.data["total_cost"] == 0


def test_a_step_after_a_group_sees_what_its_member_made(aicp: Aicp, guide: Path) -> None:
    said = aicp("run-chain", "--config", "parallel.yaml", "--provider", "sketch", "--json")
    assert said.code == 0, said.err
    assert [one["step"] for one in said.data["step_results"]][-1] == "seen"
    first = said.data["outputs"]["seen"]
    text = (guide / "parallel.yaml").read_text()
    (guide / "parallel.yaml").write_text(text.replace("input_from: ink", "input_from: photo"))
    other = aicp("run-chain", "--config", "parallel.yaml", "--provider", "sketch", "--json").data["outputs"]["seen"]
    assert first != other, "another member's picture is described in other words"


def test_settings_parallel_says_whether_there_is_more_than_one(aicp: Aicp, guide: Path) -> None:
    def seconds() -> float:
        found: float = aicp("estimate-cost", "--config", "parallel.yaml", "--json").data["estimated_time"]
        return found

    together = seconds()
    text = (guide / "parallel.yaml").read_text()
    (guide / "parallel.yaml").write_text(text.replace("parallel: true", "parallel: false"))
    assert seconds() == pytest.approx(together + 10), "three pictures of 5 s, and a look at one of them"


@pytest.mark.parametrize("workers", [2, 3, 4, 5, 6, 8])
def test_max_workers_says_how_many_hands_there_are(workers: int, aicp: Aicp, guide: Path) -> None:
    eight = "".join(
        f"  - {{name: p{number}, type: text_to_image, model: flux_schnell, prompt: picture {number}}}\n"
        for number in range(24)
    )
    (guide / "many.yaml").write_text(
        f"name: many\nsettings: {{parallel: true, max_workers: {workers}}}\nsteps:\n{eight}"
    )
    with simulator() as url:
        planned = aicp("estimate-cost", "--config", "many.yaml", "--provider", "fal", "--json").data
        assert planned["estimated_time"] == pytest.approx(24 * 5 / workers)
        assert len(results(aicp("run-chain", "--config", "many.yaml", "--sim", url, "--json"))) == 24
