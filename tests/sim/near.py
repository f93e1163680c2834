"""A simulator in this process, and clients that talk to it over real sockets."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
from PIL import Image

from rushes.sim.faults import Fault, fault_from_text
from rushes.sim.simulator import Simulator

T = TypeVar("T")

SMALL = {"time_scale": 0.001, "most_side": 64}
KEY = {"Authorization": "Key somebody"}
FLUX = "fal-ai/flux/schnell"
KONTEXT = "fal-ai/flux-kontext/dev"
KLING = "fal-ai/kling-video/v2.1/standard/image-to-video"


class Near:
    """A client of a simulator, as fal's users see it."""

    def __init__(self, sim: Simulator, http: httpx.AsyncClient) -> None:
        self.sim = sim
        self.http = http
        self.base = f"{sim.url}/fal"

    async def submit(self, model: str = FLUX, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        """POST to the queue."""
        return await self.http.post(f"{self.base}/{model}", json={"prompt": "a fox", **body}, headers=headers)

    async def finished(self, job: dict[str, Any], pause: float = 0.002) -> dict[str, Any]:
        """The status of a job when it is over; asked every `pause` seconds."""
        async with asyncio.timeout(60):
            while True:
                answer = await self.http.get(job["status_url"])
                assert answer.status_code in (200, 202)
                if answer.status_code == 200:
                    return dict(answer.json())
                await asyncio.sleep(pause)

    async def over(self, job: dict[str, Any]) -> None:
        """Wait until a job is over, whatever its status is said to be."""
        await self.sim.world.jobs[job["request_id"]].over.wait()

    async def result(self, model: str = FLUX, **body: Any) -> httpx.Response:
        """Submit, wait, and ask for the result."""
        job = (await self.submit(model, **body)).json()
        await self.finished(job)
        return await self.http.get(job["response_url"])

    async def picture(self, url: str) -> Image.Image:
        """Download a picture."""
        answer = await self.http.get(url)
        assert answer.status_code == 200
        return Image.open(io.BytesIO(answer.content))

    def report(self) -> dict[str, Any]:
        """The books."""
        return self.sim.report()


def simulated(story: Callable[[Near], Awaitable[T]], *faults: str | Fault, **options: Any) -> T:
    """Play a story against a simulator; faults as the command line has them."""

    async def play() -> T:
        active = [fault_from_text(one) if isinstance(one, str) else one for one in faults]
        async with Simulator(faults=active, **{**SMALL, **options}) as sim, httpx.AsyncClient(headers=KEY) as http:
            return await story(Near(sim, http))

    return asyncio.run(play())


async def raw(sim: Simulator, sent: bytes) -> bytes:
    """Send bytes, and read until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", sim.port)
    writer.write(sent)
    try:
        return await reader.read()
    finally:
        writer.close()


def posted(model: str, body: dict[str, Any]) -> bytes:
    """The bytes of a submission."""
    data = json.dumps(body).encode()
    head = f"POST /fal/{model} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Key somebody\r\n"
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data
