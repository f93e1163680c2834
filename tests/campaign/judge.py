"""The simulator of a campaign, in a process of its own: what it knows outlives every process that is killed.

One world for each episode.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from multiprocessing.connection import Connection
from typing import Any

from tests.campaign.studio import KEYED, LISTED, StudioSpeaker

from rushes.sim.faults import fault_of
from rushes.sim.simulator import Simulator, protocols


class Judge:
    """The other end of the pipe, in the process that kills. `scale` is real seconds for a simulated one."""

    def __init__(self, scale: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, far = context.Pipe()
        self._process = context.Process(target=_serve, args=(far, scale), daemon=True)
        self._process.start()
        far.close()

    def new(self, seed: int) -> str:
        """A new world; the address of its simulator."""
        url: str = self._ask("new", seed)
        return url

    def faults(self, faults: list[dict[str, Any]]) -> None:
        """These faults and no others from now on."""
        self._ask("faults", faults)

    def report(self) -> dict[str, Any]:
        """The books, with `struck`: how often which fault has struck where."""
        report: dict[str, Any] = self._ask("report", None)
        return report

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()

    def _ask(self, verb: str, what: object) -> Any:
        self._pipe.send((verb, what))
        return self._pipe.recv()


def _serve(pipe: Connection, scale: float) -> None:
    asyncio.run(_serve_all(pipe, scale))


async def _serve_all(pipe: Connection, scale: float) -> None:
    sim = _new(0, scale)
    await sim.__aenter__()
    while True:
        try:
            verb, what = await asyncio.to_thread(pipe.recv)
        except EOFError:
            return
        if verb == "new":
            await sim.__aexit__(None, None, None)
            sim = _new(what, scale)
            await sim.__aenter__()
            pipe.send(sim.url)
        elif verb == "faults":
            sim.world.faults.active = tuple(fault_of(one) for one in what)
            pipe.send(None)
        else:
            pipe.send({**sim.report(), "struck": dict(sim.world.faults.struck)})


def _new(seed: int, scale: float) -> Simulator:
    speakers = (*protocols(), StudioSpeaker(LISTED, keyed=False), StudioSpeaker(KEYED, keyed=True))
    return Simulator(seed=seed, time_scale=scale, most_side=32, at_once=16, speakers=speakers)
