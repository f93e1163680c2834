"""Runway as it is simulated: what it answers, what it refuses and in which words, and what its books say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from rushes.sim.faults import fault_from_text
from rushes.sim.simulator import Simulator
from rushes.testing.media import png

PAINT = {"model": "gen4_image", "promptText": "a fox", "ratio": "1280:720"}
TURBO = {"model": "gen4_turbo", "promptImage": "runway://x", "ratio": "1280:720"}
Story = Callable[[httpx.AsyncClient, Simulator], Awaitable[None]]


def play(story: Story, *faults: str, headers: Any = None, **options: Any) -> None:
    async def run() -> None:
        active = [fault_from_text(one) for one in faults]
        told = headers or {"Authorization": "Bearer somebody", "X-Runway-Version": "2024-11-06"}
        options.setdefault("time_scale", 0.001)
        async with (
            Simulator(seed=3, faults=active, most_side=64, **options) as sim,
            httpx.AsyncClient(base_url=f"{sim.url}/runway", headers=told) as http,
        ):
            await story(http, sim)

    asyncio.run(run())


async def over(http: httpx.AsyncClient, sim: Simulator, made: httpx.Response) -> dict[str, Any]:
    assert made.status_code == 200, made.text
    await sim.world.jobs[made.json()["id"]].over.wait()
    said: dict[str, Any] = (await http.get(f"/v1/tasks/{made.json()['id']}")).json()
    return said


async def uploaded(http: httpx.AsyncClient, data: bytes) -> str:
    place = (await http.post("/v1/uploads", json={"filename": "a.png", "type": "ephemeral"})).json()
    sent = await http.post(place["uploadUrl"], data=place["fields"], files={"file": ("a.png", data, "image/png")})
    assert sent.status_code == 204
    return str(place["runwayUri"])


def test_a_task_says_at_most_and_then_exactly_what_it_costs() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        made = await http.post("/v1/text_to_image", json={**PAINT, "ratio": "1080:1920"})
        assert made.json()["estimatedCost"] == {"credits": 8}
        done = await over(http, sim, made)
        assert (done["status"], done["cost"]) == ("SUCCEEDED", {"credits": 8})
        assert (await http.get(done["output"][0])).headers["content-type"] == "image/png"
        assert sim.report()["billed"] == "0.08"

    play(story)


def test_an_address_ends_after_a_day_and_the_task_has_another() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        done = await over(http, sim, await http.post("/v1/text_to_image", json=PAINT))
        sim.world.clock.jump(49 * 3600.0)
        assert (await http.get(done["output"][0])).status_code == 403
        again = (await http.get(f"/v1/tasks/{done['id']}")).json()
        assert again["output"] != done["output"]
        assert (await http.get(again["output"][0])).status_code == 200
        forged = again["output"][0].partition("?")[0]
        assert (await http.get(forged)).status_code == 403

    play(story)


@pytest.mark.parametrize(
    ("work", "body", "field"),
    [
        ("text_to_image", {**PAINT, "model": "gen2"}, "model"),
        ("text_to_image", {**PAINT, "promptText": ""}, "promptText"),
        ("text_to_image", {**PAINT, "ratio": "16:9"}, "ratio"),
        ("text_to_image", {**PAINT, "seed": -1}, "seed"),
        ("text_to_image", {**PAINT, "model": "gen4_image_turbo"}, "referenceImages"),
        ("text_to_image", {**PAINT, "referenceImages": [{"uri": "runway://x"}] * 4}, "referenceImages"),
        ("text_to_image", {**PAINT, "referenceImages": ["runway://x"]}, "referenceImages"),
        ("image_to_video", {**TURBO, "promptImage": None}, "promptImage"),
        ("image_to_video", {**TURBO, "promptImage": [{"uri": "a", "position": "middle"}]}, "promptImage"),
        ("image_to_video", {**TURBO, "promptImage": [{"uri": "a", "position": "first"}] * 2}, "promptImage"),
        ("image_to_video", {**TURBO, "duration": 11}, "duration"),
        ("text_to_video", {"model": "gen4.5", "promptText": "a", "ratio": "1280:720"}, "duration"),
    ],
)
def test_what_the_types_refuse_is_refused_with_its_field(work: str, body: Any, field: str) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await http.post(f"/v1/{work}", json=body)
        assert (answer.status_code, answer.json()["issues"][0]["path"]) == (400, [field])
        assert sim.report()["accepted"] == 0

    play(story)


def test_a_film_is_made_of_what_was_uploaded_and_of_nothing_else() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        uri = await uploaded(http, png("a frame"))
        film = {**TURBO, "promptImage": uri, "duration": 5}
        done = await over(http, sim, await http.post("/v1/image_to_video", json=film))
        assert (done["status"], done["cost"]) == ("SUCCEEDED", {"credits": 25})
        lost = await over(http, sim, await http.post("/v1/image_to_video", json=TURBO))
        assert (lost["status"], lost["failureCode"], lost["cost"]) == ("FAILED", "ASSET.INVALID", {"credits": 0})
        sim.world.clock.jump(25 * 3600.0)
        gone = await over(http, sim, await http.post("/v1/image_to_video", json={**film, "seed": 1}))
        assert gone["failureCode"] == "ASSET.INVALID"

    play(story)


def test_an_upload_is_opened_by_its_form() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        assert (await http.post("/v1/uploads", json={"type": "ephemeral"})).status_code == 400
        place = (await http.post("/v1/uploads", json={"filename": "a.png", "type": "ephemeral"})).json()
        there, file = place["uploadUrl"], {"file": ("a.png", b"bytes", "image/png")}
        assert (await http.post(there, files=file)).status_code == 403
        assert (await http.post(there, data={**place["fields"], "policy": "forged"}, files=file)).status_code == 403
        assert sim.report()["uploads"] == 0

    play(story)


def test_too_many_at_once_wait_and_are_not_refused() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        ids = [(await http.post("/v1/text_to_image", json={**PAINT, "seed": one})).json()["id"] for one in range(2)]
        first, second = [(await http.get(f"/v1/tasks/{one}")).json() for one in ids]
        assert (first["status"], second["status"]) == ("RUNNING", "THROTTLED")
        assert second["estimatedCost"] == {"credits": 5}
        for id_, credits in ((ids[1], 0), (ids[0], 5)):
            assert (await http.delete(f"/v1/tasks/{id_}")).status_code == 204
            stopped = (await http.get(f"/v1/tasks/{id_}")).json()
            assert (stopped["status"], stopped["cost"]) == ("CANCELLED", {"credits": credits})
        assert sim.report()["billed"] == "0.05"

    play(story, time_scale=1.0, at_once=1)


def test_a_task_of_somebody_else_is_none() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        made = (await http.post("/v1/text_to_image", json=PAINT)).json()
        other = {"Authorization": "Bearer another"}
        assert (await http.get(f"/v1/tasks/{made['id']}", headers=other)).status_code == 404
        assert (await http.delete(f"/v1/tasks/{made['id']}", headers=other)).status_code == 404

    play(story)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Runway-Version": "2024-11-06"}, 401),
        ({"X-Runway-Version": "2024-11-06", "Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Bearer somebody"}, 400),
        ({"Authorization": "Bearer somebody", "X-Runway-Version": "2020-01-01"}, 400),
    ],
)
def test_a_key_and_a_version_are_needed(headers: Any, status: int) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        assert (await http.post("/v1/text_to_image", json=PAINT)).status_code == status
        assert (await http.get("/v1/organization")).status_code == status
        assert sim.report()["accepted"] == 0

    play(story, headers=headers)


def test_an_empty_account_is_told_so() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await http.post("/v1/text_to_image", json=PAINT)
        assert (answer.status_code, answer.json()["error"]) == (400, "You do not have enough credits to run this task.")

    play(story, "no-money")
