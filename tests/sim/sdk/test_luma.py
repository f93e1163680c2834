"""luma-agents 0.5.0, unmodified, as a client of the simulator; our adapter sends what it sends."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import FRAME, FRAME_ARTIFACT, KEY, access, asked, context, request_of
from tests.sim.sdk.recorded import Sent
from tests.sim.sdk.side import Raised, Side
from tests.sim.sdk.stage import Stage, in_the_open

from rushes.model.operation import Operation
from rushes.plugin.provider import Pending
from rushes.providers.luma import Luma

PICTURE = {"data": base64.b64encode(FRAME).decode(), "media_type": "image/png"}
FILM = {"duration": "5s", "resolution": "360p"}


@pytest.fixture
def luma(stage: Stage, processes: Callable[..., Side]) -> Side:
    return processes("luma")


def test_a_picture_and_a_film_are_made_and_fetched(luma: Side) -> None:
    picture = luma.do("watch", prompt="a lighthouse", model="uni-1", type="image", aspect_ratio="9:16")
    assert (picture["state"], picture["type"], picture["model"]) == ("completed", "image", "uni-1")
    assert picture["files"][0]["type"] == "image/png" and picture["files"][0]["size"] > 1000
    film = luma.do("watch", prompt="she turns", model="ray-3.2", type="video", video={**FILM, "start_frame": PICTURE})
    assert (film["state"], film["files"][0]["type"]) == ("completed", "video/mp4")


def test_files_are_listed(luma: Side) -> None:
    assert luma.do("files") == 0


@pytest.mark.parametrize(
    ("given", "kind", "status", "detail"),
    [
        ({"model": "uni-0"}, "BadRequestError", 400, "Unknown model: uni-0"),
        ({"type": "image_edit"}, "BadRequestError", 400, "source is required for type 'image_edit'"),
        ({"key": "wrong"}, "AuthenticationError", 401, "Invalid API key"),
    ],
)
def test_a_refusal_reaches_the_sdk_as_it_is(
    luma: Side, given: dict[str, Any], kind: str, status: int, detail: str
) -> None:
    with pytest.raises(Raised) as raised:
        luma.do("create", prompt="a fox", **given)
    assert (raised.value.kind, raised.value.facts["status"]) == (kind, status)
    assert raised.value.facts["body"] == {"detail": detail}


def test_a_refused_prompt_is_a_failed_generation(luma: Side, stage: Stage) -> None:
    stage.faults({"what": "refused"})
    failed = luma.do("watch", prompt="not nice", model="uni-1")
    assert (failed["state"], failed["failure_code"], failed["output"]) == ("failed", "content_moderated", [])


def test_the_sdk_buys_twice_by_itself_when_an_answer_is_lost(luma: Side, stage: Stage) -> None:
    stage.faults({"what": "close-after", "place": "submit", "first": 1})
    before = stage.report()
    luma.do("create", prompt="bought twice", model="uni-1")
    after = stage.report()
    assert after["accepted"] - before["accepted"] == 2
    assert len(after["duplicates"]) - len(before["duplicates"]) == 1
    stage.faults({"what": "close-after", "place": "submit"})
    with pytest.raises(Raised):
        luma.do("create", prompt="bought once", model="uni-1", retries=0)
    assert stage.report()["accepted"] - after["accepted"] == 1


OF_A_CLIENT = {"host", "user-agent", "accept", "accept-encoding", "connection", "content-length"}


def said(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that say something about what is asked."""
    return {
        name: value.replace(KEY, "simulated")
        for name, value in headers.items()
        if name not in OF_A_CLIENT and not name.startswith("x-stainless-")
    }


def both(luma: Side, stage: Stage, folder: Path, recipe: Callable[[Luma], Any], **asking: Any) -> tuple[Sent, Sent]:
    """The first requests of our adapter and of the SDK for one job, after it has run its course at ours."""
    with in_the_open(folder) as opened:
        adapter = Luma(access("luma", f"{opened.url}/luma", simulated=False))

        async def run() -> None:
            there = context(folder)
            try:
                told = await adapter.submit(request_of(recipe(adapter)), there)
                while isinstance(await adapter.poll(told.remote, there), Pending):
                    await there.sleep(0.5)
            finally:
                await adapter.close()

        asyncio.run(run())
        mine = opened.sent()
    before = len(stage.sent())
    luma.do("watch", **asking)
    its = stage.sent()[before:]
    asked_again = [next(one for one in many if one.method == "GET") for many in (mine, its)]
    ids = [one.path.rpartition("/")[2] for one in asked_again]
    assert asked_again[0].path.replace(ids[0], "ID") == "/luma" + asked_again[1].path.replace(ids[1], "ID")
    assert said(asked_again[0].headers) == said(asked_again[1].headers)
    return mine[0], next(one for one in its if one.method == "POST")


def test_a_picture_is_asked_for_as_the_sdk_asks(luma: Side, stage: Stage, tmp_path: Path) -> None:
    def recipe(adapter: Luma) -> Any:
        params = {"style": "manga", "web_search": True}
        return asked(adapter, "uni_1", Operation.IMAGE_TO_IMAGE, "in ink", params, {"image": (FRAME_ARTIFACT,)})

    mine, its = both(
        luma,
        stage,
        tmp_path,
        recipe,
        prompt="in ink",
        model="uni-1",
        type="image_edit",
        style="manga",
        web_search=True,
        source=PICTURE,
    )
    assert (mine.method, mine.target) == (its.method, f"/luma{its.target}")
    assert mine.json == its.json
    assert said(mine.headers) == said(its.headers)


def test_a_film_is_asked_for_as_the_sdk_asks(luma: Side, stage: Stage, tmp_path: Path) -> None:
    def recipe(adapter: Luma) -> Any:
        params = {"duration": 5, "resolution": "360p", "aspect_ratio": "9:16"}
        return asked(adapter, "ray_3_2", Operation.TEXT_TO_VIDEO, "a wave", params)

    film = {"prompt": "a wave", "model": "ray-3.2", "type": "video", "aspect_ratio": "9:16", "video": FILM}
    mine, its = both(luma, stage, tmp_path, recipe, **film)
    assert (mine.method, mine.target) == (its.method, f"/luma{its.target}")
    assert mine.json == its.json
    assert said(mine.headers) == said(its.headers)
