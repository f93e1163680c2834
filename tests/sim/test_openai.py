"""OpenAI's protocol in the simulator: what it takes, what it refuses, and what is bought when nobody waits for it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rushes.sim.faults import fault_from_text
from rushes.sim.openai_asked import BadRequest, picture, question
from rushes.sim.simulator import Simulator
from rushes.sim.wire import Request

FLARE, JUDGE = "gpt-image-2.5-flare", "gpt-6-luna"
SMALL: dict[str, Any] = {"time_scale": 0.001, "most_side": 64}
KEY = {"Authorization": "Bearer simulated"}


def png(size: tuple[int, int] = (64, 32)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, "PNG")
    return out.getvalue()


def once(path: str, *faults: str, **options: Any) -> tuple[httpx.Response, dict[str, Any]]:
    """One call to a simulator of its own; the answer and the books."""

    async def main() -> tuple[httpx.Response, dict[str, Any]]:
        active = [fault_from_text(one) for one in faults]
        async with Simulator(seed=3, faults=active, **SMALL) as sim, httpx.AsyncClient(timeout=30) as http:
            answer = await http.post(f"{sim.url}/openai/v1/{path}", **{"headers": KEY, **options})
            return answer, sim.report()

    return asyncio.run(main())


def asked(**more: Any) -> dict[str, Any]:
    return {"model": FLARE, "prompt": "a fox", "size": "816x816", "quality": "low", **more}


def test_a_picture_comes_with_its_tokens_and_is_billed_by_them() -> None:
    answer, books = once("images/generations", json=asked())
    said = answer.json()
    with Image.open(io.BytesIO(base64.b64decode(said["data"][0]["b64_json"]))) as one:
        assert one.format == "PNG"
    usage = said["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert float(books["billed"]) == pytest.approx((usage["input_tokens"] * 5 + usage["output_tokens"] * 30) / 1e6)


def test_pictures_that_are_sent_are_billed_as_pictures() -> None:
    files = [("image[]", ("a.png", png(), "image/png")), ("mask", ("m.png", png(), "image/png"))]
    answer, books = once("images/edits", data=asked(), files=files)
    details = answer.json()["usage"]["input_tokens_details"]
    assert details["image_tokens"] == 5
    output = answer.json()["usage"]["output_tokens"]
    assert float(books["billed"]) == pytest.approx((details["text_tokens"] * 5 + 5 * 8 + output * 30) / 1e6)


def test_equal_askings_get_equal_bytes() -> None:
    assert once("images/generations", json=asked())[0].content == once("images/generations", json=asked())[0].content


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("images/generations", {"content": b"{"}, "could not parse"),
    ("images/generations", {"json": asked(colour="red")}, "Unknown parameter: 'colour'"),
    ("images/generations", {"json": {"model": FLARE}}, "Missing required parameter: 'prompt'"),
    ("images/generations", {"json": asked(size="1080x1920")}, "Invalid size"),
    ("images/generations", {"json": asked(n=3)}, "'n'"),
    ("images/edits", {"data": asked()}, "multipart"),
    ("images/edits", {"data": asked(), "files": [("mask", ("m.png", png(), "image/png"))]}, "'image'"),
    ("images/edits", {"data": asked(), "files": [("image[]", ("a.txt", b"x", "text/plain"))]}, "mimetype"),
    ("images/edits", {"data": asked(), "files": [("image[]", ("a.png", b"x", "image/png"))]}, "Invalid image file"),
    ("responses", {"json": {"model": JUDGE, "input": []}}, "'input'"),
    ("responses", {"json": {"model": JUDGE, "input": "x", "temperature": 1}}, "Unknown parameter"),
    ("responses", {"json": {"model": JUDGE, "input": "x", "reasoning": {"effort": "great"}}}, "reasoning.effort"),
    ("responses", {"json": {"model": JUDGE, "input": "x", "text": {"format": {"type": "json_schema"}}}}, "name"),
    (
        "responses",
        {"json": {"model": JUDGE, "input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]}},
        "data URL",
    ),
]


@pytest.mark.parametrize(("path", "options", "says"), WRONG, ids=lambda value: str(value)[:60])
def test_what_is_wrong_is_a_400_and_costs_nothing(path: str, options: dict[str, Any], says: str) -> None:
    body = {} if "content" not in options else {"content": json.dumps(asked()).encode()[:-1]}
    answer, books = once(path, **{**options, **body})
    assert answer.status_code in (400, 404), answer.text
    assert says in answer.json()["error"]["message"] or answer.status_code == 404
    assert float(books["billed"]) == 0


def test_a_call_without_a_key_is_401() -> None:
    assert once("images/generations", json=asked(), headers={})[0].status_code == 401
    assert once("images/generations", json=asked(), headers={"Authorization": "Bearer wrong"})[0].status_code == 401
    assert once("nothing", json={})[0].status_code == 404


def test_what_nobody_waited_for_is_paid_for_and_lost() -> None:
    async def main() -> dict[str, Any]:
        async with Simulator(seed=3, faults=[fault_from_text("close-after=1@submit")], **SMALL) as sim:
            async with httpx.AsyncClient(timeout=30) as http:
                with contextlib.suppress(httpx.RemoteProtocolError):
                    await http.post(f"{sim.url}/openai/v1/images/generations", json=asked(), headers=KEY)
            return sim.report()

    books = asyncio.run(main())
    assert (books["accepted"], len(books["lost"])) == (1, 1)
    assert float(books["billed"]) > 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["prompt", "size", "quality", "n", "input", "text", "reasoning", "max_output_tokens", "output_format", "background"]
)


@settings(max_examples=150)
@given(st.dictionaries(FIELDS, JSON | st.just({"format": {"type": "json_schema", "name": "a", "strict": True}})))
def test_no_body_is_too_odd_to_be_refused(body: dict[str, Any]) -> None:
    for path, read, model in (("/v1/images/generations", picture, FLARE), ("/v1/responses", question, JUDGE)):
        request = Request("POST", "", path, {}, {}, json.dumps(body).encode())
        with contextlib.suppress(BadRequest):
            read(request, model)


@settings(max_examples=100)
@given(JSON | st.dictionaries(st.sampled_from(["type", "properties", "items", "anyOf", "$defs", "required"]), JSON))
def test_no_schema_is_too_odd_to_be_refused(schema: Any) -> None:
    shape = {"type": "json_schema", "name": "a", "schema": schema, "strict": True}
    body = json.dumps({"model": JUDGE, "input": "x", "text": {"format": shape}}).encode()
    with contextlib.suppress(BadRequest):
        question(Request("POST", "", "/v1/responses", {}, {}, body), JUDGE)
