"""The one HTTP client of remote providers. Each verb says what it promises about money.

- `post_once` sends a paid request once. Its answer is an `Answer`, or `NotSent`: it is certain that no byte left this
  machine, or `Unknown`: bytes may have arrived, and nobody can say what came of them. It never follows a redirect.
- `ask` is for questions that cost nothing however often they are asked: repeated a few times, then `Unreachable`.
- `download` streams a result; it goes on after a break, and never to an address that a provider may not name.

A paid request goes over a connection of its own. An idle connection may be closed by the other side in the moment in
which it is used again, and then nobody knows whether the request was read: on a new connection there is no such
moment. It costs a handshake, beside a request that takes seconds. Questions share pooled connections, and go to the
transport itself: a client's cookies, redirects and log-ins, of which they need none, cost half as much as they do.

No header and no body is ever part of an exception's text: keys are in them.
"""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, NamedTuple

import httpx

from rushes.errors import ErrorClass, RemoteError
from rushes.model.address import is_loopback, is_public
from rushes.plugin.fenced import addresses_of, asked, trust
from rushes.providers.said_limits import retry_after

MOST_ANSWER = 64_000_000
"""Bytes of the largest answer that is read; four pictures of 4K in base64 are less."""

MOST_RESULT = 2_000_000_000
"""Bytes of the largest result that is downloaded."""

CONNECT = 15.0
"""Seconds for a connection, TLS included."""

STALL = 60.0
"""Seconds without a byte after which a question or a download counts as broken."""

TRIES = 4
"""How often something free is asked before it counts as out of reach."""

MOST_REDIRECTS = 5
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 530})
_LONGEST_WAIT = 30.0
_IDLE = 4  # connections kept for the next question
_VALUE = re.compile(r"[\x20-\x7e]*")
Sleep = Callable[[float], Awaitable[None]]


