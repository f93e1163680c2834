"""What OpenAI is asked, byte by byte, and what is made of its answers."""

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
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.rig import FRAME, FRAME_ARTIFACT, KEY, access, asked, context, request_of
from tests.providers.wire import Visit, serving

from rushes.catalogue.load import Catalogue
from rushes.errors import ErrorClass, RemoteError
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.model.request import Recipe
from rushes.plugin.provider import Finished
from rushes.plugin.published import Published
from rushes.providers.openai.painted import nearest, sides, tokens, wrong
from rushes.providers.openai.provider import OpenAI
from rushes.providers.openai.said import can_be_strict
from rushes.sim.simulator import Simulator
from rushes.sim.wire import Request as Came
from rushes.sim.wire import form

PAINT, EDIT, JUDGE = Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_IMAGE, Operation.ANALYZE_IMAGE
WRITE = Operation.PROMPT_GENERATION
OFF = OpenAI(access("openai", None))
PICTURE = {"data": [{"b64_json": base64.b64encode(b"\x89PNG").decode()}]}
SCORE = {
    "type": "object",
    "properties": {"score": {"type": "integer", "minimum": 0}},
    "required": ["score"],
    "additionalProperties": False,
}


def answered(body: dict[str, Any], folder: Path, recipe: Recipe, url: str = "") -> tuple[Finished, Visit]:
    async def script(visit: Visit) -> None:
        await visit.answer(200, json.dumps(body).encode())

    async def run() -> tuple[Finished, Visit]:
        async with serving(script) as wire:
            openai = OpenAI(access("openai", wire.url + url, simulated=False))
            try:
                return await openai.submit(request_of(recipe), context(folder)), wire.visits[0]
            finally:
                await openai.close()

    return asyncio.run(run())


def said(text: str, **more: Any) -> dict[str, Any]:
    message = {"type": "message", "content": [{"type": "output_text", "text": text}]}
    return {"status": "completed", "output": [{"type": "reasoning", "summary": []}, message], **more}


@pytest.mark.parametrize("url", ["", "/v1", "/v1/"])
def test_a_picture_as_it_is_asked_for(url: str, tmp_path: Path) -> None:
    params = {"aspect_ratio": "9:16", "quality": "LOW", "output_format": "webp", "output_quality": 80}
    usage = {"input_tokens": 10, "output_tokens": 172, "input_tokens_details": {"image_tokens": 0, "text_tokens": 10}}
    finished, visit = answered(
        {**PICTURE, "usage": usage}, tmp_path, asked(OFF, "gpt_image_2_5", PAINT, params=params), url
    )
    assert visit.path == "/v1/images/generations"
    lines = visit.head.decode().split("\r\n")
    assert f"Authorization: Bearer {KEY}" in lines
    assert not any(line.lower().startswith("x-rushes") for line in lines)
    assert json.loads(visit.body) == {
        "model": "gpt-image-2.5-flare",
        "prompt": "a fox in the snow",
        "size": "720x1280",
        "quality": "low",
        "output_format": "webp",
        "output_compression": 80,
    }
    assert (finished.outputs[0].data, finished.outputs[0].media_type) == (b"\x89PNG", "image/webp")
    assert finished.billed == Decimal("0.00005") + Decimal("0.00516")


def test_an_edit_is_a_form_with_its_pictures_in_order(tmp_path: Path) -> None:
    inputs = {"image": (FRAME_ARTIFACT,), "reference": (FRAME_ARTIFACT,), "mask": (FRAME_ARTIFACT,)}
    usage = {"input_tokens": 30, "output_tokens": 10, "input_tokens_details": {"image_tokens": 20, "text_tokens": 10}}
    recipe = asked(OFF, "gpt_image_2", EDIT, "in red", {"size": "1024x1536"}, inputs)
    finished, visit = answered({**PICTURE, "usage": usage}, tmp_path, recipe)
    assert visit.path == "/v1/images/edits"
    kind = next(one for one in visit.head.decode().split("\r\n") if one.lower().startswith("content-type"))
    parts = form(Came("POST", "", "", {}, {"content-type": kind.partition(": ")[2]}, visit.body))
    assert parts is not None
    assert [(one.field, one.text) for one in parts if one.file is None] == [
        ("model", "gpt-image-2"),
        ("prompt", "in red"),
        ("size", "1024x1536"),
        ("quality", "medium"),
    ]
    files = [(one.field, one.file, one.media_type, one.data) for one in parts if one.file is not None]
    assert files == [
        ("image[]", "image-1.png", "image/png", FRAME),
        ("image[]", "reference-1.png", "image/png", FRAME),
        ("mask", "mask-1.png", "image/png", FRAME),
    ]
    assert finished.billed == (Decimal(10 * 5 + 20 * 8 + 10 * 30)) / 1_000_000


