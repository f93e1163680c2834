"""The proxy that an unmodified SDK is given: it believes that it speaks to the real hosts.

An SDK opens `CONNECT queue.fal.run:443`; the proxy notes the host and, when it is one of `KNOWN`, ends the TLS
connection itself with a certificate of a throw-away authority. What comes out is bytes of HTTP, and these go to the
simulator one to one in both directions (under TLS again, so that it speaks of itself as https): no header is touched,
and a connection that the simulator breaks is broken for the SDK. The simulator tells the providers apart by their
Host header.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import trustme

from rushes.sim.speakers import protocols

KNOWN = frozenset(host for speaker in protocols() for host in speaker.hosts)
"""Every host that an SDK has a reason to reach in these tests: those of the protocols that the simulator speaks."""


@dataclass
class Log:
    """What passed: the targets of all CONNECTs in order, and the decrypted bytes that each connection sent."""

    targets: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    sent: list[bytearray] = field(default_factory=list)

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that were reached or tried."""
        return frozenset(target.rpartition(":")[0] for target in self.targets)


class Certificates:
    """One TLS context for each name that a client asks for."""

    def __init__(self, authority: trustme.CA) -> None:
        self._authority = authority
        self._made: dict[str, ssl.SSLContext] = {}
        self.first = self._of("localhost")
        self.first.sni_callback = self._choose

    def _choose(self, socket: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
        if name is not None:
            socket.context = self._of(name)

    def _of(self, name: str) -> ssl.SSLContext:
        if name not in self._made:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._authority.issue_cert(name).configure_cert(context)
            self._made[name] = context
        return self._made[name]


class Relay:
    """Listeners in front of the simulator's port; `trusting` is how it is spoken to when it insists on TLS."""

    def __init__(
        self, simulator: int, trusting: ssl.SSLContext | None, log: Log, certificates: Certificates | None
    ) -> None:
        self._simulator = simulator
        self._trusting = trusting
        self._log = log
        self._certificates = certificates
        self._inner = 0
        self._servers: list[asyncio.Server] = []
        self._busy: set[asyncio.Task[Any]] = set()

    async def open_proxy(self) -> int:
        """Listen for CONNECT, and behind that for TLS; the port of the proxy."""
        assert self._certificates is not None
        self._inner = await self._listen(self._to_simulator, self._certificates.first)
        return await self._listen(self._connect, None)

    async def open_plain(self) -> int:
        """Listen for plain HTTP; the port."""
        return await self._listen(self._to_simulator, None)

    async def close(self) -> None:
        """Stop listening and drop what is open."""
        for server in self._servers:
            server.close()
        for task in self._busy:
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)

    async def _listen(self, serve: Any, tls: ssl.SSLContext | None) -> int:
        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._busy.add(task)
            try:
                await serve(reader, writer)
            except (OSError, asyncio.CancelledError):  # a client that hangs up, and the end of the test
                pass
            finally:
                self._busy.discard(task)
                await _closed(writer)

        server = await asyncio.start_server(client, "127.0.0.1", 0, ssl=tls)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii", "replace")
        method, target, _ = head.split(" ", 2)
        self._log.targets.append(target)
        if method != "CONNECT" or target.rpartition(":")[0] not in KNOWN:
            self._log.refused.append(target)
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await writer.drain()
        await _both_ways(reader, writer, await asyncio.open_connection("127.0.0.1", self._inner))

    async def _to_simulator(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kept = bytearray()
        self._log.sent.append(kept)
        name = "localhost" if self._trusting is not None else None
        there = await asyncio.open_connection("127.0.0.1", self._simulator, ssl=self._trusting, server_hostname=name)
        await _both_ways(reader, writer, there, kept)


async def _both_ways(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    kept: bytearray | None = None,
) -> None:
    """Carry bytes until one side ends; that ends the other, so that broken connections are seen as such."""
    there_reader, there_writer = there
    pumps = {
        asyncio.create_task(_pump(reader, there_writer, kept)),
        asyncio.create_task(_pump(there_reader, writer, None)),
    }
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        await _closed(there_writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    """Close; what is still in the buffer goes out first, but nobody is waited for long."""
    writer.close()
    with suppress(OSError, TimeoutError, asyncio.CancelledError):
        await asyncio.wait_for(writer.wait_closed(), 2)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray | None) -> None:
    while data := await reader.read(65536):
        if kept is not None:
            kept += data
        writer.write(data)
        await writer.drain()