class Answer(NamedTuple):
    """What came back, whole: status, headers in lower case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NotSent(NamedTuple):
    """It is certain that no byte of the request left: the name, the connection or TLS failed first."""

    says: str


class Unknown(NamedTuple):
    """Bytes may have arrived, and no whole answer came."""

    says: str


class Unreachable(Exception):
    """A free question got no answer, however often it was asked; the text has neither headers nor bodies."""


class Http:
    """The connections of one provider. `url` is what replaces its own address, None for the real one.

    Used from any number of tasks, on one event loop after the other; `close` lets go of the connections of this loop.
    """

    def __init__(self, url: str | None) -> None:
        self._own_host = None if url is None else httpx.URL(url).host
        self._local = self._own_host is not None and is_loopback(self._own_host)
        self._client: httpx.AsyncClient | None = None
        self._pool: httpx.AsyncHTTPTransport | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def post_once(
        self, url: str, *, headers: Mapping[str, str], body: bytes, within: float, most: int = MOST_ANSWER
    ) -> Answer | NotSent | Unknown:
        """Send a paid request, once; `within` so many seconds, connection and answer together."""
        if not all(_VALUE.fullmatch(value) for value in headers.values()):
            return NotSent("a header is malformed: see the key")
        sent = False

        async def trace(event: str, _info: Mapping[str, Any]) -> None:
            # the one place where the first byte leaves; before it a failure of any kind has bought nothing
            nonlocal sent
            sent = sent or "send_request_headers" in event

        try:
            async with (
                asyncio.timeout(within),
                self._alone().stream(
                    "POST", url, headers=_plain(headers), content=body, timeout=_timeout(within),
                    extensions={"trace": trace},
                ) as response,
            ):  # fmt: skip
                return await _whole(response, most)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            return Unknown(_why(error)) if sent else NotSent(_why(error))
        except httpx.InvalidURL:
            return NotSent("the address is malformed")
        except TimeoutError:
            says = f"no answer within {within:g} s"
            return Unknown(says) if sent else NotSent(says)
        except Refused as error:
            return Unknown(str(error))
        except httpx.HTTPError as error:
            return Unknown(_why(error))

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        sleep: Sleep,
        body: bytes = b"",
        tries: int = TRIES,
        most: int = MOST_ANSWER,
        when: Callable[[Answer], float | None] | None = None,
    ) -> Answer:
        """Ask what is free to ask, again after a break and after an answer that says busy. Raises Unreachable.

        `when` reads in how many seconds a busy service wants to be asked again; without it its headers say so. The last
        busy answer is returned: its reader knows what it means.
        """
        if not all(_VALUE.fullmatch(value) for value in headers.values()):
            raise Unreachable("a header is malformed: see the key")
        for attempt in range(1, tries + 1):
            wait = 0.25 * 2**attempt
            try:
                answer = await self._asked(method, url, headers, body, most)
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, Refused) as error:
                if attempt == tries:
                    raise Unreachable(_why(error)) from None
            else:
                if answer.status not in _BUSY or attempt == tries:
                    return answer
                if (said := when(answer) if when is not None else retry_after(answer.headers)) is not None:
                    if said > _LONGEST_WAIT:
                        return answer  # whoever reads it waits that long, and holds nothing meanwhile
                    wait = said
            await sleep(wait)
        raise AssertionError("unreachable")

    async def _asked(self, method: str, url: str, headers: Mapping[str, str], body: bytes, most: int) -> Answer:
        request = httpx.Request(
            method, url, headers={**_USUAL, **_plain(headers)}, content=body, extensions={"timeout": _PATIENCE}
        )
        response = await self._pooled().handle_async_request(request)
        try:
            return await _whole(response, most)
        finally:
            await response.aclose()

    async def download(
        self, url: str, *, name: str, sleep: Sleep, most: int = MOST_RESULT, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[bytes]:
        """Stream a result of the provider `name`; after a break what was had is skipped and the rest goes on.

        `headers` go to the host of `url` and to no other that it redirects to: a key may be in them.

        Raises RemoteError: TRANSIENT where fetching it again may help, else BAD_OUTPUT with `maybe_billed`, for the
        result was paid for.
        """
        had = 0
        for attempt in range(1, TRIES + 1):
            at = 0
            try:
                async with self._follow(url, headers=headers or {}) as response:
                    _refuse_result(response, name)
                    async for piece in response.aiter_bytes():
                        at += len(piece)
                        if at > most:
                            raise _result(ErrorClass.BAD_OUTPUT, f"a result of {name} is larger than {most} bytes")
                        if at > had:
                            fresh = piece[len(piece) - (at - had) :]
                            had = at
                            yield fresh
                    return
            except (httpx.HTTPError, TimeoutError, Refused) as error:
                told = error.wait if isinstance(error, Refused) else 0.0
                if attempt == TRIES or told > _LONGEST_WAIT:
                    says = f"a result of {name} cannot be fetched: {_why(error)}"
                    raise RemoteError(ErrorClass.TRANSIENT, says, retry_after=told or None) from None
            await sleep(max(0.5 * 2**attempt, told))

    async def published(self, url: str) -> bytes:
        """A small public document, such as a set of keys; nothing when it cannot be had."""
        try:
            return (await self.ask("GET", url, headers={}, sleep=asyncio.sleep, tries=2, most=100_000)).body
        except Unreachable:
            return b""

    async def is_there(self, url: str, headers: Mapping[str, str] = MappingProxyType({})) -> bool:
        """Whether a file of the service is still there. Only a clear no counts as one: asking costs a round trip."""
        try:
            async with asyncio.timeout(CONNECT), self._follow(url, "HEAD", headers) as response:
                return response.status_code not in (403, 404, 410)
        except (httpx.HTTPError, TimeoutError, RemoteError):
            return True

    @asynccontextmanager
    async def _follow(
        self, url: str, method: str = "GET", headers: Mapping[str, str] = MappingProxyType({})
    ) -> AsyncIterator[httpx.Response]:
        """The answer at the end of a few redirects, each to an address that may be asked."""
        first = target = _parsed(url)
        for _hop in range(MOST_REDIRECTS + 1):
            own = (target.scheme, target.netloc) == (first.scheme, first.netloc)
            async with self._fenced(target, method, headers if own else {}) as response:
                if not response.has_redirect_location:
                    yield response
                    return
                source, target = target, _parsed(str(target.join(response.headers["location"])))
                if source.scheme == "https" and target.scheme != "https":
                    raise _result(ErrorClass.BAD_OUTPUT, f"{source.host} redirects a result from https to http")
        raise _result(ErrorClass.BAD_OUTPUT, f"{target.host} redirects a result more than {MOST_REDIRECTS} times")

    @asynccontextmanager
    async def _fenced(self, url: httpx.URL, method: str, headers: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        """The answer of an address that may be asked."""
        addresses = await self._addresses(url)
        async with asked(self._alone(), method, url, addresses, headers, _timeout(STALL)) as response:
            yield response

    async def _addresses(self, url: httpx.URL) -> list[str]:
        """The host's addresses, each allowed: public ones, and those of the service that the person named."""
        if url.scheme != "https" and not self._local:
            raise _result(ErrorClass.BAD_OUTPUT, f"{url.host} offers a result without https")
        found = await addresses_of(url)
        for address in found:
            named = url.host == self._own_host or (self._local and is_loopback(address))
            if not named and not is_public(address):
                says = f"{url.host} is {address}, an address that no result may have"
                raise _result(ErrorClass.BAD_OUTPUT, says)
        return found

    def _alone(self) -> httpx.AsyncClient:
        """For what goes over a connection of its own."""
        self._on_this_loop()
        if self._client is None:
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
            # no proxy and no .netrc from the environment: what is asked, and with which key, is decided here
            self._client = httpx.AsyncClient(verify=_trust(), limits=limits, trust_env=False, follow_redirects=False)
        return self._client

    def _pooled(self) -> httpx.AsyncHTTPTransport:
        """For questions."""
        self._on_this_loop()
        if self._pool is None:
            # the pool looks at every idle socket each time it is asked: with many, ten thousand jobs cost a core
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=_IDLE)
            self._pool = httpx.AsyncHTTPTransport(verify=_trust(), limits=limits, trust_env=False)
        return self._pool

    def _on_this_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # sockets of a loop that is gone are gone with it
            self._loop, self._client, self._pool = loop, None, None

    async def close(self) -> None:
        """Let go of this loop's connections; the next verb makes new ones."""
        client, self._client, pool, self._pool = self._client, None, self._pool, None
        if asyncio.get_running_loop() is self._loop:
            if client is not None:
                await client.aclose()
            if pool is not None:
                await pool.aclose()


