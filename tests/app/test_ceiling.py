"""Ceilings of a run: what cannot fit is refused before anything is bought, and buying stops exactly at the ceiling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from rushes.app.ceiling import foresee
from rushes.app.config import load_config
from rushes.app.consent import given
from rushes.app.hooks import Hooks
from rushes.app.plan import prepare
from rushes.app.project import Project
from rushes.app.run import resume, run_file
from rushes.app.summary import RunSummary
from rushes.errors import ConfigError, RefusedError
from rushes.model.money import Quote
from rushes.model.request import Recipe, Request
from rushes.model.run import RunOptions, RunState
from rushes.testing.provider import ScriptedProvider

USD = Decimal
STEPS = "steps: [{name: a, type: text_to_image, prompt: a fox, candidates: 4BUDGET}]\n"
OWL = STEPS.replace("a fox", "an owl")


class Home:
    """A folder with one workflow and a provider whose pictures are quoted at ten cents."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.provider = ScriptedProvider(price=USD("0.10"))

    @contextmanager
    def project(self, environ: dict[str, str] | None = None) -> Iterator[Project]:
        config = load_config(self.folder, {"home": self.folder / "home"}, environ or {})
        with Project(config, {"scripted": self.provider}, checks=()) as project:
            yield project

    def quoted(self, price: str | None, charges: Callable[[Request], Decimal | None] | None = None) -> Home:
        self.provider = ScriptedProvider(price=None if price is None else USD(price), charges=charges)
        return self

    def file(self, settings: str = "{}", steps: str = STEPS, step: str = "", toml: str = "") -> Path:
        file = self.folder / "w.yaml"
        file.write_text(f"settings: {settings}\n" + steps.replace("BUDGET", step))
        (self.folder / "rushes.toml").write_text(toml)
        return file

    def run(self, file: Path, budget: str | None = None, attempts: int = 2, **environ: str) -> RunSummary:
        most = None if budget is None else USD(budget)
        with self.project(environ) as project:
            options = RunOptions(provider="scripted", attempts=attempts, budget=most)
            return asyncio.run(run_file(project, file, options, hooks=Hooks(consent=given)))

    def refused(self, file: Path, budget: str | None = None, **environ: str) -> RefusedError:
        with pytest.raises(RefusedError) as caught:
            self.run(file, budget, **environ)
        assert not self.provider.posts, "a refusal comes before the first request"
        return caught.value

    def resume(self, run: str, budget: str | None = None) -> RunSummary:
        with self.project() as project:
            return asyncio.run(resume(project, run, budget=None if budget is None else USD(budget)))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_run_whose_certain_cost_fits_goes_on(home: Home) -> None:
    assert home.run(home.file("{max_cost: 0.40}")).state is RunState.DONE


@pytest.mark.parametrize("settings", ["{max_cost: 0.39}", "{cost_management: {max_cost_per_run: 0.39}}"])
def test_a_run_that_costs_a_cent_too_much_for_certain_is_refused(home: Home, settings: str) -> None:
    said = home.refused(home.file(settings)).message
    assert "$0.40" in said and "$0.39" in said and "max_cost" in said


def test_the_flag_stands_in_place_of_what_the_document_says_of_a_run(home: Home) -> None:
    said = home.refused(home.file("{max_cost: 9}"), budget="0.39")
    assert "--budget is $0.39" in said.message
    assert "--budget" in said.next_step
    assert home.run(home.file("{max_cost: 0.10}"), budget="0.40").state is RunState.DONE


def test_a_run_that_may_go_over_is_run_and_says_so(home: Home) -> None:
    with home.project() as project:
        options = RunOptions(provider="scripted", attempts=2, budget=USD("0.79"))
        plan = foresee(project, asyncio.run(prepare(project, home.file(), options))).plan
    assert any("$0.80" in one and "$0.79" in one for one in plan.warnings)
    assert home.run(home.file(), budget="0.79").state is RunState.DONE


def test_a_plan_shows_what_a_run_would_refuse(home: Home) -> None:
    with home.project() as project:
        options = RunOptions(provider="scripted", budget=USD("0.39"))
        plan = foresee(project, asyncio.run(prepare(project, home.file(), options))).plan
    assert any("would be refused" in one and "$0.39" in one for one in plan.warnings)


def test_an_unknown_price_is_refused_under_a_ceiling_and_never_counted_as_zero(home: Home) -> None:
    said = home.quoted(None).refused(home.file("{max_cost: 1000}"))
    assert "no known price" in said.message and "(a)" in said.message
    assert home.run(home.file()).state is RunState.DONE, "where nobody set a ceiling it is bought"


def test_a_step_has_a_budget_of_its_own(home: Home) -> None:
    assert "budget of a" in home.refused(home.file(step=", budget: 0.3")).message
    assert home.run(home.file(step=", budget: 0.4")).state is RunState.DONE


def test_a_day_has_a_limit_that_earlier_runs_use_up(home: Home) -> None:
    settings = "{cost_management: {daily_limit: 0.70}}"
    assert home.run(home.file(settings)).state is RunState.DONE  # spent 0.40
    home.quoted("0.10")
    said = home.refused(home.file(settings, OWL)).message
    assert "daily_limit" in said and "allows $0.30 more" in said


def test_the_lower_of_two_ceilings_on_a_day_counts(home: Home) -> None:
    settings = "{cost_management: {daily_limit: 9}}"
    assert "day of [budget]" in home.refused(home.file(settings, toml="[budget]\nday = 0.39\n")).message
    settings = "{cost_management: {daily_limit: 0.39}}"
    assert "daily_limit" in home.refused(home.file(settings, toml="[budget]\nday = 9\n")).message


