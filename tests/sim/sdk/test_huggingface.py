"""huggingface-hub 2.4.0, unmodified, as a client of the simulator; our adapter sends what it sends."""

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
from rushes.model.request import Request
from rushes.providers.huggingface import HuggingFace

SCHNELL, SDXL = "black-forest-labs/FLUX.1-schnell", "stabilityai/stable-diffusion-xl-base-1.0"
PIX2PIX = "timbrooks/instruct-pix2pix"
PICTURE = base64.b64encode(FRAME).decode()
OF_A_CLIENT = {"host", "user-agent", "accept-encoding", "connection", "content-length", "x-amzn-trace-id"}


@pytest.fixture
def huggingface(stage: Stage, processes: Callable[..., Side]) -> Side:
    return processes("huggingface")


def test_pictures_are_made_and_changed(huggingface: Side) -> None:
    assert huggingface.do("paint", prompt="a fox", model=SCHNELL, width=96, height=64) == [96, 64]
    assert huggingface.do("change", image=PICTURE, prompt="in ink", model=PIX2PIX)
    assert huggingface.do("whoami") == "somebody"


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({"key": "wrong"}, 401, "Invalid username or password"),
        ({"num_inference_steps": 0}, 400, "num_inference_steps"),
    ],
)
def test_a_refusal_reaches_the_sdk_as_it_is(huggingface: Side, given: dict[str, Any], status: int, words: str) -> None:
    with pytest.raises(Raised) as raised:
        huggingface.do("paint", prompt="a fox", model=SCHNELL, **given)
    assert raised.value.facts["status"] == status
    assert words in raised.value.facts["says"]


@pytest.mark.parametrize("fault", ["429", "500", "close-after"])
def test_the_sdk_buys_nothing_twice_by_itself(huggingface: Side, stage: Stage, fault: str) -> None:
    def count() -> tuple[int, int]:
        said = stage.report()
        return said["submissions"], len(said["duplicates"])

    posts, duplicates = count()
    stage.faults({"what": fault, "place": "submit", "first": 2})
    with pytest.raises(Raised):
        huggingface.do("paint", prompt=f"lost by {fault}", model=SCHNELL, width=64, height=64)
    assert count() == (posts + 1, duplicates)


def said(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that say something about what is asked; the two have keys of their own."""
    return {name: value.replace(KEY, "simulated") for name, value in headers.items() if name not in OF_A_CLIENT}


def mine(folder: Path, request: Request) -> Sent:
    """The request of our adapter."""
    with in_the_open(folder) as opened:
        adapter = HuggingFace(access("huggingface", f"{opened.url}/huggingface", simulated=False))

        async def run() -> None:
            try:
                await adapter.submit(request, context(folder))
            finally:
                await adapter.close()

        asyncio.run(run())
        (sent,) = opened.sent()
        return sent


def its(stage: Stage, words: str) -> Sent:
    """The one paid request of the SDK with these words; what was sent is listed by connections, not by time."""
    (sent,) = [one for one in stage.sent() if one.method == "POST" and words.encode() in one.body]
    return sent


def same(one: Sent, other: Sent) -> None:
    assert (one.method, one.target) == (other.method, f"/huggingface{other.target}")
    assert one.json == other.json
    assert said(one.headers) == said(other.headers)


def test_a_picture_is_asked_for_as_the_sdk_asks(huggingface: Side, stage: Stage, tmp_path: Path) -> None:
    params = {"size": "96x64", "num_inference_steps": 20, "negative_prompt": "blur", "guidance_scale": 7.5}
    offline = HuggingFace(access("huggingface", None))
    request = request_of(asked(offline, "sdxl", Operation.TEXT_TO_IMAGE, "a fox on a wire", params))
    sent = mine(tmp_path, request)
    plain = {name: value for name, value in params.items() if name != "size"}
    huggingface.do("paint", prompt="a fox on a wire", model=SDXL, width=96, height=64, seed=request.seed, **plain)
    same(sent, its(stage, "a fox on a wire"))


def test_a_picture_is_changed_as_the_sdk_changes_it(huggingface: Side, stage: Stage, tmp_path: Path) -> None:
    offline = HuggingFace(access("huggingface", None))
    params, inputs = {"guidance_scale": 5.5}, {"image": (FRAME_ARTIFACT,)}
    request = request_of(asked(offline, "instruct_pix2pix", Operation.IMAGE_TO_IMAGE, "in wired ink", params, inputs))
    sent = mine(tmp_path, request)
    huggingface.do("change", image=PICTURE, prompt="in wired ink", model=PIX2PIX, guidance_scale=5.5)
    same(sent, its(stage, "in wired ink"))
