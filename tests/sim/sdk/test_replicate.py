"""replicate 1.0.7, unmodified, as a client of the simulator; our adapter sends what it sends."""

from __future__ import annotations

import asyncio
import io
import re
import time
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
from rushes.providers.replicate import Replicate
from rushes.testing.context import PlainContext
from rushes.testing.requests import artifact_of
from rushes.testing.subject import await_job

SCHNELL, GEN4 = "black-forest-labs/flux-schnell", "runwayml/gen4-image"


@pytest.fixture
def replicate(stage: Stage, processes: Callable[..., Side]) -> Side:
    return processes("replicate")


def size_of(replicate: Side, url: str) -> tuple[int, int]:
    picture = replicate.do("fetch", url=url)
    assert picture["status"] == 200
    with Image.open(io.BytesIO(bytes.fromhex(picture["hex"]))) as opened:
        return opened.size


def test_a_prediction_runs_and_a_list_comes_out(replicate: Side, stage: Stage) -> None:
    given = {"prompt": "an SDK asks", "aspect_ratio": "9:16", "num_outputs": 2, "output_format": "png"}
    done = replicate.do("watch", model=SCHNELL, given=given)
    assert (done["status"], done["model"], done["input"]) == ("succeeded", SCHNELL, given)
    assert done["metrics"]["predict_time"] > 0
    sizes = [size_of(replicate, url) for url in done["output"]]
    assert len(sizes) == 2 and all(height > width for width, height in sizes)
    (entry,) = [one for one in stage.entries(SCHNELL) if one["remote"] == done["id"]]
    assert (entry["billed"], entry["told"], entry["fetched"]) == ("0.006", True, True)


def test_a_model_that_gives_one_picture_gives_an_address(replicate: Side) -> None:
    url = replicate.do("run", model=GEN4, given={"prompt": "run waits for it", "resolution": "720p"})
    assert isinstance(url, str) and url.startswith("https://replicate.delivery/")
    assert size_of(replicate, url)


def test_versions_and_deployments_are_asked_at_their_own_addresses(replicate: Side, stage: Stage) -> None:
    before = len(stage.sent())
    assert replicate.do("create", version="5c7d5dc6dd8bf75c", given={"prompt": "a"})["version"]
    assert replicate.do("create", deployment="me/mine", given={"prompt": "a"})["id"]
    posts = [one.path for one in stage.sent()[before:] if one.method == "POST"]
    assert posts == ["/v1/predictions", "/v1/deployments/me/mine/predictions"]


def test_a_file_is_uploaded_and_read_by_a_model(replicate: Side, pictures: list[Path]) -> None:
    placed = replicate.do("upload", path=str(pictures[0]))
    assert placed["size"] == pictures[0].stat().st_size and placed["type"] == "image/png"
    done = replicate.do("watch", model=GEN4, given={"prompt": "in ink", "reference_images": [placed["url"]]})
    wide, high = size_of(replicate, done["output"])
    assert wide == 2 * high


def test_a_prediction_is_cancelled_and_found_in_the_list(replicate: Side) -> None:
    made = replicate.do("create", model=GEN4, given={"prompt": "stopped"})
    assert replicate.do("cancel", id_=made["id"])["status"] == "canceled"
    assert replicate.do("get", id_=made["id"])["status"] == "canceled"
    listed = replicate.do("listed")
    assert listed["first"][0]["id"] == made["id"] and listed["count"] >= len(listed["first"])


def test_a_model_publishes_its_inputs(replicate: Side) -> None:
    found = replicate.do("model", name=SCHNELL)
    assert found["name"] == SCHNELL
    assert "aspect_ratio" in found["schema"]["components"]["schemas"]["Input"]["properties"]


@pytest.mark.parametrize(
    ("given", "where", "status"),
    [
        ({}, {"model": SCHNELL}, 422),
        ({"prompt": "a", "aspect_ratio": "7:1"}, {"model": SCHNELL}, 422),
        ({"prompt": "a", "num_inference_steps": 9}, {"model": SCHNELL}, 422),
        ({"prompt": "a"}, {"model": SCHNELL, "key": "wrong"}, 401),
    ],
)
def test_a_refusal_reaches_the_sdk_as_it_is(replicate: Side, given: dict[str, Any], where: Any, status: int) -> None:
    with pytest.raises(Raised) as raised:
        replicate.do("create", given=given, **where)
    assert raised.value.kind == "ReplicateError"
    assert (raised.value.facts["status"], bool(raised.value.facts["detail"])) == (status, True)


