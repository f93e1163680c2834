"""The adapter of Runway keeps every promise of the contract, in front of the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.providers.rig import FRAME_ARTIFACT, asked, request_of, subject

from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.providers.remote import Remote
from rushes.providers.runway import Runway
from rushes.testing.conformance import CHECKS, Check


def requests(runway: Remote) -> Sequence[Request]:
    frame = (FRAME_ARTIFACT,)
    edit = {"aspect_ratio": "9:16", "resolution": "720p"}
    frames = {"start_frame": frame, "end_frame": frame}
    return [
        request_of(asked(runway, "gen4", Operation.TEXT_TO_IMAGE, params={"aspect_ratio": "9:16"})),
        request_of(asked(runway, "gen4_image_turbo", Operation.IMAGE_TO_IMAGE, params=edit, inputs={"image": frame})),
        request_of(asked(runway, "veo_3_1_fast", Operation.IMAGE_TO_VIDEO, params={"duration": "4s"}, inputs=frames)),
    ]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_runway_keeps_the_promise(check: Check, tmp_path: Path) -> None:
    async def run() -> None:
        async with subject(Runway, requests, tmp_path, floor=Runway.floor) as runway:
            await check(runway)

    asyncio.run(run())
