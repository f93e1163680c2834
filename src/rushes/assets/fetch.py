"""References by URL: fetched into the store, and asked about again before they are used again.

A workflow may come from a stranger, so its URLs are not trusted: http and https only, a ceiling on size and time, and
no address under which clouds hand out credentials. The address that was checked is the one that is connected to, for
every redirect anew; a name that resolves differently the second time gains nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from rushes.assets.files import Memo
from rushes.errors import NotFound, RefusedError, StoreError
from rushes.model.address import hands_out_credentials
from rushes.model.ids import Digest
from rushes.plugin.blobs import BlobStore
from rushes.plugin.fenced import addresses_of, asked, trust

KIND = "url"
"""The memo that this module keeps: URL -> JSON of its digest and its validators."""

MOST_BYTES = 100_000_000
"""The largest body that is taken."""

MOST_REDIRECTS = 5
WHOLE_TIME = 300.0
"""Seconds for one reference, redirects and body included."""

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)


@dataclass(frozen=True, slots=True)
class _Known:
    digest: str
    etag: str | None
    modified: str | None


async def fetch_url(url: str, store: BlobStore, memo: Memo) -> Digest:
    """The digest of what is at a URL now; its bytes are in the store.

    RefusedError for an address that no reference may have, NotFound for 404 and 410, StoreError for the rest.
    """
    known = _known(memo.memo(KIND, [url]).get(url), store)
    try:
        # no proxy from the environment: the address that is checked has to be the one that is asked
        authorities = trust(os.environ.get("SSL_CERT_FILE"))
        async with (
            asyncio.timeout(WHOLE_TIME),
            httpx.AsyncClient(verify=authorities, timeout=_TIMEOUT, trust_env=False) as client,
        ):
            return await _follow(client, url, store, memo, known)
    except TimeoutError as error:
        raise StoreError(f"{_shown(url)} was not fetched within {WHOLE_TIME:g} s") from error
    except httpx.HTTPError as error:
        says = str(error) or type(error).__name__
        raise StoreError(
            f"{_shown(url)} cannot be fetched: {says}", next_step="see whether the address is right and the network up"
        ) from error


async def _follow(client: httpx.AsyncClient, url: str, store: BlobStore, memo: Memo, known: _Known | None) -> Digest:
    target = _parsed(url)
    for _hop in range(MOST_REDIRECTS + 1):
        async with _answer(client, target, known) as response:
            if response.has_redirect_location:
                target = _redirected(target, response.headers["location"])
                continue
            if response.status_code == httpx.codes.NOT_MODIFIED and known is not None:
                return Digest(known.digest)
            _refuse_status(response, url)
            digest, _size = await store.put_stream(_body(response, url))
            _note(memo, url, digest, response)
            return digest
    raise StoreError(f"{_shown(url)} redirects more than {MOST_REDIRECTS} times")


def _known(note: str | None, store: BlobStore) -> _Known | None:
    if note is None:
        return None
    raw: dict[str, Any] = json.loads(note)
    return _Known(**raw) if store.has(Digest(raw["digest"])) else None


def _note(memo: Memo, url: str, digest: Digest, response: httpx.Response) -> None:
    etag, modified = response.headers.get("etag"), response.headers.get("last-modified")
    if etag or modified:
        memo.memoize(KIND, {url: json.dumps({"digest": digest, "etag": etag, "modified": modified})})


@asynccontextmanager
async def _answer(client: httpx.AsyncClient, url: httpx.URL, known: _Known | None) -> AsyncIterator[httpx.Response]:
    """The response of the first address of the host that takes a connection."""
    addresses = await _addresses(url)
    async with asked(client, "GET", url, addresses, _headers(known), _TIMEOUT) as response:
        yield response


def _headers(known: _Known | None) -> dict[str, str]:
    headers = {"Accept": "image/*, video/*, audio/*, */*;q=0.5"}
    if known is not None and known.etag:
        headers["If-None-Match"] = known.etag
    if known is not None and known.modified:
        headers["If-Modified-Since"] = known.modified
    return headers


async def _addresses(url: httpx.URL) -> list[str]:
    """The host's addresses, each of them allowed."""
    try:
        found = await addresses_of(url)
    except httpx.ConnectError as error:
        raise StoreError(f"the host {url.host!r} of a reference is not known", next_step="see the address") from error
    for address in found:
        if hands_out_credentials(address):
            raise RefusedError(
                f"{url.host} is {address}, an address that no reference may have",
                next_step="use a picture that is on a public or local server, or in a file",
            )
    return found


def _parsed(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise RefusedError(f"{url!r} is no address: {error}", next_step="correct it") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise RefusedError(f"{_shown(url)} is no http or https address", next_step="use http, https, or a file")
    return parsed


def _redirected(source: httpx.URL, location: str) -> httpx.URL:
    target = _parsed(str(source.join(location)))
    if source.scheme == "https" and target.scheme == "http":
        raise RefusedError(f"{_shown(str(source))} redirects from https to http", next_step="use the file itself")
    return target


def _refuse_status(response: httpx.Response, url: str) -> None:
    code = response.status_code
    if code in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
        raise NotFound(f"there is nothing at {_shown(url)} ({code})", next_step="correct the address")
    if code != httpx.codes.OK:
        raise StoreError(f"{_shown(url)} answered {code} {response.reason_phrase}".rstrip())


async def _body(response: httpx.Response, url: str) -> AsyncIterator[bytes]:
    promised = response.headers.get("content-length", "")
    size = int(promised) if promised.isdecimal() else 0
    if size > MOST_BYTES:
        raise _too_large(url)
    size = 0
    async for piece in response.aiter_bytes():
        size += len(piece)
        if size > MOST_BYTES:
            raise _too_large(url)
        yield piece


def _too_large(url: str) -> StoreError:
    return StoreError(
        f"{_shown(url)} is larger than {MOST_BYTES // 1_000_000} MB", next_step="use a smaller one, or a file"
    )


def _shown(url: str) -> str:
    """The URL for people: without a password, a query that may hold a signature, or a wall of text."""
    try:
        parsed = httpx.URL(url)
        plain = str(parsed.copy_with(userinfo=b"", query=None, fragment=None))
    except (httpx.InvalidURL, ValueError):
        plain = url
    return plain if len(plain) <= 120 else plain[:117] + "..."
