"""The adapter of fal keeps every promise of the contract, in front of the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.providers.rig import FRAME_ARTIFACT, asked, request_of, subject

from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.providers.fal import FLOOR, Fal
from rushes.providers.remote import Remote
from rushes.testing.conformance import CHECKS, Check


def requests(fal: Remote) -> Sequence[Request]:
    frame = (FRAME_ARTIFACT,)
    return [
        request_of(asked(fal, "flux_schnell", Operation.TEXT_TO_IMAGE, params={"aspect_ratio": "9:16"})),
        request_of(asked(fal, "nano_banana_2_edit", Operation.IMAGE_TO_IMAGE, inputs={"image": frame})),
        request_of(
            asked(
                fal,
                "kling_2_6_pro_i2v",
                Operation.IMAGE_TO_VIDEO,
                params={"duration": "5s", "generate_audio": False},
                inputs={"start_frame": frame},
            )
        ),
    ]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_fal_keeps_the_promise(check: Check, tmp_path: Path) -> None:
    async def run() -> None:
        async with subject(Fal, requests, tmp_path, floor=FLOOR) as fal:
            await check(fal)

    asyncio.run(run())
