"""Webhooks: signed as fal signs them, repeated, late, lost, forged; and never to anywhere but this machine."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.sim.near import FLUX, Near, simulated

from rushes.sim.faults import Fault, What
from rushes.sim.hooks import call, is_local


class Call(NamedTuple):
    headers: dict[str, str]
    body: bytes


class Receiver:
    """A receiver that answers with the given statuses, one after the other, then always with 200."""

    def __init__(self, statuses: list[int]) -> None:
        self.statuses = statuses
        self.calls: asyncio.Queue[Call] = asyncio.Queue()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(headers["Content-Length"]))
        status = self.statuses.pop(0) if self.statuses else 200
        writer.write(f"HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        self.calls.put_nowait(Call({name.lower(): value for name, value in headers.items()}, body))

    async def next(self) -> Call:
        async with asyncio.timeout(20):
            return await self.calls.get()


@asynccontextmanager
async def receiving(*statuses: int) -> AsyncIterator[Receiver]:
    receiver = Receiver(list(statuses))
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook?x=1"
    try:
        yield receiver
    finally:
        server.close()


async def verified(near: Near, one: Call) -> dict[str, object]:
    """What a call says, when its signature is the provider's. Raises InvalidSignature."""
    keys = (await near.http.get(f"{near.base}/.well-known/jwks.json")).json()["keys"]
    raw = base64.urlsafe_b64decode(keys[0]["x"] + "=")
    names = ("request-id", "user-id", "timestamp")
    lines = [one.headers[f"x-fal-webhook-{name}"] for name in names] + [hashlib.sha256(one.body).hexdigest()]
    assert abs(time.time() - int(lines[2])) < 300
    signature = bytes.fromhex(one.headers["x-fal-webhook-signature"])
    Ed25519PublicKey.from_public_bytes(raw).verify(signature, "\n".join(lines).encode())
    return dict(json.loads(one.body))


async def ask(near: Near, url: str, **body: object) -> dict[str, str]:
    answer = await near.http.post(f"{near.base}/{FLUX}", params={"fal_webhook": url}, json={"prompt": "a fox", **body})
    return dict(answer.json())


def test_a_webhook_is_signed_and_carries_the_result() -> None:
    async def story(near: Near) -> None:
        async with receiving() as receiver:
            job = await ask(near, receiver.url)
            said = await verified(near, await receiver.next())
            assert (said["request_id"], said["status"]) == (job["request_id"], "OK")
            assert said["payload"] == (await near.http.get(job["response_url"])).json()

    simulated(story)


def test_a_webhook_about_a_failure_says_why() -> None:
    async def story(near: Near) -> None:
        async with receiving() as receiver:
            await ask(near, receiver.url)
            said = await verified(near, await receiver.next())
            assert said["status"] == "ERROR"
            assert "content_policy_violation" in json.dumps(said["payload"])

    simulated(story, "refused=1")


def test_a_webhook_is_repeated_until_it_is_taken() -> None:
    async def story(near: Near) -> None:
        async with receiving(500, 404) as receiver:
            job = await ask(near, receiver.url)
            said = [(await verified(near, await receiver.next()))["request_id"] for _ in range(3)]
            assert said == [job["request_id"]] * 3

    simulated(story, time_scale=0.0001)


def test_a_webhook_comes_twice() -> None:
    async def story(near: Near) -> None:
        async with receiving() as receiver:
            await ask(near, receiver.url)
            assert (await receiver.next()).body == (await receiver.next()).body

    simulated(story, "webhook-twice=1")


def test_a_forged_webhook_comes_before_the_true_one() -> None:
    async def story(near: Near) -> None:
        async with receiving() as receiver:
            await ask(near, receiver.url)
            with pytest.raises(InvalidSignature):
                await verified(near, await receiver.next())
            assert (await verified(near, await receiver.next()))["status"] == "OK"

    simulated(story, "webhook-forged=1")


def test_a_late_webhook_comes_long_after_the_job_is_done() -> None:
    async def story(near: Near) -> None:
        async with receiving() as receiver:
            job = await ask(near, receiver.url)
            await near.finished(job)
            assert receiver.calls.empty()
            assert (await verified(near, await receiver.next()))["status"] == "OK"

    simulated(story, Fault(What.WEBHOOK_LATE, 1.0, seconds=500.0))


def test_a_lost_webhook_never_comes() -> None:
    async def story(near: Near) -> None:
        async with receiving() as receiver:
            await near.finished(await ask(near, receiver.url))
            await near.finished(await ask(near, receiver.url, seed=1))
            assert receiver.calls.empty()

    simulated(story, "webhook-lost=1", time_scale=0)


@pytest.mark.parametrize(
    "url",
    ["http://example.com/", "http://169.254.169.254/", "https://127.0.0.1/", "file:///etc/passwd", "http://10.0.0.1/x"],
)
def test_nothing_outside_this_machine_is_ever_called(url: str) -> None:
    assert not is_local(url)


def test_an_address_that_is_no_loopback_is_not_called_even_if_it_leads_here() -> None:
    async def story(near: Near) -> None:
        async with receiving() as receiver:
            job = await ask(near, receiver.url.replace("127.0.0.1", "0.0.0.0"))
            assert (await near.finished(job))["status"] == "COMPLETED"
            await near.finished(await ask(near, receiver.url, seed=1))
            said = await verified(near, await receiver.next())
            assert said["request_id"] != job["request_id"]
            assert receiver.calls.empty()

    simulated(story)


def test_an_address_cannot_smuggle_a_header() -> None:
    assert not asyncio.run(call("http://127.0.0.1:9/x HTTP/1.1\r\nX: y", b"", {"a": "b\r\nc: d"}))
