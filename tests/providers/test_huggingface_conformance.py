"""The adapter of Hugging Face keeps every promise of the contract, in front of the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.providers.rig import FRAME_ARTIFACT, asked, request_of, subject

from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.providers.huggingface import HuggingFace
from rushes.providers.remote import Remote
from rushes.testing.conformance import CHECKS, Check


def requests(huggingface: Remote) -> Sequence[Request]:
    tall = {"aspect_ratio": "9:16", "num_inference_steps": 4}
    frame = {"image": (FRAME_ARTIFACT,)}
    return [
        request_of(asked(huggingface, "flux_schnell", Operation.TEXT_TO_IMAGE, params=tall)),
        request_of(asked(huggingface, "instruct_pix2pix", Operation.IMAGE_TO_IMAGE, "in ink", inputs=frame)),
    ]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_huggingface_keeps_the_promise(check: Check, tmp_path: Path) -> None:
    async def run() -> None:
        async with subject(HuggingFace, requests, tmp_path) as huggingface:
            await check(huggingface)

    asyncio.run(run())
