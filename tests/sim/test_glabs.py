"""The simulated webhook of G-Labs: as lenient, as forgetful and as exact about stopping as the application."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
import pytest
from tests.sim.near import SMALL

from rushes.sim.faults import fault_from_text
from rushes.sim.simulator import Simulator
from rushes.testing.media import png

T = TypeVar("T")
FRAME = base64.b64encode(png("a frame")).decode()


class Near:
    """A client of the webhook."""

    def __init__(self, sim: Simulator, http: httpx.AsyncClient) -> None:
        self.sim, self.http, self.base = sim, http, f"{sim.url}/glabs"

    async def generate(self, kind: str = "image", **body: Any) -> httpx.Response:
        return await self.http.post(f"{self.base}/api/{kind}/generate", json={"prompt": "a fox", **body})

    async def get(self, path: str) -> Any:
        return (await self.http.get(f"{self.base}{path}")).json()

    async def over(self, answer: httpx.Response) -> dict[str, Any]:
        """What is said of a task when it is over."""
        id_ = answer.json()["task_id"]
        await self.sim.world.jobs[f"glabs/{id_}"].over.wait()
        return dict(await self.get(f"/api/status/{id_}"))


def simulated(story: Callable[[Near], Awaitable[T]], *faults: str, **options: Any) -> T:
    async def play() -> T:
        active = [fault_from_text(one) for one in faults]
        headers = {"X-API-Key": "somebody"}
        async with Simulator(faults=active, **{**SMALL, **options}) as sim, httpx.AsyncClient(headers=headers) as http:
            return await story(Near(sim, http))

    return asyncio.run(play())


def test_a_picture_from_the_first_request_to_its_bytes() -> None:
    async def story(near: Near) -> None:
        answer = await near.generate(model="nano_banana_2", aspect_ratio="9:16")
        said = answer.json()
        assert (answer.status_code, len(said["task_id"]), said["status"]) == (202, 8, "pending")
        assert said["poll_url"] == f"/api/status/{said['task_id']}"
        over = await near.over(answer)
        assert (over["status"], over["type"], over["prompt"]) == ("completed", "image", "a fox")
        (url,) = over["results"]
        assert "/api/files/" in url and "/" not in url.rpartition("/api/files/")[2]
        files = await near.http.get(url, headers={"X-API-Key": ""})
        assert files.content.startswith(b"\x89PNG")
        assert (await near.http.get(f"{near.base}/api/files/none.png")).json() == {"error": "File not found: none.png"}

    simulated(story)


@pytest.mark.parametrize(
    ("kind", "body", "files"),
    [
        ("image", {"upscale": ["2K", "4K"]}, 2),
        ("image", {"upscale": ["8K"]}, 1),
        ("image", {"model": "no_such_model", "aspect_ratio": "5:1"}, 1),
        ("image", {"reference_images": [FRAME, {"data": f"data:image/png;base64,{FRAME}", "name": "a"}, "x", 5]}, 1),
        ("video", {"model": "veo_31_fast", "resolution": ["720p", "1080p"]}, 2),
        ("video", {"model": "veo_31_fast", "mode": "no-such-mode", "reference_images": [FRAME]}, 1),
        ("video", {"model": "omni_flash", "mode": "start_end_image", "reference_images": [FRAME, FRAME]}, 1),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_it_does_not_know_falls_back_without_a_word(kind: str, body: dict[str, Any], files: int) -> None:
    async def story(near: Near) -> Any:
        return await near.over(await near.generate(kind, **body))

    said = simulated(story)
    assert (said["status"], len(said.get("results", ()))) == ("completed", files), said


def test_a_task_without_words_or_pictures_fails_as_a_task() -> None:
    async def story(near: Near) -> None:
        for kind, body, says in (
            ("image", {"prompt": ""}, "Missing required field: prompt"),
            ("video", {"model": "veo_31_fast", "mode": "start_image"}, "reference_images required"),
        ):
            said = await near.over(await near.generate(kind, **body))
            assert (said["status"], said["error_code"]) == ("failed", 0)
            assert said["error"].startswith(says)

    simulated(story)


def test_what_is_wrong_with_a_request_is_said_at_once() -> None:
    async def story(near: Near) -> None:
        post = near.http.post
        assert (await near.generate("video")).json()["error"].startswith("MISSING_MODEL")
        assert (await post(f"{near.base}/api/image/generate", content=b"")).json() == {"error": "Empty body"}
        assert (await post(f"{near.base}/api/image/generate", content=b"[]")).status_code == 400
        assert (await post(f"{near.base}/api/none/generate", json={})).status_code == 404
        nobody = await near.http.get(f"{near.base}/api/tasks", headers={"X-API-Key": ""})
        assert (nobody.status_code, nobody.json()) == (401, {"error": "Invalid or missing API key"})
        health = await near.http.get(f"{near.base}/api/health/", headers={"X-API-Key": ""})
        assert health.json()["server"] == "G-Labs Webhook"
        assert near.sim.report()["accepted"] == 0

    simulated(story)


def test_the_list_is_newest_first_and_cuts_prompts() -> None:
    async def story(near: Near) -> None:
        for number in range(52):
            await near.generate(prompt=f"{number} " + "x" * 60)
        tasks = (await near.get("/api/tasks"))["tasks"]
        assert len(tasks) == 50
        assert tasks[0]["prompt"] == ("51 " + "x" * 60)[:50]
        assert (await near.get(f"/api/status/{tasks[0]['task_id']}"))["prompt"] == "51 " + "x" * 60
        assert (await near.get("/api/status/ffffffff"))["error"] == "Task ffffffff not found"

    simulated(story, at_once=1, time_scale=1.0)


def test_tasks_are_stopped_one_or_all() -> None:
    async def story(near: Near) -> None:
        ids = [(await near.generate(prompt=f"fox {number}")).json()["task_id"] for number in range(3)]
        said = (await near.http.post(f"{near.base}/api/stop/{ids[1]}")).json()
        assert said == {"stopped": [ids[1]], "skipped": [], "count": 1}
        again = (await near.http.post(f"{near.base}/api/stop/{ids[1]}")).json()
        assert again == {"stopped": [], "skipped": [ids[1]], "count": 0}
        over = await near.get(f"/api/status/{ids[1]}")
        assert (over["error_code"], over["error"]) == (499, "STOPPED_BY_CLIENT")
        assert "error" not in await near.get(f"/api/result/{ids[1]}")
        assert (await near.http.post(f"{near.base}/api/stop")).json()["stopped"] == [ids[0], ids[2]]
        assert (await near.http.post(f"{near.base}/api/stop/none")).status_code == 404

    simulated(story, at_once=1, time_scale=1.0)


@pytest.mark.parametrize(("fault", "code"), [("refused=1", 400), ("failed=1", 500)])
def test_a_task_that_fails_has_a_number(fault: str, code: int) -> None:
    async def story(near: Near) -> Any:
        return await near.over(await near.generate())

    assert simulated(story, fault)["error_code"] == code
