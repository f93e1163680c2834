"""Calls from providers: what they may do (bring a poll forward) and what they may not (anything else)."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from rushes.app.config import load_config
from rushes.app.hooks import Hooks
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.app.webhooks import MOST_BODY, Called, Where, listening, where_of
from rushes.engine.wakes import Wakes
from rushes.errors import ConfigError, ErrorClass, RemoteError
from rushes.model.request import Request
from rushes.model.run import RunOptions, RunState
from rushes.plugin.provider import Context, Finished, Submitted
from rushes.testing.provider import ScriptedProvider

GOOD = {"x-signature": "true"}


async def adapter(headers: Mapping[str, str], body: bytes) -> str | None:
    """Believes calls with the header, and reads the job's id from the body."""
    if headers.get("x-broken"):
        raise RemoteError(ErrorClass.TRANSIENT, "the keys cannot be read")
    return body.decode() if headers.get("x-signature") == "true" else None


def named(name: str) -> Called | None:
    return adapter if name == "scripted" else None


async def call(url: str, body: bytes = b"job", headers: Mapping[str, str] = GOOD, method: str = "POST") -> int:
    _scheme, _empty, address, *path = url.split("/")
    host, _colon, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"{method} /{'/'.join(path)} HTTP/1.1", f"host: {address}", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    answer = await reader.read()
    writer.close()
    return int(answer.split()[1]) if answer else 0


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def here() -> Where:
    port = free_port()
    return Where(f"http://127.0.0.1:{port}/hooks", "127.0.0.1", port)


def test_a_signed_call_wakes_its_own_job_and_no_other() -> None:
    async def main() -> tuple[int, bool, bool]:
        wakes = Wakes()
        async with listening(here(), named, wakes) as webhook:
            url = webhook("scripted")
            assert url is not None
            mine = asyncio.create_task(wakes.wait("job", 30.0))
            other = asyncio.create_task(wakes.wait("other", 30.0))
            await asyncio.sleep(0)
            status = await call(url)
            woken = await asyncio.wait_for(mine, 5)
            untouched = not other.done()
            other.cancel()
            return status, woken, untouched

    assert asyncio.run(main()) == (200, True, True)


def test_a_call_that_nobody_signed_or_that_goes_nowhere_wakes_nobody() -> None:
    async def main() -> list[int]:
        wakes = Wakes()
        async with listening(here(), named, wakes) as webhook:
            url = webhook("scripted") or ""
            waiting = asyncio.create_task(wakes.wait("job", 30.0))
            await asyncio.sleep(0)
            guessed = url.replace(url.split("/")[-2], "guessed")
            got = [
                await call(url, headers={}),
                await call(guessed),
                await call(url + "/more"),
                await call(url.replace("scripted", "sketch")),
                await call(url, method="GET"),
                await call(url, headers={"x-broken": "1"}),
                await call(url, body=b"x" * (MOST_BODY + 1)),
            ]
            assert not waiting.done()
            assert webhook("sketch") is None, "who cannot be called is given no address"
            waiting.cancel()
            return got

    answers = asyncio.run(main())
    assert answers[:6] == [403, 404, 404, 404, 405, 503]
    assert answers[6] in (413, 0)


def test_nonsense_on_the_wire_ends_that_connection_only() -> None:
    async def main() -> int:
        where = here()
        async with listening(where, named, Wakes()) as webhook:
            for nonsense in (b"\x16\x03\x01" * 50, b"GET\r\n\r\n", b"POST / HTTP/1.1\r\n" + b"a: b\r\n" * 9000, b""):
                _reader, writer = await asyncio.open_connection(where.host, where.port)
                writer.write(nonsense)
                writer.close()
            return await call(webhook("scripted") or "")

    assert asyncio.run(main()) == 200


def test_a_flood_is_turned_away() -> None:
    async def main() -> list[int]:
        async with listening(here(), named, Wakes()) as webhook:
            url = webhook("scripted") or ""
            return [await call(url) for _ in range(150)]

    answers = asyncio.run(main())
    assert answers.count(429) > 0
    assert set(answers) == {200, 429}


def test_the_flag_names_an_address_and_where_to_listen() -> None:
    assert where_of("https://studio.example/hooks/") == Where("https://studio.example/hooks")
    assert where_of("https://s.example, listen=0.0.0.0:99") == Where("https://s.example", "0.0.0.0", 99)
    assert where_of("https://s.example,listen=[::1]:99").host == "::1"
    for wrong in ("", "studio", "ftp://x", "https://s.example,9", "https://s.example,listen=x", "https://s/?a=b"):
        with pytest.raises(ConfigError):
            where_of(wrong)


class Calling(ScriptedProvider):
    """Calls when it is finished, and otherwise wants to be asked in an hour."""

    def __init__(self, calls: int, signed: bool = True) -> None:
        super().__init__(latency=0.05)
        self.calls, self.headers = calls, GOOD if signed else {}
        self.called = adapter
        self.told: list[asyncio.Task[None]] = []

    async def submit(self, request: Request, context: Context) -> Submitted | Finished:
        answer = await super().submit(request, context)
        assert isinstance(answer, Submitted)
        self.told.append(asyncio.create_task(self._tell(answer.remote, context.webhook or "")))
        return answer._replace(wait=3600.0)

    async def _tell(self, remote: str, url: str) -> None:
        await asyncio.sleep(0.1)
        for _ in range(self.calls):
            await call(url, remote.encode(), self.headers)


@pytest.mark.parametrize("calls", [1, 5])
def test_a_run_hears_of_its_jobs_and_takes_each_result_once(calls: int, tmp_path: Path) -> None:
    file = tmp_path / "story.yaml"
    file.write_text("name: s\nsteps:\n  - {name: a, type: text_to_image, rows: [one, two], prompt: '{{item}}'}\n")
    provider = Calling(calls)
    where = here()
    hooks = Hooks(webhooks=f"{where.public},listen={where.host}:{where.port}")
    config = load_config(tmp_path, {"home": str(tmp_path / "home")}, {})
    began = time.monotonic()
    with Project(config, {"scripted": provider}) as project:
        summary = asyncio.run(run_file(project, file, RunOptions(provider="scripted"), hooks=hooks))
    assert summary.state is RunState.DONE
    assert time.monotonic() - began < 60, "nobody heard the calls"
    assert sum(provider.posts.values()) == provider.fetched == 2


def test_a_port_that_is_taken_is_a_mistake_with_a_name(tmp_path: Path) -> None:
    async def main() -> None:
        where = here()
        async with listening(where, named, Wakes()), listening(where, named, Wakes()):
            pass

    with pytest.raises(ConfigError, match="webhooks"):
        asyncio.run(main())
