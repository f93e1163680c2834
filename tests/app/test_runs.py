"""Runs as people have them: a real file, a real home, a provider whose books say what was bought."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from rushes.app.config import load_config
from rushes.app.hooks import Hooks
from rushes.app.plan import prepare
from rushes.app.project import Project
from rushes.app.review import decide
from rushes.app.run import rerun_file, resume, run_file
from rushes.app.show import runs, status
from rushes.app.stopping import Stop
from rushes.app.summary import RunSummary
from rushes.errors import NotFound, PlanChanged, UserError
from rushes.graph.planned import Action
from rushes.model.event import Event, Stored
from rushes.model.problem import ProblemsError
from rushes.model.run import RunMode, RunOptions, RunState
from rushes.model.verdict import Choice
from rushes.model.workflow import Pick
from rushes.testing.provider import ScriptedProvider

T = TypeVar("T")

STORY = """\
name: story
steps:
  - name: fox
    type: text_to_image
    prompt: a red fox in the snow
    candidates: 4
    approve: {gate}
  - name: fox-film
    type: image_to_video
    input_from: fox
    prompt: the fox runs
  - name: owl
    type: text_to_image
    prompt: a white owl at night
    candidates: 2
    approve: {gate}
  - name: owl-film
    type: image_to_video
    input_from: owl
    prompt: the owl turns its head
"""

CLEAN = RunOptions(provider="scripted", pick=Pick.FIRST_CLEAN)


class Desk:
    """A person's folder, home and provider."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "story.yaml"
        self.provider = ScriptedProvider()
        self.write()

    def write(self, text: str = STORY, gate: str = "first-clean", **swap: str) -> None:
        text = text.replace("{gate}", gate)
        for old, new in swap.items():
            text = text.replace(old, new)
        self.file.write_text(text)

    def project(self) -> Project:
        config = load_config(self.folder, {"home": self.folder / "home"}, {})
        return Project(config, {"scripted": self.provider}, checks=())

    @property
    def bought(self) -> int:
        return sum(self.provider.bought.values())

    def run(self, options: RunOptions = CLEAN, file: Path | None = None, **more: Any) -> RunSummary:
        with self.project() as project:
            return asyncio.run(run_file(project, file or self.file, options, **more))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield Desk(tmp_path)


def go(awaitable: Awaitable[T]) -> T:
    async def main() -> T:
        return await awaitable

    return asyncio.run(main())


def test_a_second_run_buys_nothing_and_makes_no_run(desk: Desk) -> None:
    first = desk.run()
    assert (first.state, desk.bought) == (RunState.DONE, 8)
    again = desk.run()
    assert (again.state, desk.bought) == (RunState.DONE, 8)
    with desk.project() as project:
        assert len(runs(project)) == 1
    assert again.exported == first.exported


def test_every_result_is_a_file_and_the_run_never_writes_the_workflow(desk: Desk) -> None:
    before = desk.file.read_bytes()
    desk.run()
    assert desk.file.read_bytes() == before
    pictures = list((desk.folder / "Assets/story/generated-images/v0-1").rglob("*.png"))
    assert len({path.name for path in pictures}) == 2 + 6
    assert len(list((desk.folder / "Assets/story/generated-videos/v0-1").glob("*.mp4"))) == 2


def test_one_changed_prompt_runs_that_scene_and_what_depends_on_it(desk: Desk) -> None:
    desk.run()
    desk.write(white="snowy")
    with desk.project() as project:
        plan = go(prepare(project, desk.file, CLEAN)).plan
    did = {str(one.node): one.action for one in plan.nodes}
    assert (did["fox"], did["fox-film"], did["owl"]) == (Action.REUSE, Action.REUSE, Action.RUN)
    why = next(one.reason for one in plan.nodes if one.node == "owl")
    assert "prompt" in why and "white" in why and "snowy" in why
    desk.run()
    assert desk.bought == 8 + 2 + 1


def test_rename_move_reorder_comment_and_version_bump_cost_nothing(desk: Desk) -> None:
    desk.run()
    steps = desk.file.read_text().split("  - name: owl\n")
    reordered = (
        "# the same story, later\nname: story-V0-2\nsteps:\n  - name: snowy owl\n"
        + steps[1].replace("input_from: owl", "input_from: snowy owl")
        + steps[0].split("steps:\n")[1]
    )
    other = desk.folder / "elsewhere"
    other.mkdir()
    moved = other / "renamed.yaml"
    moved.write_text(reordered)
    assert desk.run(file=moved).state is RunState.DONE
    assert desk.bought == 8


