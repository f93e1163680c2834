"""Ceilings in the document: what could go over is refused before anything is bought."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

from rushes.app.config import load_config
from rushes.app.plan import prepare
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.errors import RefusedError
from rushes.model.run import RunOptions, RunState
from rushes.testing.provider import ScriptedProvider

STEPS = "steps: [{name: a, type: text_to_image, prompt: a fox, candidates: 4, attempts: 2BUDGET}]\n"
OPTIONS = RunOptions(provider="scripted", attempts=2)


def run(folder: Path, settings: str, *, price: str | None = "0.10", budget: str = "", steps: str = STEPS) -> str:
    """The state of a run of four pictures under these settings."""
    file = folder / "w.yaml"
    file.write_text(f"settings: {settings}\n" + steps.replace("BUDGET", budget))
    provider = ScriptedProvider(price=None if price is None else Decimal(price))
    config = load_config(folder, {"home": folder / "home"}, {})
    with Project(config, {"scripted": provider}, checks=()) as project:
        try:
            return str(asyncio.run(run_file(project, file, OPTIONS)).state)
        except RefusedError as error:
            assert not provider.posts, "a refusal comes before the first request"
            return error.message


def test_a_run_whose_worst_case_fits_goes_on(tmp_path: Path) -> None:
    assert run(tmp_path, "{max_cost: 0.80}") == RunState.DONE


def test_a_run_whose_worst_case_is_a_cent_too_much_is_refused(tmp_path: Path) -> None:
    said = run(tmp_path, "{max_cost: 0.79}")
    assert "$0.80" in said and "$0.79" in said and "max_cost" in said


def test_an_unknown_price_is_refused_under_a_ceiling_and_never_counted_as_zero(tmp_path: Path) -> None:
    assert "without a known price" in run(tmp_path, "{max_cost: 1000}", price=None)


def test_a_step_has_a_budget_of_its_own(tmp_path: Path) -> None:
    assert "its budget" in run(tmp_path, "{}", budget=", budget: 0.5")


def test_a_day_has_a_limit_that_earlier_runs_use_up(tmp_path: Path) -> None:
    settings = "{cost_management: {daily_limit: 1.0}}"
    assert run(tmp_path, settings) == RunState.DONE  # billed 0.40
    more = STEPS.replace("a fox", "an owl")
    assert "daily_limit" in run(tmp_path, settings, steps=more)


def test_a_plan_above_the_threshold_says_so(tmp_path: Path) -> None:
    file = tmp_path / "w.yaml"
    file.write_text("settings: {warn_threshold: 0.3}\n" + STEPS.replace("BUDGET", ""))
    config = load_config(tmp_path, {"home": tmp_path / "home"}, {})
    with Project(config, {"scripted": ScriptedProvider(price=Decimal("0.10"))}) as project:
        plan = asyncio.run(prepare(project, file, OPTIONS)).plan
    assert any("$0.40" in warning and "warn_threshold" in warning for warning in plan.warnings)
