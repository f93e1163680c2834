"""The adapter of Gemini keeps every promise of the contract, in front of the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.providers.rig import FRAME_ARTIFACT, asked, request_of, subject

from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.providers.gemini.provider import FLOOR, Gemini
from rushes.providers.remote import Remote
from rushes.testing.conformance import CHECKS, Check


def requests(gemini: Remote) -> Sequence[Request]:
    frame = (FRAME_ARTIFACT,)
    tall = {"aspect_ratio": "9:16"}
    verdict = {"schema": {"type": "object", "properties": {"score": {"type": "number"}}, "required": ["score"]}}
    return [
        request_of(asked(gemini, "nano_banana_2_1", Operation.TEXT_TO_IMAGE, params=tall)),
        request_of(asked(gemini, "nano_banana_2_1", Operation.IMAGE_TO_IMAGE, "in red", inputs={"image": frame})),
        request_of(asked(gemini, "gemini_describe", Operation.ANALYZE_IMAGE, None, inputs={"image": frame})),
        request_of(asked(gemini, "gemini_3_pro", Operation.ANALYZE_IMAGE, "is it red?", verdict, {"image": frame})),
        request_of(asked(gemini, "gemini_omni_flash", Operation.TEXT_TO_VIDEO, params={**tall, "duration": "3s"})),
        request_of(
            asked(
                gemini,
                "gemini_omni_flash",
                Operation.IMAGE_TO_VIDEO,
                "it blinks",
                params={"duration": 4, "resolution": "360p"},
                inputs={"start_frame": frame},
            )
        ),
        request_of(
            asked(
                gemini,
                "veo_3_1_lite",
                Operation.IMAGE_TO_VIDEO,
                "snow falls",
                params={**tall, "duration": 4},
                inputs={"start_frame": frame, "end_frame": frame},
            )
        ),
    ]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_gemini_keeps_the_promise(check: Check, tmp_path: Path) -> None:
    async def run() -> None:
        async with subject(Gemini, requests, tmp_path, floor=FLOOR) as gemini:
            await check(gemini)

    asyncio.run(run())