def test_a_picture_made_after_references_is_an_edit_too(tmp_path: Path) -> None:
    recipe = asked(OFF, "gpt_image_2_5", PAINT, inputs={"reference": (FRAME_ARTIFACT,)})
    assert answered(PICTURE, tmp_path, recipe)[1].path == "/v1/images/edits"


def test_a_bill_that_is_not_said_is_not_known(tmp_path: Path) -> None:
    assert answered(PICTURE, tmp_path, asked(OFF, "gpt_image_2_5", PAINT))[0].billed is None


ASKED = [
    ({"aspect_ratio": "9:16"}, {"size": "720x1280"}),
    ({"aspect_ratio": "16:9"}, {"size": "1280x720"}),
    ({"aspect_ratio": "1:1"}, {"size": "1024x1024"}),
    ({"aspect_ratio": "21:9"}, {"size": "1456x624"}),
    ({"ratio": "3:4"}, {"size": "864x1152"}),
    ({"width": 1024, "height": 1536}, {"size": "1024x1536"}),
    ({"size": "3840x2160"}, {"size": "3840x2160"}),
    ({"image_size": {"width": 2048, "height": 1152}}, {"size": "2048x1152"}),
    ({}, {"size": "1024x1024"}),
    ({"quality": "max", "moderation": "low"}, {"size": "1024x1024", "quality": "max", "moderation": "low"}),
    ({"background": "transparent"}, {"size": "1024x1024", "background": "transparent"}),
]


@pytest.mark.parametrize(("params", "sent"), ASKED, ids=str)
def test_words_of_workflows_in_the_spelling_of_openai(params: dict[str, Any], sent: dict[str, Any]) -> None:
    assert OFF.ready(asked(OFF, "gpt_image_2_5", PAINT, params=params)) == {"quality": "high", **sent}


REFUSED = [
    ("gpt_image_2_5", {"size": "1080x1920"}, "1088x"),
    ("gpt_image_2_5", {"size": "512x512"}, "816x816"),
    ("gpt_image_2_5", {"size": "4096x4096"}, "2880x2880"),
    ("gpt_image_2_5", {"aspect_ratio": "4:1"}, "3 times"),
    ("gpt_image_2_5", {"size": "auto"}, ""),
    ("gpt_image_2_5", {"quality": "auto"}, "low"),
    ("gpt_image_2_5", {"output_format": "gif"}, "png"),
    ("gpt_image_2_5", {"n": 4}, "candidates"),
    ("gpt_image_2_5", {"background": "transparent", "output_format": "jpeg"}, "png"),
    ("gpt_image_2_5", {"output_compression": 50}, "jpeg"),
    ("gpt_image_2", {"quality": "max"}, "low, medium, high"),
    ("gpt_image_2", {"background": "transparent"}, "opaque"),
    ("gpt_image_1_5", {"aspect_ratio": "9:16"}, "1024x1536"),
]


@pytest.mark.parametrize(("alias", "params", "try_"), REFUSED, ids=str)
def test_what_cannot_be_had_is_refused_by_name(alias: str, params: dict[str, Any], try_: str) -> None:
    problems = OFF.validate(asked(OFF, alias, PAINT, params=params))
    assert [one.severity for one in problems] == [Severity.ERROR], problems
    assert problems[0].path[1] in {*params, "size"}
    assert try_ in problems[0].try_ or try_ in problems[0].says, problems[0]


def test_an_edit_has_the_shape_of_its_picture() -> None:
    tall = FRAME_ARTIFACT._replace(width=1080, height=1920)
    ready = OFF.ready(asked(OFF, "gpt_image_2_5", EDIT, inputs={"image": (tall,)}))
    assert ready["size"] == "720x1280"
    odd = FRAME_ARTIFACT._replace(width=1081, height=1920)
    width, height = sides(OFF.ready(asked(OFF, "gpt_image_2_5", EDIT, inputs={"image": (odd,)}))["size"])
    assert abs(width / height / (9 / 16) - 1) < 0.02
    thin = FRAME_ARTIFACT._replace(width=9, height=16_000)
    assert wrong(OFF.ready(asked(OFF, "gpt_image_2_5", EDIT, inputs={"image": (thin,)}))["size"]) is None
    assert OFF.ready(asked(OFF, "gpt_image_1_5", EDIT, inputs={"image": (tall,)}))["size"] == "1024x1536"


