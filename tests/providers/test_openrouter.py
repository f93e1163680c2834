"""What OpenRouter is asked, byte by byte, and what is made of its answers."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import FRAME, FRAME_ARTIFACT, KEY, access, asked, context, request_of
from tests.providers.wire import Script, Visit, serving

from rushes.errors import ErrorClass, RemoteError
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.plugin.provider import Finished, Pending, Submitted
from rushes.providers.instructed import TASKS
from rushes.providers.openrouter import OpenRouter

E = ErrorClass
STILL, EDIT, TEXT, FRAMED = (
    Operation.TEXT_TO_IMAGE,
    Operation.IMAGE_TO_IMAGE,
    Operation.TEXT_TO_VIDEO,
    Operation.IMAGE_TO_VIDEO,
)
WRITE = Operation.PROMPT_GENERATION
OFF = OpenRouter(access("openrouter", None))
FRAME_URL = f"data:image/png;base64,{base64.b64encode(FRAME).decode()}"
PART = {"type": "image_url", "image_url": {"url": FRAME_URL}}
PICTURE = {"b64_json": base64.b64encode(b"\x89PNG").decode(), "media_type": "image/png"}


def says(body: object, status: int = 200) -> Script:
    async def script(visit: Visit) -> None:
        await visit.answer(status, body if isinstance(body, bytes) else json.dumps(body).encode())

    return script


def answers(scripts: Sequence[Script], tmp_path: Path, recipe: Any) -> tuple[list[Any], list[Visit]]:
    """Submit, and ask once for each answer that is left."""

    async def run() -> tuple[list[Any], list[Visit]]:
        async with serving(scripts) as wire:
            openrouter = OpenRouter(access("openrouter", wire.url, simulated=False))
            there = context(tmp_path)
            try:
                told = await openrouter.submit(request_of(recipe), there)
                if isinstance(told, Finished):
                    return [told], wire.visits
                return [told, *[await openrouter.poll(told.remote, there) for _ in scripts[1:]]], wire.visits
            finally:
                await openrouter.close()

    return asyncio.run(run())


def test_a_picture_as_it_goes_over_the_wire(tmp_path: Path) -> None:
    recipe = asked(
        OFF, "nano_banana_2_edit", EDIT, "in red", {"ratio": "9:16", "imageSize": "2k"}, {"image": (FRAME_ARTIFACT,)}
    )
    usage = {"cost": 0.0671, "is_byok": False}
    ((finished,), (visit,)) = answers([says({"data": [PICTURE], "usage": usage})], tmp_path, recipe)
    assert visit.head.startswith(b"POST /api/v1/images ")
    assert f"Authorization: Bearer {KEY}" in visit.head.decode()
    assert b"x-rushes" not in visit.head.lower()
    assert json.loads(visit.body) == {
        "model": "google/gemini-3.1-flash-image",
        "prompt": "in red",
        "aspect_ratio": "9:16",
        "resolution": "2K",
        "seed": request_of(recipe).seed,
        "input_references": [PART],
    }
    assert [(one.media_type, one.data) for one in finished.outputs] == [("image/png", b"\x89PNG")]
    assert finished.billed == Decimal("0.0671")


@pytest.mark.parametrize(
    ("usage", "billed"),
    [
        ({"cost": 0.05}, "0.05"),
        ({"cost": "0.05"}, "0.05"),
        ({"cost": 0}, "0"),
        ({"cost": 0.002, "is_byok": True}, None),  # the maker's own bill comes beside
        ({"cost": -1}, None),
        ({"cost": True}, None),
        ({"cost": "NaN"}, None),
        ({"cost": "a lot"}, None),
        ({"cost": None}, None),
        ({}, None),
        (5, None),
    ],
)
def test_what_it_cost_is_what_openrouter_says(usage: Any, billed: str | None, tmp_path: Path) -> None:
    (finished,), _ = answers([says({"data": [PICTURE], "usage": usage})], tmp_path, asked(OFF, "nano_banana_2", STILL))
    assert finished.billed == (None if billed is None else Decimal(billed))


def test_a_prompt_is_written_by_a_model_that_is_told_its_task(tmp_path: Path) -> None:
    params = {"duration_preference": "8 seconds", "max_tokens": 300}
    recipe = asked(OFF, "openrouter_video_dramatic", WRITE, "a storm", params, {"image": (FRAME_ARTIFACT,)})
    choice = {"message": {"role": "assistant", "content": "A storm breaks."}, "finish_reason": "stop"}
    (finished,), (visit,) = answers([says({"choices": [choice], "usage": {"cost": 0.0002}})], tmp_path, recipe)
    assert visit.head.startswith(b"POST /api/v1/chat/completions ")
    assert json.loads(visit.body) == {
        "model": "google/gemini-3.1-flash-lite",
        "messages": [
            {"role": "system", "content": f"{TASKS['video_dramatic']} The film is to last about 8 seconds."},
            {"role": "user", "content": [{"type": "text", "text": "a storm"}, PART]},
        ],
        "max_tokens": 300,
        "seed": request_of(recipe).seed,
    }
    assert (finished.text, finished.billed) == ("A storm breaks.", Decimal("0.0002"))


def test_without_a_cost_it_is_counted_by_its_tokens(tmp_path: Path) -> None:
    choice = {"message": {"content": "A storm."}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 100, "completion_tokens": 10}
    recipe = asked(OFF, "openrouter_video_prompt", WRITE, "a storm")
    (finished,), _ = answers([says({"choices": [choice], "usage": usage})], tmp_path, recipe)
    assert finished.billed == 100 * Decimal("0.00000025") + 10 * Decimal("0.0000015")


def test_a_schema_is_asked_for_and_held_against_the_answer(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"]}
    recipe = asked(OFF, "openrouter_video_prompt", WRITE, "a storm", {"schema": schema})

    def choice(text: str) -> Script:
        return says({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]})

    (finished,), (visit,) = answers([choice('{"prompt": "rain"}')], tmp_path, recipe)
    wanted = {"name": "answer", "strict": True, "schema": schema}
    assert json.loads(visit.body)["response_format"] == {"type": "json_schema", "json_schema": wanted}
    assert finished.text == '{"prompt": "rain"}'
    with pytest.raises(RemoteError) as raised:
        answers([choice("rain")], tmp_path, recipe)
    assert (raised.value.kind, raised.value.maybe_billed) == (E.BAD_OUTPUT, True)


@pytest.mark.parametrize(
    ("said", "kind", "billed"),
    [
        ({"choices": [{"finish_reason": "content_filter", "message": {"content": None}}]}, E.CONTENT_POLICY, True),
        ({"choices": [{"finish_reason": "length", "message": {"content": "half"}}]}, E.BAD_OUTPUT, True),
        ({"choices": [{"finish_reason": "error", "error": {"code": 502, "message": "no"}}]}, E.BAD_OUTPUT, True),
        ({"choices": [{"error": {"message": "no"}}], "usage": {"cost": 0}}, E.BAD_OUTPUT, False),
        ({"choices": [{"message": {"content": ""}}]}, E.BAD_OUTPUT, True),
        ({"choices": [{"message": {"content": [5]}}]}, E.BAD_OUTPUT, True),
        ({"choices": 5}, E.BAD_OUTPUT, True),
        ({"error": {"code": 502, "message": "Provider returned error"}}, E.BAD_OUTPUT, True),
        ({"error": {"code": 403, "message": "flagged by a content filter"}}, E.CONTENT_POLICY, True),
        ([], E.UNKNOWN_OUTCOME, True),
        (b"<html>", E.UNKNOWN_OUTCOME, True),
    ],
    ids=lambda value: str(value)[:50],
)
def test_an_answer_that_says_nothing_is_a_failure_and_no_traceback(
    said: Any, kind: ErrorClass, billed: bool, tmp_path: Path
) -> None:
    with pytest.raises(RemoteError) as raised:
        answers([says(said)], tmp_path, asked(OFF, "openrouter_video_prompt", WRITE, "a storm"))
    assert (raised.value.kind, raised.value.maybe_billed) == (kind, billed)


@pytest.mark.parametrize(
    ("said", "billed"),
    [
        ({"data": [{"b64_json": "%%%"}]}, True),
        ({"data": [5]}, True),
        ({"data": 5, "usage": {"cost": 0}}, False),
        ({}, True),
    ],
)
def test_a_picture_that_did_not_come_costs_what_the_usage_says(said: Any, billed: bool, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        answers([says(said)], tmp_path, asked(OFF, "nano_banana_2", STILL))
    assert (raised.value.kind, raised.value.maybe_billed) == (E.BAD_OUTPUT, billed)


def test_a_film_as_it_goes_over_the_wire(tmp_path: Path) -> None:
    frame = (FRAME_ARTIFACT,)
    params = {"aspect_ratio": "9:16", "duration": "8s", "generateAudio": False}
    inputs = {"start_frame": frame, "end_frame": frame, "reference": frame}
    recipe = asked(OFF, "veo_3_1", FRAMED, "it runs", params, inputs)
    told = says({"id": "job-1", "polling_url": "https://evil.example/steal", "status": "pending"}, 202)
    done = {"status": "completed", "unsigned_urls": ["/api/v1/videos/job-1/content?index=0"], "usage": {"cost": 3.2}}
    (_, pending, finished), visits = answers([told, says({"status": "in_progress"}), says(done)], tmp_path, recipe)
    assert visits[0].head.startswith(b"POST /api/v1/videos ")
    assert json.loads(visits[0].body) == {
        "model": "google/veo-3.1",
        "prompt": "it runs",
        "aspect_ratio": "9:16",
        "duration": 8,
        "generate_audio": False,
        "seed": request_of(recipe).seed,
        "frame_images": [{**PART, "frame_type": "first_frame"}, {**PART, "frame_type": "last_frame"}],
        "input_references": [PART],
    }
    assert visits[1].head.startswith(b"GET /api/v1/videos/job-1 "), "the address of an answer is not followed"
    assert isinstance(pending, Pending) and pending.wait >= 10 and pending.says == "in progress"
    assert finished.billed == Decimal("3.2")
    assert finished.outputs[0].url.endswith("/api/v1/videos/job-1/content?index=0")


def test_a_signed_address_is_taken_first_and_gets_no_key() -> None:
    said = {
        "urls": ["https://storage.example/f?sig=1"],
        "unsigned_urls": ["https://openrouter.ai/api/v1/videos/j/content"],
    }
    (output,) = OFF._films(said)
    assert output.url == "https://storage.example/f?sig=1"
    assert OFF.opening(output.url) == {}
    assert OFF.opening("https://openrouter.ai/api/v1/videos/j/content") == {"Authorization": f"Bearer {KEY}"}
    for url in (
        "http://openrouter.ai/api/v1/x",
        "https://openrouter.ai.evil.example/api/v1/x",
        "https://openrouter.ai/x",
    ):
        assert OFF.opening(url) == {}


@pytest.mark.parametrize(
    ("said", "kind", "billed"),
    [
        ({"status": "failed", "error": "flagged by moderation"}, E.CONTENT_POLICY, True),
        ({"status": "failed", "error": "the maker failed"}, E.BAD_OUTPUT, True),
        ({"status": "failed", "error": "the maker failed", "usage": {"cost": 0}}, E.BAD_OUTPUT, False),
        ({"status": "failed", "error": {"odd": 1}}, E.BAD_OUTPUT, True),
        ({"status": "cancelled"}, E.CANCELLED, True),
        ({"status": "expired"}, E.BAD_OUTPUT, True),
        ({"status": "completed"}, E.BAD_OUTPUT, True),
        ({"status": "completed", "urls": [5, ""]}, E.BAD_OUTPUT, True),
    ],
    ids=str,
)
def test_a_film_that_did_not_come(said: Any, kind: ErrorClass, billed: bool, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        answers([says({"id": "job-1"}, 202), says(said)], tmp_path, asked(OFF, "veo_3_1", TEXT))
    assert (raised.value.kind, raised.value.maybe_billed) == (kind, billed)


@pytest.mark.parametrize("odd", [{}, {"id": 5}, {"id": "../key"}, {"id": "a/b"}])
def test_an_acceptance_without_an_id_that_is_one_is_unknown(odd: Any, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        answers([says(odd, 202)], tmp_path, asked(OFF, "veo_3_1", TEXT))
    assert raised.value.kind is E.UNKNOWN_OUTCOME


CASES: list[tuple[str, Operation, Mapping[str, Any], Mapping[str, Any]]] = [
    ("nano_banana_2", STILL, {"aspect_ratio": "9:16"}, {"aspect_ratio": "9:16"}),
    ("nano_banana_pro", STILL, {"size": "2K"}, {"resolution": "2K"}),
    ("veo_3_1", TEXT, {"aspectRatio": "9:16"}, {"aspect_ratio": "9:16", "duration": 8}),
    ("veo_3_1", TEXT, {"audio": True, "duration": 4}, {"generate_audio": True, "duration": 4}),
    ("wan_2_6", FRAMED, {"width": 720, "height": 1280}, {"aspect_ratio": "9:16", "duration": 5}),
]


@pytest.mark.parametrize(("alias", "op", "params", "sent"), CASES, ids=lambda value: str(value)[:50])
def test_words_of_workflows_reach_the_parameters(
    alias: str, op: Operation, params: Mapping[str, Any], sent: Mapping[str, Any]
) -> None:
    inputs = {"start_frame": (FRAME_ARTIFACT,)} if op is FRAMED else {}
    put = OFF.put(asked(OFF, alias, op, params=params, inputs=inputs))
    assert (put.body, put.problems) == (sent, [])


@pytest.mark.parametrize(
    ("alias", "op", "params"),
    [
        ("nano_banana_2", STILL, {"aspect_ratio": "9:21"}),
        ("veo_3_1", TEXT, {"aspect_ratio": "1:1"}),
        ("veo_3_1", TEXT, {"duration": 5}),
        ("nano_banana_2", STILL, {"n": 4}),
    ],
)
def test_what_openrouter_would_clamp_in_silence_is_refused_by_name(
    alias: str, op: Operation, params: dict[str, Any]
) -> None:
    (problem,) = OFF.validate(asked(OFF, alias, op, params=params))
    assert (problem.severity, problem.path) == (Severity.ERROR, ("params", *params))


def test_a_film_cannot_be_called_off_and_nobody_asks(tmp_path: Path) -> None:
    assert asyncio.run(OFF.cancel("job-1", context(tmp_path))) is None
    with pytest.raises(RemoteError):
        asyncio.run(OFF.cancel("no/job", context(tmp_path)))


def test_the_key_is_tried_by_a_question_about_itself(tmp_path: Path) -> None:
    async def run() -> list[str]:
        async with serving(says({"data": {}})) as wire:
            openrouter = OpenRouter(access("openrouter", wire.url, simulated=False))
            await openrouter.check_key(context(tmp_path))
            await openrouter.close()
            return wire.heads()

    assert asyncio.run(run()) == ["GET /api/v1/key HTTP/1.1"]


def test_submitted_is_all_that_another_process_needs(tmp_path: Path) -> None:
    (told,), _ = answers([says({"id": "job-1"}, 202)], tmp_path, asked(OFF, "veo_3_1", TEXT))
    assert isinstance(told, Submitted) and OFF.job(told.remote).id == "job-1"
