"""What Hugging Face is asked, byte by byte, and what is made of its answers."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import FRAME, FRAME_ARTIFACT, KEY, access, asked, context, request_of
from tests.providers.wire import Visit, serving

from rushes.errors import ErrorClass, RemoteError
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.model.request import Recipe, Request
from rushes.plugin.provider import Finished, Unknowable
from rushes.providers.huggingface import HuggingFace

T2I, I2I = Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_IMAGE
OFF = HuggingFace(access("huggingface", None))
ONE = (FRAME_ARTIFACT,)
JPEG = b"\xff\xd8\xff\xe0" + b"." * 64 + b"\xff\xd9"
WEBP = b"RIFF" + (4).to_bytes(4, "little") + b"WEBP"


def talk(tmp_path: Path, request: Request, body: bytes = FRAME, said: str = "image/png") -> tuple[Any, Visit]:
    """Submit; the answer is this body, called that."""

    async def script(visit: Visit) -> None:
        await visit.answer(200, body, f"content-type: {said}")

    async def run() -> tuple[Any, Visit]:
        async with serving(script) as wire:
            huggingface = HuggingFace(access("huggingface", wire.url, simulated=False))
            try:
                return await huggingface.submit(request, context(tmp_path)), wire.visits[0]
            finally:
                await huggingface.close()

    return asyncio.run(run())


def fox(alias: str = "flux_schnell", **params: Any) -> Recipe:
    return asked(OFF, alias, T2I, "a fox", params)


def test_a_picture_as_it_goes_over_the_wire(tmp_path: Path) -> None:
    params = {"aspect_ratio": "9:16", "steps": 30, "guidance_scale": 7.5, "negative_prompt": "blur"}
    request = request_of(fox("sdxl", **params))
    finished, visit = talk(tmp_path, request)
    assert isinstance(finished, Finished)
    lines = visit.head.decode().split("\r\n")
    assert lines[0] == "POST /hf-inference/models/stabilityai/stable-diffusion-xl-base-1.0 HTTP/1.1"
    assert {f"authorization: Bearer {KEY}", "Accept: image/png", "Content-Type: application/json"} <= set(lines)
    assert not any(line.lower().startswith("x-rushes") for line in lines)
    assert json.loads(visit.body) == {
        "inputs": "a fox",
        "parameters": {
            "width": 720,
            "height": 1280,
            "num_inference_steps": 30,
            "guidance_scale": 7.5,
            "negative_prompt": "blur",
            "seed": request.seed,
        },
    }


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({"aspect_ratio": "16:9"}, (1280, 720)),
        ({"size": "512x768"}, (512, 768)),
        ({"width": 640, "height": 480}, (640, 480)),
        ({}, (None, None)),
    ],
)
def test_every_way_to_ask_for_a_shape_is_a_width_and_a_height(
    params: dict[str, Any], size: tuple[int | None, int | None], tmp_path: Path
) -> None:
    _, visit = talk(tmp_path, request_of(fox(**params)))
    sent = json.loads(visit.body)["parameters"]
    assert (sent.get("width"), sent.get("height")) == size
    assert "size" not in sent


def test_a_picture_is_changed(tmp_path: Path) -> None:
    recipe = asked(OFF, "instruct_pix2pix", I2I, "in ink", {"guidance_scale": 5}, {"image": ONE})
    _, visit = talk(tmp_path, request_of(recipe))
    assert visit.path == "/hf-inference/models/timbrooks/instruct-pix2pix"
    assert json.loads(visit.body) == {
        "inputs": base64.b64encode(FRAME).decode(),
        "parameters": {"prompt": "in ink", "guidance_scale": 5},
    }


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (asked(OFF, "flux_schnell", T2I, ""), "needs a prompt"),
        (fox(num_inference_steps=0), "num_inference_steps"),
        (fox(aspect_ratio="wide"), "wide"),
        (fox(num_images=2), "num_images"),
        (asked(OFF, "flux_schnell", T2I, "a fox", {}, {"reference": ONE}), "reference"),
        (asked(OFF, "instruct_pix2pix", I2I, "in ink"), "needs image"),
        (asked(OFF, "instruct_pix2pix", I2I, "in ink", {}, {"image": ONE * 2}), "one picture"),
        (asked(OFF, "instruct_pix2pix", I2I, "in ink", {}, {"image": ONE, "mask": ONE}), "mask"),
    ],
)
def test_what_cannot_be_had_is_refused_before_anything_is_sent(recipe: Recipe, words: str) -> None:
    (problem,) = [one for one in OFF.validate(recipe) if one.severity is Severity.ERROR]
    assert words in problem.says, problem


def test_a_changed_picture_keeps_its_shape_and_says_so() -> None:
    (problem,) = OFF.validate(asked(OFF, "instruct_pix2pix", I2I, "in ink", {"aspect_ratio": "9:16"}, {"image": ONE}))
    assert problem.severity is Severity.WARNING
    assert "its input decides the shape" in problem.says


def test_nobody_knows_beforehand_what_it_costs() -> None:
    for alias in ("flux_schnell", "flux_dev", "sdxl"):
        assert OFF.estimate(fox(alias)).high is None


@pytest.mark.parametrize(
    ("body", "kind"), [(FRAME, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp")], ids=["png", "jpeg", "webp"]
)
def test_a_picture_is_what_its_bytes_say(body: bytes, kind: str, tmp_path: Path) -> None:
    finished, _ = talk(tmp_path, request_of(fox()), body, "application/octet-stream")
    (output,) = finished.outputs
    assert (output.media_type, output.data, finished.billed) == (kind, body, None)


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"", ""), (b'{"error": "x"}', "application/json"), (b"<html>", "text/html"), (b"GIF", "image/png")],
)
def test_an_answer_without_a_picture_is_unknown(body: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        talk(tmp_path, request_of(fox()), body, said)
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.UNKNOWN_OUTCOME, True)


@pytest.mark.parametrize(
    "body", [FRAME[:-12], FRAME[: len(FRAME) // 2], JPEG[:-2], WEBP[:-1]], ids=["end", "half", "jpeg", "webp"]
)
def test_a_picture_that_ends_early_is_unknown(body: bytes, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        talk(tmp_path, request_of(fox()), body)
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.UNKNOWN_OUTCOME, True)


def test_there_is_no_job_to_find(tmp_path: Path) -> None:
    assert isinstance(asyncio.run(OFF.reconcile(request_of(fox()), context(tmp_path))), Unknowable)


@pytest.mark.parametrize(("status", "kind"), [(401, ErrorClass.AUTH), (500, ErrorClass.TRANSIENT)])
def test_a_key_is_tried_for_nothing(status: int, kind: ErrorClass, tmp_path: Path) -> None:
    async def run(status: int) -> Visit:
        async def script(visit: Visit) -> None:
            await visit.answer(status, b'{"name": "me"}')

        async with serving(script) as wire:
            huggingface = HuggingFace(access("huggingface", wire.url))
            try:
                await huggingface.check_key(context(tmp_path))
            finally:
                await huggingface.close()
            return wire.visits[0]

    visit = asyncio.run(run(200))
    assert visit.head.startswith(b"GET /api/whoami-v2 ")
    with pytest.raises(RemoteError) as raised:
        asyncio.run(run(status))
    assert (raised.value.kind, raised.value.maybe_billed) == (kind, False)
