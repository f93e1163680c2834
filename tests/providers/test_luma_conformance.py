"""The adapter of Luma keeps every promise of the contract, in front of the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.providers.rig import FRAME_ARTIFACT, asked, request_of, subject

from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.providers.luma import FLOOR, Luma
from rushes.providers.remote import Remote
from rushes.testing.conformance import CHECKS, Check

MOVES = "she smiles"
"""Words for which two candidates of the offline painter move in two ways: it knows a handful of them."""


def requests(luma: Remote) -> Sequence[Request]:
    frame = (FRAME_ARTIFACT,)
    tall, film = {"aspect_ratio": "9:16"}, {"duration": "5s", "resolution": "360p"}
    return [
        request_of(asked(luma, "uni_1", Operation.TEXT_TO_IMAGE, params=tall)),
        request_of(asked(luma, "uni_1_max", Operation.IMAGE_TO_IMAGE, inputs={"image": frame, "reference": frame})),
        request_of(asked(luma, "ray_3_2", Operation.TEXT_TO_VIDEO, params=tall | film)),
        request_of(asked(luma, "ray_3_2", Operation.IMAGE_TO_VIDEO, MOVES, film, {"start_frame": frame})),
    ]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_luma_keeps_the_promise(check: Check, tmp_path: Path) -> None:
    async def run() -> None:
        async with subject(Luma, requests, tmp_path, floor=FLOOR) as luma:
            await check(luma)

    asyncio.run(run())
