"""What Gemini is asked about pictures and films, byte by byte, and what is made of what it says."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import FRAME, FRAME_ARTIFACT, access, asked, context, request_of
from tests.providers.wire import Visit, serving

from rushes.catalogue.load import Catalogue
from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.plugin.provider import Finished
from rushes.providers.gemini.provider import Gemini
from rushes.providers.instructed import TASKS

LOOK, WATCH, WRITE = Operation.ANALYZE_IMAGE, Operation.ANALYZE_VIDEO, Operation.PROMPT_GENERATION
OFF = Gemini(access("gemini", None))
PICTURE = {"image": (FRAME_ARTIFACT,)}
VERDICT = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
USAGE = {"promptTokenCount": 1000, "candidatesTokenCount": 100, "thoughtsTokenCount": 20}


def said(text: str, reason: str = "STOP", **more: Any) -> dict[str, Any]:
    content = {"parts": [{"text": "hm", "thought": True}, {"text": text}]}
    return {"candidates": [{"content": content, "finishReason": reason}], "usageMetadata": USAGE, **more}


def answered(body: object, tmp_path: Path, recipe: Any) -> tuple[Finished, Visit]:
    async def script(visit: Visit) -> None:
        await visit.answer(200, json.dumps(body).encode())

    async def run() -> tuple[Any, Visit]:
        async with serving(script) as wire:
            gemini = Gemini(access("gemini", wire.url, simulated=False))
            try:
                return await gemini.submit(request_of(recipe), context(tmp_path)), wire.visits[0]
            finally:
                await gemini.close()

    return asyncio.run(run())


def instruction(alias: str, op: Operation = LOOK, prompt: str | None = None, **params: Any) -> str:
    put = OFF.put(asked(OFF, alias, op, prompt, params, PICTURE if op is LOOK else {}))
    assert put.problems == []
    assert set(put.body) <= {"instruction", "max_tokens", "schema"}
    return str(put.body["instruction"])


def test_a_question_about_a_picture_as_it_goes_over_the_wire(tmp_path: Path) -> None:
    params = {"schema": VERDICT, "max_output_tokens": 500, "thinking_level": "low"}
    recipe = asked(OFF, "gemini_qa", LOOK, "is it red?", params, PICTURE)
    finished, visit = answered(said('{"ok": true}'), tmp_path, recipe)
    assert visit.path == "/v1/models/gemini-3.5-flash-lite:generateContent"
    frame = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(FRAME).decode()}}
    assert json.loads(visit.body) == {
        "contents": [{"role": "user", "parts": [{"text": "is it red?"}, frame]}],
        "systemInstruction": {"parts": [{"text": TASKS["qa"]}]},
        "generationConfig": {
            "responseMimeType": "application/json",
            "responseJsonSchema": VERDICT,
            "maxOutputTokens": 500,
            "thinkingConfig": {"thinkingLevel": "low"},
            "seed": request_of(recipe).seed,
        },
    }
    assert (finished.text, finished.outputs) == ('{"ok": true}', ())
    assert finished.billed == 1000 * Decimal("0.0000003") + 120 * Decimal("0.0000025")  # thoughts are charged, too


@pytest.mark.parametrize("text", ['{"ok": "yes"}', "yes", "[]", '{"ok": tr'])
def test_an_answer_that_does_not_fit_the_schema_is_none_and_was_paid_for(text: str, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        answered(said(text), tmp_path, asked(OFF, "gemini_qa", LOOK, "is it?", {"schema": VERDICT}, PICTURE))
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.BAD_OUTPUT, True)


@pytest.mark.parametrize("usage", [None, 5, {}, {"promptTokenCount": "many"}, {"promptTokenCount": -1}])
def test_what_is_not_counted_is_not_said_to_be_free(usage: Any, tmp_path: Path) -> None:
    finished, _ = answered(
        said("a fox") | {"usageMetadata": usage}, tmp_path, asked(OFF, "gemini_ocr", LOOK, None, {}, PICTURE)
    )
    assert finished.billed is None


def test_the_sound_of_a_film_is_counted_apart_where_it_costs_otherwise(tmp_path: Path) -> None:
    details = [{"modality": "VIDEO", "tokenCount": 900}, {"modality": "AUDIO", "tokenCount": 100}]
    usage = {"promptTokenCount": 1000, "candidatesTokenCount": 10, "promptTokensDetails": details}
    billed = {}
    for alias in ("gemini_2_5_flash", "gemini_3_5_flash_lite"):
        finished, _ = answered(
            said("a fox") | {"usageMetadata": usage}, tmp_path, asked(OFF, alias, LOOK, None, {}, PICTURE)
        )
        billed[alias] = finished.billed
    plain, answer = 1000 * Decimal("0.0000003"), 10 * Decimal("0.0000025")
    assert billed == {
        "gemini_2_5_flash": plain + 100 * Decimal("0.0000007") + answer,
        "gemini_3_5_flash_lite": plain + answer,
    }


def test_keys_of_one_model_ask_for_different_things_and_are_different_requests() -> None:
    keys = ["describe", "classify", "ocr", "qa"]
    versions = {OFF.version(f"gemini_{task}") for task in keys}
    assert len(versions) == 4 and all("gemini-3.5-flash-lite:" in one for one in versions)
    assert [instruction(f"gemini_{task}") for task in keys] == [TASKS[task] for task in keys]


@pytest.mark.parametrize(
    ("params", "adds"),
    [
        ({"detailed": True}, " Go into detail."),
        ({"detailed": False}, ""),
        ({"categories": ["day", "night"]}, " Choose among these categories: day, night."),
        ({"language": "French"}, " Answer in this language: French."),
    ],
)
def test_what_a_step_adds_is_part_of_the_instruction(params: Mapping[str, Any], adds: str) -> None:
    assert instruction("gemini_describe", **params) == TASKS["describe"] + adds


def test_a_step_may_name_the_task_or_write_it_itself() -> None:
    assert instruction("gemini_3_8_flash", analysis_type="OCR") == TASKS["ocr"]
    assert instruction("gemini_describe", system_prompt="Count the boats.") == "Count the boats."
    assert instruction("gemini_describe", prompt="how many?").startswith(TASKS["describe"] + " Where there is a")
    assert instruction("gemini_3_8_flash", WRITE, "a storm") == TASKS["video_prompt"]
    (problem,) = OFF.validate(asked(OFF, "gemini_describe", LOOK, None, {"analysis_type": "smell"}, PICTURE))
    assert problem.severity is Severity.ERROR and "describe" in problem.try_


def test_a_film_is_looked_at_by_what_it_lasts() -> None:
    def high(seconds: float | None) -> Decimal | None:
        clip = Artifact(FRAME_ARTIFACT.digest, "video/mp4", 1000, 64, 64, seconds)
        return OFF.estimate(asked(OFF, "gemini_3_pro", WATCH, None, {}, {"video": (clip,)})).high

    short, long = high(10), high(20)
    assert short is not None and long is not None
    assert long - short == 10 * 300 * Decimal("0.000002")
    assert high(None) is None


def test_the_catalogue_means_only_tasks_that_there_are() -> None:
    meant = {model.key: model.defaults.get("task") for model in Catalogue.default().models()}
    named = {task for task in meant.values() if task is not None}
    assert named <= set(TASKS)
    assert set(TASKS) - named == set(), "a task that no key means"