def test_a_mask_that_cannot_be_one_is_refused() -> None:
    other = FRAME_ARTIFACT._replace(width=5, height=5, media_type="image/jpeg")
    problems = OFF.validate(asked(OFF, "gpt_image_2_5", EDIT, inputs={"image": (FRAME_ARTIFACT,), "mask": (other,)}))
    assert len([one for one in problems if one.severity is Severity.ERROR]) == 2


@given(width=st.integers(16, 20_000), height=st.integers(16, 20_000))
def test_the_nearest_size_can_be_had(width: int, height: int) -> None:
    assert wrong(nearest(f"{width}x{height}")) is None


@pytest.mark.parametrize(
    ("model", "size", "quality", "many"),
    [
        ("gpt-image-2", "1024x1024", "low", 196),
        ("gpt-image-2", "1024x1024", "medium", 1756),
        ("gpt-image-2", "1024x1024", "high", 7024),
        ("gpt-image-2", "2048x1152", "high", 5650),
        ("gpt-image-2.5-flare", "2048x1152", "medium", 367),
        ("gpt-image-2.5-flare", "1024x1536", "medium", 343),
        ("gpt-image-2.5-sunburst", "2048x1152", "xhigh", 2511),
        ("gpt-image-2.5-sunburst", "1024x1536", "max", 5488),
        ("gpt-image-1.5", "1536x1024", "high", 6208),
        ("gpt-image-2.6-flare", "1024x1024", "low", None),
    ],
)
def test_a_picture_has_so_many_tokens(model: str, size: str, quality: str, many: int | None) -> None:
    """The numbers are those of OpenAI's calculator, as projects that measured it have published them."""
    assert tokens(model, size, quality) == many


def test_a_quote_is_what_a_picture_costs() -> None:
    low, high, _, _ = OFF.estimate(asked(OFF, "gpt_image_2_5", PAINT, params={"quality": "medium"}))
    assert low is not None and high is not None
    assert Decimal("0.01317") <= low <= high < Decimal("0.0135")
    dear = OFF.estimate(asked(OFF, "gpt_image_2_5", EDIT, inputs={"image": (FRAME_ARTIFACT,) * 16})).high
    assert dear is not None and dear > high


def test_a_picture_that_is_edited_at_high_fidelity_costs_no_more_than_is_quoted() -> None:
    given = {"image": (FRAME_ARTIFACT,) * 2}
    recipe = asked(OFF, "gpt_image_1_5", EDIT, "in red", {"input_fidelity": "high"}, given)
    each = 6240 + 65 + 4 * 129  # of a picture that is not square, by OpenAI's guide
    billed = OFF.spent(recipe, 2 * each, 6208, {"picture": 2 * each})
    dear = {"input_fidelity": "high", "quality": "high", "size": "1536x1024"}
    most = OFF.estimate(asked(OFF, "gpt_image_1_5", EDIT, "in red", dear, given)).high
    assert billed is not None and most is not None and billed <= most


def test_what_is_not_known_to_cost_something_is_unknown() -> None:
    assert not OFF.estimate(asked(OFF, "gpt_image_2_6_flare", PAINT)).known


def test_a_question_about_a_picture_as_it_is_asked(tmp_path: Path) -> None:
    params = {"schema": SCORE, "system": "be strict", "max_tokens": 300, "reasoning_effort": "low"}
    usage = {"input_tokens": 100, "output_tokens": 20, "input_tokens_details": {"cached_tokens": 40}}
    recipe = asked(OFF, "gpt_6_luna", JUDGE, "how sharp?", params, {"image": (FRAME_ARTIFACT,)})
    finished, visit = answered(said('{"score": 7}', usage=usage), tmp_path, recipe)
    assert visit.path == "/v1/responses"
    url = f"data:image/png;base64,{base64.b64encode(FRAME).decode()}"
    assert json.loads(visit.body) == {
        "model": "gpt-6-luna",
        "instructions": "be strict",
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "how sharp?"},
                    {"type": "input_image", "image_url": url, "detail": "high"},
                ],
            }
        ],
        "max_output_tokens": 300,
        "reasoning": {"effort": "low"},
        "text": {"format": {"type": "json_schema", "name": "answer", "schema": SCORE, "strict": True}},
        "store": False,
    }
    assert finished.text == '{"score": 7}'
    assert finished.billed == (60 * Decimal("0.1") + 40 * Decimal("0.01") + 20 * Decimal("0.5")) / 1_000_000


