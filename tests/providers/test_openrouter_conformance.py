"""The adapter of OpenRouter keeps every promise of the contract, in front of the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.providers.rig import FRAME_ARTIFACT, asked, request_of, subject

from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.providers.openrouter import FLOOR, OpenRouter
from rushes.providers.remote import Remote
from rushes.testing.conformance import CHECKS, Check


def requests(openrouter: Remote) -> Sequence[Request]:
    frame = (FRAME_ARTIFACT,)
    tall = {"aspect_ratio": "9:16"}
    edit, film, words = Operation.IMAGE_TO_IMAGE, Operation.IMAGE_TO_VIDEO, Operation.PROMPT_GENERATION
    verdict = {"schema": {"type": "object", "properties": {"score": {"type": "number"}}, "required": ["score"]}}
    return [
        request_of(asked(openrouter, "veo_3_1", Operation.TEXT_TO_VIDEO, params={**tall, "duration": "4s"})),
        request_of(
            asked(openrouter, "veo_3_1", film, "it blinks", params={"duration": 6}, inputs={"start_frame": frame})
        ),
        request_of(asked(openrouter, "nano_banana_2", Operation.TEXT_TO_IMAGE, params=tall)),
        request_of(asked(openrouter, "nano_banana_2_edit", edit, "in red", inputs={"image": frame})),
        request_of(asked(openrouter, "openrouter_video_cinematic", words, "a storm", inputs={"image": frame})),
        request_of(asked(openrouter, "openrouter_video_prompt", words, "a storm", verdict)),
        request_of(
            asked(
                openrouter, "wan_2_6", film, "it blinks", params={**tall, "duration": 5}, inputs={"start_frame": frame}
            )
        ),
    ]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_openrouter_keeps_the_promise(check: Check, tmp_path: Path) -> None:
    async def run() -> None:
        async with subject(OpenRouter, requests, tmp_path, floor=FLOOR) as openrouter:
            await check(openrouter)

    asyncio.run(run())
