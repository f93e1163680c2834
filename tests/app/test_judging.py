"""A picture that two models judge, bought by the token: written, planned, run under a ceiling, billed to the digit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rushes.app.config import load_config
from rushes.app.doctor import doctor
from rushes.app.plan import Prepared, prepare
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.app.summary import RunSummary
from rushes.graph.planned import Action
from rushes.model.run import RunOptions, RunState
from rushes.sim.simulator import Simulator

FILE = """\
name: judged
steps:
  - {name: still, type: text_to_image, provider: openai, model: gpt_image_2_5, prompt: a fox,
     params: {aspect_ratio: "9:16", quality: low}}
  - {name: red, type: image_to_image, provider: openai, model: gpt_image_2, prompt: the fox in red,
     input_from: still, params: {quality: low}}
  - name: score
    type: analyze_image
    provider: anthropic
    model: claude_haiku_5_5
    prompt: how good is the fox?
    input_from: red
    params:
      schema:
        type: object
        properties: {score: {type: integer, minimum: 0, maximum: 10}, why: {type: string}}
        required: [score, why]
  - {name: words, type: analyze_image, provider: openai, model: gpt_6_luna, input_from: red}
"""


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("RUSHES_SIM", raising=False)
    for name in ("OPENAI", "ANTHROPIC"):
        monkeypatch.setenv(f"{name}_API_KEY", "simulated")
    yield


async def played(folder: Path, sim: Simulator, options: RunOptions) -> tuple[RunSummary, Prepared, list[Any]]:
    """The run, the plan of a second one, and what the doctor says of the receipts."""
    (folder / "judged.yaml").write_text(FILE)
    with Project(load_config(folder, {"home": str(folder / "home"), "sim": sim.url}, {})) as project:
        summary = await run_file(project, folder / "judged.yaml", options)
        again = await prepare(project, folder / "judged.yaml", RunOptions())
        drift = [one for one in doctor(project) if one.kind in ("receipt", "refusal")]
        for one in project.loaded_providers().values():
            await one.close()
        return summary, again, drift


def test_what_is_bought_by_the_token_is_booked_as_the_service_books_it(tmp_path: Path) -> None:
    async def play() -> tuple[RunSummary, Prepared, list[Any], dict[str, Any]]:
        async with Simulator(time_scale=0.001, most_side=128) as sim:
            return *await played(tmp_path, sim, RunOptions(budget=Decimal("0.20"))), sim.report()

    summary, again, drift, books = asyncio.run(play())
    assert summary.state is RunState.DONE
    assert summary.spent == Decimal(books["billed"]) > 0
    assert (books["accepted"], books["duplicates"], books["lost"]) == (4, [], [])
    assert drift == []
    assert {one.action for one in again.plan.nodes} == {Action.REUSE}
    texts = tmp_path / "Assets" / "judged" / "generated-text" / "v0-1"
    assert 0 <= json.loads((texts / "score.txt").read_text())["score"] <= 10
    assert (texts / "words.txt").read_text().startswith("simulated: ")


def test_a_ceiling_below_the_longest_answer_buys_nothing(tmp_path: Path) -> None:
    async def play() -> tuple[RunSummary, Decimal]:
        async with Simulator(time_scale=0.001, most_side=128) as sim:
            summary, _again, _drift = await played(tmp_path, sim, RunOptions(budget=Decimal("0.0034")))
            return summary, Decimal(sim.report()["billed"])

    summary, billed = asyncio.run(play())
    assert summary.state is not RunState.DONE
    assert billed <= Decimal("0.0034"), "the still fits, its edit could cost more than is left"
