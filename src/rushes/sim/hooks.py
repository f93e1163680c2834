"""Calling webhooks. Only on this machine: a simulator has no business anywhere else."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from rushes.sim.clock import SimClock
from rushes.sim.faults import Fault, What
from rushes.sim.jobs import Job
from rushes.sim.signing import Signer

ATTEMPTS = 10
"""Calls that fal makes at most until one is answered with a 2xx, over two hours."""

PAUSE = 720.0
"""Simulated seconds between two of them."""

TIMEOUT = 15.0
"""Real seconds that a receiver has for its answer."""


class Hook(NamedTuple):
    """One webhook that was asked for: where, what is said when the job is over, and which faults strike it.

    `standard` signs it by the secret of Standard Webhooks instead of fal's keys.
    """

    url: str
    job: Job
    user: str
    body: Callable[[], bytes]
    strikes: Callable[[What], Fault | None]
    standard: bool = False


class Hooks:
    """Delivers webhooks in the background. `true` signs, `false` is a key that the provider never had."""

    def __init__(self, clock: SimClock, true: Signer, false: Signer) -> None:
        self._clock = clock
        self._true, self._false = true, false
        self._tasks: set[asyncio.Task[None]] = set()

    def jwks(self) -> dict[str, object]:
        """The public keys, as the provider publishes them."""
        return self._true.jwks()

    def shared(self) -> str:
        """The secret of Standard Webhooks, as its account may ask for it."""
        return self._true.shared()

    def ask(self, hook: Hook) -> bool:
        """Call when the job is over; false when the address is not on this machine, and so never called.

        UserError where it cannot be signed.
        """
        if not is_local(hook.url):
            return False
        if not hook.standard:
            self._true.ready()  # said to whoever asks now, not to nobody when the job is over
        task = asyncio.get_running_loop().create_task(self._deliver(hook))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def close(self) -> None:
        """Stop calling."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, hook: Hook) -> None:
        await hook.job.over.wait()
        if hook.strikes(What.WEBHOOK_LOST):
            return
        body = hook.body()
        if late := hook.strikes(What.WEBHOOK_LATE):
            await self._clock.sleep(late.seconds)
        if hook.strikes(What.WEBHOOK_FORGED):
            await self._once(hook, body.replace(b'"status":"', b'"status":"FORGED-'), self._false)
        for attempt in range(ATTEMPTS):
            if attempt:
                await self._clock.sleep(PAUSE)
            if await self._once(hook, body, self._true):
                break
        if hook.strikes(What.WEBHOOK_TWICE):
            await self._once(hook, body, self._true)

    async def _once(self, hook: Hook, body: bytes, signer: Signer) -> bool:
        # the receiver compares this time with its own clock, so it is the real one
        stamp = int(time.time())
        if hook.standard:
            return await call(hook.url, body, signer.standard(hook.job.id, stamp, body))
        return await call(hook.url, body, signer.headers(hook.job.id, hook.user, stamp, body))


def is_local(url: str) -> bool:
    """Whether a webhook may be called: plain HTTP, to a loopback address."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http":
        return False
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


async def call(url: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """POST a body once; true when the answer was a 2xx. Whatever else happens is a call that did not get through."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    head = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc}", "Content-Type: application/json", "Connection: close"]
    head += [f"{name}: {value}" for name, value in headers.items()]
    head.append(f"Content-Length: {len(body)}")
    if any(sign in line for line in head for sign in "\r\n\0"):
        return False
    try:
        async with asyncio.timeout(TIMEOUT):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
            try:
                writer.write("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)
                await writer.drain()
                status = (await reader.readline()).split(b" ", 2)
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return False
    return len(status) > 1 and status[1][:1] == b"2"
