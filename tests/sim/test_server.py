"""Whatever a client sends or leaves out, the simulator goes on."""

from __future__ import annotations

import asyncio

import pytest
from tests.sim.near import FLUX, Near, posted, raw, simulated

from rushes.errors import UserError
from rushes.sim.server import Limits
from rushes.sim.simulator import Simulator

HOSTILE = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
    b"POST /fal/x/y HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /fal/x/y HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /_sim/%00%ff/../report?" + b"&" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]


@pytest.mark.parametrize("sent", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_request_ends_its_own_connection_only(sent: bytes) -> None:
    async def story(near: Near) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", near.sim.port)
        writer.write(sent)
        writer.write_eof()
        said = await reader.read()
        assert said == b"" or said.startswith(b"HTTP/1.1 4")
        writer.close()
        assert (await near.submit()).status_code == 200

    simulated(story)


def test_a_body_that_is_too_large_is_refused_while_it_arrives() -> None:
    async def story(near: Near) -> None:
        said = await raw(near.sim, posted(FLUX, {"prompt": "a" * 300_000}))
        assert said.startswith(b"HTTP/1.1 413")
        assert near.report()["submissions"] == 0
        assert (await near.submit()).status_code == 200

    simulated(story, limits=Limits(body=100_000))


def test_a_silent_client_is_let_go() -> None:
    async def story(near: Near) -> None:
        async with asyncio.timeout(10):
            assert await raw(near.sim, posted(FLUX, {"prompt": "a"})[:-3]) == b""
        assert near.report()["submissions"] == 0

    simulated(story, limits=Limits(patience=0.05))


def test_a_client_that_leaves_in_the_middle_of_an_answer_was_not_told() -> None:
    async def story(near: Near) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", near.sim.port)
        writer.write(posted(FLUX, {"prompt": "a"}))
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()
        await asyncio.sleep(0.1)  # longer than the answer takes
        assert len(near.report()["untold"]) == 1

    simulated(story, "slow=1@submit", time_scale=0.005)


def test_a_connection_is_used_again() -> None:
    async def story(near: Near) -> None:
        whole = posted(FLUX, {"prompt": "a"}) + posted(FLUX, {"prompt": "b"}).replace(
            b"Host:", b"Connection: close\r\nHost:"
        )
        said = await raw(near.sim, whole)
        assert said.count(b"HTTP/1.1 200") == 2

    simulated(story)


def test_a_client_that_asks_first_is_told_to_go_on() -> None:
    async def story(near: Near) -> None:
        sent = posted(FLUX, {"prompt": "a"}).replace(b"Host:", b"Expect: 100-continue\r\nConnection: close\r\nHost:")
        head, _, body = sent.partition(b"\r\n\r\n")
        reader, writer = await asyncio.open_connection("127.0.0.1", near.sim.port)
        writer.write(head + b"\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 100")
        writer.write(body)
        assert b"HTTP/1.1 200" in await reader.read()
        writer.close()

    simulated(story)


def test_two_hundred_clients_at_once_are_all_answered() -> None:
    async def story(near: Near) -> None:
        answers = await asyncio.gather(*(near.submit(prompt=f"fox {number}") for number in range(200)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["request_id"] for answer in answers}) == 200

    simulated(story, time_scale=1.0)


def test_a_port_that_is_taken_is_named() -> None:
    async def story(near: Near) -> None:
        with pytest.raises(UserError, match=f"port {near.sim.port}"):
            async with Simulator(port=near.sim.port):
                pass

    simulated(story)


def test_a_world_that_ends_leaves_nothing_running() -> None:
    async def story() -> int:
        async with Simulator() as sim:
            await raw(sim, posted(FLUX, {"prompt": "a"}).replace(b"Host:", b"Connection: close\r\nHost:"))
        return len(asyncio.all_tasks())

    assert asyncio.run(story()) == 1
