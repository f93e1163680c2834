"""How many paid calls a second can be made so that a crash loses none of them, and what the disk alone would allow.

1,000 requests of a provider that charges, forgets who asked, and answers at once; 200 in flight. Each is held against
its ceilings and on disk as an intention before it is sent, on disk again as accepted, done and stored: five facts and
three waits for the disk. Target: at least 300 a second. Beside it, measured in the same rounds: what a bare SQLite
journal takes for as many rows of that size, and the same engine where nothing must be waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from decimal import Decimal

from bench.figure import Figure, median_of
from bench.journal import seconds_per_row
from bench.rig import home, independent, run
from rushes.errors import ErrorClass, RemoteError
from rushes.model.money import Quote
from rushes.model.operation import Operation
from rushes.model.problem import Problem
from rushes.model.request import Recipe, Request
from rushes.plugin.provider import (
    Context,
    Duplicates,
    Facts,
    Finished,
    Found,
    Output,
    Pending,
    Submitted,
    Unknowable,
)

CALLS = 1000
AT_ONCE = 200
FACTS = 5  # Reserved, Submitting, Accepted, Done, Stored
PRICE = Decimal("0.003")


class Paid:
    """Takes every job and has its answer when it is first asked. Nothing about a duplicate would ever be known."""

    name = "paid"
    facts = Facts(duplicates=Duplicates.NEVER, remembers=None, bills_refusals=False, outputs_live=None, polls=1e6)

    def version(self, model: str) -> str:
        """The model itself."""
        return model

    def validate(self, recipe: Recipe) -> Sequence[Problem]:
        """Nothing is refused."""
        return ()

    def estimate(self, recipe: Recipe) -> Quote:
        """A fixed price."""
        return Quote(PRICE, PRICE, 0.0, "made up")

    async def submit(self, request: Request, context: Context) -> Submitted | Finished:
        """Taken at once."""
        return Submitted(request.key, wait=0.0)

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """Finished at once."""
        return Finished(billed=PRICE, text=remote)

    async def fetch(self, output: Output, context: Context) -> AsyncIterator[bytes]:
        """There is only text."""
        raise RemoteError(ErrorClass.INVALID_INPUT, "there is nothing to fetch")
        yield b""

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """Too late."""
        return PRICE

    async def reconcile(self, request: Request, context: Context) -> Found | Unknowable:
        """Nobody knows."""
        return Unknowable()

    async def close(self) -> None:
        """There is nothing to let go of."""


def seconds_a_call() -> float:
    """Wall seconds of one paid call among many, in a home on this disk."""
    with home() as place:
        flow = independent(CALLS, Operation.PROMPT_GENERATION)
        return asyncio.run(run(place, Paid(), flow, concurrency=AT_ONCE))[1] / CALLS


def measure() -> Iterator[Figure]:
    """The path, and what the disk takes for its rows one by one and in groups."""
    path, single, grouped = median_of(
        3, seconds_a_call, lambda: FACTS * seconds_per_row(1), lambda: FACTS * seconds_per_row(100)
    )
    yield Figure(name="a paid call, every step durable", value=path * 1000, limit=1000 / 300, unit="ms")
    yield Figure(name="floor: its rows in bare SQLite, one by one", value=single * 1000, limit=None, unit="ms")
    yield Figure(name="floor: its rows in bare SQLite, 100 a commit", value=grouped * 1000, limit=None, unit="ms")
