"""Asking the very address that was looked at: a name that resolves differently the second time gains nothing.

For addresses that somebody else names, a workflow or a provider's answer. Which of them may be asked is decided by
whoever asks (`model/address.py` judges them).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache

import httpx


@cache
def trust(authorities: str | None) -> ssl.SSLContext:
    """Whose certificates count: the file that SSL_CERT_FILE names, else the usual ones. Reading them is slow."""
    return ssl.create_default_context(cafile=authorities) if authorities else httpx.create_ssl_context()


async def addresses_of(url: httpx.URL) -> list[str]:
    """The addresses of a URL's host, each once. Raises httpx.ConnectError when nobody knows the host."""
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        infos = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise httpx.ConnectError(f"the host {url.host!r} is not known") from None
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


@asynccontextmanager
async def asked(
    client: httpx.AsyncClient,
    method: str,
    url: httpx.URL,
    addresses: Sequence[str],
    headers: Mapping[str, str],
    patience: httpx.Timeout,
    content: bytes | None = None,
) -> AsyncIterator[httpx.Response]:
    """The answer of the first address that takes a connection; redirects are answers like others."""
    for number, address in enumerate(addresses, 1):
        request = client.build_request(
            method,
            url.copy_with(host=address),
            # what is packed already must not unfold into something large
            headers={**headers, "Host": url.netloc.decode("ascii"), "Accept-Encoding": "identity"},
            content=content,
            timeout=patience,
            extensions={"sni_hostname": url.host},  # the certificate must be the name's, not the address's
        )
        try:
            response = await client.send(request, stream=True, follow_redirects=False)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if number == len(addresses):
                raise
            continue
        try:
            yield response
        finally:
            await response.aclose()
        return
