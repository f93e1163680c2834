"""A person's decisions: bound to bytes, free to change, noticed by a run that is under way, and never guessed."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from pathlib import Path

import pytest

from rushes.app.config import load_config
from rushes.app.project import Project
from rushes.app.review import Ruling, decide
from rushes.app.run import Hooks, rerun_file, resume, run_file
from rushes.app.summary import RunSummary
from rushes.errors import NotFound, UserError
from rushes.model.event import Event, Waiting
from rushes.model.ids import RequestKey
from rushes.model.run import RunOptions, RunState
from rushes.model.verdict import Choice
from rushes.model.workflow import Pick
from rushes.testing.provider import ScriptedProvider

FILE = """\
name: story
steps:
  - {name: still, type: text_to_image, rows: [a fox, a hare], prompt: "{{item}}", candidates: 3, approve: true}
  - {name: film, type: image_to_video, input_from: still, prompt: it runs}
"""
OPTIONS = RunOptions(provider="scripted")
APPROVED, REJECTED = Choice.APPROVED, Choice.REJECTED


class Desk:
    """A home with a workflow whose gate asks, and the service that makes its pictures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.provider = ScriptedProvider()
        self.file = folder / "story.yaml"
        self.file.write_text(FILE)

    def project(self) -> Project:
        config = load_config(self.folder, {"home": str(self.folder / "home")}, {})
        return Project(config, {"scripted": self.provider}, checks=())

    def run(self, options: RunOptions = OPTIONS) -> RunSummary:
        with self.project() as project:
            return asyncio.run(run_file(project, self.file, options))

    def resume(self) -> RunSummary:
        with self.project() as project:
            return asyncio.run(resume(project, None))

    def say(self, choice: Choice, candidate: int, row: int | None = None, node: str = "still") -> Ruling:
        with self.project() as project:
            return asyncio.run(decide(project, None, node, candidate, choice, row=row))

    def bought(self) -> dict[RequestKey, int]:
        return dict(self.provider.bought)

    def exported(self, name: str) -> str:
        found = sorted(self.folder.glob(f"Assets/*/generated-images/v0-*/{name}"))
        return hashlib.sha256(found[-1].read_bytes()).hexdigest()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_the_approved_bytes_and_no_others_go_on_and_are_exported(desk: Desk) -> None:
    assert desk.run().state is RunState.PARKED
    first, second = desk.say(APPROVED, 3, row=1), desk.say(APPROVED, 2, row=2)
    assert (first.left, second.left, second.parked) == (1, 0, True)
    done = desk.resume()
    assert (done.state, len(desk.bought())) == (RunState.DONE, 2 * 3 + 2)
    assert [desk.exported("scene01.png"), desk.exported("scene02.png")] == [first.digest, second.digest]


def test_a_mind_may_be_changed_and_the_last_word_holds(desk: Desk) -> None:
    """Approve, reject, approve another, and only the last picture is filmed."""
    desk.run()
    desk.say(APPROVED, 1, row=1)
    assert desk.say(REJECTED, 1, row=1).left == 2
    last = desk.say(APPROVED, 2, row=1)
    desk.resume()
    assert desk.exported("scene01.png") == last.digest
    again = desk.say(APPROVED, 1, row=1)  # also after it was filmed
    parked = desk.resume()
    assert (parked.state, parked.counts.waiting) == (RunState.PARKED, 1)
    assert desk.exported("scene01.png") == again.digest
    assert len(desk.bought()) == 2 * 3 + 2  # one film of each picture that was ever approved


def test_a_row_whose_candidates_are_all_rejected_waits_and_no_policy_takes_one(desk: Desk) -> None:
    desk.run()
    for candidate in (1, 2, 3):
        desk.say(REJECTED, candidate, row=1)
    assert desk.resume().state is RunState.PARKED
    summary = desk.run(RunOptions(provider="scripted", pick=Pick.FIRST_CLEAN))
    assert summary.state is RunState.PARKED
    (row,) = summary.waiting
    assert row.row == 0 and row.says == "every candidate is rejected: ask for new ones, or approve one"


def test_an_approval_survives_a_new_name_of_the_file_the_workflow_and_the_step(desk: Desk) -> None:
    """It is bound to the question and the bytes, and to nothing that a person may rename."""
    desk.run()
    digest = desk.say(APPROVED, 2, row=1).digest
    desk.say(APPROVED, 1, row=2)
    desk.file = desk.file.rename(desk.folder / "other.yaml")
    desk.file.write_text(FILE.replace("story", "tale").replace("still", "picture").replace("it runs", "it sleeps"))
    bought = len(desk.bought())
    assert desk.run().state is RunState.DONE
    assert len(desk.bought()) - bought == 2  # the films: their prompt is another one
    assert desk.exported("scene01.png") == digest


