"""From a file to pictures and films, by the command: made once, kept through moves, made anew with other weights."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

FILE = """\
name: fox
settings: {provider: diffusers}
steps:
  - name: still
    type: text_to_image
    model: ../models/still
    prompt: A red fox
    params: {steps: 2}
    candidates: 2
    attempts: 1
  - name: night
    type: image_to_image
    model: ../models/still
    input_from: still
    prompt: At night
    params: {steps: 4}
    attempts: 1
  - name: film
    type: text_to_video
    model: ../models/moving
    prompt: The fox turns a page
    params: {steps: 2, num_frames: 9, width: 32, height: 32, style: ink}
    attempts: 1
"""

STILL = """\
name: fox
steps:
  - name: still
    type: text_to_image
    provider: diffusers
    model: ../models/still
    prompt: A red fox
    params: {steps: 2}
    attempts: 1
"""


class Desk:
    """A project, a folder of models, a home, and the command."""

    def __init__(self, folder: Path, pipelines: Path, python: str) -> None:
        self.folder = folder
        self.models = folder / "models"
        self.file = folder / "project" / "fox.yaml"
        self.file.parent.mkdir()
        self.file.write_text(FILE)
        for name in ("still", "moving"):
            shutil.copytree(pipelines / name, self.models / name)
        self.env = {**os.environ, "RUSHES_HOME": str(folder / "home"), "RUSHES_DIFFUSERS_PYTHON": python}

    def words(self, *words: str, by: str = sys.executable) -> list[str]:
        return [by, "-m", "rushes", *words]

    def says(self, *words: str, by: str = sys.executable) -> dict[str, Any]:
        done = subprocess.run([*self.words(*words, by=by), "--json"], env=self.env, capture_output=True, text=True)
        answer: dict[str, Any] = json.loads(done.stdout)
        assert done.returncode in (0, 2, 4), done.stderr
        return answer

    def run(self, *more: str) -> dict[str, Any]:
        return self.says("run", str(self.file), "--pick", "best", *more)

    def pictures(self) -> dict[str, bytes]:
        made = self.file.parent / "Assets"
        return {path.name: path.read_bytes() for path in made.rglob("*.*") if path.suffix in (".png", ".mp4")}


@pytest.fixture
def desk(pipelines: Path, python: str, tmp_path: Path) -> Desk:
    return Desk(tmp_path, pipelines, python)


def test_a_file_is_made_once_wherever_it_is_moved_and_anew_with_other_weights(desk: Desk, pipelines: Path) -> None:
    assert desk.run()["data"]["counts"]["bought"] == 4
    assert {"still.png", "night.png", "film.mp4"} <= desk.pictures().keys()
    assert desk.run()["data"]["counts"]["bought"] == 0
    elsewhere = desk.folder / "elsewhere"
    elsewhere.mkdir()
    desk.models.rename(elsewhere / "models")
    desk.file.parent.rename(elsewhere / "project")
    desk.file = elsewhere / "project" / "fox.yaml"
    desk.models = elsewhere / "models"
    assert desk.run()["data"]["counts"]["bought"] == 0
    said = [problem["says"] for problem in desk.says("check", str(desk.file))["problems"]]
    assert "film: WanPipeline does not take style, so it is not given" in said  # it was loaded once: this is known now
    before = desk.pictures()
    shutil.copytree(pipelines / "other" / "unet", desk.models / "still" / "unet", dirs_exist_ok=True)
    counts = desk.run()["data"]["counts"]
    assert counts["bought"] == 3 and counts["reused"] == 1
    after = desk.pictures()
    assert before["film.mp4"] == after["film.mp4"] and before["still.png"] != after["still.png"]


def test_a_runner_that_was_killed_goes_on_and_makes_the_same_picture(desk: Desk) -> None:
    desk.file.write_text(STILL.replace("steps: 2", "steps: 150"))
    runner = subprocess.Popen(desk.words("run", str(desk.file)), env=desk.env, stderr=subprocess.DEVNULL)
    jobs = desk.folder / "home" / "diffusers" / "jobs"
    end = time.monotonic() + 200
    while not any('"says": "step ' in state.read_text() for state in jobs.glob("*/state.json")):
        assert time.monotonic() < end and runner.poll() is None
        time.sleep(0.01)
    os.kill(runner.pid, signal.SIGKILL)
    runner.wait()
    assert not desk.pictures()
    assert desk.says("resume")["data"]["attempts"] == 1  # the attempt that was begun is the one that is finished
    made = desk.pictures()["still.png"]
    desk.env["RUSHES_HOME"] = str(desk.folder / "another-home")
    shutil.rmtree(desk.file.parent / "Assets")
    desk.run()
    assert desk.pictures()["still.png"] == made


def test_the_runner_itself_never_loads_torch(desk: Desk, extra: Path) -> None:
    """Under a Python that has both: what a plan, a check or a run costs is not what torch costs."""
    python = str(extra / "bin" / "python")
    desk.file.write_text(STILL)
    words = [python, "-X", "importtime", *desk.words("run", str(desk.file), "--pick", "best")[1:]]
    env = {name: value for name, value in desk.env.items() if name != "RUSHES_DIFFUSERS_PYTHON"}
    done = subprocess.run(words, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time")}
    assert "rushes.providers.diffusers.workers" in loaded
    assert not loaded & {"torch", "diffusers", "transformers"}


def test_a_pipeline_that_is_not_there_is_a_problem_of_its_line(desk: Desk) -> None:
    shutil.rmtree(desk.models / "moving")
    answer = desk.says("plan", str(desk.file))
    (problem,) = answer["problems"]
    assert not answer["ok"] and "is not on this machine" in problem["says"]
    assert problem["where"].endswith("fox.yaml:20:5") and problem["try"].startswith("correct the path")
    for door in ("check", "plan"):
        said = [one for one in desk.says(door, str(desk.file))["problems"] if one["severity"] == "error"]
        assert len(said) == 1, door


def test_a_model_of_the_catalogue_asked_of_this_machine_says_what_is_meant(desk: Desk) -> None:
    desk.file.write_text("name: fox\nsteps:\n  - {name: still, type: text_to_image, model: flux_dev, prompt: A fox}\n")
    (problem,) = desk.says("plan", str(desk.file), "--provider", "diffusers")["problems"]
    assert "there is no folder 'flux_dev' here" in problem["says"] and "OWNER/NAME" in problem["try"]


def test_another_provider_rehearses_a_file_of_local_models(desk: Desk) -> None:
    shutil.rmtree(desk.models)
    assert desk.run("--provider", "sketch")["data"]["counts"]["bought"] == 4
