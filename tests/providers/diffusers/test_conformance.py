"""Pipelines on this machine keep every promise of the contract."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest
from tests.providers.diffusers.rig import FRAME_ARTIFACT, asked, context

from rushes.model.operation import Operation
from rushes.providers.diffusers.provider import Diffusers
from rushes.testing.conformance import CHECKS, Check, Subject
from rushes.testing.requests import request_of


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_diffusers_keeps_the_promise(check: Check, shared: Diffusers, pipelines: Path, tmp_path: Path) -> None:
    still, moving = pipelines / "still", pipelines / "moving"
    film = {"num_frames": 5, "width": 32, "height": 32}
    requests = [
        request_of(asked(shared, still)),
        request_of(asked(shared, still, Operation.IMAGE_TO_IMAGE, inputs={"image": (FRAME_ARTIFACT,)})),
        request_of(asked(shared, moving, Operation.TEXT_TO_VIDEO, params=film)),
    ]
    keyed = f"{check.__name__}-{{}}"  # a room of many checks: what one of them made is not another's answer
    subject = Subject(
        make=lambda: shared,
        requests=requests,
        context=lambda key: partial(context, tmp_path)(keyed.format(key)),
        deterministic=True,
    )

    async def run() -> None:
        await check(subject)

    asyncio.run(run())