def test_a_change_before_the_gate_makes_it_wait_again(desk: Desk) -> None:
    """Another picture is never taken silently; going back to the old prompt brings the old approval back."""
    desk.run()
    desk.say(APPROVED, 2, row=1)
    desk.say(APPROVED, 2, row=2)
    assert desk.resume().state is RunState.DONE
    desk.file.write_text(FILE.replace("a hare", "an owl"))
    parked = desk.run()
    assert (parked.state, [one.row for one in parked.waiting]) == (RunState.PARKED, [1])
    desk.file.write_text(FILE)
    bought = len(desk.bought())
    assert desk.run().state is RunState.DONE
    assert len(desk.bought()) == bought


def test_more_candidates_leave_an_approval_as_it_is(desk: Desk) -> None:
    desk.run()
    digest = desk.say(APPROVED, 3, row=1).digest
    desk.say(APPROVED, 1, row=2)
    desk.file.write_text(FILE.replace("candidates: 3", "candidates: 4"))
    assert desk.run().state is RunState.DONE
    assert desk.exported("scene01.png") == digest


def test_a_run_under_way_notices_what_a_person_decides_elsewhere(desk: Desk) -> None:
    """The second row is approved while the first is still being made; the run never stops for it."""
    decided: list[Ruling] = []

    async def go() -> RunSummary:
        gate = asyncio.Event()
        desk.provider = ScriptedProvider(latency=lambda request: _latency(request.recipe.prompt))

        async def approve() -> None:
            await gate.wait()
            with desk.project() as other:
                decided.append(await decide(other, None, "still", 2, APPROVED, row=2))

        def watch(event: Event) -> None:
            if isinstance(event, Waiting) and event.place.row == 1:
                gate.set()

        with desk.project() as project:
            approving = asyncio.create_task(approve())
            summary = await run_file(project, desk.file, OPTIONS, hooks=Hooks(watch=watch))
            await approving
            return summary

    summary = asyncio.run(go())
    assert not decided[0].parked
    assert summary.state is RunState.PARKED and [one.row for one in summary.waiting] == [0]
    film = next(one for one in summary.nodes if one.node == "film")
    assert film.done == 1
    assert desk.exported("scene02.png") == decided[0].digest


def _latency(prompt: str | None) -> float:
    return 3.0 if prompt == "a fox" else 0.0


def test_a_candidate_or_a_row_that_is_not_there_is_named(desk: Desk) -> None:
    desk.run()
    with pytest.raises(NotFound, match="no candidate 9") as caught:
        desk.say(APPROVED, 9, row=1)
    assert caught.value.next_step == "choose one of: 1, 2, 3"
    with pytest.raises(NotFound, match="no row 7"):
        desk.say(APPROVED, 1, row=7)
    with pytest.raises(UserError, match="several rows"):
        desk.say(APPROVED, 1)
    with pytest.raises(UserError, match="no gate, and none follows it"):
        desk.say(APPROVED, 1, row=1, node="film")


def test_an_approved_picture_stands_though_its_question_was_asked_anew_by_another_step(desk: Desk) -> None:
    desk.file.write_text(
        "name: story\nsteps:\n"
        "  - {name: a, type: text_to_image, prompt: a fox, candidates: 2, approve: true}\n"
        "  - {name: b, type: text_to_image, prompt: a fox, candidates: 2, approve: true}\n"
        "  - {name: film, type: image_to_video, input_from: b, prompt: it runs}\n"
    )
    desk.run()
    approved = desk.say(APPROVED, 2, node="b")
    desk.resume()
    before = desk.bought()
    with desk.project() as project:
        asyncio.run(rerun_file(project, desk.file, dataclasses.replace(OPTIONS, rerun=("a",))))
    again = desk.bought()
    assert sum(again.values()) == sum(before.values()) + 2, "both candidates of a were asked for anew"
    for pick in (Pick.FIRST_CLEAN, Pick.BEST, Pick.ASK):
        summary = desk.run(dataclasses.replace(OPTIONS, pick=pick))
        assert summary.state is RunState.DONE and desk.bought() == again, "nothing follows from the new ones unasked"
        assert desk.exported("b.png") == approved.digest


def test_what_was_approved_is_shown_no_more_to_whoever_asks_anew_and_decides_again(desk: Desk) -> None:
    desk.file.write_text("name: story\nsteps: [{name: a, type: text_to_image, prompt: a fox, approve: true}]")
    desk.run()
    old = desk.say(APPROVED, 1, node="a")
    desk.resume()
    with desk.project() as project:
        summary = asyncio.run(rerun_file(project, desk.file, dataclasses.replace(OPTIONS, rerun=("a",))))
    assert summary.state is RunState.PARKED, "the new one waits for its own approval"
    new = desk.say(APPROVED, 1, node="a")
    assert new.digest != old.digest
    desk.resume()
    assert desk.run().state is RunState.DONE and desk.exported("a.png") == new.digest
