"""Models that are not to be had: the file stays as it is, what was made stays as it is, and another makes the rest."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rushes.app.config import load_config
from rushes.app.plan import Prepared, prepare
from rushes.app.project import Project
from rushes.app.review import decide
from rushes.app.run import resume, run_file
from rushes.app.summary import RunSummary
from rushes.catalogue.load import Catalogue, model_of
from rushes.errors import UserError
from rushes.model.problem import ProblemsError
from rushes.model.run import STAND_INS, RunOptions, RunState
from rushes.model.verdict import Choice
from rushes.sim.faults import fault_of
from rushes.sim.simulator import Simulator

FILE = """\
name: story
steps:
  - name: hero
    type: text_to_image
    model: old_paint
    candidates: 2
    approve: true
    params: {aspect_ratio: "9:16"}
    prompt: a fox
  - {name: second, type: text_to_image, model: old_paint, prompt: a hare, params: {aspect_ratio: "9:16"}}
  - {name: other, type: text_to_image, model: far_paint, prompt: an owl}
"""
OLD, NEW, FAR = "fal-ai/flux/dev", "fal-ai/flux/schnell", "gemini-nano-banana-2.1"


def model(key: str, endpoint: str = OLD, provider: str = "fal", **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "maker": "Test",
        "category": "text_to_image",
        "operations": ["text_to_image"],
        "provider": provider,
        "endpoint": endpoint,
        "aliases": [],
        "prices": [{"usd": "0.04", "per": "image", "source": "test", "as_of": date.today().isoformat()}],
        "durations": None,
        "ratios": None,
        "defaults": {},
        "seconds": 5,
        "timeout": 60,
        "retired": None,
        "successor": None,
        "note": None,
        **more,
    }


class World:
    """A simulator in this process, a home, and a catalogue of three models of which two are declared equal."""

    def __init__(self, folder: Path, sim: Simulator) -> None:
        self.sim, self.folder = sim, folder
        self.file = folder / "story.yaml"
        self.file.write_text(FILE)
        self.opened: list[Project] = []
        self.know()

    def know(self, **old: Any) -> None:
        """Another day, with another catalogue: this is said of the old model."""
        flags = {"home": str(self.folder / "home"), "sim": self.sim.url, "provider": "auto"}
        self.project = Project(load_config(self.folder, flags, {}))
        self.opened.append(self.project)
        self.project.__dict__["catalogue"] = Catalogue(
            [
                model_of(model("old_paint") | {"endpoint": OLD, "equivalents": ["new_paint"]} | old),
                model_of(model("new_paint", NEW)),
                model_of(model("far_paint", FAR, "gemini", equivalents=["new_paint"])),
            ]
        )

    async def close(self) -> None:
        for project in self.opened:
            for provider in project.loaded_providers().values():
                await provider.close()
            project.__exit__(None, None, None)

    def strike(self, *faults: dict[str, Any]) -> None:
        self.sim.world.faults.active = tuple(fault_of(one) for one in faults)

    async def prepared(self, **more: Any) -> Prepared:
        return await prepare(self.project, self.file, RunOptions(**more))

    async def run(self, **more: Any) -> RunSummary:
        return await run_file(self.project, self.file, RunOptions(**more))

    def asked(self) -> dict[str, int]:
        """How many requests each endpoint accepted."""
        found: dict[str, int] = {}
        for entry in self.sim.report()["entries"]:
            if entry["accepted"]:
                found[entry["model"]] = found.get(entry["model"], 0) + 1
        return found

    def labels(self) -> set[str]:
        """What the kept recipes say about stand-ins."""
        said = set()
        for record in self.project.ledger.runs():
            for entry in self.project.ledger.events(record.id):
                recipe = getattr(entry.event, "recipe", None)
                said |= {recipe["stands_in"]} if recipe and "stands_in" in recipe else set()
        return said


def played(folder: Path, play: Any) -> None:
    async def all_of_it() -> None:
        async with Simulator(seed=3, time_scale=0.001, most_side=96) as sim:
            world = World(folder, sim)
            try:
                await play(world)
            finally:
                await world.close()

    asyncio.run(all_of_it())


def made_of(prepared: Prepared) -> dict[str, tuple[str, str]]:
    return {str(one.node): (one.provider.removesuffix(" (simulated)"), one.model) for one in prepared.plan.nodes}


def test_a_model_that_is_retired_stops_the_plan_and_names_what_helps(tmp_path: Path) -> None:
    async def play(world: World) -> None:
        world.know(retired=(date.today() - timedelta(days=1)).isoformat(), successor="new_paint")
        with pytest.raises(ProblemsError) as raised:
            await world.prepared()
        said = [one for one in raised.value.problems if one.code == "model-retired"]
        assert {one.node for one in said} == {"hero", "second"}
        assert "new_paint" in said[0].try_ and "--substitute" in said[0].try_
        assert world.sim.report()["submissions"] == 0

    played(tmp_path, play)


def test_a_model_that_ends_soon_is_said_to_and_still_asked(tmp_path: Path) -> None:
    async def play(world: World) -> None:
        world.know(retired=(date.today() + timedelta(days=9)).isoformat(), successor="new_paint")
        prepared = await world.prepared(substitute=(STAND_INS,))
        soon = [one for one in prepared.problems if one.code == "model-retiring"]
        assert len(soon) == 2 and "in 9 days" in soon[0].says
        assert made_of(prepared)["second"] == ("fal", "old_paint")

    played(tmp_path, play)


def test_a_retired_model_is_stood_in_for_when_allowed_quoted_and_labelled(tmp_path: Path) -> None:
    async def play(world: World) -> None:
        world.know(retired=(date.today() - timedelta(days=1)).isoformat())
        prepared = await world.prepared(substitute=(STAND_INS,))
        second = next(one for one in prepared.plan.nodes if one.node == "second")
        assert made_of(prepared)["second"] == ("fal", "new_paint")
        assert "new_paint stands in for old_paint, which was retired on" in second.reason
        assert second.money.high == Decimal("0.04")
        before = world.file.read_bytes()
        summary = await world.run(substitute=(STAND_INS,))
        assert summary.state is RunState.PARKED
        assert world.file.read_bytes() == before
        assert world.asked() == {NEW: 3, FAR: 1}
        assert world.labels() == {second.reason.split(";")[0]}

    played(tmp_path, play)


def test_a_step_that_comes_later_says_who_will_stand_in_for_it(tmp_path: Path) -> None:
    async def play(world: World) -> None:
        world.file.write_text(
            FILE.replace("prompt: an owl", "input_from: second, prompt: an owl").replace(
                "far_paint, input", "old_paint, input"
            )
        )
        world.know(retired=date.today().isoformat())
        prepared = await world.prepared(substitute=(STAND_INS,))
        other = next(one for one in prepared.plan.nodes if one.node == "other")
        assert (other.action, other.model) == ("after", "new_paint")
        assert "new_paint stands in for old_paint" in other.reason

    played(tmp_path, play)


def test_what_was_made_and_approved_before_a_models_end_stays_as_it_is(tmp_path: Path) -> None:
    async def play(world: World) -> None:
        first = await world.run()
        assert first.state is RunState.PARKED
        await decide(world.project, first.run, "hero", 2, Choice.APPROVED)
        approved = [one.artifact for one in await decided(world)]
        world.know(retired=date.today().isoformat())
        text = world.file.read_text().replace("a hare", "a grey hare")
        world.file.write_text(text)
        prepared = await world.prepared(substitute=(STAND_INS,))
        running = {str(one.node) for one in prepared.plan.nodes if one.action == "run"}
        assert running == {"second"}
        summary = await world.run(substitute=(STAND_INS,))
        assert summary.state is RunState.DONE
        assert world.asked() == {OLD: 3, FAR: 1, NEW: 1}
        assert [one.artifact for one in await decided(world)] == approved

    async def decided(world: World) -> list[Any]:
        bases = [o.base for o in (await world.prepared(substitute=(STAND_INS,))).plan.outcomes if o.base is not None]
        return [one for many in world.project.ledger.decisions(bases).values() for one in many]

    played(tmp_path, play)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"what": "retired", "model": OLD}, "is no longer served by fal"),
        ({"what": "no-money", "model": FAR}, "the account at gemini has no credit"),
        ({"what": "503", "model": FAR, "place": "submit", "seconds": 0.01}, "gemini could not be reached"),
    ],
    ids=["retired", "no-money", "down"],
)
def test_what_ends_in_the_middle_of_a_run_is_stood_in_for_at_its_end(
    tmp_path: Path, fault: dict[str, Any], why: str
) -> None:
    async def play(world: World) -> None:
        world.strike(fault)
        world.file.write_text(FILE + "settings: {max_retries: 1, retry_delay: 0.01}\n")
        summary = await world.run(substitute=(STAND_INS,))
        assert summary.state is RunState.PARKED, summary.failures
        assert fault["model"] not in world.asked()
        assert sum(world.asked().values()) == 4
        assert any(why in one for one in world.labels())
        assert world.sim.report()["duplicates"] == []

    played(tmp_path, play)


def test_without_the_word_nobody_stands_in_and_a_resume_may_say_it(tmp_path: Path) -> None:
    async def play(world: World) -> None:
        world.strike({"what": "retired", "model": OLD})
        failed = await world.run()
        assert failed.state is RunState.FAILED
        assert world.asked() == {FAR: 1}
        assert "--substitute" in failed.failures[0].next_step
        summary = await resume(world.project, failed.run, substitute=(STAND_INS,))
        assert summary.state is RunState.PARKED
        assert world.asked() == {FAR: 1, NEW: 3}

    played(tmp_path, play)


def test_a_provider_that_is_down_is_stood_in_for_only_where_nothing_is_in_doubt(tmp_path: Path) -> None:
    async def play(world: World) -> None:
        world.strike({"what": "close-after", "model": FAR, "place": "submit"})
        summary = await world.run(substitute=(STAND_INS,))
        assert world.asked()[FAR] == 1, "it was accepted, and nobody heard of it"
        assert NEW not in world.asked(), "something that may have been bought was bought of another"
        assert summary.state is RunState.PARKED
        world.strike()
        again = await world.prepared(substitute=(STAND_INS, "far_paint=new_paint"))
        assert made_of(again)["other"] == ("gemini", "far_paint")

    played(tmp_path, play)


def test_a_person_names_a_stand_in_that_is_declared_and_no_other(tmp_path: Path) -> None:
    async def play(world: World) -> None:
        prepared = await world.prepared(substitute=("old_paint=new_paint",))
        assert made_of(prepared)["second"] == ("fal", "new_paint")
        assert made_of(prepared)["other"] == ("gemini", "far_paint")
        for wish, says in (
            ("new_paint=old_paint", "not declared"),
            ("old_paint=nothing", "OLD=NEW"),
            ("old_paint", "OLD=NEW"),
            ("", "OLD=NEW"),
        ):
            with pytest.raises(UserError, match=says):
                await world.prepared(substitute=(wish,))

    played(tmp_path, play)


def test_a_stand_in_that_would_refuse_what_is_asked_is_none(tmp_path: Path) -> None:
    async def play(world: World) -> None:
        world.file.write_text(FILE.replace('{aspect_ratio: "9:16"}', "{resolution: 2K}"))
        world.know(retired=date.today().isoformat(), equivalents=["far_paint"])
        prepared = await world.prepared(substitute=(STAND_INS,))
        assert made_of(prepared)["hero"] == ("gemini", "far_paint")

    played(tmp_path, play)


def test_a_key_that_comes_to_mean_another_endpoint_changes_nothing_silently(tmp_path: Path) -> None:
    async def play(world: World) -> None:
        await world.run()
        moved = {"endpoint": NEW, "was": [{"until": date.today().isoformat(), "provider": "fal", "endpoint": OLD}]}
        world.know(**moved)
        second = next(one for one in (await world.prepared()).plan.nodes if one.node == "second")
        assert second.action == "run"
        assert f"model changed from sim:{OLD} to sim:{NEW}" in second.reason
        yesterday = date.today() - timedelta(days=1)
        world.file.write_text(world.file.read_text().replace("old_paint", f"old_paint@{yesterday}"))
        plan = (await world.prepared()).plan
        assert plan.units == (), "what was asked before the change is still the answer"
        assert world.asked() == {OLD: 3, FAR: 1}

    played(tmp_path, play)


def test_the_options_of_a_run_that_was_stood_in_for_survive_the_ledger() -> None:
    options = RunOptions(substitute=(STAND_INS, "a=b"), outs=(("fal", "", "has no credit"),))
    assert RunOptions.structured(json.loads(json.dumps(options.plain()))) == options
    assert dataclasses.replace(options, outs=()) != options


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("RUSHES_SIM", raising=False)
    yield
