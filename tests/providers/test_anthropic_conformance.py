"""The adapter of Anthropic keeps every promise of the contract, in front of the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.providers.rig import FRAME_ARTIFACT, asked, request_of, subject

from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.providers.anthropic import Anthropic
from rushes.providers.remote import Remote
from rushes.testing.conformance import CHECKS, Check


def requests(anthropic: Remote) -> Sequence[Request]:
    frame = {"image": (FRAME_ARTIFACT,)}
    schema = {"type": "object", "properties": {"score": {"type": "integer", "minimum": 0}}, "required": ["score"]}
    return [
        request_of(asked(anthropic, "claude_haiku_5_5", Operation.PROMPT_GENERATION, "a film about snow")),
        request_of(
            asked(anthropic, "claude_opus_5_5", Operation.ANALYZE_IMAGE, "how sharp?", {"schema": schema}, frame)
        ),
    ]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_anthropic_keeps_the_promise(check: Check, tmp_path: Path) -> None:
    async def run() -> None:
        async with subject(Anthropic, requests, tmp_path) as anthropic:
            await check(anthropic)

    asyncio.run(run())
