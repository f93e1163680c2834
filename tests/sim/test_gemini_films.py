"""Films and files of the simulated Gemini, request by request."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rushes.sim.simulator import Simulator
from rushes.testing.media import png

T = TypeVar("T")
OMNI, VEO = "gemini-omni-1.1-flash", "veo-3.1-lite-generate-preview"
SMALL: dict[str, Any] = {"time_scale": 0.001, "most_side": 64}
KEY = {"x-goog-api-key": "simulated"}
FRAME = base64.b64encode(png("frame")).decode()


def asked(prompt: Any = "a fox", **format_: Any) -> dict[str, Any]:
    film = {"type": "video", "delivery": "uri", "duration": "3s", "resolution": "360p", **format_}
    return {"model": OMNI, "input": prompt, "background": True, "response_format": [film]}


def played(story: Callable[[httpx.AsyncClient, Simulator], Awaitable[T]]) -> T:
    async def play() -> T:
        async with Simulator(seed=3, **SMALL) as sim, httpx.AsyncClient(headers=KEY, timeout=30) as http:
            http.base_url = httpx.URL(f"{sim.url}/gemini")
            return await story(http, sim)

    return asyncio.run(play())


def posted(body: Any, path: str = "/v1/interactions") -> tuple[httpx.Response, dict[str, Any]]:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> tuple[httpx.Response, dict[str, Any]]:
        return await http.post(path, json=body), sim.report()

    return played(story)


async def over(http: httpx.AsyncClient, sim: Simulator, id_: str) -> dict[str, Any]:
    await sim.world.jobs[id_].over.wait()
    return dict((await http.get(f"/v1/interactions/{id_}")).json())


def test_a_film_needs_the_key_and_belongs_to_whom_it_was_sold() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> list[int]:
        id_ = (await http.post("/v1/interactions", json=asked())).json()["id"]
        said = await over(http, sim, id_)
        (film,) = said["steps"][0]["content"]
        stranger = {"x-goog-api-key": "another"}
        return [
            (await http.get(film["uri"])).status_code,
            (await httpx.AsyncClient().get(film["uri"])).status_code,
            (await http.get(f"/v1/interactions/{id_}", headers=stranger)).status_code,
            (await http.post(f"/v1/interactions/{id_}/cancel", headers=stranger)).status_code,
            (await http.post(f"/v1/interactions/{id_}/cancel")).status_code,
            (await http.get("/v1/interactions/nobodys")).status_code,
        ]

    assert played(story) == [200, 403, 400, 400, 400, 400]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({**asked(), "colour": "red"}, "Unknown parameter 'colour'"),
        ({**asked(), "response_format": []}, "makes videos"),
        ({**asked(), "response_format": [{"type": "text"}]}, "makes videos"),
        (asked(duration=3), "response_format.duration"),
        (asked([{"type": "image", "data": "%", "mime_type": "image/png"}]), "neither data nor a file"),
        (asked([{"type": "image", "data": FRAME, "mime_type": "video/mp4"}]), "'input'"),
        (asked([{"type": "audio", "data": FRAME, "mime_type": "audio/wav"}]), "'input'"),
        (asked([{"type": "image", "uri": "https://a.example/v1/files/a", "mime_type": "image/png"}]), "neither data"),
        ({**asked(), "generation_config": {"video_config": {"task": "paint"}}}, "video_config.task"),
        ({**asked(), "generation_config": {"video_config": {"task": "edit"}}}, "needs an input of its kind"),
        ({"model": OMNI, "response_format": asked()["response_format"]}, "'input'"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_google_would_not_take_is_refused_in_its_words_and_not_bought(body: Any, says: str) -> None:
    answer, report = posted(body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "invalid_request")
    assert says in error["message"]
    assert (report["refused"], report["billed"]) == (1, "0")


def test_an_interaction_with_a_model_that_makes_no_films_is_not_found() -> None:
    answer, report = posted({**asked(), "model": "gemini-3.8-flash"})
    assert (answer.status_code, report["accepted"]) == (404, 0)


@pytest.mark.parametrize("wrap", [False, True])
def test_contents_are_taken_alone_and_inside_the_step_of_a_user(wrap: bool) -> None:
    contents = [{"type": "text", "text": "it runs"}, {"type": "image", "data": FRAME, "mime_type": "image/png"}]
    answer, report = posted(asked([{"type": "user_input", "content": contents}] if wrap else contents))
    assert (answer.status_code, report["accepted"]) == (200, 1)


def test_the_older_shape_answers_as_gateways_do() -> None:
    frame = {"bytesBase64Encoded": FRAME, "mimeType": "image/png"}
    body = {"instances": [{"prompt": "it runs", "image": frame}], "parameters": {"durationSeconds": 4}}

    async def story(http: httpx.AsyncClient, sim: Simulator) -> tuple[dict[str, Any], bytes, int]:
        path = f"/v1beta/models/{VEO}:predictLongRunning"
        name = (await http.post(path, json=body)).json()["name"]
        await sim.world.jobs[name.rpartition("/")[2]].over.wait()
        said = (await http.get(f"/v1beta/{name}")).json()
        uri = said["response"]["generateVideoResponse"]["generatedSamples"][0]["video"]["uri"]
        wrong = {"instances": [{"prompt": "x"}], "parameters": {"durationSeconds": 5}}
        return said, (await http.get(uri)).content, (await http.post(path, json=wrong)).status_code

    said, film, refused = played(story)
    assert said["done"] is True and film[4:8] == b"ftyp" and refused == 400


def test_an_upload_has_two_steps_and_a_place_that_needs_no_key() -> None:
    begin = {
        "x-goog-upload-protocol": "resumable",
        "x-goog-upload-command": "start",
        "x-goog-upload-header-content-type": "image/png",
    }
    send = {"x-goog-upload-command": "upload, finalize", "x-goog-upload-offset": "0"}

    async def story(http: httpx.AsyncClient, sim: Simulator) -> tuple[Any, ...]:
        place = (await http.post("/upload/v1/files", headers=begin)).headers["x-goog-upload-url"]
        async with httpx.AsyncClient() as anybody:
            wrong = await anybody.post(place, headers={**send, "x-goog-upload-offset": "5"}, content=b"x")
            right = await anybody.post(place, headers=send, content=png("frame"))
        file = right.json()["file"]
        image = {"type": "image", "uri": file["uri"], "mime_type": "image/png"}
        film = await http.post("/v1/interactions", json=asked([image, {"type": "text", "text": "it runs"}]))
        there = await http.get(file["uri"])
        gone = await http.get("/v1/files/nobodys")
        return wrong.status_code, file["state"], film.status_code, there.json()["name"], gone.status_code

    wrong, state, film, name, gone = played(story)
    assert (wrong, state, film, name[:6], gone) == (400, "ACTIVE", 200, "files/", 403)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
FIELDS = st.sampled_from(["input", "response_format", "generation_config", "instances", "parameters", "model"])


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(FIELDS, JSON), st.booleans())
def test_any_body_ends_in_a_result_or_a_refusal(body: dict[str, Any], older: bool) -> None:
    path = f"/v1beta/models/{VEO}:predictLongRunning" if older else "/v1/interactions"
    answer, _ = posted({**asked(), **body} if not older else body, path)
    assert answer.status_code in (200, 400, 404)
