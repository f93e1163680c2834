"""An adapter in front of the simulator: what the application hands it, and the simulator as the kit's service."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from rushes.app.offers import Offers
from rushes.catalogue.endpoints import takes_at
from rushes.catalogue.load import Catalogue
from rushes.model.ids import Digest
from rushes.model.media import Artifact, Kind
from rushes.model.operation import Operation
from rushes.model.request import Recipe, Request
from rushes.plugin.access import Access, Secret
from rushes.providers.remote import Remote
from rushes.sim.capacity_text import capacity_from_text
from rushes.sim.faults import fault_of
from rushes.sim.simulator import Simulator
from rushes.testing.context import PlainContext
from rushes.testing.media import png
from rushes.testing.requests import artifact_of, recipe_of, request_of
from rushes.testing.subject import Books, Subject

KEY = "simulated-key-that-shows-nowhere"
FRAME = png("a frame of a film")
FRAME_ARTIFACT = artifact_of(Kind.IMAGE, FRAME)
TELL = {"openai", "anthropic", "luma"}
"""Services whose answers say what is left of a limit."""
OF_MEANING = {"refused", "refused-billed", "failed", "expired", "retired", "no-money"}


def access(provider: str, url: str | None, key: str | None = KEY, *, simulated: bool = True) -> Access:
    offers = Offers(Catalogue.default(), provider, date(2026, 11, 20))
    return Access(url, None if key is None else Secret(key), simulated, offers, partial(takes_at, provider))


def asked(
    remote: Remote,
    alias: str,
    op: Operation,
    prompt: str | None = "a fox in the snow",
    params: Mapping[str, Any] | None = None,
    inputs: Mapping[str, tuple[Artifact, ...]] | None = None,
) -> Recipe:
    """A recipe for a model of the catalogue, as the application makes it."""
    plain = recipe_of(op, prompt, provider=remote.name, model=remote.version(alias), params=params, inputs=inputs)
    return dataclasses.replace(plain, alias=alias)


class Quick(PlainContext):
    """A context whose waits take a fiftieth of what was said."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 50)


def context(folder: Path, key: str = "key-1") -> Quick:
    frame = folder / "frame.png"
    if not frame.exists():
        frame.write_bytes(FRAME)
    return Quick(folder, {Digest(FRAME_ARTIFACT.digest): frame}, idempotency_key=key)


class SimService:
    """The simulator, as `rushes.testing.subject.Service` wants it."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim

    def strike(self, fault: str, place: str = "submit", *, first: int | None = None, seconds: float = 0.0) -> None:
        raw: dict[str, Any] = {"what": fault, "rate": 1.0, "seconds": seconds / self.sim.world.clock.scale}
        if fault.startswith("429"):
            raw["seconds"] = seconds  # a header: in the seconds of whoever reads it
        if fault == "expired":
            raw["seconds"] = 0.0
        if fault not in OF_MEANING:
            raw["place"] = place
        if first is not None:
            raw["first"] = first
            self.sim.world.seen.clear()
        self.sim.world.faults.active = (*self.sim.world.faults.active, fault_of(raw))

    def calm(self) -> None:
        self.sim.world.faults.active = ()

    def allow(self, most: int) -> None:
        self.sim.world.capacity = (capacity_from_text(f"{most}/day"),)

    def books(self) -> Books:
        said = self.sim.report()
        return Books(
            posts=said["submissions"],
            accepted=said["accepted"],
            duplicates=len(said["duplicates"]),
            billed=Decimal(said["billed"]),
            uploads=said["uploads"],
        )


@asynccontextmanager
async def subject(
    make: Callable[[Access], Remote],
    requests: Callable[[Remote], Sequence[Request]],
    folder: Path,
    *,
    floor: float = 0.0,
) -> AsyncIterator[Subject]:
    """An adapter under check, with a simulator of its own."""
    made: list[Remote] = []

    def client(there: Access) -> Remote:
        made.append(make(there))
        return made[-1]

    name = client(access("none", None)).name
    async with Simulator(seed=5, time_scale=0.005, most_side=160) as sim:
        there = access(name, f"{sim.url}/{name}")
        try:
            yield Subject(
                make=lambda: client(there),
                requests=requests(make(there)),
                context=lambda key: context(folder, key),
                service=SimService(sim),
                unreachable=lambda: client(there._replace(url="http://127.0.0.1:9/nobody")),
                keyless=lambda: client(there._replace(key=None)),
                secret=KEY,
                floor=floor,
                tells=name in TELL,
            )
        finally:
            for one in made:
                await one.close()


__all__ = ["FRAME_ARTIFACT", "KEY", "Quick", "SimService", "access", "asked", "context", "request_of", "subject"]
