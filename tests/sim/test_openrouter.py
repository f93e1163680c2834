"""OpenRouter's protocol in the simulator: what it takes, what it refuses, and what its answers say that it cost."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rushes.sim.faults import fault_from_text
from rushes.sim.simulator import Simulator
from rushes.testing.media import png

T = TypeVar("T")
STILL, FILM, WRITER = "google/gemini-3.1-flash-image", "google/veo-3.1", "google/gemini-3.1-flash-lite"
SMALL: dict[str, Any] = {"time_scale": 0.001, "most_side": 64}
PART = {
    "type": "image_url",
    "image_url": {"url": f"data:image/png;base64,{base64.b64encode(png('frame')).decode()}"},
}


def played(story: Callable[[httpx.AsyncClient, Simulator], Awaitable[T]], *faults: str) -> T:
    async def play() -> T:
        async with Simulator(seed=3, faults=[fault_from_text(one) for one in faults], **SMALL) as sim:
            base, headers = f"{sim.url}/openrouter/api/v1", {"Authorization": "Bearer simulated"}
            async with httpx.AsyncClient(base_url=base, headers=headers, timeout=30) as http:
                return await story(http, sim)

    return asyncio.run(play())


def posted(path: str, body: Any, *faults: str) -> tuple[httpx.Response, dict[str, Any]]:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> tuple[httpx.Response, dict[str, Any]]:
        return await http.post(path, json=body), sim.report()

    return played(story, *faults)


def words(text: Any = "a storm", **more: Any) -> dict[str, Any]:
    return {"model": WRITER, "messages": [{"role": "user", "content": text}], **more}


def test_what_an_answer_says_that_it_cost_is_what_the_books_say() -> None:
    for path, body in (("/images", {"model": STILL, "prompt": "a fox"}), ("/chat/completions", words())):
        answer, report = posted(path, body)
        assert answer.status_code == 200
        assert f"{answer.json()['usage']['cost']:.7f}" == f"{float(report['billed']):.7f}"
        assert float(report["billed"]) > 0


def test_a_longer_question_costs_more_and_an_answer_has_an_end() -> None:
    short, long = (posted("/chat/completions", words("storm " * many))[0].json()["usage"] for many in (1, 400))
    assert long["cost"] > short["cost"] and long["prompt_tokens"] > short["prompt_tokens"]
    answer, _ = posted("/chat/completions", words(max_tokens=3))
    (choice,) = answer.json()["choices"]
    assert (choice["finish_reason"], len(choice["message"]["content"])) == ("length", 12)


def test_a_film_belongs_to_whom_it_was_sold() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> list[int]:
        told = (await http.post("/videos", json={"model": FILM, "prompt": "a fox", "duration": 4})).json()
        before = (await http.get(f"/videos/{told['id']}/content")).status_code
        await sim.world.jobs[told["id"]].over.wait()
        said = (await http.get(f"/videos/{told['id']}")).json()
        stranger = {"Authorization": "Bearer another"}
        async with httpx.AsyncClient() as anybody:
            return [
                before,
                (await http.get(said["unsigned_urls"][0])).status_code,
                (await anybody.get(said["unsigned_urls"][0])).status_code,
                (await anybody.get(said["urls"][0])).status_code,
                (await http.get(f"/videos/{told['id']}", headers=stranger)).status_code,
                (await http.get(f"/videos/{told['id']}/content?index=1")).status_code,
            ]

    assert played(story) == [404, 200, 401, 200, 404, 404]


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("/images", {"model": "x/y", "prompt": "a"}, 400, "x/y is not a valid model ID"),
        ("/images", {"model": FILM, "prompt": "a"}, 400, "is not a valid model ID"),
        ("/images", {"model": STILL}, 400, "prompt"),
        ("/images", {"model": STILL, "prompt": "a", "aspect_ratio": "7:4"}, 400, "aspect_ratio"),
        ("/images", {"model": STILL, "prompt": "a", "input_references": 5}, 400, "input_references"),
        ("/images", {"model": STILL, "prompt": "a", "input_references": [{"type": "image_url"}]}, 400, "image_url"),
        ("/videos", {"model": FILM, "prompt": "a", "duration": 5}, 400, "duration"),
        ("/videos", {"model": FILM, "prompt": "a", "frame_images": [{**PART, "image_url": 5}]}, 400, "image_url"),
        ("/chat/completions", {"model": WRITER, "messages": []}, 400, "Input required"),
        ("/chat/completions", words([{"type": "image_url"}]), 400, "image_url"),
        ("/chat/completions", words(max_tokens=0), 400, "max_tokens"),
        ("/chat/completions", words(response_format={"type": "json_schema"}), 400, "response_format"),
        ("/nothing", {}, 404, "Not Found"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_openrouter_would_not_take_is_refused_and_not_bought(path: str, body: Any, status: int, says: str) -> None:
    answer, report = posted(path, body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, status)
    assert says in error["message"]
    assert report["billed"] == "0"


def test_a_refusal_says_why_and_one_that_was_charged_stands_in_a_200() -> None:
    refused, free = posted("/images", {"model": STILL, "prompt": "a"}, "refused")
    assert (refused.status_code, refused.json()["error"]["metadata"]["reasons"]) == (403, ["flagged"])
    assert free["billed"] == "0"
    charged, books = posted("/chat/completions", words(), "refused-billed")
    assert charged.json()["choices"][0]["finish_reason"] == "content_filter"
    assert float(books["billed"]) > 0


def test_a_key_can_be_looked_at_and_must_be_there() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> tuple[int, int, list[str]]:
        films = [one["id"] for one in (await http.get("/videos/models")).json()["data"]]
        none = await http.get("/key", headers={"Authorization": ""})
        return (await http.get("/key")).status_code, none.status_code, films

    assert played(story) == (200, 401, ["alibaba/wan-2.6", FILM])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
FIELDS = st.sampled_from(["prompt", "messages", "frame_images", "input_references", "response_format", "max_tokens"])


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(FIELDS, JSON), st.sampled_from([("/images", STILL), ("/chat/completions", WRITER)]))
def test_any_body_ends_in_a_result_or_a_refusal(body: dict[str, Any], where: tuple[str, str]) -> None:
    answer, _ = posted(where[0], {**body, "model": where[1]})
    assert answer.status_code in (200, 400)
