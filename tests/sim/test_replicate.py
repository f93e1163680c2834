"""Replicate as it is simulated: what it answers, what it refuses and in which words, and what its books say."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from PIL import Image

from rushes.sim.faults import fault_from_text
from rushes.sim.simulator import Simulator

SCHNELL, KLING = "black-forest-labs/flux-schnell", "kwaivgi/kling-v2.1"
Story = Callable[[httpx.AsyncClient, Simulator], Awaitable[None]]


def play(story: Story, *faults: str, key: str = "somebody", **options: Any) -> None:
    async def run() -> None:
        active = [fault_from_text(one) for one in faults]
        async with Simulator(seed=3, faults=active, **{"time_scale": 0.001, "most_side": 64, **options}) as sim:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            async with httpx.AsyncClient(base_url=f"{sim.url}/replicate", headers=headers) as http:
                await story(http, sim)

    asyncio.run(run())


async def create(http: httpx.AsyncClient, model: str = SCHNELL, *, headers: Any = None, **given: Any) -> httpx.Response:
    body = {"input": {"prompt": "a fox", **given}}
    return await http.post(f"/v1/models/{model}/predictions", json=body, headers=headers)


async def over(http: httpx.AsyncClient, sim: Simulator, made: httpx.Response) -> dict[str, Any]:
    assert made.status_code == 201, made.text
    await sim.world.jobs[made.json()["id"]].over.wait()
    said: dict[str, Any] = (await http.get(f"/v1/predictions/{made.json()['id']}")).json()
    return said


def test_a_prediction_shows_what_went_in_and_what_came_out() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        made = await create(http, seed=5, num_outputs=2, output_format="png", aspect_ratio="9:16")
        said = made.json()
        assert said["status"] in ("starting", "processing") and said["output"] is None and not said["data_removed"]
        done = await over(http, sim, made)
        assert (done["status"], done["error"], len(done["output"])) == ("succeeded", None, 2)
        pictures = [Image.open(io.BytesIO((await http.get(url)).content)) for url in done["output"]]
        assert all(one.height > one.width for one in pictures)
        assert pictures[0].tobytes() != pictures[1].tobytes()
        assert [one["billed"] for one in sim.report()["entries"]] == ["0.006"]

    play(story)


def test_after_an_hour_nothing_is_left_but_the_fact() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        done = await over(http, sim, await create(http))
        sim.world.clock.jump(2 * 3600.0)
        assert (await http.get(done["output"][0])).status_code == 404
        later = (await http.get(f"/v1/predictions/{done['id']}")).json()
        assert (later["status"], later["data_removed"], later["input"], later["output"]) == (
            "succeeded",
            True,
            {},
            None,
        )

    play(story)


@pytest.mark.parametrize(
    ("model", "body", "says"),
    [
        (SCHNELL, {}, "input is required"),
        (SCHNELL, {"input": {}}, "input.prompt is required"),
        (SCHNELL, {"input": {"prompt": "a", "num_inference_steps": 9}}, "num_inference_steps"),
        (KLING, {"input": {"prompt": "a"}}, "input.start_image is required"),
    ],
)
def test_what_the_schema_refuses_is_refused(model: str, body: Any, says: str) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await http.post(f"/v1/models/{model}/predictions", json=body)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["title"] == "Input validation failed" and says in answer.json()["detail"]
        assert (sim.report()["accepted"], sim.report()["billed"]) == (0, "0")

    play(story)


def test_a_file_that_was_not_uploaded_here_fails_the_prediction() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        done = await over(http, sim, await create(http, KLING, start_image="https://elsewhere.example/a.png"))
        assert done["status"] == "failed" and "not uploaded here" in done["error"]
        assert sim.report()["billed"] == "0"

    play(story)


def test_a_deadline_stops_what_runs_and_aborts_what_waits() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        frame = {"start_image": "data:image/png;base64,AAAA", "prompt": "a"}
        made = [(await create(http, KLING, headers={"Cancel-After": "90s"}, **frame)).json() for _ in range(2)]
        sim.world.clock.jump(91.0)
        last, first = [(await http.get(f"/v1/predictions/{one['id']}")).json()["status"] for one in reversed(made)]
        assert (first, last) == ("canceled", "aborted")
        assert [one["billed"] for one in sim.report()["entries"]].count("0") == 1, "what ran is paid for"

    play(story, time_scale=1.0, at_once=1)


@pytest.mark.parametrize(("text", "jump", "late"), [("1m30s", 89.0, False), ("2h", 7201.0, True), ("30", 31.0, True)])
def test_deadlines_are_written_in_several_ways(text: str, jump: float, late: bool) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        frame = {"start_image": "data:image/png;base64,AAAA", "prompt": "a"}
        made = (await create(http, KLING, headers={"Cancel-After": text}, **frame)).json()
        sim.world.clock.jump(jump)
        ended = (await http.get(f"/v1/predictions/{made['id']}")).json()["status"]
        assert (ended == "canceled") == late

    play(story, time_scale=1.0)


def test_the_list_is_paged_by_a_hundred_newest_first_and_from_a_moment_on() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        ids = [(await create(http, seed=number)).json()["id"] for number in range(101)]
        page = (await http.get("/v1/predictions")).json()
        assert [one["id"] for one in page["results"]] == ids[:0:-1] and page["previous"] is None
        rest = (await http.get(page["next"])).json()
        assert [one["id"] for one in rest["results"]] == ids[:1] and rest["next"] is None
        late = (await http.get("/v1/predictions", params={"created_after": "2100-01-01T00:00:00Z"})).json()
        assert late["results"] == []
        others = (await http.get("/v1/predictions", headers={"Authorization": "Bearer another"})).json()
        assert others["results"] == []

    play(story)


def test_files_are_kept_for_a_day_and_belong_to_whoever_asks() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        made = await http.post("/v1/files", files={"content": ("a.png", b"bytes", "image/png")})
        assert made.status_code == 201 and made.json()["size"] == 5
        there = made.json()["urls"]["get"]
        assert (await http.get(there)).json()["content_type"] == "image/png"
        assert (await http.post("/v1/files", content=b"no form")).status_code == 422
        sim.world.clock.jump(25 * 3600.0)
        assert (await http.get(there)).status_code == 404
        assert (await http.delete(there)).status_code == 404

    play(story)


def test_whoever_has_no_key_or_a_wrong_one_gets_nothing() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        assert (await create(http)).status_code == 401
        assert (await http.get("/v1/account")).json()["title"] == "Unauthenticated"
        assert sim.report()["accepted"] == 0

    play(story, key="")
    play(story, key="wrong")


def test_an_empty_account_is_asked_to_pay() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await create(http)
        assert (answer.status_code, answer.json()["title"]) == (402, "Insufficient credit")

    play(story, "no-money")