def test_an_answer_that_does_not_fit_was_paid_for(tmp_path: Path) -> None:
    recipe = asked(OFF, "gpt_6_luna", WRITE, "rate it", {"schema": SCORE})
    with pytest.raises(RemoteError) as raised:
        answered(said('{"score": -1}'), tmp_path, recipe)
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.BAD_OUTPUT, True)


def test_a_picture_without_a_question_is_described(tmp_path: Path) -> None:
    recipe = asked(OFF, "gpt_6_luna", JUDGE, None, inputs={"image": (FRAME_ARTIFACT,)})
    finished, visit = answered(said("a fox"), tmp_path, recipe)
    assert "Describe" in json.loads(visit.body)["input"][0]["content"][0]["text"]
    assert json.loads(visit.body)["max_output_tokens"] == 4000
    assert finished.text == "a fox"


def test_nothing_to_answer_is_refused() -> None:
    (problem,) = OFF.validate(asked(OFF, "gpt_6_luna", WRITE, None))
    assert problem.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (SCORE, True),
        ({**SCORE, "required": []}, False),
        ({**SCORE, "additionalProperties": True}, False),
        ({"type": "array", "items": SCORE}, False),
        ({**SCORE, "properties": {"score": {"type": "array", "items": SCORE}}}, True),
        ({**SCORE, "properties": {"score": {"type": "array", "items": {"type": "object"}}}}, False),
        ({**SCORE, "properties": {"score": {"anyOf": [SCORE, {"type": "null"}]}}}, True),
        ({"anyOf": [SCORE, {"type": "null"}]}, False),
        ({**SCORE, "properties": {"score": {"oneOf": [SCORE]}}}, False),
        ({**SCORE, "$defs": {"a": {**SCORE, "required": []}}}, False),
    ],
)
def test_openai_is_held_to_a_schema_where_it_can_be(schema: dict[str, Any], strict: bool) -> None:
    assert can_be_strict(schema) is strict


@pytest.mark.parametrize(
    "schema", [5, "{", {"properties": 5}, {"anyOf": {}}, {"required": [[]]}, {"items": [5]}], ids=str
)
def test_no_schema_is_too_odd_to_be_refused(schema: Any) -> None:
    recipe = asked(OFF, "gpt_6_luna", WRITE, params={"schema": schema})
    assert Severity.ERROR in {one.severity for one in OFF.validate(recipe)}
    OFF.estimate(recipe)


@pytest.mark.parametrize(
    ("status", "body", "published"),
    [
        (200, {"id": "gpt-image-1.5", "shutdown_date": "2026-12-01"}, Published(ends=date(2026, 12, 1))),
        (200, {"id": "gpt-image-2", "shutdown_date": None}, Published()),
        (200, {"id": "gpt-image-2", "shutdown_date": [5]}, Published()),
        (404, {"error": {"code": "model_not_found"}}, None),
    ],
)
def test_openai_says_when_a_model_ends(status: int, body: Any, published: Published | None, tmp_path: Path) -> None:
    async def script(visit: Visit) -> None:
        await visit.answer(status, json.dumps(body).encode())

    async def run() -> Published | None:
        async with serving(script) as wire:
            openai = OpenAI(access("openai", wire.url))
            try:
                return await openai.published("gpt-image-1.5", context(tmp_path))
            finally:
                await openai.close()

    assert asyncio.run(run()) == published


def test_a_key_is_tried_for_nothing(tmp_path: Path) -> None:
    async def run() -> dict[str, Any]:
        async with Simulator(time_scale=0.001) as sim:
            for key, fine in (("simulated", True), ("wrong", False)):
                one = OpenAI(access("openai", f"{sim.url}/openai", key))
                with contextlib.nullcontext() if fine else pytest.raises(RemoteError, match="401"):
                    await one.check_key(context(tmp_path))
                await one.close()
            return sim.report()

    assert asyncio.run(run())["submissions"] == 0


def test_its_pictures_are_asked_of_openai_first_and_a_day_before_they_were_fals() -> None:
    catalogue = Catalogue.default()
    assert catalogue.get("gpt_image_2_5").providers(PAINT) == ("openai", "fal")
    earlier = catalogue.find("gpt_image_2_5@2026-11-20", PAINT)
    assert earlier is not None and (earlier.provider, earlier.endpoint) == ("fal", "fal-ai/gpt-image-2.5")
