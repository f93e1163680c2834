"""Films of the simulated OpenAI: what is taken, what is refused, who may fetch one, and what deleting one does."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rushes.sim.faults import fault_from_text
from rushes.sim.openai_asked import BadRequest, film
from rushes.sim.simulator import Simulator
from rushes.sim.wire import Request

KEY = {"Authorization": "Bearer simulated"}
OTHER = {"Authorization": "Bearer another"}
ASKED = {"model": "sora-2", "prompt": "it runs", "seconds": "4", "size": "720x1280"}


def png(size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, "PNG")
    return out.getvalue()


def told(story: Callable[[httpx.AsyncClient, Simulator], Awaitable[None]], *faults: str) -> dict[str, Any]:
    """One story with a simulator of its own; the books at its end."""

    async def main() -> dict[str, Any]:
        active = [fault_from_text(one) for one in faults]
        async with Simulator(seed=3, time_scale=0.0005, most_side=48, faults=active) as sim:
            async with httpx.AsyncClient(base_url=f"{sim.url}/openai/v1", headers=KEY, timeout=30) as http:
                await story(http, sim)
            return sim.report()

    return asyncio.run(main())


async def over(http: httpx.AsyncClient, sim: Simulator, id_: str) -> dict[str, Any]:
    await sim.world.jobs[id_].over.wait()
    return dict((await http.get(f"/videos/{id_}")).json())


def test_a_film_is_made_fetched_with_the_key_and_by_nobody_else() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        files = {"input_reference": ("a.png", png((720, 1280)), "image/png")}
        scale, sim.world.clock.scale = sim.world.clock.scale, 1.0
        early = (await http.post("/videos", json={**ASKED, "prompt": "not yet"})).json()["id"]
        assert (await http.get(f"/videos/{early}/content")).status_code == 404
        sim.world.clock.scale = scale
        said = (await http.post("/videos", data=ASKED, files=files)).json()
        assert (said["seconds"], said["size"], said["model"]) == ("4", "720x1280", "sora-2")
        assert said["status"] in ("queued", "in_progress")
        ended = await over(http, sim, said["id"])
        assert (ended["status"], ended["progress"]) == ("completed", 100)
        there = f"/videos/{said['id']}/content"
        assert [(await http.get(there, headers=headers)).status_code for headers in (OTHER, {"Authorization": ""})] == [
            404,
            401,
        ]
        content = await http.get(there)
        assert (content.headers["content-type"], content.content[4:8]) == ("video/mp4", b"ftyp")
        assert (await http.get(there, params={"variant": "spritesheet"})).status_code == 404

    books = told(story)
    assert [(one["billed"], one["fetched"]) for one in books["entries"] if one["ended"] == "done"] == [("0.40", True)]


def test_a_film_costs_by_its_size_and_its_length() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        for size in ("1280x720", "1792x1024"):
            said = (
                await http.post("/videos", json={**ASKED, "model": "sora-2-pro", "size": size, "seconds": "8"})
            ).json()
            assert (await over(http, sim, said["id"]))["status"] == "completed"

    assert told(story)["billed"] == "6.40"


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"json": {"model": "sora-2"}}, 400, "Missing required parameter: 'prompt'"),
    ({"json": {**ASKED, "colour": "red"}}, 400, "Unknown parameter: 'colour'"),
    ({"json": {**ASKED, "seconds": "5"}}, 400, "'seconds'"),
    ({"json": {**ASKED, "size": "1024x1792"}}, 400, "'size'"),
    ({"json": {**ASKED, "model": "sora-9"}}, 404, "does not exist"),
    ({"json": {**ASKED, "model": "gpt-image-2"}}, 404, "does not exist"),
    ({"json": {**ASKED, "input_reference": {"image_url": "https://x"}}}, 400, "data URL"),
    ({"json": {**ASKED, "input_reference": "x"}}, 400, "expected an object"),
    ({"content": b"{"}, 400, "could not parse"),
    ({"data": ASKED, "files": {"input_reference": ("a.png", png((64, 64)), "image/png")}}, 400, "Inpaint image"),
    ({"data": ASKED, "files": {"input_reference": ("a.png", b"x", "image/png")}}, 400, "Invalid image file"),
    ({"data": ASKED, "files": {"input_reference": ("a.txt", b"x", "text/plain")}}, 400, "mimetype"),
    ({"data": ASKED, "files": {"image": ("a.png", png((720, 1280)), "image/png")}}, 400, "Unknown parameter: 'image'"),
]


@pytest.mark.parametrize(("options", "status", "says"), WRONG, ids=lambda value: str(value)[:50])
def test_what_is_wrong_is_refused_and_costs_nothing(options: dict[str, Any], status: int, says: str) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await http.post("/videos", **options)
        assert (answer.status_code, says in answer.json()["error"]["message"]) == (status, True), answer.text

    books = told(story)
    assert (books["accepted"], books["billed"]) == (0, "0")


def test_only_what_has_ended_is_deleted_and_its_price_stays() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        scale, sim.world.clock.scale = sim.world.clock.scale, 1.0
        first = (await http.post("/videos", json=ASKED)).json()["id"]
        assert (await http.delete(f"/videos/{first}")).status_code == 400
        sim.world.clock.scale = scale
        id_ = (await http.post("/videos", json={**ASKED, "prompt": "another"})).json()["id"]
        await over(http, sim, id_)
        assert (await http.delete(f"/videos/{id_}", headers=OTHER)).status_code == 404
        assert (await http.delete(f"/videos/{id_}")).json()["deleted"] is True
        for path in (f"/videos/{id_}", f"/videos/{id_}/content"):
            assert (await http.get(path)).status_code == 404
        assert [one["id"] for one in (await http.get("/videos")).json()["data"]] == [first]
        assert (await http.get("/videos", headers=OTHER)).json()["data"] == []

    assert told(story)["billed"] == "0.40"


@pytest.mark.parametrize(
    ("fault", "code"), [("refused", "moderation_blocked"), ("failed", "internal_error"), ("no-money", None)]
)
def test_a_film_that_does_not_come_says_why_and_costs_nothing(fault: str, code: str | None) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await http.post("/videos", json=ASKED)
        if code is None:
            assert (answer.status_code, answer.json()["error"]["code"]) == (429, "insufficient_quota")
            return
        ended = await over(http, sim, answer.json()["id"])
        assert (ended["status"], ended["error"]["code"]) == ("failed", code)

    assert told(story, f"{fault}=1")["billed"] == "0"


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/videos"), ("POST", "/videos/x"), ("DELETE", "/videos"), ("PUT", "/videos/x/content")]
)
def test_there_is_no_other_way(method: str, path: str) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        assert (await http.request(method, path)).status_code == 404

    told(story)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(["prompt", "size", "seconds", "input_reference", "model"]), JSON))
def test_no_body_is_too_odd_to_be_refused(body: dict[str, Any]) -> None:
    with contextlib.suppress(BadRequest):
        film(Request("POST", "", "/v1/videos", {}, {}, json.dumps(body).encode()), "sora-2")
