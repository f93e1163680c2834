"""No key is ever in a file, a message, an event, a report or the arguments of a command: every byte is searched."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.app.leaks import IDENT, KEYS, SECRET, Ran, echoing, leaking_files, leaks_in, rushes

from rushes.sim.simulator import Simulator

STEPS = """\
name: story
steps:
  - {name: still, type: text_to_image, model: MODEL, prompt: a fox, params: {aspect_ratio: "9:16"}}
"""
MODELS = {"fal": "flux_schnell", "gemini": "nano_banana_pro"}


def set_up(folder: Path, provider: str, url: str) -> None:
    """A workflow for one provider, which is reached at `url` with its real key."""
    (folder / "story.yaml").write_text(STEPS.replace("MODEL", MODELS[provider]))
    (folder / "rushes.toml").write_text(f'provider = "{provider}"\n[providers.{provider}]\nurl = "{url}"\n')


def clean(folder: Path, *ran: Ran) -> None:
    """Nothing that was said and nothing that was left has a key in it."""
    for one in ran:
        assert not leaks_in(one.said), one.said.decode(errors="replace")
    assert leaking_files(folder) == []


@contextmanager
def simulated() -> Iterator[tuple[str, Simulator]]:
    """A simulator on a loop of its own: here it plays the real service, and is sent the real key."""
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    sim = Simulator(time_scale=0.001, most_side=64)
    over = asyncio.Event()

    async def serve() -> None:
        async with sim:
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(30)
        yield sim.url, sim
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


@pytest.mark.parametrize("provider", MODELS)
def test_a_run_and_all_that_can_be_asked_about_it_shows_no_key(provider: str, tmp_path: Path) -> None:
    with simulated() as (url, sim):
        set_up(tmp_path, provider, f"{url}/{provider}")
        ran = [
            rushes(tmp_path, "plan", "story.yaml", "--json"),
            rushes(tmp_path, "run", "story.yaml", "--stream"),
            rushes(tmp_path, "run", "story.yaml", "--json", "--debug"),
            rushes(tmp_path, "status", "--json"),
            rushes(tmp_path, "keys", "check", "--json"),
            rushes(tmp_path, "keys", "check", provider, "--live"),
            rushes(tmp_path, "export"),
        ]
        assert [one.code for one in ran] == [0] * len(ran), [one.said for one in ran]
        assert sim.report()["accepted"] == 1, "the second run is free"
    clean(tmp_path, *ran)
    assert list(tmp_path.rglob("report-*.html")) and (tmp_path / "home" / "ledger.sqlite").exists()


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize("status", [401, 403, 422, 500, None])
def test_a_service_that_repeats_the_key_in_what_it_says_does_not_get_it_printed_or_kept(
    status: int | None, provider: str, tmp_path: Path
) -> None:
    with echoing(status) as (url, echo):
        set_up(tmp_path, provider, url)
        ran = rushes(tmp_path, "run", "story.yaml", "--debug", "--json", "--timeout", "20")
        wrong = rushes(tmp_path, "keys", "check", provider, "--live", "--debug") if status == 401 else ran
        assert echo.sent_keys == {KEYS[provider]}, "it was sent the key, else this proves nothing"
        assert echo.told == []
    assert ran.code in (3, 4, 5), ran.said
    if status is None:
        assert echo.asked == 1, "what may have been accepted is not sent again"
        clean(tmp_path, ran, rushes(tmp_path, "unknowns"), rushes(tmp_path, "unknowns", "--json"))
    if status == 401:
        clean(tmp_path, ran, wrong)
        assert wrong.code == 2 and b"(key)" in wrong.said
    clean(tmp_path, ran, rushes(tmp_path, "status", "--json"))


def test_a_service_that_is_not_there_is_named_without_the_key(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        set_up(tmp_path, "fal", f"http://127.0.0.1:{closed.getsockname()[1]}")
        (tmp_path / "story.yaml").write_text((tmp_path / "story.yaml").read_text() + "settings: {max_retries: 0}\n")
        ran = rushes(tmp_path, "run", "story.yaml", "--debug")
    assert ran.code == 3, ran.said
    clean(tmp_path, ran)


@pytest.mark.parametrize("name", ["FAL_KEY", "GEMINI_API_KEY"])
def test_a_prompt_that_asks_for_a_key_does_not_get_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "story.yaml").write_text(STEPS.replace("MODEL", "flux_dev").replace("a fox", f"'{{{{env.{name}}}}}'"))
    ran = rushes(tmp_path, "run", "story.yaml", "--provider", "sketch")
    assert ran.code == 2 and b"variable-secret" in ran.said
    clean(tmp_path, ran)


def test_the_search_finds_a_key_in_every_form_it_could_have(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"b64-{number}").write_bytes(b64encode(b"x" * number + KEYS["fal"].encode() + b"y"))
    (tmp_path / "url").write_text(f"?key={IDENT}%3A{SECRET}")
    (tmp_path / "part").write_text(f"...{SECRET}...")
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute("CREATE TABLE t (data TEXT)")
        database.execute("INSERT INTO t VALUES (?)", (KEYS["gemini"],))
    database.close()
    assert sorted(leaking_files(tmp_path)) == ["b64-0", "b64-1", "b64-2", "db", "part", "url"]
