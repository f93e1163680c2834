"""A server that does to a connection exactly what a test says, byte by byte."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

Script = Callable[["Visit"], Awaitable[None]]


class Visit:
    """One request on one connection."""

    def __init__(self, head: bytes, body: bytes, writer: asyncio.StreamWriter, number: int) -> None:
        self.head = head
        self.body = body
        self.number = number
        self._writer = writer

    @property
    def path(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.decode().split("\r\n")[1:]
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines if line)}

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def answer(self, status: int, body: bytes = b"{}", *headers: str) -> None:
        lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *headers]
        await self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def close(self) -> None:
        self._writer.close()

    def reset(self) -> None:
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SOL_SOCKET, SO_LINGER: a reset instead of an end
        self._writer.transport.abort()


class Wire:
    """What came: requests in order, and how many connections."""

    def __init__(self) -> None:
        self.url = ""
        self.visits: list[Visit] = []
        self.connections = 0

    def heads(self) -> list[str]:
        return [visit.head.split(b"\r\n", 1)[0].decode() for visit in self.visits]


@asynccontextmanager
async def serving(scripts: Sequence[Script] | Script) -> AsyncIterator[Wire]:
    """Serve: the n-th request gets the n-th script, later ones the last. A script that only returns keeps alive."""
    wire = Wire()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = next((int(h[15:]) for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:")), 0)
                visit = Visit(head, await reader.readexactly(size), writer, len(wire.visits))
                wire.visits.append(visit)
                script = scripts if callable(scripts) else scripts[min(visit.number, len(scripts) - 1)]
                await script(visit)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    wire.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        server.close()
