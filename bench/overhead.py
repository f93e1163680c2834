"""What the engine adds to a node, with the durable ledger on.

1,000 nodes whose provider answers at once: everything that is measured is ours. Target: under 1 ms a node. The ratio
to a bare SQLite row, synced 20 to a commit on the same disk in the same minute, says how far from the floor that is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from bench.figure import Figure, median_of
from bench.journal import seconds_per_row
from bench.rig import home, independent, run
from rushes.model.operation import Operation
from rushes.testing.provider import InstantProvider

NODES = 1000


def seconds_per_node(op: Operation, concurrency: int) -> float:
    """Wall seconds of a run, divided by its nodes."""
    with home() as place:
        return asyncio.run(run(place, InstantProvider(), independent(NODES, op), concurrency=concurrency))[1] / NODES


def measure() -> Iterator[Figure]:
    """Texts need the ledger only; a picture is a file that is synced, and so is its name."""
    texts, pictures, floor = median_of(
        3,
        lambda: seconds_per_node(Operation.PROMPT_GENERATION, 100),
        lambda: seconds_per_node(Operation.TEXT_TO_IMAGE, 100),
        lambda: seconds_per_row(20),
    )
    yield Figure(name="engine overhead a node, ledger on", value=texts * 1000, limit=1, unit="ms")
    yield Figure(name="engine overhead / a durable row", value=texts / floor, limit=None, unit="x")
    yield Figure(name="engine and store a picture", value=pictures * 1000, limit=None, unit="ms")
