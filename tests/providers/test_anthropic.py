"""What Anthropic is asked, byte by byte, and what is made of its answers."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import FRAME, FRAME_ARTIFACT, KEY, access, asked, context, request_of
from tests.providers.wire import Visit, serving

from rushes.errors import ErrorClass, RemoteError
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.model.request import Recipe
from rushes.plugin.provider import Finished, Unknowable
from rushes.plugin.published import Published
from rushes.providers.anthropic import Anthropic, narrowed
from rushes.sim.simulator import Simulator

JUDGE, WRITE = Operation.ANALYZE_IMAGE, Operation.PROMPT_GENERATION
OFF = Anthropic(access("anthropic", None))
FRAMES = {"image": (FRAME_ARTIFACT,)}
SCORE = {"type": "object", "properties": {"score": {"type": "integer", "maximum": 10}}, "required": ["score"]}


def answered(body: dict[str, Any], folder: Path, recipe: Recipe) -> tuple[Finished, Visit]:
    async def script(visit: Visit) -> None:
        await visit.answer(200, json.dumps(body).encode())

    async def run() -> tuple[Finished, Visit]:
        async with serving(script) as wire:
            anthropic = Anthropic(access("anthropic", wire.url, simulated=False))
            try:
                return await anthropic.submit(request_of(recipe), context(folder)), wire.visits[0]
            finally:
                await anthropic.close()

    return asyncio.run(run())


def said(text: str, **usage: int) -> dict[str, Any]:
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": text}]
    return {"stop_reason": "end_turn", "content": content, "usage": usage}


def test_a_question_about_a_picture_as_it_is_asked(tmp_path: Path) -> None:
    params = {"schema": SCORE, "instructions": "be strict", "max_output_tokens": 300, "effort": "low"}
    recipe = asked(OFF, "claude_opus_5_5", JUDGE, "how sharp?", params, FRAMES)
    finished, visit = answered(said('{"score": 7}', input_tokens=100, output_tokens=20), tmp_path, recipe)
    assert visit.path == "/v1/messages"
    lines = visit.head.decode().split("\r\n")
    assert f"Authorization: Bearer {KEY}" in lines
    assert "anthropic-version: 2026-10-21" in lines
    assert not any(line.lower().startswith("x-rushes") for line in lines)
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(FRAME).decode()}
    assert json.loads(visit.body) == {
        "model": "claude-opus-5-5",
        "max_tokens": 300,
        "system": "be strict",
        "messages": [
            {
                "role": "user",
                "content": [{"type": "image", "source": source}, {"type": "text", "text": "how sharp?"}],
            }
        ],
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": narrowed(SCORE)}},
    }
    assert finished == Finished(text='{"score": 7}', billed=Decimal(100 * 4 + 20 * 20) / 1_000_000)


def test_what_anthropic_cannot_hold_a_model_to_is_held_here(tmp_path: Path) -> None:
    recipe = asked(OFF, "claude_haiku_5_5", WRITE, "rate it", {"schema": SCORE})
    with pytest.raises(RemoteError) as raised:
        answered(said('{"score": 11}', input_tokens=1, output_tokens=1), tmp_path, recipe)
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.BAD_OUTPUT, True)


def test_tokens_of_a_cache_have_no_price_that_is_known(tmp_path: Path) -> None:
    usage = {"input_tokens": 10, "output_tokens": 1, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    recipe = asked(OFF, "claude_haiku_5_5", WRITE, "rate it")
    assert answered(said("so", **usage), tmp_path, recipe)[0].billed == Decimal("0.0000015")
    assert answered(said("so", **usage | {"cache_read_input_tokens": 5}), tmp_path, recipe)[0].billed is None
    assert answered(said("so"), tmp_path, recipe)[0].billed is None


def test_a_picture_without_a_question_is_described(tmp_path: Path) -> None:
    finished, visit = answered(said("a fox"), tmp_path, asked(OFF, "claude_haiku_5_5", JUDGE, None, inputs=FRAMES))
    body = json.loads(visit.body)
    assert "Describe" in body["messages"][0]["content"][1]["text"]
    assert (body["max_tokens"], "output_config" in body) == (4000, False)
    assert finished.text == "a fox"


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"image": (FRAME_ARTIFACT._replace(media_type="image/tiff"),)}, "image/png"),
    ({}, {"image": (FRAME_ARTIFACT._replace(size=4_000_000),)}, "smaller"),
    ({}, {"image": (FRAME_ARTIFACT._replace(width=9000),)}, "8000"),
    ({}, {"image": (FRAME_ARTIFACT,) * 17}, "16"),
    ({}, {"image": (FRAME_ARTIFACT._replace(size=3_900_000),) * 8}, "fewer"),
    ({"effort": "none"}, FRAMES, "low"),
    ({"max_tokens": 0}, FRAMES, "1"),
    ({"schema": {"properties": {"a": {"description": "anything"}}, "type": "object"}}, FRAMES, "type"),
    ({"schema": {"type": "objekt"}}, FRAMES, "JSON Schema"),
    ({}, {}, "prompt"),
]


@pytest.mark.parametrize(("params", "inputs", "try_"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_cannot_be_had_is_refused_by_name(params: dict[str, Any], inputs: dict[str, Any], try_: str) -> None:
    problems = OFF.validate(asked(OFF, "claude_haiku_5_5", JUDGE, None, params, inputs))
    assert [one.severity for one in problems] == [Severity.ERROR], problems
    assert try_ in problems[0].try_ + problems[0].says


@pytest.mark.parametrize(
    ("schema", "sent"),
    [
        ({"type": "integer"}, {"type": "integer"}),
        (
            {"type": "integer", "minimum": 1, "description": "points"},
            {"type": "integer", "description": 'points\n\n{"minimum": 1}'},
        ),
        (
            {"type": "object", "properties": {"a": {"type": "string", "maxLength": 9}}, "required": ["a"]},
            {
                "type": "object",
                "properties": {"a": {"type": "string", "description": '{"maxLength": 9}'}},
                "required": ["a"],
                "additionalProperties": False,
            },
        ),
        ({"oneOf": [{"type": "null"}, {"const": 5}]}, {"anyOf": [{"type": "null"}, {"const": 5}]}),
        ({"type": ["string", "null"]}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        (
            {"type": "array", "items": {"enum": [1]}, "minItems": 1},
            {"type": "array", "items": {"enum": [1]}, "minItems": 1},
        ),
        (
            {"type": "array", "items": {"enum": [1]}, "minItems": 3},
            {"type": "array", "items": {"enum": [1]}, "description": '{"minItems": 3}'},
        ),
        (
            {"$ref": "#/$defs/a", "$defs": {"a": {"type": "null"}}},
            {"$ref": "#/$defs/a", "$defs": {"a": {"type": "null"}}},
        ),
    ],
    ids=str,
)
def test_a_schema_in_the_words_that_anthropic_takes(schema: dict[str, Any], sent: dict[str, Any]) -> None:
    assert narrowed(schema) == sent


@pytest.mark.parametrize(
    "schema", [5, "{", {"properties": 5}, {"anyOf": {}}, {"required": [[]]}, {"items": [5]}], ids=str
)
def test_no_schema_is_too_odd_to_be_refused(schema: Any) -> None:
    recipe = asked(OFF, "claude_haiku_5_5", WRITE, params={"schema": schema})
    assert Severity.ERROR in {one.severity for one in OFF.validate(recipe)}
    OFF.estimate(recipe)


@pytest.mark.parametrize(
    ("status", "body", "published"),
    [
        (200, {"lifecycle": "deprecated", "retires_at": "2027-03-01T00:00:00Z"}, Published(ends=date(2027, 3, 1))),
        (200, {"lifecycle": "active", "retires_at": None}, Published()),
        (404, {"type": "error", "error": {"type": "not_found_error"}}, None),
    ],
)
def test_anthropic_says_when_a_model_ends(status: int, body: Any, published: Published | None, tmp_path: Path) -> None:
    async def script(visit: Visit) -> None:
        await visit.answer(status, json.dumps(body).encode())

    async def run() -> Published | None:
        async with serving(script) as wire:
            anthropic = Anthropic(access("anthropic", wire.url))
            try:
                return await anthropic.published("claude-opus-5-5", context(tmp_path))
            finally:
                await anthropic.close()

    assert asyncio.run(run()) == published


def test_a_key_is_tried_for_nothing(tmp_path: Path) -> None:
    async def run() -> dict[str, Any]:
        async with Simulator(time_scale=0.001) as sim:
            for key, fine in (("simulated", True), ("wrong", False)):
                one = Anthropic(access("anthropic", f"{sim.url}/anthropic", key))
                with contextlib.nullcontext() if fine else pytest.raises(RemoteError, match="401"):
                    await one.check_key(context(tmp_path))
                await one.close()
            return sim.report()

    assert asyncio.run(run())["submissions"] == 0


def test_there_is_no_job_to_ask_about_or_to_find(tmp_path: Path) -> None:
    there = context(tmp_path)
    with pytest.raises(RemoteError):
        asyncio.run(OFF.poll("x", there))
    found = asyncio.run(OFF.reconcile(request_of(asked(OFF, "claude_haiku_5_5", WRITE)), there))
    assert isinstance(found, Unknowable)
