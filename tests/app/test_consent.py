"""Consent: what may cost more than a threshold is agreed to first, or not bought; what is free asks nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from rushes.app.ceiling import foresee
from rushes.app.config import load_config
from rushes.app.consent import Answer, Spending, agree, foresee_consent, given, spending_of
from rushes.app.hooks import Hooks
from rushes.app.plan import prepare
from rushes.app.project import Project
from rushes.app.run import rerun_file, resume, run_file
from rushes.app.summary import RunSummary
from rushes.errors import ConfigError, RefusedError
from rushes.model.run import RunOptions, RunState
from rushes.testing.provider import ScriptedProvider

USD = Decimal
STEP = "settings: SETTINGS\nsteps: [{name: a, type: text_to_image, prompt: a fox, candidates: 4}]\n"


class Desk:
    """A folder with one workflow of four pictures, each made at most twice: 8 times the price."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "w.yaml"
        self.provider = ScriptedProvider()
        self.asked: list[Spending] = []

    def with_(self, price: str | None, settings: str = "{}", toml: str = "") -> Desk:
        self.provider = ScriptedProvider(price=None if price is None else USD(price))
        self.file.write_text(STEP.replace("SETTINGS", settings))
        (self.folder / "rushes.toml").write_text(toml)
        return self

    @contextmanager
    def project(self) -> Iterator[Project]:
        config = load_config(self.folder, {"home": self.folder / "home"}, {})
        with Project(config, {"scripted": self.provider}, checks=()) as project:
            yield project

    def run(self, answer: Answer | None = None, budget: str | None = None, **more: object) -> RunSummary:
        options = _options(budget, **more)
        with self.project() as project:
            work = rerun_file if options.rerun else run_file
            return asyncio.run(work(project, self.file, options, hooks=Hooks(consent=answer)))

    def needs(self, budget: str | None = None, times: int = 1) -> Spending | None:
        with self.project() as project:
            prepared = asyncio.run(prepare(project, self.file, _options(budget)))
            return spending_of(project, prepared, times=times)

    def answers(self, word: bool) -> Answer:
        def answer(spending: Spending) -> bool:
            assert not self.provider.posts, "the question comes before the first request"
            self.asked.append(spending)
            return word

        return answer


def _options(budget: str | None, **more: object) -> RunOptions:
    most = None if budget is None else USD(budget)
    return RunOptions(provider="scripted", attempts=2, budget=most, **more)  # type: ignore[arg-type]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_where_nobody_is_there_what_may_cost_more_than_the_threshold_is_not_bought(desk: Desk) -> None:
    with pytest.raises(RefusedError) as caught:
        desk.with_("0.20").run()
    assert "$0.80, and up to $1.60" in caught.value.message and "--yes" in caught.value.next_step
    assert not desk.provider.posts
    with desk.project() as project:
        assert project.ledger.runs() == [], "a run that was refused was none"


def test_whoever_is_there_is_asked_once_and_their_word_counts(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="nobody agreed"):
        desk.with_("0.20").run(desk.answers(False))
    assert not desk.provider.posts
    assert desk.run(desk.answers(True)).state is RunState.DONE
    (one, _other) = desk.asked
    assert (one.requests, one.expected, one.most, one.above) == (4, USD("0.80"), USD("1.60"), USD("1.00"))
    assert desk.run().state is RunState.DONE, "what is here already is free"


def test_an_unknown_price_is_above_every_threshold(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="an unknown amount for 4 of 4 requests"):
        desk.with_(None, toml="[consent]\nabove = 1000\n").run()
    assert desk.run(given).state is RunState.DONE


@pytest.mark.parametrize(
    ("price", "settings", "toml", "budget", "above"),
    [
        ("0", "{}", "", None, None),
        ("0", "{cost_management: {require_confirmation: true}}", "[consent]\nabove = 0\n", None, None),
        ("0.125", "{}", "", None, None),  # exactly the threshold
        ("0.13", "{}", "", None, "1.00"),
        ("0.13", "{}", "[consent]\nabove = 2.00\n", None, None),
        ("0.01", "{}", "[consent]\nabove = 0.05\n", None, "0.05"),
        ("0.01", "{cost_management: {require_confirmation: true}}", "", None, "0"),
        ("0.01", "{cost_management: {require_confirmation: true}}", "[consent]\nabove = 9\n", None, "0"),
        ("0.01", "{cost_management: {require_confirmation: true}}", "", "5", "0"),
        ("0.50", "{}", "[consent]\nabove = 0\n", "5", None),  # the person's word about this run
        ("0.50", "{max_cost: 9}", "", None, "1.00"),  # a ceiling is no consent
        ("0.20", "{max_cost: 1}", "", None, None),  # but nothing is spent above it
        ("0.50", "{max_cost: 9, cost_management: {require_confirmation: false}}", "", None, None),
        ("0.50", "{cost_management: {require_confirmation: false}}", "", None, "1.00"),
        ("0.50", "{cost_management: {require_confirmation: false}}", "[budget]\nday = 9\n", None, None),
        ("0.50", "{max_cost: 9, cost_management: {require_confirmation: false}}", "[consent]\nabove = 2\n", None, "2"),
    ],
)
def test_when_a_run_is_asked_about(
    price: str, settings: str, toml: str, budget: str | None, above: str | None, desk: Desk
) -> None:
    needed = desk.with_(price, settings, toml).needs(budget)
    assert (None if needed is None else needed.above) == (None if above is None else USD(above))


def test_several_times_a_plan_is_asked_about_as_a_whole(desk: Desk) -> None:
    desk.with_("0.10")
    assert desk.needs() is None
    whole = desk.needs(times=5)
    assert whole is not None
    assert (whole.requests, whole.expected, whole.most) == (20, USD("2.00"), USD("4.00"))
    with pytest.raises(RefusedError):
        agree(whole, None)
    agree(whole, given)


def test_a_resume_and_a_rerun_are_asked_about_like_a_run(desk: Desk) -> None:
    desk.with_("0.20").run(given)
    desk.with_("0.20")
    with pytest.raises(RefusedError, match="nobody is here"):
        desk.run(rerun=("a",))
    assert not desk.provider.posts
    with desk.project() as project:
        record = project.ledger.runs()[0]
        project.ledger.set_options(record.id, _options(None, rerun=("a",), floors=_floors(project)))
        with pytest.raises(RefusedError, match="nobody is here"):
            asyncio.run(resume(project, record.id))
    assert not desk.provider.posts


def _floors(project: Project) -> tuple[tuple[str, int, int], ...]:
    asked = next(iter(project.ledger.asked("w", [("a", 0)]).values()))  # type: ignore[list-item]
    return tuple((str(asked), candidate, 1) for candidate in range(4))


def test_a_plan_says_that_a_run_asks_first(desk: Desk) -> None:
    with desk.with_("0.20").project() as project:
        prepared = asyncio.run(prepare(project, desk.file, _options(None)))
        warnings = foresee_consent(project, foresee(project, prepared)).plan.warnings
    assert any("a run asks first" in one and "$1.60" in one and "--yes" in one for one in warnings)


@pytest.mark.parametrize("toml", ["[consent]\nabov = 1\n", "[consent]\nabove = -1\n", "[consent]\nabove = true\n"])
def test_a_threshold_that_is_none_is_refused_with_its_place(toml: str, desk: Desk) -> None:
    with pytest.raises(ConfigError, match=r"consent\.abov"):
        desk.with_("0.20", toml=toml).run()
