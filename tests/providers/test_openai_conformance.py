"""The adapter of OpenAI keeps every promise of the contract, in front of the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.providers.rig import FRAME_ARTIFACT, asked, request_of, subject

from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.providers.openai.filmed import FLOOR
from rushes.providers.openai.provider import OpenAI
from rushes.providers.remote import Remote
from rushes.testing.conformance import CHECKS, Check


def pictures(openai: Remote) -> Sequence[Request]:
    frame = {"image": (FRAME_ARTIFACT,)}
    tall = {"aspect_ratio": "9:16", "quality": "low"}
    return [
        request_of(asked(openai, "gpt_image_2_5", Operation.TEXT_TO_IMAGE, params=tall)),
        request_of(asked(openai, "gpt_image_2", Operation.IMAGE_TO_IMAGE, "in red", inputs=frame)),
    ]


def words(openai: Remote) -> Sequence[Request]:
    frame = {"image": (FRAME_ARTIFACT,)}
    schema = {"type": "object", "properties": {"score": {"type": "integer"}}, "required": ["score"]}
    return [
        request_of(asked(openai, "gpt_6_luna", Operation.PROMPT_GENERATION, "a film about snow")),
        request_of(asked(openai, "gpt_6_sol", Operation.ANALYZE_IMAGE, "how sharp?", {"schema": schema}, frame)),
    ]


def films(openai: Remote) -> Sequence[Request]:
    wide = {"size": "1792x1024", "duration": 8}
    return [
        request_of(asked(openai, "sora_2", Operation.TEXT_TO_VIDEO, params={"aspect_ratio": "9:16"})),
        request_of(asked(openai, "sora_2_pro", Operation.TEXT_TO_VIDEO, "snow falls", wide)),
    ]


@pytest.mark.parametrize("requests", [pictures, words, films])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_openai_keeps_the_promise(check: Check, requests: object, tmp_path: Path) -> None:
    floor = FLOOR if requests is films else 0.0

    async def run() -> None:
        async with subject(OpenAI, requests, tmp_path, floor=floor) as openai:  # type: ignore[arg-type]
            await check(openai)

    asyncio.run(run())
