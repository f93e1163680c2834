"""runwayml 5.24.0, unmodified, as a client of the simulator; our adapter sends what it sends."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.providers.rig import access, asked, request_of
from tests.sim.sdk.recorded import Sent
from tests.sim.sdk.side import Raised, Side
from tests.sim.sdk.stage import Stage, in_the_open

from rushes.model.ids import Digest
from rushes.model.media import Kind
from rushes.model.operation import Operation
from rushes.providers.runway import Runway
from rushes.testing.context import PlainContext
from rushes.testing.requests import artifact_of

PAINT = {"model": "gen4_image", "ratio": "720:1280"}


@pytest.fixture
def runway(stage: Stage, processes: Callable[..., Side]) -> Side:
    return processes("runway")


def test_a_task_runs_and_says_what_it_has_cost(runway: Side, stage: Stage) -> None:
    done = runway.do("watch", work="text_to_image", given={**PAINT, "prompt_text": "an SDK asks", "seed": 5})
    assert (done["status"], done["cost"]) == ("SUCCEEDED", {"credits": 5})
    picture = runway.do("fetch", url=done["output"][0])
    with Image.open(io.BytesIO(bytes.fromhex(picture["hex"]))) as opened:
        assert opened.size == (720, 1280)
    (entry,) = [one for one in stage.entries("text_to_image/gen4_image") if one["remote"] == done["id"]]
    assert (entry["billed"], entry["told"], entry["fetched"]) == ("0.05", True, True)
    assert runway.do("wait", id_=done["id"])["output"]


def test_a_film_begins_and_ends_with_what_was_uploaded(runway: Side, pictures: list[Path]) -> None:
    first, last = [runway.do("upload", path=str(one)) for one in pictures]
    assert first.startswith("runway://") and first != last
    frames = [{"uri": first, "position": "first"}, {"uri": last, "position": "last"}]
    film = {"model": "veo3.1_fast", "prompt_image": frames, "ratio": "1280:720", "duration": 4, "prompt_text": "turn"}
    done = runway.do("watch", work="image_to_video", given=film)
    assert done["cost"] == {"credits": 60}
    assert runway.do("fetch", url=done["output"][0])["type"] == "video/mp4"


def test_a_task_is_cancelled_and_one_that_is_done_is_deleted(runway: Side) -> None:
    made = runway.do("create", work="text_to_image", given={**PAINT, "prompt_text": "stopped"})
    assert made["credits"] == 5
    runway.do("delete", id_=made["id"])
    assert runway.do("get", id_=made["id"])["status"] == "CANCELLED"
    done = runway.do("watch", work="text_to_image", given={**PAINT, "prompt_text": "deleted"})
    runway.do("delete", id_=done["id"])
    with pytest.raises(Raised) as raised:
        runway.do("get", id_=done["id"])
    assert raised.value.facts["status"] == 404


def test_an_organisation_has_limits(runway: Side) -> None:
    found = runway.do("organization")
    assert found["credit_balance"] > 0
    assert found["tier"]["models"]["gen4_image"]["max_concurrent_generations"] == 5


@pytest.mark.parametrize(
    ("given", "where", "field"),
    [
        ({**PAINT, "prompt_text": ""}, {}, "promptText"),
        ({**PAINT, "prompt_text": "a", "ratio": "7:1"}, {}, "ratio"),
        ({**PAINT, "prompt_text": "a", "model": "gen2"}, {}, "model"),
        ({**PAINT, "prompt_text": "a"}, {"key": "wrong"}, None),
    ],
)
def test_a_refusal_reaches_the_sdk_as_it_is(runway: Side, given: dict[str, Any], where: Any, field: str | None) -> None:
    with pytest.raises(Raised) as raised:
        runway.do("create", work="text_to_image", given=given, **where)
    told = raised.value.facts
    assert told["status"] == (401 if field is None else 400)
    assert field is None or told["body"]["issues"][0]["path"] == [field]


@pytest.mark.parametrize(
    ("fault", "code"), [("refused", "SAFETY.OUTPUT"), ("refused-billed", "SAFETY.INPUT"), ("failed", "INTERNAL")]
)
def test_a_failure_has_its_code_and_its_cost(runway: Side, stage: Stage, fault: str, code: str) -> None:
    stage.faults({"what": fault, "rate": 1.0})
    failed = runway.do("watch", work="text_to_image", given={**PAINT, "prompt_text": f"fails by {fault}"})
    assert failed["status"] == "FAILED" and failed["failure_code"].startswith(code)
    assert failed["cost"] == {"credits": 5 if fault == "refused-billed" else 0}
    with pytest.raises(Raised) as raised:
        runway.do("wait", id_=failed["id"])
    assert raised.value.kind == "TaskFailedError"


@pytest.mark.parametrize("fault", ["429", "500", "close-after"])
def test_what_the_sdk_repeats_by_itself_shows_in_the_books(runway: Side, stage: Stage, fault: str) -> None:
    def count() -> tuple[int, int]:
        return stage.report()["submissions"], len(stage.report()["duplicates"])

    posts, duplicates = count()
    stage.faults({"what": fault, "place": "submit", "first": 2})
    runway.do("create", work="text_to_image", given={**PAINT, "prompt_text": f"again after {fault}"})
    assert count() == (posts + 3, duplicates + (fault == "close-after")), (
        "what was lost on the way back is bought again"
    )
    stage.faults({"what": fault, "place": "submit", "first": 2})
    with pytest.raises(Raised):
        runway.do("create", work="text_to_image", given={**PAINT, "prompt_text": f"once, {fault}"}, tries=0)
    assert count()[0] == posts + 4


def said(sent: Sent) -> dict[str, str]:
    """The headers that say something about what is asked; keys and the boundaries of forms are made up."""
    of_a_client = {"host", "user-agent", "accept", "accept-encoding", "connection", "content-length"}
    shown = {
        name: value
        for name, value in sent.headers.items()
        if name not in of_a_client and not name.startswith("x-stainless-")
    }
    shown["content-type"] = shown.get("content-type", "").partition(";")[0] if sent.body else ""
    return {**shown, "authorization": shown.get("authorization", "").partition(" ")[0]}


def test_the_adapter_sends_what_the_sdk_sends(runway: Side, stage: Stage, pictures: list[Path], tmp_path: Path) -> None:
    data = pictures[0].read_bytes()
    picture = artifact_of(Kind.IMAGE, data)
    with in_the_open(tmp_path) as opened:
        adapter = Runway(access("runway", f"{opened.url}/runway", simulated=False))
        params = {"aspect_ratio": "9:16", "duration": "5s"}
        recipe = asked(adapter, "gen4_5", Operation.IMAGE_TO_VIDEO, "both ask", params, {"start_frame": (picture,)})
        request = request_of(recipe)

        async def run() -> None:
            there = PlainContext(tmp_path, {Digest(picture.digest): pictures[0]})
            try:
                told = await adapter.submit(request, there)
                await adapter.poll(told.remote, there)
                await adapter.cancel(told.remote, there)
            finally:
                await adapter.close()

        asyncio.run(run())
        ours = opened.sent()

    before = len(stage.sent())
    uri = runway.do("upload", path=str(pictures[0]))
    given = {"model": "gen4.5", "prompt_image": uri, "prompt_text": "both ask", "ratio": "720:1280", "duration": 5}
    task = runway.do("create", work="image_to_video", given={**given, "seed": request.seed})
    runway.do("get", id_=task["id"])
    runway.do("delete", id_=task["id"])
    theirs = stage.sent()[before:]

    for method, part in (
        ("POST", "/v1/uploads"),
        ("POST", "/store/"),
        ("POST", "/v1/image_to_video"),
        ("GET", "/v1/tasks/"),
        ("DELETE", "/v1/tasks/"),
    ):
        mine, its = (next(one for one in sent if one.method == method and part in one.path) for sent in (ours, theirs))
        assert said(mine) == said(its)
        if part == "/v1/uploads":
            assert mine.json.keys() == its.json.keys() and mine.json["type"] == its.json["type"]
        if part == "/store/":
            assert mine.body.count(data) == its.body.count(data) == 1
        if part == "/v1/image_to_video":
            assert {**mine.json, "promptImage": uri} == its.json
            assert mine.json["promptImage"].startswith("runway://")
