"""The adapter of ElevenLabs keeps every promise of the contract, in front of the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.providers.rig import asked, request_of, subject

from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.providers.elevenlabs import ElevenLabs
from rushes.providers.remote import Remote
from rushes.testing.conformance import CHECKS, Check

SPEAK = Operation.TEXT_TO_SPEECH


def requests(elevenlabs: Remote) -> Sequence[Request]:
    wav = {"voice": "brian", "output_format": "wav_22050", "speed": 1.1}
    return [
        request_of(asked(elevenlabs, "elevenlabs", SPEAK, "Good morning.", {"stability": 0.4})),
        request_of(asked(elevenlabs, "elevenlabs_flash", SPEAK, "The harbour is open again.", wav)),
    ]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_elevenlabs_keeps_the_promise(check: Check, tmp_path: Path) -> None:
    async def run() -> None:
        async with subject(ElevenLabs, requests, tmp_path) as elevenlabs:
            await check(elevenlabs)

    asyncio.run(run())
