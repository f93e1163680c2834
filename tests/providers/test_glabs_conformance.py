"""The adapter of G-Labs keeps every promise of the contract, in front of the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.providers.rig import FRAME_ARTIFACT, asked, request_of, subject

from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.providers.glabs import FLOOR, GLabs
from rushes.providers.remote import Remote
from rushes.testing.conformance import CHECKS, Check


def requests(glabs: Remote) -> Sequence[Request]:
    frame = (FRAME_ARTIFACT,)
    text, edit, film = Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_IMAGE, Operation.IMAGE_TO_VIDEO
    return [
        request_of(asked(glabs, "nano_banana_2", text, params={"aspect_ratio": "9:16", "resolution": "1K"})),
        request_of(asked(glabs, "nano_banana_pro", edit, params={"resolution": "2K"}, inputs={"image": frame})),
        request_of(asked(glabs, "veo_3_1_fast", film, params={"duration": "4s"}, inputs={"start_frame": frame})),
    ]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_glabs_keeps_the_promise(check: Check, tmp_path: Path) -> None:
    async def run() -> None:
        async with subject(GLabs, requests, tmp_path, floor=FLOOR) as glabs:
            await check(glabs)

    asyncio.run(run())