@pytest.mark.parametrize("key", ["run", "project", "day", "agent"])
def test_the_project_file_has_ceilings(home: Home, key: str) -> None:
    toml = f"[budget]\n{key} = 0.39\n"
    assert f"{key} of [budget] in rushes.toml" in home.refused(home.file(toml=toml), RUSHES_AGENT="claude").message
    assert home.run(home.file(toml=toml.replace("0.39", "0.40")), RUSHES_AGENT="claude").state is RunState.DONE


def test_the_ceiling_of_a_project_counts_all_its_runs_and_no_other_project(home: Home, tmp_path: Path) -> None:
    toml = "[budget]\nproject = 0.50\n"
    assert home.run(home.file(toml=toml)).state is RunState.DONE
    home.quoted("0.10")
    assert "allows $0.10 more" in home.refused(home.file(steps=OWL, toml=toml)).message
    other = Home(tmp_path / "other")
    other.folder.mkdir()
    (other.folder / "home").symlink_to(tmp_path / "home")
    assert other.run(other.file(steps=OWL, toml=toml)).state is RunState.DONE


def test_an_agent_without_a_name_is_under_no_ceiling_of_agents(home: Home) -> None:
    assert home.run(home.file(toml="[budget]\nagent = 0.01\n")).state is RunState.DONE


@pytest.mark.parametrize(
    "line", ["run = -1", "run = true", 'run = "much"', "runs = 1", "run = inf", "run = nan", "run = []"]
)
def test_a_ceiling_that_is_no_amount_is_refused_by_name(home: Home, line: str) -> None:
    home.file(toml=f"[budget]\n{line}\n")
    with pytest.raises(ConfigError, match=r"budget\.run"), home.project():
        pass


class Ranged(ScriptedProvider):
    """Says beforehand that a picture costs five to ten cents; it is charged ten."""

    def estimate(self, recipe: Recipe) -> Quote:
        return Quote(USD("0.05"), USD("0.10"), 1.0)


def test_a_run_stops_buying_exactly_at_its_ceiling_and_goes_on_with_more(home: Home) -> None:
    home.provider = Ranged(price=USD("0.10"))
    summary = home.run(home.file(), budget="0.25")
    assert (summary.state, summary.spent, summary.held) == (RunState.FAILED, USD("0.20"), 0)
    (failure,) = summary.failures
    assert failure.message == "budget: $0.25 of run is used up ($0.10 needed, $0.05 left); raise with --budget"
    assert failure.next_step == f"go on with more: rushes resume {summary.run} --budget USD"
    assert sum(home.provider.posts.values()) == 2

    with pytest.raises(RefusedError, match=r"costs \$0.10 at least.*allows \$0.05 more"):
        home.resume(summary.run)
    assert sum(home.provider.posts.values()) == 2
    after = home.resume(summary.run, "0.40")
    assert (after.state, after.spent) == (RunState.DONE, USD("0.40"))
    assert sum(home.provider.bought.values()) == 4


def test_a_raised_budget_is_kept_with_the_run(home: Home) -> None:
    home.provider = Ranged(price=USD("0.10"))
    run = home.run(home.file(), budget="0.25").run
    with home.project() as project:
        assert project.ledger.ceilings(project.ledger.run(run).id) == {f"run:{run}": USD("0.25")}
    home.resume(run, "0.80")
    with home.project() as project:
        record = project.ledger.run(run)
        assert record.options.budget == USD("0.80")
        assert project.ledger.ceilings(record.id) == {f"run:{run}": USD("0.80")}


def test_what_is_charged_beyond_the_quote_is_counted_and_said(home: Home) -> None:
    home.quoted("0.10", lambda _request: USD("0.25"))
    summary = home.run(home.file(steps=STEPS.replace("candidates: 4", "candidates: 1")), budget="0.10")
    assert (summary.spent, summary.over) == (USD("0.25"), USD("0.15"))
    assert any("$0.15 more than they quoted" in note for note in summary.notes)
    with home.project() as project:
        run = f"run:{summary.run}"
        assert project.ledger.accounts([run])[run].spent == USD("0.25")


def test_prices_below_the_quote_give_their_room_to_what_comes_after(home: Home) -> None:
    """Quoted at forty cents for certain under a budget of forty, charged half: re-rolls fit into the rest."""
    home.quoted("0.10", lambda _request: USD("0.05"))
    summary = home.run(home.file(), budget="0.40")
    assert (summary.state, summary.spent) == (RunState.DONE, USD("0.20"))
    more = home.file(steps=STEPS.replace("candidates: 4", "candidates: 8"))
    assert home.run(more, budget="0.40").spent == USD("0.20"), "another run has a budget of its own"


def test_what_nobody_said_the_price_of_counts_as_its_worst_case(home: Home) -> None:
    home.quoted("0.10", lambda _request: None)
    summary = home.run(home.file(), budget="0.40")
    assert (summary.spent, summary.guessed) == (USD("0.40"), USD("0.40"))
    assert any("counted as quoted" in note for note in summary.notes)


def test_a_ceiling_of_nothing_lets_free_requests_through_and_no_other(home: Home) -> None:
    home.refused(home.file(), budget="0")
    assert home.quoted("0").run(home.file(), budget="0").state is RunState.DONE


def test_a_plan_above_the_threshold_says_so(home: Home) -> None:
    with home.project() as project:
        file = home.file("{warn_threshold: 0.3}")
        plan = asyncio.run(prepare(project, file, RunOptions(provider="scripted"))).plan
    assert any("$0.40" in warning and "warn_threshold" in warning for warning in plan.warnings)
