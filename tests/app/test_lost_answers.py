"""Answers that are lost on their way: found again where a service lists its jobs, and never bought twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

from rushes.app.config import load_config
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.app.summary import RunSummary
from rushes.model.money import ZERO
from rushes.model.run import RunOptions, RunState
from rushes.sim.faults import fault_of
from rushes.sim.simulator import Simulator

FILE = """\
name: story
steps:
  - {name: fox, type: text_to_image, model: gen4, prompt: a fox, candidates: 3, params: {aspect_ratio: "9:16"}}
  - {name: hare, type: text_to_image, model: gen4, prompt: a hare, params: {aspect_ratio: "9:16"}}
"""
LOST = {"what": "close-after", "place": "submit", "rate": 1.0, "first": 1}


def played(
    folder: Path, provider: str, story: Callable[[RunSummary, Simulator], Awaitable[None]], *, lost: bool
) -> None:
    async def play() -> None:
        file = folder / "story.yaml"
        file.write_text(FILE)
        async with Simulator(seed=3, time_scale=0.001, most_side=64, faults=[fault_of(LOST)] * lost) as sim:
            flags = {"home": str(folder / "home"), "sim": sim.url, "provider": provider}
            with Project(load_config(folder, flags, {})) as project:
                try:
                    await story(await run_file(project, file, RunOptions()), sim)
                finally:
                    for one in project.loaded_providers().values():
                        await one.close()

    asyncio.run(play())


def test_replicate_has_them_in_its_list_and_each_asking_gets_its_own(tmp_path: Path) -> None:
    async def story(summary: RunSummary, sim: Simulator) -> None:
        assert summary.state is RunState.DONE
        said = sim.report()
        assert (said["submissions"], said["accepted"], said["duplicates"]) == (4, 4, [])
        assert all(one["fetched"] for one in said["entries"]), "each was paid for, and is here"

    played(tmp_path, "replicate", story, lost=True)


def test_runway_has_no_list_so_a_person_decides_and_nothing_is_bought_again(tmp_path: Path) -> None:
    async def story(summary: RunSummary, sim: Simulator) -> None:
        assert summary.state is not RunState.DONE
        said = sim.report()
        assert (said["submissions"], said["accepted"], said["duplicates"]) == (4, 4, [])

    played(tmp_path, "runway", story, lost=True)


def test_runway_says_what_each_task_has_cost_so_nothing_is_guessed(tmp_path: Path) -> None:
    async def story(summary: RunSummary, sim: Simulator) -> None:
        assert summary.state is RunState.DONE
        assert (summary.spent, summary.guessed, summary.held) == (Decimal("0.20"), ZERO, ZERO)
        assert sim.report()["billed"] == "0.20"

    played(tmp_path, "runway", story, lost=False)
