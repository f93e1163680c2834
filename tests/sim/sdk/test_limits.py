"""SDKs, unmodified, as clients of an account with a limit: each reads our 429, waits as it was told, and is let in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.sim.sdk.side import Side
from tests.sim.sdk.stage import Stage

from rushes.sim.capacity_text import capacity_from_text

LIMIT = "1/30min sliding"
"""In simulated time, of which the stage makes half an hour less than four seconds."""

CALLS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "openai",
        "generate",
        {"model": "gpt-image-2", "prompt": "one in half an hour", "size": "816x816", "quality": "low"},
    ),
    ("anthropic", "ask", {"model": "claude-haiku-5-5", "prompt": "one in half an hour"}),
    ("luma", "create", {"model": "uni-1", "prompt": "one in half an hour"}),
)


@pytest.fixture
def limited(stage: Stage) -> Iterator[Stage]:
    yield stage
    stage.simulator.world.capacity = ()


@pytest.mark.parametrize(("name", "command", "given"), CALLS, ids=[one[0] for one in CALLS])
def test_an_sdk_waits_as_it_is_told_and_comes_no_earlier(
    limited: Stage, processes: Callable[..., Side], name: str, command: str, given: dict[str, Any]
) -> None:
    sdk, world = processes(name), limited.simulator.world
    sdk.do(command, **given)  # whatever it has to set up first is set up
    world.capacity = (capacity_from_text(f"{name}:{LIMIT}"),)
    doors = [door for who, door in world.doors().items() if who.startswith(f"{name}/")]
    taken, refused, early = (sum(getattr(one, word) for one in doors) for word in ("accepted", "refused", "early"))

    for _ in range(2):
        sdk.do(command, **given)

    assert sum(one.accepted for one in doors) == taken + 2
    assert sum(one.refused for one in doors) > refused, "nothing was refused, so nothing was waited for"
    assert sum(one.early for one in doors) == early, "what the headers say is later than what the SDK read"
