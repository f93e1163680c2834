"""Calls from providers: a small server that wakes the poll of the job that a call is about, and does nothing else.

A call brings no result: what it says is looked at by the provider's adapter (which checks who signed it) for the name
of a job, and that job is asked about at once. So a call and a poll can never bring two results, a call that is lost
costs a few seconds, and one that somebody forged costs at most a poll. Everything that comes in is bounded: size, time,
connections, calls a second.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import h11

from rushes.engine.wakes import Wakes
from rushes.errors import ConfigError, RushesError

MOST_HEAD = 16_384
MOST_BODY = 1_000_000
"""Bytes of one call; what is beyond is refused unread."""

MOST_SECONDS = 10.0
MOST_AT_ONCE = 64
MOST_A_SECOND = 50.0

Called = Callable[[Mapping[str, str], bytes], Awaitable[str | None]]
"""An adapter's method: the id of the job that a call is about, if the provider signed it."""

_REASONS = {200: b"OK", 403: b"Forbidden", 404: b"Not Found", 405: b"Method Not Allowed", 413: b"Content Too Large"}
_REASONS |= {400: b"Bad Request", 429: b"Too Many Requests", 503: b"Service Unavailable"}


class Where(NamedTuple):
    """At which public address providers reach us, and where we listen for what a proxy or tunnel brings from there."""

    public: str
    host: str = "127.0.0.1"
    port: int = 8788


def where_of(text: str) -> Where:
    """`https://studio.example/hooks` or `https://...,listen=0.0.0.0:8788`. Raises ConfigError."""
    url, _comma, rest = text.partition(",")
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(f"--webhooks {text!r} is no public address", next_step="such as https://studio.example/hooks")
    public = url.strip().rstrip("/")
    if not rest:
        return Where(public)
    name, _equals, listen = rest.strip().partition("=")
    host, _colon, port = listen.rpartition(":")
    if name != "listen" or not host or not port.isdecimal() or not 0 <= int(port) < 65536:
        raise ConfigError(
            f"--webhooks {text!r}: {rest.strip()!r} is not listen=HOST:PORT", next_step="listen=0.0.0.0:8788"
        )
    return Where(public, host.strip("[]"), int(port))


@asynccontextmanager
async def listening(
    where: Where, called: Callable[[str], Called | None], wakes: Wakes
) -> AsyncIterator[Callable[[str], str | None]]:
    """Listen while the block runs; yields the address at which a provider of that name may call (None: it cannot).

    `called` finds an adapter's method by the provider's name. Raises ConfigError when the port cannot be had.
    """
    door = _Door(called, wakes)
    try:
        server = await asyncio.start_server(door.visited, where.host, where.port, limit=MOST_HEAD)
    except OSError as error:
        raise ConfigError(
            f"nothing can listen on {where.host}:{where.port} for webhooks: {error.strerror}",
            next_step="choose another with --webhooks URL,listen=HOST:PORT",
        ) from error
    async with server:
        yield lambda name: f"{where.public}/{door.secret}/{name}" if called(name) is not None else None
        server.close()
        door.leave()


class _Door:
    """Takes calls. `secret` is part of every address: who was not told it gets nowhere near a signature check."""

    def __init__(self, called: Callable[[str], Called | None], wakes: Wakes) -> None:
        self.secret = secrets.token_urlsafe(16)
        self._called, self._wakes = called, wakes
        self._visits: set[asyncio.Task[Any]] = set()
        self._tokens, self._filled = MOST_A_SECOND, 0.0

    async def visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one call."""
        visit = asyncio.current_task()
        assert visit is not None
        try:
            if len(self._visits) < MOST_AT_ONCE:
                self._visits.add(visit)
                async with asyncio.timeout(MOST_SECONDS):
                    await self._answer(reader, writer)
        except (TimeoutError, OSError, h11.RemoteProtocolError, h11.LocalProtocolError):
            pass  # whoever it was may call again
        finally:
            self._visits.discard(visit)
            writer.close()

    def leave(self) -> None:
        """End what is still being said."""
        for visit in self._visits:
            visit.cancel()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEAD)
        head, body = await _read(wire, reader)
        status = await self._status(head, body)
        headers = [("content-length", "0"), ("connection", "close")]
        writer.write(wire.send(h11.Response(status_code=status, headers=headers, reason=_REASONS[status])) or b"")
        writer.write(wire.send(h11.EndOfMessage()) or b"")
        await writer.drain()

    async def _status(self, head: h11.Request, body: bytes | None) -> int:
        _public, _slash, path = head.target.decode("ascii", "replace").partition(f"/{self.secret}/")
        called = self._called(path.partition("?")[0]) if path else None
        if called is None:
            return 404
        if head.method != b"POST":
            return 405
        if body is None:
            return 413
        if not self._may():
            return 429
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in head.headers}
        try:
            job = await called(headers, body)
        except RushesError:
            return 503  # whose signature it is cannot be seen now: the provider calls again
        if job is None:
            return 403
        self._wakes.wake(job)
        return 200

    def _may(self) -> bool:
        now = asyncio.get_running_loop().time()
        self._tokens = min(MOST_A_SECOND, self._tokens + (now - self._filled) * MOST_A_SECOND)
        self._filled = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


async def _read(wire: h11.Connection, reader: asyncio.StreamReader) -> tuple[h11.Request, bytes | None]:
    """The head of a call and its body; None for a body that is too large, which is not read to its end."""
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event = wire.next_event()
        if event is h11.NEED_DATA:
            wire.receive_data(await reader.read(MOST_HEAD))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > MOST_BODY:
                assert head is not None
                return head, None
        elif isinstance(event, h11.EndOfMessage):
            assert head is not None
            return head, bytes(body)
        else:
            raise h11.RemoteProtocolError("no call came")
