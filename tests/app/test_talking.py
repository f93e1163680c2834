"""A voice, a portrait that speaks it, the film at night and what was said: written, planned, run, kept and shown."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rushes.app.config import load_config
from rushes.app.plan import prepare
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.app.summary import RunSummary
from rushes.graph.planned import Action
from rushes.model.run import RunOptions, RunState

from .world import tree

HOST = """\
name: host
steps:
  - {name: face, type: text_to_image, prompt: a close portrait of a woman, params: {width: 180, height: 320}}
  - {name: voice, type: text_to_speech, prompt: "Good morning, the harbour is open."}
  - {name: speaker, type: avatar, input_from: [face, voice], prompt: She speaks calmly}
  - {name: night, type: video_to_video, input_from: speaker, prompt: the same at night}
  - {name: words, type: transcribe, input_from: voice}
  - {name: poster, type: text_to_image, prompt: "A poster that says {{words.output}}", params: {width: 64, height: 64}}
"""
SKETCH = RunOptions(provider="sketch")


class Desk:
    """A folder with the file in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "host.yaml"
        self.file.write_text(HOST)

    def project(self) -> Project:
        return Project(load_config(self.folder, {"home": self.folder / "home"}, {}))

    def run(self) -> RunSummary:
        with self.project() as project:
            return asyncio.run(run_file(project, self.file, SKETCH))

    def bought(self) -> set[str]:
        """The steps that a run would make now."""
        with self.project() as project:
            plan = asyncio.run(prepare(project, self.file, SKETCH)).plan
            return {str(one.node) for one in plan.nodes if one.action in (Action.RUN, Action.AFTER)}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_they_are_made_exported_and_shown_in_the_report(desk: Desk) -> None:
    assert desk.run().state is RunState.DONE
    there = tree(desk.folder / "Assets" / "host")
    assert [one for one in there if not one.endswith(".html")] == [
        "generated-audio/v0-1/voice.wav",
        "generated-images/v0-1/face.png",
        "generated-images/v0-1/poster.png",
        "generated-text/v0-1/words.json",
        "generated-text/v0-1/words.txt",
        "generated-videos/v0-1/night.mp4",
        "generated-videos/v0-1/speaker.mp4",
    ]
    text = (desk.folder / "Assets/host/generated-text/v0-1/words.txt").read_text()
    assert text == "Good morning, the harbour is open."
    report = next((desk.folder / "Assets" / "host").glob("report-*.html")).read_text()
    for words in ("speaking portrait", "film from a film", "what was said", text):
        assert words in report


def test_again_they_are_free_and_a_change_makes_only_what_follows_from_it(desk: Desk) -> None:
    desk.run()
    assert desk.bought() == set()
    desk.file.write_text(HOST.replace("name: speaker", "name: host").replace("input_from: speaker", "input_from: host"))
    assert desk.bought() == set(), "a name costs nothing"
    desk.file.write_text(HOST.replace("the same at night", "the same in snow"))
    assert desk.bought() == {"night"}
    desk.file.write_text(HOST.replace("the harbour is open", "the harbour is shut"))
    assert desk.bought() == {"voice", "speaker", "night", "words", "poster"}


def test_which_voice_speaks_first_is_part_of_what_is_asked(desk: Desk) -> None:
    pair = (
        "name: pair\nsteps:\n"
        "  - {name: face, type: text_to_image, prompt: a close portrait, params: {width: 64, height: 64}}\n"
        "  - {name: a, type: text_to_speech, prompt: Yes}\n"
        "  - {name: b, type: text_to_speech, prompt: No}\n"
        "  - {name: pair, type: avatar, params: {image: face, audio: a, second_audio: b}}\n"
    )
    desk.file.write_text(pair)
    assert desk.run().state is RunState.DONE and desk.bought() == set()
    desk.file.write_text(pair.replace("audio: a, second_audio: b", "second_audio: b, audio: a"))
    assert desk.bought() == set(), "the order in which roles are written means nothing"
    desk.file.write_text(pair.replace("audio: a, second_audio: b", "audio: b, second_audio: a"))
    assert desk.bought() == {"pair"}, "roles never commute"
