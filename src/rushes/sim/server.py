"""HTTP/1.1 over real sockets, with full control of how an answer ends. One connection is one task.

Whatever a client sends, the server goes on: heads and bodies are bounded in size and time, and nothing that a client
does reaches further than its own connection.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

import h11

from rushes.sim.wire import End, Reply, Request, json_reply

_LOG = logging.getLogger(__name__)

BODY_LIMIT = 128 * 1024 * 1024
"""Bytes of the largest body: uploads over 100 MB go in parts."""

HEAD_LIMIT = 64 * 1024
PATIENCE = 75.0
"""Seconds a connection may be silent."""

LINGER = 2.0
"""Seconds for which the rest of a refused request is read and thrown away."""


class Limits(NamedTuple):
    """How much a client may send (bytes) and how long it may stay silent (seconds)."""

    body: int = BODY_LIMIT
    patience: float = PATIENCE


class Server:
    """Listens on one port and hands every whole request to `answer`.

    `sleep` waits in the answer's own time; `sent` is told of each answer that went out whole.
    """

    def __init__(
        self,
        answer: Callable[[Request], Awaitable[Reply]],
        sleep: Callable[[float], Awaitable[None]],
        sent: Callable[[Reply], None],
        *,
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._answer = answer
        self._sleep = sleep
        self._sent = sent
        self._tls = tls
        self._limits = limits or Limits()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port, which is a free one for 0. OSError when it is taken."""
        self._server = await asyncio.start_server(self._connected, host, port, ssl=self._tls, backlog=1024)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is None:
            return
        self._server.close()
        for task in tuple(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._server = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            connection = _Connection(reader, writer, self._tls is not None, self._limits)
            await connection.serve(self._answer, self._sleep, self._sent)
        except (OSError, TimeoutError, h11.RemoteProtocolError, h11.LocalProtocolError, asyncio.CancelledError):
            pass  # the client has gone, or the server stops: nobody is left to be told
        finally:
            self._connections.discard(task)
            with suppress(OSError):
                writer.close()


class _Connection:
    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secure: bool, limits: Limits
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._scheme = "https" if secure else "http"
        self._limits = limits
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_LIMIT)

    async def serve(
        self,
        answer: Callable[[Request], Awaitable[Reply]],
        sleep: Callable[[float], Awaitable[None]],
        sent: Callable[[Reply], None],
    ) -> None:
        while True:
            try:
                request = await self._request()
            except _Refused as refused:
                await self._send(Reply(refused.status, end=End.CLOSE), sleep)
                await self._read_out()
                return
            if request is None:
                return
            reply = await _answered(answer, request)
            going_on = await self._send(reply, sleep, bare=request.method == "HEAD")
            # a client that has closed its side meanwhile is gone: what is sent now reaches nobody
            if (
                reply.end in (End.KEEP, End.CLOSE, End.HANG_UP)
                and request.method != "HEAD"
                and not self._reader.at_eof()
            ):
                sent(reply)
            if not going_on:
                return
            if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                return
            self._http.start_next_cycle()

    async def _read_out(self) -> None:
        """Read what still comes: closing over unread bytes would reset the connection, and the answer with it."""
        with suppress(TimeoutError, OSError):
            if self._writer.can_write_eof():
                self._writer.write_eof()
            async with asyncio.timeout(LINGER):
                while await self._reader.read(65536):
                    pass

    async def _request(self) -> Request | None:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise _Refused(error.error_status_hint) from None
            if event is h11.NEED_DATA:
                if self._http.they_are_waiting_for_100_continue:
                    await self._write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])))
                async with asyncio.timeout(self._limits.patience):
                    self._http.receive_data(await self._reader.read(65536))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > self._limits.body:
                    raise _Refused(413)
            elif isinstance(event, h11.EndOfMessage):
                assert head is not None
                return self._whole(head, bytes(body))
            else:  # closed, or something that is no HTTP any more
                return None

    def _whole(self, head: h11.Request, body: bytes) -> Request:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in head.headers}
        host = headers.get("host", "localhost")
        raw, _, query = head.target.decode("latin-1").partition("?")
        try:
            pairs = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=100))
        except ValueError:
            raise _Refused(400) from None
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        method = head.method.decode("latin-1").upper()
        return Request(method, name.lower(), unquote(raw), pairs, headers, body, f"{self._scheme}://{host}")

    async def _send(self, reply: Reply, sleep: Callable[[float], Awaitable[None]], *, bare: bool = False) -> bool:
        """Send an answer; false when the connection is over."""
        if reply.end in (End.SILENT, End.RESET):
            self._drop(hard=reply.end is End.RESET)
            return False
        length = sum(len(one.data) for one in reply.pieces) if reply.length is None else reply.length
        headers = [*reply.headers, ("content-length", str(length))]
        if reply.end is End.CLOSE:
            headers.append(("connection", "close"))
        reason = HTTPStatus(reply.status).phrase if reply.status in HTTPStatus._value2member_map_ else ""
        await self._write(
            self._http.send(h11.Response(status_code=reply.status, headers=headers, reason=reason.encode()))
        )
        for data, delay in () if bare else reply.pieces:
            if delay:
                await sleep(delay)
            await self._write(self._http.send(h11.Data(data=data)))
        if reply.end is End.CUT:
            self._drop(hard=False)
            return False
        if not bare:
            await self._write(self._http.send(h11.EndOfMessage()))
        return reply.end is End.KEEP and not bare

    async def _write(self, data: bytes | None) -> None:
        if data:
            self._writer.write(data)
            async with asyncio.timeout(self._limits.patience):
                await self._writer.drain()

    def _drop(self, *, hard: bool) -> None:
        sock = self._writer.get_extra_info("socket")
        if hard and sock is not None:
            # with a linger of zero the kernel sends a reset instead of an orderly end
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._writer.transport.abort()
        else:
            self._writer.close()


async def _answered(answer: Callable[[Request], Awaitable[Reply]], request: Request) -> Reply:
    try:
        return await answer(request)
    except Exception:  # a fault of the simulator must not look like one that was asked for
        _LOG.exception("the simulator failed at %s %s", request.method, request.path)
        return json_reply({"simulator": "failed"}, 500)._replace(end=End.CLOSE)


class _Refused(Exception):
    """What came in is no request that can be answered."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status
