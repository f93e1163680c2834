"""The adapter of Replicate keeps every promise of the contract, in front of the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.providers.rig import FRAME_ARTIFACT, asked, request_of, subject

from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.providers.remote import Remote
from rushes.providers.replicate import Replicate
from rushes.testing.conformance import CHECKS, Check


def requests(replicate: Remote) -> Sequence[Request]:
    frame = (FRAME_ARTIFACT,)
    film = {"duration": "5s", "mode": "standard"}
    return [
        request_of(asked(replicate, "flux_schnell", Operation.TEXT_TO_IMAGE, params={"aspect_ratio": "9:16"})),
        request_of(asked(replicate, "gen4", Operation.IMAGE_TO_IMAGE, inputs={"image": frame})),
        request_of(asked(replicate, "kling_2_1", Operation.IMAGE_TO_VIDEO, params=film, inputs={"start_frame": frame})),
    ]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_replicate_keeps_the_promise(check: Check, tmp_path: Path) -> None:
    async def run() -> None:
        async with subject(Replicate, requests, tmp_path, floor=Replicate.floor) as replicate:
            await check(replicate)

    asyncio.run(run())
