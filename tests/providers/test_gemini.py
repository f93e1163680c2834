"""What Gemini is asked, byte by byte, and what is made of its answers."""

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
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.plugin.provider import Finished, Unknowable
from rushes.providers.gemini.provider import Gemini

TEXT, EDIT = Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_IMAGE
OFF = Gemini(access("gemini", None))
PICTURE = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(b"\x89PNG").decode()}}


def answered(body: dict[str, Any], tmp_path: Path, recipe: Any = None) -> tuple[Finished, Visit]:
    async def script(visit: Visit) -> None:
        await visit.answer(200, json.dumps(body).encode())

    async def run() -> tuple[Finished, Visit]:
        async with serving(script) as wire:
            gemini = Gemini(access("gemini", wire.url, simulated=False))
            try:
                asking = recipe or asked(gemini, "nano_banana_2_1", TEXT, params={"aspect_ratio": "9:16"})
                return await gemini.submit(request_of(asking), context(tmp_path)), wire.visits[0]
            finally:
                await gemini.close()

    return asyncio.run(run())


def parts(*some: dict[str, Any]) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": list(some)}, "finishReason": "STOP"}]}


def test_a_call_as_it_goes_over_the_wire(tmp_path: Path) -> None:
    inputs = {"image": (FRAME_ARTIFACT,), "reference": (FRAME_ARTIFACT,)}
    recipe = asked(OFF, "nano_banana_2_1", EDIT, "in red", {"aspect_ratio": "9:16", "imageSize": "2K"}, inputs)
    finished, visit = answered(parts(PICTURE), tmp_path, recipe)
    assert visit.path == "/v1/models/gemini-nano-banana-2.1:generateContent"
    lines = visit.head.decode().split("\r\n")
    assert f"x-goog-api-key: {KEY}" in lines
    assert KEY not in lines[0]
    assert not any(line.lower().startswith("x-rushes") for line in lines)
    frame = {"inlineData": {"mimeType": FRAME_ARTIFACT.media_type, "data": base64.b64encode(FRAME).decode()}}
    assert json.loads(visit.body) == {
        "contents": [{"role": "user", "parts": [{"text": "in red"}, frame, frame]}],
        "generationConfig": {
            "responseModalities": ["IMAGE"],
            "imageConfig": {"aspectRatio": "9:16", "imageSize": "2K"},
        },
    }
    assert finished.outputs[0].data == b"\x89PNG"
    assert finished.billed is None


def test_words_and_thoughts_beside_a_picture_are_no_results(tmp_path: Path) -> None:
    thought = {**PICTURE, "thought": True}
    finished, _ = answered(parts({"text": "here it is"}, thought, PICTURE), tmp_path)
    assert [output.media_type for output in finished.outputs] == ["image/png"]


def test_a_picture_that_is_no_base64_was_paid_for(tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        answered(parts({"inlineData": {"mimeType": "image/png", "data": "%%%"}}), tmp_path)
    assert raised.value.kind is ErrorClass.BAD_OUTPUT
    assert raised.value.maybe_billed


@pytest.mark.parametrize(
    "odd", [{"candidates": 5}, {"candidates": [5]}, {"candidates": [{"content": {"parts": 5}}]}, parts(5)]
)  # type: ignore[arg-type]
def test_an_answer_of_another_shape_is_a_failure_and_no_traceback(odd: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(RemoteError):
        answered(odd, tmp_path)


def test_sizes_and_shapes_are_checked_before_anything_is_sent() -> None:
    for params in ({"aspect_ratio": "7:4"}, {"resolution": "16K"}, {"n": 4}):
        (problem,) = OFF.validate(asked(OFF, "nano_banana_2_1", TEXT, params=params))
        assert problem.severity is Severity.ERROR
        assert problem.path == ("params", *params)


def test_more_than_one_call_carries_is_refused_before_it_is_sent() -> None:
    large = Artifact(FRAME_ARTIFACT.digest, "image/png", 16_000_000, 8000, 8000)
    (problem,) = OFF.validate(asked(OFF, "nano_banana_2_1", EDIT, inputs={"image": (large,)}))
    assert problem.severity is Severity.ERROR


def test_nothing_is_listed_so_that_nothing_can_be_found_again(tmp_path: Path) -> None:
    there = context(tmp_path)
    found = asyncio.run(OFF.reconcile(request_of(asked(OFF, "nano_banana_2_1", TEXT)), there))
    assert isinstance(found, Unknowable)
