"""Anthropic's protocol in the simulator: what it takes and refuses, and what is bought when nobody waits for it."""

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

from rushes.sim.anthropic_asked import BadRequest, question
from rushes.sim.faults import fault_from_text
from rushes.sim.simulator import Simulator
from rushes.sim.wire import Request

HAIKU = "claude-haiku-5-5"
SMALL: dict[str, Any] = {"time_scale": 0.001, "most_side": 64}
KEY = {"x-api-key": "simulated", "anthropic-version": "2026-10-21"}


def picture(data: bytes | None = None, kind: str = "image/png") -> dict[str, Any]:
    if data is None:
        out = io.BytesIO()
        Image.new("RGB", (64, 32), "red").save(out, "PNG")
        data = out.getvalue()
    source = {"type": "base64", "media_type": kind, "data": base64.b64encode(data).decode()}
    return {"type": "image", "source": source}


def asked(*content: Any, **more: Any) -> dict[str, Any]:
    blocks = [*content, {"type": "text", "text": "what is it?"}]
    return {"model": HAIKU, "max_tokens": 900, "messages": [{"role": "user", "content": blocks}], **more}


def once(body: Any, *faults: str, **options: Any) -> tuple[httpx.Response, dict[str, Any]]:
    """One call to a simulator of its own; the answer and the books."""

    async def main() -> tuple[httpx.Response, dict[str, Any]]:
        active = [fault_from_text(one) for one in faults]
        async with Simulator(seed=3, faults=active, **SMALL) as sim, httpx.AsyncClient(timeout=30) as http:
            answer = await http.post(f"{sim.url}/anthropic/v1/messages", **{"headers": KEY, "json": body, **options})
            return answer, sim.report()

    return asyncio.run(main())


def test_an_answer_comes_with_its_tokens_and_is_billed_by_them() -> None:
    answer, books = once(asked(picture(), system="be brief"))
    said = answer.json()
    assert said["content"][0]["text"].startswith("simulated: ")
    usage = said["usage"]
    assert float(books["billed"]) == pytest.approx((usage["input_tokens"] * 0.1 + usage["output_tokens"] * 0.5) / 1e6)
    assert once(asked(picture(), system="be brief"))[0].content == answer.content


NO_SCHEMA = {"format": {"type": "json_schema", "schema": {"type": "object"}}}
WRONG: list[tuple[Any, str]] = [
    ([], "not valid JSON"),
    (asked(colour="red"), "colour: Extra inputs are not permitted"),
    ({"model": HAIKU, "max_tokens": 5}, "messages: Field required"),
    ({**asked(), "max_tokens": 0}, "max_tokens"),
    ({**asked(), "messages": []}, "at least one message"),
    ({**asked(), "messages": [{"role": "system", "content": "x"}]}, "messages.0.role"),
    (asked({"type": "video"}), "Input tag 'video'"),
    (asked(picture(kind="image/tiff")), "media_type"),
    (asked(picture(b"\0" * 4_000_000)), "image exceeds 5 MB maximum"),
    (asked(picture(b"no picture")), "Could not process image"),
    (asked(output_config=NO_SCHEMA), "additionalProperties"),
    (asked(output_config={"effort": "great"}), "effort"),
]


@pytest.mark.parametrize(("body", "says"), WRONG, ids=lambda value: str(value)[:60])
def test_what_is_wrong_is_a_400_and_costs_nothing(body: Any, says: str) -> None:
    answer, books = once({"model": HAIKU, **body} if isinstance(body, dict) else body)
    assert (answer.status_code, answer.json()["type"]) == (404 if body == [] else 400, "error"), answer.text
    assert says in answer.json()["error"]["message"] or body == []
    assert float(books["billed"]) == 0


def test_a_key_and_a_version_are_needed() -> None:
    assert once(asked(), headers={})[0].status_code == 401
    assert once(asked(), headers={**KEY, "x-api-key": "wrong"})[0].status_code == 401
    assert once(asked(), headers={"authorization": "Bearer simulated"})[0].status_code == 400


def test_a_body_that_is_too_large_is_a_413_and_costs_nothing() -> None:
    answer, books = once(asked(system="x" * 32_000_000))
    assert (answer.status_code, answer.json()["error"]["type"]) == (413, "request_too_large")
    assert books["accepted"] == 0


def test_a_gateway_speaks_html_and_an_overload_json() -> None:
    assert "html" in once(asked(), "502=1")[0].headers["content-type"]
    assert once(asked(), "503=1")[0].json()["error"]["type"] == "api_error"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150)
@given(
    st.dictionaries(st.sampled_from(["max_tokens", "messages", "system", "output_config"]), JSON),
    JSON | st.dictionaries(st.sampled_from(["type", "properties", "items", "anyOf", "$defs", "minimum"]), JSON),
)
def test_no_body_is_too_odd_to_be_refused(body: dict[str, Any], schema: Any) -> None:
    shaped = asked(output_config={"format": {"type": "json_schema", "schema": schema}})
    for one in (body, {**asked(), **body}, shaped):
        with contextlib.suppress(BadRequest):
            question(Request("POST", "", "/v1/messages", {}, {}, json.dumps(one).encode()), HAIKU)
