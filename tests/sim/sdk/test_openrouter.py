"""openrouter 1.3.84, unmodified, as a client of the simulator; and what our adapter sends for the same calls."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import FRAME, FRAME_ARTIFACT, access, asked, context, request_of
from tests.sim.sdk.recorded import Sent
from tests.sim.sdk.side import Raised, Side
from tests.sim.sdk.stage import Stage, in_the_open

from rushes.model.operation import Operation
from rushes.plugin.provider import Pending, Submitted
from rushes.providers.openrouter import OpenRouter

STILL, FILM, WRITER = "google/gemini-3.1-flash-image", "google/veo-3.1", "google/gemini-3.1-flash-lite"
URL = {"url": f"data:image/png;base64,{base64.b64encode(FRAME).decode()}"}
PART = {"type": "image_url", "image_url": URL}
OF_A_CLIENT = {"host", "user-agent", "accept", "accept-encoding", "connection", "content-length", "cookie"}


@pytest.fixture
def openrouter(stage: Stage, processes: Callable[..., Side]) -> Side:
    return processes("openrouter")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Stage]:
    with in_the_open(tmp_path) as stage:
        yield stage


def newest(stage: Stage, model: str, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    before = {(one["asked"], one["nth"]) for one in known}
    return [one for one in stage.entries(model) if (one["asked"], one["nth"]) not in before]


def test_a_picture_comes_and_says_what_it_cost(openrouter: Side, stage: Stage) -> None:
    known = stage.entries(STILL)
    answer = openrouter.do("picture", model=STILL, prompt="a lighthouse", aspect_ratio="9:16", resolution="1K")
    (picture,) = answer["data"]
    assert base64.b64decode(picture["b64_json"]).startswith(b"\x89PNG")
    assert answer["usage"]["cost"] == 0.067
    (entry,) = newest(stage, STILL, known)
    assert (entry["billed"], entry["told"], entry["fetched"]) == ("0.067", True, True)


def test_a_film_is_asked_about_and_fetched_in_both_ways(openrouter: Side, stage: Stage) -> None:
    frames = [{**PART, "frame_type": "first_frame"}]
    seen = openrouter.do("watch", model=FILM, prompt="it runs", duration=4, frame_images=frames)
    assert (seen["status"], seen["usage"]["cost"]) == ("completed", 2.0)
    assert seen["files"] == [{"type": "video/mp4", "head": b"ftyp".hex()}] * 2
    assert seen["polling_url"] == f"/api/v1/videos/{seen['id']}"


def test_a_text_fits_the_schema_that_was_asked_for(openrouter: Side) -> None:
    schema = {"type": "object", "properties": {"score": {"type": "integer", "minimum": 3, "maximum": 5}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
    content = [{"type": "text", "text": "is it red?"}, PART]
    answer = openrouter.do(
        "talk", model=WRITER, messages=[{"role": "user", "content": content}], response_format=wanted
    )
    (choice,) = answer["choices"]
    assert choice["finish_reason"] == "stop"
    assert 3 <= json.loads(choice["message"]["content"])["score"] <= 5
    assert answer["usage"]["cost"] > 0


@pytest.mark.parametrize(
    ("fault", "kind", "status"),
    [
        ("no-money", "PaymentRequiredResponseError", 402),
        ("429", "TooManyRequestsResponseError", 429),
        ("retired", "BadRequestResponseError", 400),
    ],
)
def test_refusals_are_the_errors_that_the_sdk_has_types_for(
    openrouter: Side, stage: Stage, fault: str, kind: str, status: int
) -> None:
    stage.faults({"what": fault, "seconds": 1} if fault == "429" else {"what": fault})
    with pytest.raises(Raised) as raised:
        openrouter.do("film", model=FILM, prompt=f"no {fault}", duration=4)
    assert (raised.value.kind, raised.value.facts["status"]) == (kind, status)


def test_the_books_show_what_the_sdk_buys_twice_after_a_500(openrouter: Side, stage: Stage) -> None:
    known = stage.entries(FILM)
    stage.faults({"what": "500-after", "first": 1, "place": "submit"})
    openrouter.do("film", model=FILM, prompt="bought twice", duration=4)
    assert [one["accepted"] for one in newest(stage, FILM, known)] == [True, True]


def test_a_dropped_connection_is_not_sent_again_by_the_sdk(openrouter: Side, stage: Stage) -> None:
    known = stage.entries(FILM)
    stage.faults({"what": "close-after", "place": "submit"})
    with pytest.raises(Raised):
        openrouter.do("film", model=FILM, prompt="bought once", duration=4)
    assert len(newest(stage, FILM, known)) == 1


def sent_by_us(opened: Stage, tmp_path: Path, alias: str, op: Operation, prompt: str, **params: Any) -> list[Sent]:
    """What our adapter sends for a request with one picture."""

    async def run() -> None:
        there = access("openrouter", f"{opened.url}/openrouter", "simulated", simulated=False)
        adapter, around = OpenRouter(there), context(tmp_path)
        role = "start_frame" if op is Operation.IMAGE_TO_VIDEO else "image"
        request = request_of(asked(adapter, alias, op, prompt, params, {role: (FRAME_ARTIFACT,)}))
        try:
            told = await adapter.submit(request, around)
            if isinstance(told, Submitted):
                while isinstance(await adapter.poll(told.remote, around), Pending):
                    await around.sleep(0.2)
        finally:
            await adapter.close()

    asyncio.run(run())
    return opened.sent()


def plain(one: Sent) -> tuple[str, str, dict[str, str]]:
    headers = {name: value for name, value in one.headers.items() if name not in OF_A_CLIENT}
    return one.method, one.path.removeprefix("/openrouter"), headers


def body(one: Sent) -> Any:
    return {name: value for name, value in one.json.items() if name != "seed"}


def test_a_film_goes_over_the_wire_as_the_sdk_sends_it(
    openrouter: Side, stage: Stage, opened: Stage, tmp_path: Path
) -> None:
    ours = sent_by_us(opened, tmp_path, "veo_3_1", Operation.IMAGE_TO_VIDEO, "it runs", duration=4, ratio="9:16")
    before = len(stage.sent())
    frames = [{**PART, "frame_type": "first_frame"}]
    seen = openrouter.do("watch", model=FILM, prompt="it runs", duration=4, aspect_ratio="9:16", frame_images=frames)
    theirs = stage.sent()[before:]
    assert plain(ours[0]) == plain(theirs[0])
    assert body(ours[0]) == body(theirs[0])
    mine, its = plain(ours[1]), plain(theirs[1])
    assert mine[0] == its[0] == "GET" and mine[2] == its[2]
    assert its[1] == f"/api/v1/videos/{seen['id']}" and mine[1].startswith("/api/v1/videos/")


def test_an_edited_picture_goes_over_the_wire_as_the_sdk_sends_it(
    openrouter: Side, stage: Stage, opened: Stage, tmp_path: Path
) -> None:
    (mine,) = sent_by_us(opened, tmp_path, "nano_banana_2_edit", Operation.IMAGE_TO_IMAGE, "in red", resolution="1k")
    before = len(stage.sent())
    openrouter.do("picture", model=STILL, prompt="in red", resolution="1K", input_references=[PART])
    (its,) = stage.sent()[before:]
    assert plain(mine) == plain(its)
    assert body(mine) == body(its)