def test_images_first_then_full_buys_only_the_films(desk: Desk) -> None:
    stills = desk.run(dataclasses.replace(CLEAN, mode=RunMode.IMAGES))
    assert (stills.state, desk.bought) == (RunState.DONE, 6)
    assert not (desk.folder / "Assets/story/generated-videos").exists()
    desk.run()
    assert desk.bought == 8


def test_a_run_is_bound_to_the_plan_that_was_seen(desk: Desk) -> None:
    with desk.project() as project:
        seen = go(prepare(project, desk.file, CLEAN)).plan.fingerprint
    desk.write(white="snowy")
    with pytest.raises(PlanChanged):
        desk.run(bound_to=seen)
    assert desk.bought == 0
    desk.write()
    assert desk.run(bound_to=seen).state is RunState.DONE


def test_gates_wait_across_processes_and_let_exactly_the_approved_bytes_through(desk: Desk) -> None:
    desk.write(gate="ask")
    parked = desk.run(RunOptions(provider="scripted"))
    assert (parked.state, desk.bought, len(parked.waiting)) == (RunState.PARKED, 6, 2)
    with desk.project() as project:
        ruling = go(decide(project, parked.run, "fox", 3, Choice.APPROVED))
        assert ruling.left == 1
        again = go(resume(project, parked.run))
    assert (again.state, desk.bought) == (RunState.PARKED, 7)
    with desk.project() as project:
        go(decide(project, None, "owl", 1, Choice.APPROVED))
        done = go(resume(project, None))
        recipes = project.ledger.recipes(
            [event.base for _seq, _at, event in project.ledger.events(done_id(done)) if isinstance(event, Stored)]
        )
    assert (done.state, desk.bought) == (RunState.DONE, 8)
    frames = {digest for recipe in recipes.values() for digest in recipe["inputs"].get("start_frame", ())}
    assert ruling.digest in frames
    assert desk.run(RunOptions(provider="scripted")).state is RunState.DONE
    assert desk.bought == 8


def test_a_first_pass_that_waits_is_told_at_its_end_as_it_is_later(desk: Desk) -> None:
    desk.write(gate="ask")
    parked = desk.run(RunOptions(provider="scripted", mode=RunMode.IMAGES))
    with desk.project() as project:
        told = go(status(project, parked.run))
    assert parked.counts == told.counts and (parked.counts.skipped, parked.counts.open) == (2, 0)


def done_id(summary: RunSummary) -> Any:
    return summary.run


def test_an_approval_wins_over_a_policy_and_a_rejected_picture_is_never_picked(desk: Desk) -> None:
    desk.write(gate="ask")
    parked = desk.run(RunOptions(provider="scripted"))
    with desk.project() as project:
        approved = go(decide(project, parked.run, "fox", 4, Choice.APPROVED))
        refused = go(decide(project, parked.run, "owl", 1, Choice.REJECTED))
    desk.run()
    files = json.loads((desk.folder / "Assets/story/generated-images/v0-1/manifest.json").read_text())
    text = json.dumps(files)
    with desk.project() as project:
        outcomes = go(prepare(project, desk.file, CLEAN)).plan.outcomes
    picked = {outcome.value.artifacts[0].digest for outcome in outcomes if outcome.value and outcome.value.artifacts}
    assert approved.digest in text
    gates = [o for o in outcomes if o.says in ("approved", "first-clean")]
    chosen = {o.value.artifacts[0].digest for o in gates if o.value}
    assert approved.digest in chosen
    assert refused.digest not in chosen
    assert picked


def test_rerun_asks_again_for_the_named_nodes_and_for_nothing_else(desk: Desk) -> None:
    desk.run()
    with desk.project() as project:
        summary = go(rerun_file(project, desk.file, dataclasses.replace(CLEAN, rerun=("owl",))))
    assert summary.state is RunState.DONE
    assert desk.bought == 8 + 2
    desk.run()
    assert desk.bought == 8 + 2 + 1, "the film of the re-rolled owl is the only thing left to make"


def test_a_rerun_leaves_whoever_asks_the_same_as_it_was_and_says_that_the_next_run_will_not(desk: Desk) -> None:
    twins = STORY.replace("a white owl at night", "a red fox in the snow").replace("candidates: 2", "candidates: 4")
    desk.write(text=twins)
    desk.run()
    before = pictures_of(desk, "v0-1", "owl")
    with desk.project() as project:
        seen: list[str] = []
        hooks = Hooks(planned=lambda plan: seen.extend(plan.warnings))
        rerun = go(rerun_file(project, desk.file, dataclasses.replace(CLEAN, rerun=("fox",)), hooks=hooks))
        told = go(status(project, rerun.run))
    assert rerun.counts == told.counts
    assert pictures_of(desk, "v0-2", "owl") == before, "not asked again, so neither missing nor another one"
    assert [one for one in seen if one.startswith("owl asks the same")], seen
    desk.run()
    assert pictures_of(desk, "v0-3", "owl") != before


