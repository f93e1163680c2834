"""Does the engine keep up with the waiting it is made for?

Answers that take their time overlap fully up to the concurrency: 20 waits of 0.5 s at concurrency 20 take under
0.6 s, and 1,000 waits of 0.05 s at 20 stay within 5 % of the ideal 2.5 s, every step on disk in the ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from bench.figure import Figure, median_of
from bench.rig import home, independent, run
from rushes.model.operation import Operation
from rushes.testing.provider import InstantProvider


def seconds_for(count: int, wait: float, op: Operation) -> float:
    """The run's own seconds for `count` waits at concurrency 20."""
    with home() as place:
        provider = InstantProvider(latency=wait)
        return asyncio.run(run(place, provider, independent(count, op), concurrency=20))[1]


def measure() -> Iterator[Figure]:
    """Texts need the ledger only; pictures are stored and synced too."""
    few, many, pictures = median_of(
        3,
        lambda: seconds_for(20, 0.5, Operation.TEXT_TO_IMAGE),
        lambda: seconds_for(1000, 0.05, Operation.PROMPT_GENERATION),
        lambda: seconds_for(1000, 0.05, Operation.TEXT_TO_IMAGE),
    )
    yield Figure(name="20 x 0.5 s at 20", value=few, limit=0.6, unit="s")
    yield Figure(name="1,000 x 0.05 s at 20, texts", value=many, limit=2.5 * 1.05, unit="s")
    yield Figure(name="1,000 x 0.05 s at 20, pictures stored", value=pictures, limit=None, unit="s")
