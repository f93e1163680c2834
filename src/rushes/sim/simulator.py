"""The simulator: protocols behind one port, faults laid over their answers, and books over it all."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any

from rushes.errors import UserError
from rushes.sim.capacity_text import Capacity
from rushes.sim.control import control
from rushes.sim.faults import Fault, What
from rushes.sim.overlay import laid_over, refusal
from rushes.sim.protocol import Spoken
from rushes.sim.route import Place
from rushes.sim.server import Limits, Server
from rushes.sim.speakers import protocols
from rushes.sim.told_limits import in_whole, told
from rushes.sim.wire import Reply, Request, json_reply
from rushes.sim.world import AT_ONCE, Call, World


class Simulator:
    """A simulated world behind a port of this machine.

    ::

        async with Simulator(seed=7, time_scale=0.01, faults=[fault_from_text("429=0.2")]) as sim:
            ...  # sim.url, sim.report()

    `capacity` is what accounts really take, which no client is told; `time_scale` is real seconds for one simulated
    second; `at_once` the jobs that an account runs at once; `balance`
    its money in USD (None: no end of it); `prices` USD per unit for endpoints that shall cost something else;
    `most_side` bounds the longer side of what is painted, in pixels. `tls` serves HTTPS, for clients that insist on a
    provider's own host names. `write` gets the books as JSON lines while they are written.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        time_scale: float = 1.0,
        faults: Iterable[Fault] = (),
        capacity: Iterable[Capacity] = (),
        at_once: int = AT_ONCE,
        balance: Decimal | None = None,
        prices: Mapping[str, Decimal] | None = None,
        most_side: int | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
        write: Callable[[str], object] | None = None,
        speakers: Sequence[Spoken] | None = None,
    ) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="rushes-sim-")
        self.world = World(
            seed=seed,
            scale=time_scale,
            scratch=Path(self._scratch.name),
            faults=faults,
            capacity=capacity,
            at_once=at_once,
            balance=balance,
            prices=prices,
            most_side=most_side,
            write=write,
        )
        self._speakers = tuple(speakers) if speakers is not None else protocols()
        self._host, self._port = host, port
        self._scheme = "https" if tls is not None else "http"
        self._server = Server(self.answer, self.world.clock.sleep, self._sent, tls=tls, limits=limits)

    @property
    def url(self) -> str:
        """Where it listens; a provider is at `url/NAME`."""
        return f"{self._scheme}://{self._host}:{self._port}"

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    def report(self) -> dict[str, Any]:
        """The books as JSON."""
        return self.world.books.report()

    async def __aenter__(self) -> Simulator:
        try:
            self._port = await self._server.start(self._host, self._port)
        except OSError as error:
            raise UserError(
                f"port {self._port} cannot be used: {error.strerror or error}", next_step="give another --port, or 0"
            ) from error
        self.world.clock.now()
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._server.stop()
        await self.world.close()
        await asyncio.to_thread(self._scratch.cleanup)

    async def answer(self, request: Request) -> Reply:
        """The answer to one request, faults included. It never raises: what cannot be understood is a 4xx."""
        if request.path.startswith("/_sim/"):
            return control(request, self.world)
        found = self._speaker(request)
        if found is None:
            return json_reply({"error": "the simulator serves nothing here", "speaks": self._names()}, 404)
        speaker, request = found
        route = speaker.route(request)
        if route is None:
            return speaker.error(404, request)
        key = speaker.key(request)
        if key is None and not route.open:
            return speaker.error(401, request)
        call = self.world.call(speaker.name, key, route, request)
        if jump := call.strikes(What.CLOCK_JUMP):
            self.world.clock.jump(jump.seconds)
        fault = self.world.faults.on_the_way(route.place, route.model, call.identity, call.nth)
        if fault is not None and (refused := refusal(fault, speaker, request)) is not None:
            if route.place is Place.SUBMIT:
                call.refuse(refused, str(fault.what))
            return refused
        reply = await self._let_in(call, speaker, request)
        return reply if fault is None else laid_over(fault, reply, speaker, request)

    async def _let_in(self, call: Call, speaker: Spoken, request: Request) -> Reply:
        """The answer of whoever is let in; else the provider's own words for too many calls, and no job."""
        refused = call.knock()
        limits = told(speaker.name, call.stands(), self.world.clock.scale, refused=refused is not None)
        if refused is None:
            try:
                return (await speaker.answer(call)).with_headers(*limits)
            finally:
                call.turn_back()
        clock = self.world.clock
        wait = None if refused.retry_after is None else in_whole(refused.retry_after * clock.scale)
        call.refuse(reply := speaker.error(429, request, retry_after=wait), "capacity")
        await clock.sleep(refused.held)
        return reply.with_headers(*limits)

    def _names(self) -> list[str]:
        return [one.name for one in self._speakers]

    def _speaker(self, request: Request) -> tuple[Spoken, Request] | None:
        for one in self._speakers:
            if request.host in one.hosts:
                return one, request
        first, _, rest = request.path.lstrip("/").partition("/")
        for one in self._speakers:
            if first == one.name:
                prefix, host = f"/{first}", one.hosts[0]
                inner = rest.partition("/")
                if inner[0] in one.hosts:  # URL/fal/rest.fal.ai/...: a host of the provider by its whole name
                    prefix, host, rest = f"{prefix}/{inner[0]}", inner[0], inner[2]
                return one, request._replace(host=host, path=f"/{rest}", prefix=prefix)
        return None

    def _sent(self, reply: Reply) -> None:
        receipt = reply.receipt
        entry = self.world.books.job(receipt.remote) if receipt is not None else None
        if receipt is None or entry is None:
            return
        entry.told = entry.told or receipt.told
        entry.answered = entry.answered or receipt.answered
        if receipt.output:
            entry.taken.add(receipt.output)
        self.world.books.note("sent", entry)
