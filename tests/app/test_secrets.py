"""No key is ever in a file, a message, an event, a report or the arguments of a command: every byte is searched."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import tests.providers.comfy_graphs as graphs
from tests.app.leaks import IDENT, KEYS, SECRET, Ran, echoing, leaking_files, leaks_in, rushes

from rushes.app.plugins import REMOTE
from rushes.sim.simulator import Simulator

PICTURE = """\
  - {name: PROVIDER, type: text_to_image, provider: PROVIDER, model: MODEL, prompt: a fox, params: {PARAMS}}
"""
WORDS = """\
  - {name: PROVIDER, type: TYPE, provider: PROVIDER, model: MODEL, prompt: a fox}
"""


def _picture(model: str, params: str = 'aspect_ratio: "9:16"') -> str:
    return PICTURE.replace("MODEL", model).replace("PARAMS", params)


STEPS = {
    "anthropic": WORDS.replace("TYPE", "prompt_generation").replace("MODEL", "claude_haiku_5_5"),
    "comfyui": _picture("comfyui", "graph: ./graph.json"),
    "elevenlabs": WORDS.replace("TYPE", "text_to_speech").replace("MODEL", "elevenlabs"),
    "fal": _picture("flux_schnell"),
    "gemini": _picture("nano_banana_pro"),
    "glabs": _picture("nano_banana_2"),
    "huggingface": _picture("flux_schnell"),
    "luma": _picture("uni_1"),
    "openai": _picture("gpt_image_2_5"),
    "openrouter": _picture("nano_banana_pro"),
    "replicate": _picture("flux_schnell"),
    "runway": _picture("gen4"),
}
"""A step for each provider elsewhere."""


def set_up(folder: Path, url: str, *providers: str) -> None:
    """A workflow with a step for each provider, which is reached below `url` with its real key."""
    steps = "".join(STEPS[name].replace("PROVIDER", name) for name in providers)
    (folder / "story.yaml").write_text(f"name: story\nsteps:\n{steps}")
    (folder / "graph.json").write_text(json.dumps(graphs.picture()))
    places = "".join(f'[providers.{name}]\nurl = "{url}/{name}"\n' for name in providers)
    (folder / "rushes.toml").write_text(places)


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


def test_a_run_and_all_that_can_be_asked_about_it_shows_no_key(tmp_path: Path) -> None:
    with simulated() as (url, sim):
        set_up(tmp_path, url, *REMOTE)
        ran = [
            rushes(tmp_path, "plan", "story.yaml", "--json"),
            rushes(tmp_path, "run", "story.yaml", "--stream", "--yes"),
            rushes(tmp_path, "run", "story.yaml", "--json", "--debug"),
            rushes(tmp_path, "status", "--json"),
            rushes(tmp_path, "keys", "check", "--json"),
            rushes(tmp_path, "keys", "check", "--live"),
            rushes(tmp_path, "export"),
        ]
        assert [one.code for one in ran] == [0] * len(ran), [one.said for one in ran]
        assert sim.report()["accepted"] == len(REMOTE), "the second run is free"
    clean(tmp_path, *ran)
    assert list(tmp_path.rglob("report-*.html")) and (tmp_path / "home" / "ledger.sqlite").exists()


@pytest.mark.parametrize("status", [401, 403, 422, 500, None])
def test_a_service_that_repeats_the_key_in_what_it_says_does_not_get_it_printed_or_kept(
    status: int | None, tmp_path: Path
) -> None:
    with echoing(status) as (url, echo):
        set_up(tmp_path, url, *REMOTE)
        ran = rushes(tmp_path, "run", "story.yaml", "--yes", "--debug", "--json", "--timeout", "20")
        checked = [rushes(tmp_path, "keys", "check", name, "--live", "--debug") for name in REMOTE if status == 401]
        assert echo.sent_keys == set(KEYS.values()), "each was sent its key, else this proves nothing"
        assert echo.told == []
    assert ran.code in (3, 4, 5), ran.said
    if status is None:
        # comfyui is asked first what it has, for nothing
        assert sorted(echo.bought) == sorted(REMOTE.keys() - {"comfyui"}), "nothing is sent again that may be accepted"
        clean(tmp_path, ran, rushes(tmp_path, "unknowns"), rushes(tmp_path, "unknowns", "--json"))
    for one in checked:
        assert one.code == 2 and b"(key)" in one.said, one.said
    clean(tmp_path, ran, *checked, rushes(tmp_path, "status", "--json"))


def test_a_service_that_is_not_there_is_named_without_the_key(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        set_up(tmp_path, f"http://127.0.0.1:{closed.getsockname()[1]}", "fal")
        (tmp_path / "story.yaml").write_text((tmp_path / "story.yaml").read_text() + "settings: {max_retries: 0}\n")
        ran = rushes(tmp_path, "run", "story.yaml", "--debug")
    assert ran.code == 3, ran.said
    clean(tmp_path, ran)


@pytest.mark.parametrize("name", ["FAL_KEY", "GEMINI_API_KEY"])
def test_a_prompt_that_asks_for_a_key_does_not_get_it(name: str, tmp_path: Path) -> None:
    step = _picture("flux_dev").replace("PROVIDER", "sketch").replace("a fox", f"'{{{{env.{name}}}}}'")
    (tmp_path / "story.yaml").write_text(f"name: story\nsteps:\n{step}")
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
