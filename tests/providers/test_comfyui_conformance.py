"""The adapter of ComfyUI keeps every promise of the contract, in front of the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.providers.comfy_graphs import edit, film, picture
from tests.providers.rig import FRAME_ARTIFACT, asked, request_of, subject

from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.providers.comfyui.provider import FLOOR, Comfyui
from rushes.providers.remote import Remote
from rushes.testing.conformance import CHECKS, Check


def requests(comfyui: Remote) -> Sequence[Request]:
    frame = (FRAME_ARTIFACT,)
    return [
        request_of(
            asked(
                comfyui,
                "comfyui",
                Operation.TEXT_TO_IMAGE,
                params={"graph": picture(), "aspect_ratio": "9:16", "negative_prompt": "blur"},
            )
        ),
        request_of(
            asked(comfyui, "comfyui", Operation.IMAGE_TO_IMAGE, params={"graph": edit()}, inputs={"image": frame})
        ),
        request_of(
            asked(comfyui, "comfyui", Operation.IMAGE_TO_VIDEO, params={"graph": film()}, inputs={"start_frame": frame})
        ),
    ]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_comfyui_keeps_the_promise(check: Check, tmp_path: Path) -> None:
    async def run() -> None:
        async with subject(Comfyui, requests, tmp_path, floor=FLOOR) as comfyui:
            await check(replace(comfyui, keyless=None))  # it takes no key

    asyncio.run(run())
