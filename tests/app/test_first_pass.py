"""What the stills alone take of a full pass: in the plan and at the end of the run, for those who ask for them."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rushes.app.config import load_config
from rushes.app.consent import given
from rushes.app.hooks import Hooks
from rushes.app.plan import Prepared, prepare
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.app.summary import RunSummary
from rushes.model.money import Quote
from rushes.model.operation import Operation
from rushes.model.request import Recipe
from rushes.model.run import RunMode, RunOptions
from rushes.testing.provider import ScriptedProvider

USD = Decimal

STORY = """
name: story
steps:
  - {name: s1, type: text_to_image, prompt: a fox}
  - {name: s2, type: text_to_image, prompt: an owl}
  - {name: f1, type: image_to_video, input_from: s1, prompt: it runs}
  - {name: f2, type: image_to_video, input_from: s2, prompt: it flies}
"""


class Priced(ScriptedProvider):
    """Stills cost 6 cents and take 30 s, films cost 90 cents (or what is said) and take 120 s."""

    film: Decimal | None = USD("0.90")

    def estimate(self, recipe: Recipe) -> Quote:
        if recipe.op is Operation.TEXT_TO_IMAGE:
            return Quote(USD("0.06"), USD("0.06"), 30.0)
        return Quote(self.film, self.film, 120.0)


class Room:
    """One workflow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "story.yaml"
        self.file.write_text(STORY)
        self.provider = Priced(price=USD("0.06"))

    def project(self) -> Project:
        return Project(load_config(self.folder, {"home": self.folder / "home"}, {}), {"scripted": self.provider}, ())

    def plan(self, **options: Any) -> Prepared:
        with self.project() as project:
            return asyncio.run(prepare(project, self.file, RunOptions(provider="scripted", **options)))

    def run(self, **options: Any) -> RunSummary:
        with self.project() as project:
            asked = RunOptions(provider="scripted", **options)
            return asyncio.run(run_file(project, self.file, asked, hooks=Hooks(consent=given)))


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_a_plan_of_the_stills_says_what_share_of_a_full_pass_they_are(room: Room) -> None:
    found = room.plan(mode=RunMode.IMAGES, concurrency=1).plan.first_pass
    assert found is not None
    assert (found.money.high, found.full_money.high) == (USD("0.12"), USD("1.92"))
    assert (found.seconds, found.full_seconds) == (60, 300)
    assert (found.of_money, found.of_time) == (0.0625, 0.2)


def test_nobody_else_pays_for_a_second_plan(room: Room) -> None:
    assert room.plan().plan.first_pass is None and "first_pass" not in room.plan().plan.plain()
    assert room.plan(mode=RunMode.VIDEOS).plan.first_pass is None
    assert room.run().first_pass is None


def test_the_run_says_it_again_as_it_was_planned(room: Room) -> None:
    planned = room.plan(mode=RunMode.IMAGES).plan.first_pass
    summary = room.run(mode=RunMode.IMAGES)
    assert planned is not None and summary.first_pass is not None
    assert summary.first_pass.money == planned.money and summary.first_pass.full_money == planned.full_money
    assert summary.plain()["first_pass"]["of_money"] == 0.0625


def test_a_page_without_the_films_does_not_say_that_it_is_complete(room: Room) -> None:
    def page(**options: Any) -> str:
        [path] = [one for one in room.run(**options).exported if one.name.startswith("report-")]
        return path.read_text()

    assert "complete as far as it was selected" in page(mode=RunMode.IMAGES)
    assert "selected" not in (whole := page()) and "complete" in whole


def test_the_full_pass_is_of_what_else_was_selected(room: Room) -> None:
    found = room.plan(mode=RunMode.IMAGES, until=("f1",)).plan.first_pass
    assert found is not None and (found.money.high, found.full_money.high) == (USD("0.06"), USD("0.96"))


def test_a_share_of_an_unknown_amount_is_not_known(room: Room) -> None:
    room.provider.film = None
    found = room.plan(mode=RunMode.IMAGES).plan.first_pass
    assert found is not None and found.of_money is None and found.full_money.unknown == 2
