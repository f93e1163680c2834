"""The client of remote providers: what is sent once is sent once, and what is certain is certain."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme
from tests.providers.rig import access
from tests.providers.wire import Visit, serving

from rushes.errors import ErrorClass, RemoteError
from rushes.providers import http
from rushes.providers.gemini.provider import Gemini
from rushes.providers.http import Answer, Http, NotSent, Unknown, Unreachable
from rushes.testing.context import PlainContext

SECRET = "key-that-nobody-may-see"
HEADERS = {"Authorization": f"Key {SECRET}"}


async def ok(visit: Visit) -> None:
    await visit.answer(200, b'{"ok": true}')


async def close_unread(visit: Visit) -> None:
    visit.close()


async def reset(visit: Visit) -> None:
    visit.reset()


async def cut_head(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 O")
    visit.close()


async def cut_body(visit: Visit) -> None:
    await visit.send(b'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"half":')
    visit.close()


async def no_http(visit: Visit) -> None:
    await visit.send(b"what is this\r\n\r\n")
    visit.close()


async def silent(visit: Visit) -> None:
    await asyncio.sleep(60)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


async def post(url: str, within: float = 5.0, headers: dict[str, str] | None = None) -> Answer | NotSent | Unknown:
    client = Http(url)
    try:
        return await client.post_once(url, headers=headers or HEADERS, body=b'{"prompt": "a fox"}', within=within)
    finally:
        await client.close()


async def no_wait(_seconds: float) -> None:
    await asyncio.sleep(0)


# --- a paid request ------------------------------------------------------------------------------------------------


def test_an_answer_is_whole_and_its_headers_are_in_lower_case() -> None:
    async def one(visit: Visit) -> None:
        await visit.answer(201, b"made", "X-Says: Yes")

    async def run() -> None:
        async with serving(one) as wire:
            answer = await post(wire.url)
            assert isinstance(answer, Answer)
            assert (answer.status, answer.headers["x-says"], answer.body) == (201, "Yes", b"made")
            assert wire.visits[0].body == b'{"prompt": "a fox"}'

    asyncio.run(run())


@pytest.mark.parametrize("script", [close_unread, reset, cut_head, cut_body, no_http], ids=lambda s: s.__name__)
def test_a_request_that_may_have_arrived_is_unknown_and_never_sent_again(
    script: Callable[[Visit], Awaitable[None]],
) -> None:
    async def run() -> None:
        async with serving([script, ok]) as wire:
            answer = await post(wire.url)
            assert isinstance(answer, Unknown), answer
            assert len(wire.visits) == 1, "it was sent again"
            assert SECRET not in repr(answer)

    asyncio.run(run())


def test_no_answer_in_time_is_unknown() -> None:
    async def run() -> None:
        async with serving(silent) as wire:
            assert isinstance(await post(wire.url, within=0.3), Unknown)

    asyncio.run(run())


def test_a_refused_connection_has_sent_nothing() -> None:
    answer = asyncio.run(post(f"http://127.0.0.1:{free_port()}"))
    assert isinstance(answer, NotSent), answer


def test_a_host_that_nobody_knows_has_got_nothing() -> None:
    answer = asyncio.run(post("http://no-such-host.invalid"))
    assert isinstance(answer, NotSent), answer


def test_a_certificate_that_nobody_trusts_is_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
        got: list[bytes] = []

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            got.append(await reader.read())
            writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        answer = await post(f"https://127.0.0.1:{port}")
        server.close()
        assert isinstance(answer, NotSent), answer
        assert got in ([], [b""])

    asyncio.run(run())


def test_a_server_that_accepts_and_never_speaks_tls_has_got_nothing() -> None:
    async def run() -> None:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        answer = await post(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", within=0.3)
        server.close()
        assert isinstance(answer, NotSent), answer

    asyncio.run(run())
    gc.collect()  # half a handshake, here and not in the middle of another test


@pytest.mark.parametrize("key", ["line\nbreak", "kéy\u2028", "\u0000"])
def test_a_key_that_is_no_header_leaves_nothing_unknown(key: str) -> None:
    async def run() -> None:
        async with serving(ok) as wire:
            answer = await post(wire.url, headers={"Authorization": f"Key {key}"})
            assert isinstance(answer, NotSent), answer
            assert not wire.visits
            assert key not in answer.says

    asyncio.run(run())


def test_a_paid_request_never_goes_over_a_connection_that_was_used_before() -> None:
    """The race that it avoids: the server closes an idle connection in the moment in which it is used again."""

    async def closes_after(visit: Visit) -> None:
        await ok(visit)
        visit.close()

    async def run() -> None:
        async with serving(closes_after) as wire:
            client = Http(wire.url)
            for _ in range(5):
                await client.ask("GET", wire.url, headers=HEADERS, sleep=no_wait)
                answer = await client.post_once(wire.url, headers=HEADERS, body=b"{}", within=5)
                assert isinstance(answer, Answer), answer
            await client.close()
            assert wire.connections == 10

    asyncio.run(run())


def test_paid_requests_share_no_connection_even_with_one_that_stays_open() -> None:
    async def run() -> None:
        async with serving(ok) as wire:
            client = Http(wire.url)
            for _ in range(3):
                await client.post_once(wire.url, headers=HEADERS, body=b"{}", within=5)
            assert wire.connections == 3
            for _ in range(3):
                await client.ask("GET", wire.url, headers=HEADERS, sleep=no_wait)
            assert wire.connections == 4, "questions share one"
            await client.close()

    asyncio.run(run())


def test_a_redirect_of_a_paid_request_is_an_answer() -> None:
    async def away(visit: Visit) -> None:
        await visit.answer(307, b"", "location: /elsewhere")

    async def run() -> None:
        async with serving(away) as wire:
            answer = await post(wire.url)
            assert isinstance(answer, Answer) and answer.status == 307
            assert len(wire.visits) == 1

    asyncio.run(run())


def test_an_answer_without_end_is_unknown_and_not_held_in_memory() -> None:
    async def endless(visit: Visit) -> None:
        await visit.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(1000):
            await visit.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")

    async def run() -> None:
        async with serving(endless) as wire:
            client = Http(wire.url)
            answer = await client.post_once(wire.url, headers=HEADERS, body=b"{}", within=5, most=10_000)
            await client.close()
            assert isinstance(answer, Unknown), answer

    asyncio.run(run())


# --- free questions ------------------------------------------------------------------------------------------------


def test_a_question_is_asked_again_until_there_is_an_answer() -> None:
    async def busy(visit: Visit) -> None:
        await visit.answer(503, b"busy")

    async def run() -> None:
        async with serving([close_unread, busy, cut_body, ok]) as wire:
            client = Http(wire.url)
            answer = await client.ask("GET", wire.url, headers=HEADERS, sleep=no_wait)
            await client.close()
            assert answer.status == 200
            assert len(wire.visits) == 4

    asyncio.run(run())


def test_a_question_is_not_asked_before_the_service_said() -> None:
    async def later(visit: Visit) -> None:
        await visit.answer(429, b"", "retry-after: 7")

    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def run() -> None:
        async with serving([later, ok]) as wire:
            client = Http(wire.url)
            await client.ask("GET", wire.url, headers=HEADERS, sleep=sleep)
            await client.close()

    asyncio.run(run())
    assert waits == [7.0]


def test_where_the_body_says_when_the_question_waits_for_that(tmp_path: Path) -> None:
    told = json.dumps({"error": {"code": 429, "details": [{"retryDelay": "17s"}]}}).encode()
    waits: list[float] = []

    async def later(visit: Visit) -> None:
        await visit.answer(429, told)

    class Patient(PlainContext):
        async def sleep(self, seconds: float) -> None:
            waits.append(seconds)

    async def run() -> None:
        async with serving([later, ok]) as wire:
            gemini = Gemini(access("gemini", wire.url))
            await gemini.check_key(Patient(tmp_path))
            await gemini.close()

    asyncio.run(run())
    assert waits == [17.0]


def test_questions_have_an_end_and_it_shows_no_secret() -> None:
    async def run() -> None:
        async with serving(reset) as wire:
            client = Http(wire.url)
            with pytest.raises(Unreachable) as raised:
                await client.ask("GET", wire.url, headers=HEADERS, sleep=no_wait)
            await client.close()
            assert len(wire.visits) == http.TRIES
            assert SECRET not in str(raised.value) + repr(raised.value)
            assert raised.value.__suppress_context__

    asyncio.run(run())


# --- downloads -----------------------------------------------------------------------------------------------------


async def downloaded(url: str, base: str | None) -> bytes:
    client = Http(base)
    try:
        return b"".join([piece async for piece in client.download(url, name="fal", sleep=no_wait)])
    finally:
        await client.close()


@pytest.mark.parametrize(("said", "waits"), [("retry-after: 7", [7.0]), ("retry-after: 0", [1.0]), ("x: y", [1.0])])
def test_a_download_is_not_begun_again_before_the_service_said(said: str, waits: list[float]) -> None:
    slept: list[float] = []

    async def busy(visit: Visit) -> None:
        await visit.answer(503, b"busy", said)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def run() -> None:
        async with serving([busy, ok]) as wire:
            client = Http(wire.url)
            assert [piece async for piece in client.download(wire.url, name="fal", sleep=sleep)]
            await client.close()

    asyncio.run(run())
    assert slept == waits


def test_a_download_that_has_to_wait_for_long_says_how_long_and_holds_nothing_meanwhile() -> None:
    async def busy(visit: Visit) -> None:
        await visit.answer(429, b"busy", "retry-after: 300")

    async def run() -> None:
        async with serving(busy) as wire:
            with pytest.raises(RemoteError) as raised:
                await downloaded(wire.url, wire.url)
            assert (raised.value.kind, raised.value.retry_after, len(wire.visits)) == (ErrorClass.TRANSIENT, 300.0, 1)

    asyncio.run(run())


def test_a_download_goes_on_after_a_break_and_skips_what_it_had() -> None:
    data = bytes(range(256)) * 400

    async def half(visit: Visit) -> None:
        await visit.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(data) + data[:50_000])
        visit.close()

    async def whole(visit: Visit) -> None:
        await visit.answer(200, data)

    async def run() -> None:
        async with serving([half, reset, whole]) as wire:
            assert await downloaded(f"{wire.url}/film.mp4", wire.url) == data
            assert len(wire.visits) == 3
            assert all(b"authorization" not in visit.head.lower() for visit in wire.visits)

    asyncio.run(run())


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_result_that_has_expired_was_paid_for(status: int) -> None:
    async def gone(visit: Visit) -> None:
        await visit.answer(status, b"")

    async def run() -> None:
        async with serving(gone) as wire:
            with pytest.raises(RemoteError) as raised:
                await downloaded(wire.url, wire.url)
            assert raised.value.kind is ErrorClass.BAD_OUTPUT
            assert raised.value.maybe_billed
            assert len(wire.visits) == 1

    asyncio.run(run())


def test_a_download_that_never_succeeds_is_a_question_that_failed() -> None:
    async def run() -> None:
        async with serving(reset) as wire:
            with pytest.raises(RemoteError) as raised:
                await downloaded(wire.url, wire.url)
            assert raised.value.kind is ErrorClass.TRANSIENT
            assert not raised.value.maybe_billed, "then it would not be fetched again"

    asyncio.run(run())


@pytest.mark.parametrize("base", [None, "https://queue.fal.run", "https://gateway.example/fal"])
def test_a_result_is_never_fetched_from_this_machine_or_its_neighbours(base: str | None) -> None:
    async def run() -> None:
        async with serving(ok) as wire:
            port = wire.url.rpartition(":")[2]
            for host in (
                "127.0.0.1",
                "localhost",
                "[::1]",
                "169.254.169.254",
                "10.0.0.1",
                "[fd00:ec2::254]",
                "0.0.0.0",
            ):
                for scheme in ("http", "https"):
                    with pytest.raises(RemoteError) as raised:
                        await downloaded(f"{scheme}://{host}:{port}/x", base)
                    assert raised.value.kind is ErrorClass.BAD_OUTPUT
            assert not wire.connections

    asyncio.run(run())


def test_under_a_simulator_results_come_from_this_machine_and_still_from_no_neighbour() -> None:
    async def neighbour(visit: Visit) -> None:
        await visit.answer(302, b"", "location: http://169.254.169.254/latest/meta-data")

    async def run() -> None:
        async with serving([ok, neighbour]) as wire:
            assert await downloaded(wire.url, wire.url) == b'{"ok": true}'
            with pytest.raises(RemoteError, match=r"169\.254\.169\.254"):
                await downloaded(wire.url, wire.url)

    asyncio.run(run())


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.com/x", "gopher://x", "https://", "no address", ""]
)
def test_a_result_has_an_address_of_the_web(url: str) -> None:
    with pytest.raises(RemoteError) as raised:
        asyncio.run(downloaded(url, "http://127.0.0.1:1"))
    assert raised.value.kind is ErrorClass.BAD_OUTPUT


def test_a_key_opens_a_result_at_its_own_host_and_is_shown_to_no_other_that_it_leads_to() -> None:
    async def run() -> None:
        async with serving(ok) as elsewhere:

            async def to_another_path(visit: Visit) -> None:
                await visit.answer(302, b"", "location: /here")

            async def to_another_host(visit: Visit) -> None:
                await visit.answer(302, b"", f"location: {elsewhere.url}/there")

            async with serving([to_another_path, to_another_host]) as own:
                client = Http(own.url)
                pieces = client.download(f"{own.url}/result", name="fal", sleep=no_wait, headers=HEADERS)
                assert b"".join([piece async for piece in pieces]) == b'{"ok": true}'
                await client.close()
                assert [SECRET.encode() in visit.head for visit in own.visits] == [True, True]
                assert [SECRET.encode() in visit.head for visit in elsewhere.visits] == [False]

    asyncio.run(run())


def test_redirects_have_an_end() -> None:
    async def around(visit: Visit) -> None:
        await visit.answer(302, b"", "location: /again")

    async def run() -> None:
        async with serving(around) as wire:
            with pytest.raises(RemoteError, match="more than"):
                await downloaded(wire.url, wire.url)

    asyncio.run(run())


def test_a_result_without_end_is_refused() -> None:
    async def endless(visit: Visit) -> None:
        await visit.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(1000):
            await visit.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")

    async def run() -> None:
        async with serving(endless) as wire:
            client = Http(wire.url)
            with pytest.raises(RemoteError, match="larger"):
                async for _ in client.download(wire.url, name="fal", sleep=no_wait, most=100_000):
                    pass
            await client.close()

    asyncio.run(run())


# --- life ----------------------------------------------------------------------------------------------------------


def test_one_client_serves_one_loop_after_the_other() -> None:
    client = Http("http://127.0.0.1:1")

    async def run(*, close: bool) -> None:
        async with serving(ok) as wire:
            answer = await client.ask("GET", wire.url, headers=HEADERS, sleep=no_wait)
            assert answer.status == 200
            if close:
                await client.close()
                await client.ask("GET", wire.url, headers=HEADERS, sleep=no_wait)
                await client.close()

    asyncio.run(run(close=True))
    asyncio.run(run(close=False))
    asyncio.run(run(close=True))
    gc.collect()  # sockets of the loop that was left, here and not in the middle of another test