def test_a_flagged_prompt_fails_in_the_words_of_the_service(replicate: Side, stage: Stage) -> None:
    stage.faults({"what": "refused", "rate": 1.0})
    with pytest.raises(Raised) as raised:
        replicate.do("run", model=SCHNELL, given={"prompt": "flagged"})
    assert raised.value.kind == "ModelError" and "(E005)" in raised.value.facts["error"]


@pytest.mark.parametrize("fault", ["429", "500", "close-after"])
def test_the_sdk_buys_nothing_twice_by_itself(replicate: Side, stage: Stage, fault: str) -> None:
    before = stage.report()["submissions"], len(stage.report()["duplicates"])
    stage.faults({"what": fault, "place": "submit", "first": 2})
    with pytest.raises(Raised):
        replicate.do("create", model=SCHNELL, given={"prompt": f"lost by {fault}"})
    assert (stage.report()["submissions"], len(stage.report()["duplicates"])) == (before[0] + 1, before[1])


def test_a_call_is_signed_so_that_the_sdk_believes_it(replicate: Side, stage: Stage) -> None:
    body = b'{"id":"x","status":"succeeded"}'
    true, false = stage.simulator.world.hooks._true, stage.simulator.world.hooks._false
    stamp = int(time.time())
    assert replicate.do("believes", headers=dict(true.standard("x", stamp, body)), body=body.decode())
    for headers in (false.standard("x", stamp, body), true.standard("x", stamp, body + b" ")):
        with pytest.raises(Raised) as raised:
            replicate.do("believes", headers=dict(headers), body=body.decode())
        assert raised.value.kind == "InvalidSignatureError"


def said(sent: Sent) -> dict[str, str]:
    """The headers that say something about what is asked; keys and the boundaries of forms are made up."""
    of_a_client = {"host", "user-agent", "accept", "accept-encoding", "connection", "content-length", "cancel-after"}
    shown = {name: value for name, value in sent.headers.items() if name not in of_a_client}
    shown["content-type"] = shown.get("content-type", "").partition(";")[0]
    return {**shown, "authorization": shown["authorization"].partition(" ")[0]}


def first(sent: list[Sent], method: str, path: str) -> Sent:
    """The first request of this kind; ours go through a relay that names the provider in its paths."""
    return next(one for one in sent if one.method == method and re.fullmatch(f"(/replicate)?{path}", one.path))


def test_the_adapter_sends_what_the_sdk_sends(
    replicate: Side, stage: Stage, pictures: list[Path], tmp_path: Path
) -> None:
    data = pictures[0].read_bytes()
    picture = artifact_of(Kind.IMAGE, data)
    with in_the_open(tmp_path) as opened:
        adapter = Replicate(access("replicate", f"{opened.url}/replicate", simulated=False))
        inputs = {"image": (picture,)}
        request = request_of(asked(adapter, "gen4", Operation.IMAGE_TO_IMAGE, "both ask", {"ratio": "9:16"}, inputs))

        async def run() -> None:
            there = PlainContext(tmp_path, {Digest(picture.digest): pictures[0]})
            try:
                told = await adapter.submit(request, there)
                await await_job(adapter, told.remote, there)
                await adapter.cancel(told.remote, there)
            finally:
                await adapter.close()

        asyncio.run(run())
        ours = opened.sent()

    before = len(stage.sent())
    url = replicate.do("upload", path=str(pictures[0]))["url"]
    given = {"prompt": "both ask", "aspect_ratio": "9:16", "seed": request.seed, "reference_images": [url]}
    done = replicate.do("watch", model=GEN4, given=given)
    replicate.do("cancel", id_=done["id"])
    theirs = stage.sent()[before:]

    file, asking, question, stop = (
        r"/v1/files",
        rf"/v1/models/{GEN4}/predictions",
        r"/v1/predictions/[\w-]+",
        r".*/cancel",
    )
    for method, path in (("POST", file), ("POST", asking), ("GET", question), ("POST", stop)):
        assert said(first(ours, method, path)) == said(first(theirs, method, path))
    assert all(first(sent, "POST", file).body.count(data) == 1 for sent in (ours, theirs))
    mine, its = (first(sent, "POST", asking).json for sent in (ours, theirs))
    names = [one["input"].pop("reference_images")[0].rpartition("/v1/files/")[2] for one in (mine, its)]
    assert names[0] == names[1] and mine == its
