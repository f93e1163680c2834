"""The adapter of Gemini keeps every promise of the contract, in front of the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.providers.rig import FRAME_ARTIFACT, asked, request_of, subject

from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.providers.gemini import Gemini
from rushes.providers.remote import Remote
from rushes.testing.conformance import CHECKS, Check


def requests(gemini: Remote) -> Sequence[Request]:
    frame = (FRAME_ARTIFACT,)
    tall = {"aspect_ratio": "9:16"}
    return [
        request_of(asked(gemini, "nano_banana_2_1", Operation.TEXT_TO_IMAGE, params=tall)),
        request_of(asked(gemini, "nano_banana_2_1", Operation.IMAGE_TO_IMAGE, "in red", inputs={"image": frame})),
    ]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_gemini_keeps_the_promise(check: Check, tmp_path: Path) -> None:
    async def run() -> None:
        async with subject(Gemini, requests, tmp_path) as gemini:
            await check(gemini)

    asyncio.run(run())
