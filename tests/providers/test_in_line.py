"""A job that waits in a service's own line is told from one that is worked on: only the second uses what is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.providers.comfy_graphs import picture
from tests.providers.rig import FRAME_ARTIFACT, access, asked, context, request_of

from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.plugin.provider import Finished, Pending, Submitted
from rushes.providers.comfyui.provider import Comfyui
from rushes.providers.fal import Fal
from rushes.providers.gemini.provider import Gemini
from rushes.providers.glabs import GLabs
from rushes.providers.luma import Luma
from rushes.providers.openai.provider import OpenAI
from rushes.providers.openrouter import OpenRouter
from rushes.providers.queued import Job
from rushes.providers.remote import Remote
from rushes.providers.replicate import Replicate
from rushes.providers.runway import Runway
from rushes.sim.simulator import Simulator

PICTURE, FILM, EDIT = Operation.TEXT_TO_IMAGE, Operation.TEXT_TO_VIDEO, Operation.IMAGE_TO_IMAGE


class Case(NamedTuple):
    of: type[Remote]
    alias: str
    op: Operation
    params: Mapping[str, Any]
    inputs: Mapping[str, tuple[Artifact, ...]] | None = None


CASES = (
    Case(Comfyui, "comfyui", PICTURE, {"graph": picture(), "aspect_ratio": "9:16"}),
    Case(Fal, "flux_schnell", PICTURE, {}),
    Case(Gemini, "gemini_omni_flash", FILM, {"duration": "3s", "aspect_ratio": "9:16"}),
    Case(GLabs, "nano_banana_2", PICTURE, {"resolution": "1K"}),
    Case(Luma, "uni_1", PICTURE, {}),
    Case(OpenAI, "sora_2", FILM, {"aspect_ratio": "9:16"}),
    Case(OpenRouter, "veo_3_1", FILM, {"duration": "4s"}),
    Case(Replicate, "gen4", EDIT, {}, {"image": (FRAME_ARTIFACT,)}),
    Case(Runway, "gen4", PICTURE, {}),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.of.name)
def test_what_waits_in_the_services_own_line_is_told_from_what_is_worked_on(case: Case, tmp_path: Path) -> None:
    async def run() -> None:
        async with Simulator(seed=1, time_scale=1.0, at_once=1, most_side=64) as sim:
            provider = case.of(access(case.of.name, f"{sim.url}/{case.of.name}"))  # type: ignore[call-arg]
            recipe = asked(provider, case.alias, case.op, params=case.params, inputs=case.inputs)
            states: list[Pending | Finished] = []
            for number in range(2):
                told = context(tmp_path, f"key-{number}")
                answer = await provider.submit(request_of(recipe, candidate=number), told)
                assert isinstance(answer, Submitted)
                states.append(await provider.poll(answer.remote, told))
            await provider.close()
        first, second = states
        assert isinstance(first, Pending) and not first.queued, f"{first} is worked on"
        assert isinstance(second, Pending) and second.queued, f"{second} is not"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("status", "queued"), [("PENDING", True), ("THROTTLED", True), ("RUNNING", False), ("X", False)]
)
def test_runway_has_two_words_for_it(status: str, queued: bool) -> None:
    assert Runway(access("runway", None))._pending(Job("a"), {}, status).queued is queued