class File(NamedTuple):
    """A file of a form: its field, name, bytes and media type."""

    field: str
    name: str
    data: bytes
    media_type: str


def form(fields: Sequence[tuple[str, str]], files: Sequence[File]) -> tuple[str, bytes]:
    """The media type and the bytes of a form: its fields and then its files, in their order."""
    parts: list[Any] = [(name, (None, value)) for name, value in fields]
    parts += [(one.field, (one.name, one.data, one.media_type)) for one in files]
    request = httpx.Request("POST", "http://form.invalid", files=parts)
    return request.headers["content-type"], request.read()


class Refused(Exception):
    """An answer without end, or one that says no; its text is ours. `wait`: seconds that it asks to be left alone."""

    def __init__(self, says: str, wait: float = 0.0) -> None:
        super().__init__(says)
        self.wait = wait


def _trust() -> ssl.SSLContext:
    return trust(os.environ.get("SSL_CERT_FILE"))


def _timeout(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=min(CONNECT, seconds))


_USUAL = {"Accept": "*/*", "User-Agent": f"python-httpx/{httpx.__version__}"}  # what a client would say too
_PATIENCE = _timeout(STALL).as_dict()


def _plain(headers: Mapping[str, str]) -> dict[str, str]:
    # an answer is JSON, or a picture that is packed already: nothing small may unfold into something large
    return {"Accept-Encoding": "identity", **headers}


async def _whole(response: httpx.Response, most: int) -> Answer:
    pieces, size = [], 0
    async for piece in response.aiter_bytes():
        size += len(piece)
        if size > most:
            raise Refused(f"the answer is larger than {most} bytes")
        pieces.append(piece)
    return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, b"".join(pieces))


def _why(error: Exception) -> str:
    """The reason in our words: a library's own text may repeat a header, and with it the key."""
    if isinstance(error, httpx.ConnectError | Refused):
        return str(error)[:200] or "no connection"
    return next((says for kind, says in _WHY.items() if isinstance(error, kind)), type(error).__name__)


_WHY: dict[type[Exception], str] = {
    httpx.ConnectTimeout: f"no connection within {CONNECT:g} s",
    httpx.PoolTimeout: "no connection was free",
    httpx.ReadTimeout: "the answer stopped coming",
    httpx.WriteTimeout: "the request could not be written",
    httpx.RemoteProtocolError: "the connection was closed before a whole answer came",
    httpx.NetworkError: "the connection broke",
    httpx.UnsupportedProtocol: "the address is neither http nor https",
    TimeoutError: "no answer in time",
}


def _parsed(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise _result(ErrorClass.BAD_OUTPUT, "the address of a result is malformed") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise _result(ErrorClass.BAD_OUTPUT, f"a result has an address of the kind {parsed.scheme!r}")
    return parsed


def _refuse_result(response: httpx.Response, name: str) -> None:
    code = response.status_code
    if code in (403, 404, 410):
        says = f"a result of {name} is no longer there ({code}): it has expired"
        raise _result(ErrorClass.BAD_OUTPUT, says)
    if code != 200:
        raise Refused(f"it answered {code}", retry_after(response.headers) or 0.0)


def _result(kind: ErrorClass, says: str) -> RemoteError:
    return RemoteError(kind, says, maybe_billed=True)
