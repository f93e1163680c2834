"""Handing an alert to whoever wants to hear of it: a command, an address. A run never waits for either.

Each alert is one JSON object: on the command's stdin, or as the body of a POST. So many at once, so long each; what is
beyond is left out, and said to be when the run is over.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial

import httpx

from rushes.app.alerts import Alert
from rushes.model.address import hands_out_credentials, is_loopback
from rushes.plugin.fenced import addresses_of, asked, trust

MOST = 8
"""Calls under way at once."""

PATIENCE = 10.0
"""Seconds for one call."""

GRACE = 1.0
"""Seconds that calls under way have left when their run is over."""


class Calls:
    """The calls of one run; `command` is an argv, never a shell's line."""

    def __init__(self, run: str, command: Sequence[str], url: str | None) -> None:
        self._run, self._command, self._url = run, command, url
        self._under_way: set[asyncio.Task[None]] = set()
        self._lost = 0
        self._why = ""

    def tell(self, alert: Alert) -> None:
        """Begin to hand an alert on; returns at once."""
        body = json.dumps({"alert": alert.kind, "run": self._run, "says": alert.says, "facts": alert.facts}).encode()
        if self._command:
            self._begin(partial(_run, self._command, body))
        if self._url is not None:
            self._begin(partial(_post, self._url, body))

    def notes(self) -> Iterator[str]:
        """What did not arrive."""
        if self._lost:
            yield f"{self._lost} {'alert' if self._lost == 1 else 'alerts'} could not be handed on: {self._why}"

    async def leave(self) -> None:
        """The run is over: what is under way has a moment left."""
        if self._under_way:
            _done, late = await asyncio.wait(self._under_way, timeout=GRACE)
            for call in late:
                call.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _begin(self, call: Callable[[], Awaitable[None]]) -> None:
        if len(self._under_way) >= MOST:
            self._lose(f"{MOST} calls were under way already")
            return
        task = asyncio.get_running_loop().create_task(self._in_time(call))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _in_time(self, call: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await call()
        except TimeoutError:
            self._lose(f"no answer within {PATIENCE:g} s")
        except asyncio.CancelledError:
            self._lose("the run was over")
            raise
        except Exception as error:  # whatever is wrong with it, the run goes on
            self._lose(str(error) or type(error).__name__)

    def _lose(self, why: str) -> None:
        self._lost += 1
        self._why = self._why or why


async def _run(command: Sequence[str], body: bytes) -> None:
    """Start a command and give it the alert. Raises OSError, RuntimeError: it failed."""
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True
    )
    try:
        await process.communicate(body)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # whatever it started goes with it
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with code {process.returncode}")


async def _post(url: str, body: bytes) -> None:
    """Send the alert to an address. Raises httpx.HTTPError, RuntimeError: it was refused, or may not be asked."""
    target = httpx.URL(url)
    addresses = await addresses_of(target)
    for address in addresses:
        if hands_out_credentials(address) or (target.scheme == "http" and not is_loopback(address)):
            raise RuntimeError(f"{target.host} is {address}, an address that no alert may go to")
    headers = {"Content-Type": "application/json"}
    async with httpx.AsyncClient(verify=trust(os.environ.get("SSL_CERT_FILE")), trust_env=False) as client:
        patience = httpx.Timeout(PATIENCE)
        async with asked(client, "POST", target, addresses, headers, patience, content=body) as response:
            if not response.is_success:
                raise RuntimeError(f"{target.host} answered {response.status_code}")