def pictures_of(desk: Desk, version: str, step: str) -> dict[str, bytes]:
    folder = desk.folder / "Assets/story/generated-images" / version
    found = {path.name: path.read_bytes() for path in folder.rglob(f"{step}*.*")}
    assert found, sorted(folder.rglob("*"))
    return found


def test_a_rerun_with_another_prompt_leaves_the_file_alone(desk: Desk) -> None:
    desk.run()
    before = desk.file.read_bytes()
    options = dataclasses.replace(CLEAN, rerun=("owl",), prompt="an owl in the rain")
    with desk.project() as project:
        go(rerun_file(project, desk.file, options))
    assert desk.file.read_bytes() == before
    assert desk.bought == 10


def test_a_stopped_run_resumes_as_it_was_even_when_the_file_has_changed(desk: Desk) -> None:
    stop = Stop()

    def after_two(event: Event) -> None:
        if isinstance(event, Stored):
            after_two.seen += 1  # type: ignore[attr-defined]
            if after_two.seen == 2:  # type: ignore[attr-defined]
                stop.ask()

    after_two.seen = 0  # type: ignore[attr-defined]
    options = dataclasses.replace(CLEAN, concurrency=1)
    stopped = desk.run(options, hooks=Hooks(watch=after_two, stop=stop))
    assert stopped.state is RunState.INTERRUPTED
    desk.write(white="snowy")
    with desk.project() as project:
        done = go(resume(project, stopped.run))
    assert (done.state, desk.bought) == (RunState.DONE, 8)
    assert max(desk.provider.posts.values()) == 1


def test_two_runs_of_one_file_at_once_buy_everything_once(desk: Desk) -> None:
    desk.provider = ScriptedProvider(latency=0.05)

    async def both() -> list[RunSummary]:
        with desk.project() as one, desk.project() as two:
            return list(await asyncio.gather(run_file(one, desk.file, CLEAN), run_file(two, desk.file, CLEAN)))

    first, second = asyncio.run(both())
    assert (first.state, second.state) == (RunState.DONE, RunState.DONE)
    assert desk.bought == 8


def test_one_projects_results_are_free_in_another(desk: Desk) -> None:
    desk.run()
    other = desk.folder / "other"
    other.mkdir()
    shutil.copy(desk.file, other / "copy.yaml")
    assert desk.run(file=other / "copy.yaml").state is RunState.DONE
    assert desk.bought == 8
    assert (other / "Assets/story/generated-videos/v0-1").is_dir()


def test_all_problems_come_at_once_with_their_lines_and_nothing_is_bought(desk: Desk) -> None:
    desk.file.write_text(
        "steps:\n  - name: a\n    type: text_to_image\n    modle: flux_dev\n    prompt: '{{nobody}}'\n"
        "  - name: b\n    type: image_to_video\n    input_from: missing\n"
    )
    with pytest.raises(ProblemsError) as caught:
        desk.run()
    marks = {problem.mark.line for problem in caught.value.problems if problem.mark}
    assert {4, 8} <= marks
    assert desk.bought == 0


def test_status_and_lists_speak_of_the_newest_run_and_name_what_is_missing(desk: Desk) -> None:
    with desk.project() as project, pytest.raises(NotFound):
        go(status(project, None))
    summary = desk.run()
    with desk.project() as project:
        assert go(status(project, None)).run == summary.run
        assert go(status(project, summary.run[:-2])).state is RunState.DONE
        with pytest.raises(NotFound):
            go(status(project, "nothing"))
        with pytest.raises(UserError):
            go(decide(project, None, "fox-film", 1, Choice.APPROVED))


def test_the_nodes_that_failed_are_run_again_when_asked(desk: Desk) -> None:
    from rushes.errors import ErrorClass
    from rushes.testing.provider import Fault

    desk.provider = ScriptedProvider(
        faults=[Fault(error=ErrorClass.CONTENT_POLICY, when=lambda r: "owl" in (r.recipe.prompt or ""), times=2)]
    )
    failed = desk.run()
    assert failed.state is RunState.FAILED
    errors = json.loads((desk.folder / "Assets/story/errors.json").read_text())
    assert [(one["node"], one["class"]) for one in errors] == [("owl", "content_policy")]
    assert desk.run(dataclasses.replace(CLEAN, failed=True)).state is RunState.DONE
    assert not (desk.folder / "Assets/story/errors.json").exists()
