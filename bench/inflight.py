"""What ten thousand jobs in flight cost the process that waits for them.

One process, one run, the adapter of fal: 10,000 requests accepted by a simulator in another process, none of them
finished. Then nothing happens but asking, at the pace that the adapter of fal declares (20 questions a second for an
account). That the account takes so many is declared: what it takes is found by what comes back, and here nothing
does. Targets: under 500 MB, and under 5 % of one core.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from functools import partial

from bench.figure import PYTHON, ROOT, Figure
from bench.rig import home, independent, run
from rushes.app.offers import Offers
from rushes.catalogue.endpoints import takes_at
from rushes.catalogue.load import Catalogue
from rushes.model.event import Accepted, Event
from rushes.model.operation import Operation
from rushes.plugin.access import Access, Secret
from rushes.plugin.provider import Context, Finished, Pending, Provider
from rushes.providers.fal import Fal
from rushes.sim.simulator import Simulator

JOBS = 10_000
WINDOW = 20.0
"""Seconds of idle polling that are looked at."""

_MODEL = "flux_schnell"
_FOR_EVER = 1e6
"""Real seconds for a simulated one: no job ends."""


def measure() -> Iterator[Figure]:
    """Both."""
    with subprocess.Popen(
        [PYTHON, "-m", "bench.inflight", "serve"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            url = server.stdout.readline().strip()
            waiting = subprocess.run(
                [PYTHON, "-m", "bench.inflight", "wait", url], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
            )
        finally:
            server.kill()
    found = json.loads(waiting.stdout)
    yield Figure(name="10,000 jobs in flight, peak memory", value=found["peak"], limit=500, unit="MB")
    yield Figure(name="10,000 jobs in flight, idle polling", value=found["core"] * 100, limit=5, unit="% of a core")
    yield Figure(name="10,000 jobs in flight, questions", value=found["polls"], limit=None, unit="1/s")


async def _serve() -> None:
    async with Simulator(time_scale=_FOR_EVER, at_once=JOBS) as sim:
        print(sim.url, flush=True)
        await asyncio.Event().wait()


class _Watched:
    """The adapter, with its questions counted."""

    def __init__(self, adapter: Fal) -> None:
        self.polls = 0
        self.accepted = asyncio.Event()
        self._accepted = 0
        self._poll = adapter.poll
        adapter.poll = self._counted  # type: ignore[method-assign]

    async def _counted(self, remote: str, context: Context) -> Pending | Finished:
        self.polls += 1
        return await self._poll(remote, context)

    def watch(self, event: Event) -> None:
        """Counts what was accepted."""
        self._accepted += isinstance(event, Accepted)
        if self._accepted == JOBS:
            self.accepted.set()


async def _wait(url: str) -> dict[str, float]:
    offers = Offers(Catalogue.default(), "fal", date.today())
    takes = partial(takes_at, "fal")
    adapter = Fal(Access(url=f"{url}/fal", key=Secret("simulated"), simulated=True, offer=offers, takes=takes))
    adapter.facts = adapter.facts._replace(in_flight=JOBS)
    watched = _Watched(adapter)
    with home() as place:
        flow = independent(JOBS, Operation.TEXT_TO_IMAGE)
        provider: Provider = adapter
        going = asyncio.create_task(run(place, provider, flow, concurrency=JOBS, model=_MODEL, watch=watched.watch))
        await asyncio.wait({going, asyncio.create_task(watched.accepted.wait())}, return_when=asyncio.FIRST_COMPLETED)
        if going.done():  # nothing is in flight, and nothing would be measured
            going.result()
        await asyncio.sleep(5)  # what the submissions left to do is done
        before = (time.process_time(), time.perf_counter(), watched.polls)
        await asyncio.sleep(WINDOW)
        core, wall, polls = time.process_time() - before[0], time.perf_counter() - before[1], watched.polls - before[2]
        print(
            json.dumps(
                {
                    "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                    "core": core / wall,
                    "polls": polls / wall,
                }
            ),
            flush=True,
        )
    raise SystemExit


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(_serve())
    else:
        asyncio.run(_wait(sys.argv[2]))
