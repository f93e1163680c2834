"""The times of a transcript's words: kept with its text, handed to programs, exported, and never worth a second buy."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from rushes.app.config import load_config
from rushes.app.hooks import Hooks
from rushes.app.made import Made
from rushes.app.project import Project
from rushes.app.review import decide
from rushes.app.run import resume, run_file
from rushes.app.subtitles import words_of
from rushes.app.summary import RunSummary
from rushes.errors import StoreError
from rushes.ledger.stats import moment_of
from rushes.model.run import RunOptions, RunState
from rushes.model.subtitles import as_srt, cues_of
from rushes.model.transcript import Word, joined
from rushes.model.verdict import Choice
from rushes.testing.provider import ScriptedProvider

from .world import tree

SAID = "Good morning, the harbour is open."
FILE = f"""\
name: talk
steps:
  - {{name: voice, type: text_to_speech, prompt: "{SAID}"}}
  - {{name: words, type: transcribe, input_from: voice}}
  - {{name: poster, type: text_to_image, prompt: "It says {{{{words.output}}}}", params: {{width: 64, height: 64}}}}
"""
SKETCH = RunOptions(provider="sketch")


class Desk:
    """A folder with the file in it."""

    def __init__(self, folder: Path, ledger: str) -> None:
        self.folder, self.file, self.ledger = folder, folder / "talk.yaml", ledger
        self.file.write_text(FILE)
        self.made: list[Made] = []

    def project(self) -> Project:
        providers = {"scripted": ScriptedProvider()}
        return Project(load_config(self.folder, {"home": self.folder / "home", "ledger": self.ledger}, {}), providers)

    def run(self, options: RunOptions = SKETCH) -> RunSummary:
        def keep(some: Sequence[Made]) -> None:
            self.made = list(some)

        with self.project() as project:
            return asyncio.run(run_file(project, self.file, options, hooks=Hooks(made=keep)))

    def transcript(self) -> Made:
        (found,) = [one for one in self.made if one.node == "words"]
        return found

    def words(self) -> tuple[Word, ...]:
        with self.project() as project:
            return words_of(project, self.transcript())

    def blob(self) -> Path:
        times = self.transcript().times
        assert times is not None
        with self.project() as project:
            return project.store.path(times.digest)


@pytest.fixture
def desk(tmp_path: Path, ledger_where: str) -> Desk:
    return Desk(tmp_path, ledger_where)


def test_the_times_are_there_beside_the_text_and_again_for_nothing(desk: Desk) -> None:
    assert desk.run().state is RunState.DONE
    first = desk.transcript()
    assert (first.text, first.artifact, joined(desk.words())) == (SAID, None, SAID)
    assert first.times is not None and first.times.media_type == "application/json"
    assert first.path is not None and first.path.name == "words.txt"
    assert first.path.with_suffix(".json").read_bytes() == desk.blob().read_bytes()
    assert first.plain()["times"]["digest"] == first.times.digest
    again = desk.run()
    assert again.counts.bought == 0 and desk.transcript().times == first.times
    report = next((desk.folder / "Assets/talk").glob("report-*.html")).read_text()
    assert SAID in report and first.times.digest[:12] not in report, "nobody looks at the times"


def test_statistics_count_no_times_among_the_results_that_a_person_may_choose(desk: Desk) -> None:
    desk.run()
    with desk.project() as project:
        kept = [one for _run, many in project.ledger.moments(0.0) for one in many if one.kind == "Stored"]
        (run,) = project.ledger.runs()
        lived = [moment_of(one.event, one.at) for one in project.ledger.events(run.id)]
    assert kept == [one for one in lived if one.kind == "Stored"]
    assert {one.node: one.artifact is not None for one in kept} == {"voice": True, "words": False, "poster": True}


def test_words_whose_times_are_gone_are_still_the_words_and_nothing_is_bought_for_them(desk: Desk) -> None:
    desk.run()
    desk.blob().unlink()
    again = desk.run()
    assert (again.state, again.counts.bought) == (RunState.DONE, 0)
    assert (desk.transcript().text, desk.transcript().times, desk.words()) == (SAID, None, ())
    assert "generated-text/v0-1/words.txt" in tree(desk.folder / "Assets/talk")


TOLD = """\
  - {name: clip, type: image_to_video, input_from: poster, prompt: waves, params: {duration: 4}}
  - {name: told, type: generate_subtitles, input_from: [clip, words]}
"""


def test_subtitles_of_a_transcript_stand_while_its_words_are_said(desk: Desk) -> None:
    desk.file.write_text(FILE + TOLD)
    assert desk.run().state is RunState.DONE
    (told,) = desk.folder.glob("Assets/talk/generated-videos/v0-1/told.srt")
    assert told.read_text() == as_srt(cues_of(desk.words()))
    assert desk.run().counts.bought == 0
    desk.file.write_text((FILE + TOLD).replace("words]}", "words], params: {words_per_second: 3}}"))
    desk.run()
    (paced,) = desk.folder.glob("Assets/talk/generated-videos/v0-2/told.srt")
    assert paced.read_text() != told.read_text()


def test_a_transcript_that_never_had_times_says_so(desk: Desk) -> None:
    """As those that were kept before times were, and those of services that give none."""
    assert desk.run(RunOptions(provider="scripted")).state is RunState.DONE
    assert desk.transcript().text and (desk.transcript().times, desk.words()) == (None, ())


def test_times_that_are_damaged_are_told_as_that(desk: Desk) -> None:
    desk.run()
    path, size = desk.blob(), desk.blob().stat().st_size
    path.chmod(0o600)
    path.write_bytes(b"x" * size)
    with pytest.raises(StoreError, match="the times of words"):
        desk.words()


def test_a_person_approves_the_words_and_the_approval_outlives_the_times(desk: Desk) -> None:
    desk.file.write_text(FILE.replace("input_from: voice}", "input_from: voice, approve: true}"))
    assert desk.run().state is RunState.PARKED
    report = next((desk.folder / "Assets/talk").glob("report-*.html")).read_text()
    assert f"<b>1</b> {SAID}" in report, "what a person is to choose from is shown"
    blob = desk.blob()
    with desk.project() as project:
        ruling = asyncio.run(decide(project, None, "words", 1, Choice.APPROVED))
        assert ruling.left == 0
        assert asyncio.run(resume(project, None)).state is RunState.DONE
    blob.unlink()
    again = desk.run()
    assert (again.state, again.counts.bought) == (RunState.DONE, 0)
