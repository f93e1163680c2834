"""A run of graphs on a ComfyUI server that loses its answers: nothing is made twice, and everything is here."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.providers.comfy_graphs import film, picture

from rushes.app.config import load_config
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.model.money import ZERO
from rushes.model.run import RunOptions, RunState
from rushes.sim.faults import fault_of
from rushes.sim.simulator import Simulator

FILE = """\
name: story
steps:
  - {name: fox, type: text_to_image, prompt: a fox, candidates: 2, params: {graph: still.json, aspect_ratio: "9:16"}}
  - {name: clip, type: image_to_video, prompt: it runs, input_from: fox, params: {graph: film.json}}
"""
LOST = {"what": "close-after", "place": "submit", "rate": 1.0, "first": 1}


def test_a_server_of_ones_own_is_asked_at_its_address_and_without_a_key(tmp_path: Path) -> None:
    (tmp_path / "still.json").write_text(json.dumps(picture()))
    file = tmp_path / "story.yaml"
    file.write_text(FILE.partition("  - {name: clip")[0])

    async def play() -> None:
        async with Simulator(seed=3, time_scale=0.001, most_side=64) as sim:
            (tmp_path / "rushes.toml").write_text(f'[providers.comfyui]\nurl = "{sim.url}/comfyui"\n')
            flags = {"home": str(tmp_path / "home"), "provider": "auto"}
            with Project(load_config(tmp_path, flags, {})) as project:
                summary = await run_file(project, file, RunOptions())
                await project.provider("comfyui").close()
                assert project.keys.late("comfyui").struck_from("a text") == "a text"
            said = sim.report()
        assert summary.state is RunState.DONE
        assert said["accepted"] >= 2 and said["duplicates"] == []

    asyncio.run(play())


def test_every_answer_is_lost_and_every_job_is_found_under_its_id(tmp_path: Path) -> None:
    (tmp_path / "still.json").write_text(json.dumps(picture()))
    (tmp_path / "film.json").write_text(json.dumps(film()))
    file = tmp_path / "story.yaml"
    file.write_text(FILE)

    async def play() -> None:
        async with Simulator(seed=3, time_scale=0.001, most_side=64, faults=[fault_of(LOST)]) as sim:
            flags = {"home": str(tmp_path / "home"), "sim": sim.url, "provider": "auto"}
            with Project(load_config(tmp_path, flags, {})) as project:
                summary = await run_file(project, file, RunOptions())
                again = await run_file(project, file, RunOptions())
                for one in project.loaded_providers().values():
                    await one.close()
            said = sim.report()
        assert (summary.state, again.state) == (RunState.DONE, RunState.DONE)
        assert summary.spent == ZERO
        assert said["accepted"] == said["submissions"] >= 3  # a flagged clip is made anew
        assert said["duplicates"] == []
        assert all(one["fetched"] for one in said["entries"])
        assert said["uploads"] == 1

    asyncio.run(play())
