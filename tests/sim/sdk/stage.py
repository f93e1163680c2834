"""A simulator that runs beside the test in a thread, with relays in front of it that write down what they carry."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import trustme
from tests.sim.sdk.recorded import Sent, requests_in
from tests.sim.sdk.tls import Certificates, Log, Relay

from rushes.sim.faults import fault_of
from rushes.sim.simulator import Simulator

T = TypeVar("T")


@dataclass(frozen=True)
class Stage:
    """The simulator; where the relay listens; the certificate of the relay's authority; what passed; their loop."""

    simulator: Simulator
    url: str
    authority: Path
    log: Log
    loop: asyncio.AbstractEventLoop

    def faults(self, *faults: dict[str, Any]) -> None:
        """Switch these faults on and all others off: `{"what": "429", "first": 2}`."""
        self.simulator.world.faults.active = tuple(fault_of(one) for one in faults)

    def report(self) -> dict[str, Any]:
        """The books, once all that is under way in the simulator's thread has been written into them."""

        async def look() -> dict[str, Any]:
            return self.simulator.report()

        return asyncio.run_coroutine_threadsafe(look(), self.loop).result(30)

    def entries(self, model: str) -> list[dict[str, Any]]:
        """What the books say of one model. Models are names: a test that wants entries of its own makes up a model."""
        return [one for one in self.report()["entries"] if one["model"] == model]

    def sent(self) -> list[Sent]:
        """Every complete request that has passed."""
        return requests_in(self.log.sent)

    def environment(self) -> dict[str, str]:
        """The variables that make every HTTP client of a process go through the proxy."""
        names = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")
        return dict.fromkeys(names, self.url) | {
            "SSL_CERT_FILE": str(self.authority),
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }


@contextmanager
def behind_a_proxy(folder: Path) -> Iterator[Stage]:
    """A simulator under the providers' own names, for clients that are told to use a proxy: `url` is the proxy's."""
    authority = trustme.CA()
    file = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    certificates = Certificates(authority)
    trusting = ssl.create_default_context(cafile=str(file))
    simulator = Simulator(seed=1, time_scale=0.002, tls=certificates.first)
    with _stage(simulator, file, trusting, Relay.open_proxy, certificates) as stage:
        yield stage


@contextmanager
def in_the_open(folder: Path) -> Iterator[Stage]:
    """A simulator of small pictures in plain HTTP: a provider is at `url/NAME`."""
    simulator = Simulator(seed=1, time_scale=0.002, most_side=64)
    with _stage(simulator, folder, None, Relay.open_plain, None) as stage:
        yield stage


@contextmanager
def _stage(
    simulator: Simulator,
    file: Path,
    trusting: ssl.SSLContext | None,
    way: Callable[[Relay], Coroutine[Any, Any, int]],
    certificates: Certificates | None,
) -> Iterator[Stage]:
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="stage", daemon=True)
    thread.start()

    def call(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    log = Log()
    call(simulator.__aenter__())
    relay = Relay(simulator.port, trusting, log, certificates)
    try:
        port = call(way(relay))
        yield Stage(simulator, f"http://127.0.0.1:{port}", file, log, loop)
    finally:
        call(relay.close())
        call(simulator.__aexit__(None, None, None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
