"""Where the provider rings: a listener for webhooks in the process that is going to be killed.

What rings is only believed when the provider signed it, and even then it says no more than: look now.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any

from rushes.engine.job import Job, RunEnd
from rushes.engine.parts import Parts
from rushes.model.event import Accepted, Event
from rushes.providers.fal import Fal

Drive = Callable[[Job, Parts], Awaitable[RunEnd]]


def with_doorbell(drive: Drive) -> Drive:
    """The engine's `drive`, with a door at which fal may ring."""

    async def driven(job: Job, parts: Parts) -> RunEnd:
        bell = _Bell(parts)
        server = await asyncio.start_server(bell.rung, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        parts = dataclasses.replace(parts, webhook=lambda _name: f"http://127.0.0.1:{port}/", watch=bell.watch)
        try:
            return await drive(job, parts)
        finally:
            server.close()

    return driven


class _Bell:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._remotes: dict[str, str] = {}

    def watch(self, event: Event) -> None:
        """Which of fal's names is which job."""
        if isinstance(event, Accepted) and event.remote.startswith("["):
            self._remotes[json.loads(event.remote)[0]] = event.remote
        self._parts.watch(event)

    async def rung(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One call: signed, and about a job of ours, it wakes whoever waits for that job."""
        try:
            headers, body = await _request(reader)
            provider: Any = self._parts.provider("fal")
            assert isinstance(provider, Fal)
            named = await provider.called(headers, body)
            if named is not None and named in self._remotes:
                self._parts.pace.wakes.wake(self._remotes[named])
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass  # whoever rang has gone
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> tuple[dict[str, str], bytes]:
    await reader.readline()
    headers: dict[str, str] = {}
    while (line := (await reader.readline()).decode("latin-1").strip()) != "":
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers, await reader.readexactly(int(headers.get("content-length", "0")))
