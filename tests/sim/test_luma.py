"""Luma as it is simulated: what it answers, what it refuses and in which words, and what its books say."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from PIL import Image

from rushes.sim.faults import fault_from_text
from rushes.sim.simulator import Simulator
from rushes.testing.media import mp4, png

Story = Callable[[httpx.AsyncClient, Simulator], Awaitable[None]]
PICTURE = {"data": base64.b64encode(png("a fox")).decode(), "media_type": "image/png"}
FILM = {"data": base64.b64encode(mp4("a fox")).decode(), "media_type": "video/mp4"}


def play(story: Story, *faults: str, key: str = "somebody", **options: Any) -> None:
    async def run() -> None:
        active = [fault_from_text(one) for one in faults]
        async with Simulator(seed=3, time_scale=0.0005, most_side=64, faults=active, **options) as sim:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            async with httpx.AsyncClient(base_url=f"{sim.url}/luma", headers=headers) as http:
                await story(http, sim)

    asyncio.run(run())


async def submit(http: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await http.post("/v1/generations", json={"prompt": "a fox", **body})


async def over(http: httpx.AsyncClient, sim: Simulator, job: dict[str, Any]) -> dict[str, Any]:
    await sim.world.jobs[job["id"]].over.wait()
    said: dict[str, Any] = (await http.get(f"/v1/generations/{job['id']}")).json()
    return said


def test_a_picture_is_made_in_the_asked_shape() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        accepted = await submit(http, aspect_ratio="9:16")
        job = accepted.json()
        assert (accepted.status_code, job["state"], job["model"], job["output"]) == (201, "queued", "uni-1", [])
        done = await over(http, sim, job)
        assert (done["state"], done["failure_code"]) == ("completed", None)
        (output,) = done["output"]
        picture = Image.open(io.BytesIO((await http.get(output["url"])).content))
        assert picture.height > picture.width
        assert sim.report()["billed"] == "0.0404"

    play(story)


@pytest.mark.parametrize(
    ("body", "kind", "usd"),
    [
        (
            {"model": "uni-1-max", "type": "image_edit", "source": PICTURE, "image_ref": [PICTURE]},
            "image/png",
            "0.1060",
        ),
        ({"model": "ray-3.2", "type": "video", "video": {"resolution": "360p"}}, "video/mp4", "0.06"),
        (
            {"model": "ray-3.2", "type": "video", "video": {"resolution": "360p", "duration": "10s"}},
            "video/mp4",
            "0.18",
        ),
        ({"model": "ray-3.2", "type": "video", "video": {"end_frame": PICTURE}}, "video/mp4", "0.30"),
        ({"model": "ray-3.2", "type": "video_edit", "source": FILM}, "video/mp4", "0.30"),
    ],
)
def test_every_kind_of_work_is_done_at_its_price(body: dict[str, Any], kind: str, usd: str) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        done = await over(http, sim, (await submit(http, **body)).json())
        answer = await http.get(done["output"][0]["url"])
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert sim.report()["billed"] == usd

    play(story)


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"model": "super-model-v9"}, 400, "Unknown model: super-model-v9"),
        ({"type": "video"}, 400, "Type 'video' is not supported for model 'uni-1'"),
        ({"prompt": ""}, 400, "Prompt must be between 1 and 6000 characters"),
        ({"source": PICTURE}, 400, "source is only valid for type 'image_edit'"),
        ({"type": "image_edit"}, 400, "source is required for type 'image_edit'"),
        (
            {"type": "image_edit", "source": PICTURE, "image_ref": [PICTURE] * 9},
            400,
            "image_edit supports up to 8 reference images (source occupies one slot)",
        ),
        (
            {"image_ref": [{**PICTURE, "url": "https://x"}]},
            400,
            "image_ref[0]: provide either 'url' or 'data', not both",
        ),
        ({"image_ref": [{}]}, 400, "image_ref[0]: provide either 'url' or 'data', not neither"),
        ({"image_ref": [{"data": "AAAA"}]}, 400, "image_ref[0]: 'media_type' is required with 'data'"),
        ({"image_ref": [{**PICTURE, "data": "not-valid!!"}]}, 422, "image_ref[0]: invalid base64 data"),
        ({"image_ref": [{"url": "https://nobody.example/a.png"}]}, 422, "image_ref[0]: failed to fetch URL"),
    ],
)
def test_a_body_is_refused_in_its_sentences(body: dict[str, Any], status: int, detail: str) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await submit(http, **body)
        assert (answer.status_code, answer.json()) == (status, {"detail": detail})
        assert sim.report()["accepted"] == 0

    play(story)


def test_values_that_a_model_does_not_have_are_refused() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        for body in (
            {"aspect_ratio": "4:3"},
            {"style": "oil"},
            {"model": "ray-3.2", "type": "video", "video": {"duration": "6s"}},
            {"model": "ray-3.2", "type": "video", "video": {"duration": "10s", "start_frame": PICTURE}},
        ):
            answer = await submit(http, **body)
            assert answer.status_code == 400 and answer.json()["detail"].startswith("Invalid ")
        assert (await http.post("/v1/generations", content=b"{")).status_code == 400

    play(story)


@pytest.mark.parametrize(("key", "detail"), [("", "Missing or invalid API key"), ("wrong", "Invalid API key")])
def test_nobody_is_served_without_a_key(key: str, detail: str) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        for answer in (await submit(http), await http.get("/v1/files")):
            assert (answer.status_code, answer.json()) == (401, {"detail": detail})

    play(story, key=key)


@pytest.mark.parametrize(
    ("fault", "code"),
    [("refused", "content_moderated"), ("refused-billed", "content_moderated"), ("failed", "generation_failed")],
)
def test_a_job_that_fails_says_why_and_is_refunded(fault: str, code: str) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        done = await over(http, sim, (await submit(http)).json())
        assert (done["state"], done["failure_code"], done["output"]) == ("failed", code, [])
        assert sim.report()["billed"] == "0"

    play(story, fault)


def test_a_picture_that_cannot_be_read_ends_its_job() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        broken = {"data": base64.b64encode(b"no picture").decode(), "media_type": "image/png"}
        done = await over(http, sim, (await submit(http, type="image_edit", source=broken)).json())
        assert (done["state"], done["failure_code"]) == ("failed", "corrupt_input")

    play(story)


def test_an_empty_account_is_refused() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await submit(http)
        assert (answer.status_code, answer.json()["detail"][:20]) == (402, "Insufficient credits")

    play(story, "no-money")


def test_a_job_belongs_to_its_key_and_its_address_lives_for_an_hour() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        done = await over(http, sim, (await submit(http)).json())
        there = f"/v1/generations/{done['id']}"
        for answer in (
            await http.get(there, headers={"Authorization": "Bearer another"}),
            await http.get("/v1/generations/00000000-0000-0000-0000-000000000000"),
        ):
            assert (answer.status_code, answer.json()) == (404, {"detail": "Generation not found"})
        url = done["output"][0]["url"]
        sim.world.clock.jump(2 * 3600.0)
        assert (await http.get(url)).status_code == 403
        fresh = (await http.get(there)).json()["output"][0]["url"]
        assert (await http.get(fresh)).status_code == 200

    play(story)
