"""Every row of OpenAI's tables: one answer that it is about, and what it then means for the run and for the money."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import FRAME_ARTIFACT, KEY, access, asked, context, request_of
from tests.providers.rows import Case, heard, means, untested
from tests.providers.wire import Visit, serving

from rushes.errors import ErrorClass, RemoteError
from rushes.model.operation import Operation
from rushes.plugin.access import Secret
from rushes.plugin.provider import Finished
from rushes.providers.errors import Row, read
from rushes.providers.openai.provider import REFUSED, SUBMIT, OpenAI
from rushes.providers.openai.said import refused

E = ErrorClass


def error(says: str, kind: str = "invalid_request_error", code: str | None = None, **more: Any) -> dict[str, Any]:
    return {"error": {"message": says, "type": kind, "param": None, "code": code, **more}}


def blocked(stage: str) -> dict[str, Any]:
    details = {"moderation_stage": stage, "categories": ["violence"]}
    return error("rejected", "image_generation_user_error", "moderation_blocked", moderation_details=details)


CASES = [
    Case(400, blocked("input"), {}, E.CONTENT_POLICY, False),
    Case(400, blocked("output"), {}, E.CONTENT_POLICY, True),
    Case(400, error("no", "image_generation_user_error", "moderation_blocked"), {}, E.CONTENT_POLICY, True),
    Case(400, error("no", code="content_policy_violation"), {}, E.CONTENT_POLICY, True),
    Case(429, error("You exceeded your current quota", "insufficient_quota", "insufficient_quota"), {}, E.QUOTA, False),
    Case(400, error("Billing hard limit has been reached", code="billing_hard_limit_reached"), {}, E.QUOTA, False),
    Case(429, error("slow", "requests", "rate_limit_exceeded"), {"retry-after": "9"}, E.RATE_LIMIT, False),
    Case(401, error("Incorrect API key provided", code="invalid_api_key"), {}, E.AUTH, False),
    Case(403, error("Your organization must be verified"), {}, E.AUTH, False),
    Case(404, error("The model does not exist", code="model_not_found"), {}, E.RETIRED_MODEL, False),
    Case(400, error("The model does not exist", code="model_not_found"), {}, E.RETIRED_MODEL, False),
    Case(400, error("Unknown parameter: 'x'.", code="unknown_parameter"), {}, E.INVALID_INPUT, False),
    Case(413, "", {}, E.INVALID_INPUT, False),
    Case(500, error("The server had an error", "server_error"), {}, E.UNKNOWN_OUTCOME, True),
    Case(502, "<html>cloudflare</html>", {}, E.UNKNOWN_OUTCOME, True),
    Case(503, error("overloaded"), {}, E.UNKNOWN_OUTCOME, True),
    Case(503, error("overloaded"), {"retry-after": "4"}, E.TRANSIENT, False),
    Case(521, "", {}, E.TRANSIENT, False),
    Case(524, "", {}, E.UNKNOWN_OUTCOME, True),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.status} {case.body}"[:60])
def test_an_answer_means_its_class_and_what_it_costs(case: Case) -> None:
    means(OpenAI, SUBMIT, case)


def test_no_row_is_without_a_test() -> None:
    assert untested(OpenAI, SUBMIT, CASES) == []


def answer(status: str = "completed", content: object = (), **more: Any) -> dict[str, Any]:
    return {"status": status, "output": [{"type": "message", "content": content}], **more}


REFUSALS: list[tuple[dict[str, Any], ErrorClass]] = [
    (answer(content=[{"type": "refusal", "refusal": "I cannot help with that."}]), E.CONTENT_POLICY),
    (answer("incomplete", incomplete_details={"reason": "content_filter"}), E.CONTENT_POLICY),
    (answer("failed", error={"code": "image_content_policy_violation", "message": "no"}), E.CONTENT_POLICY),
    (answer("incomplete", incomplete_details={"reason": "max_output_tokens"}), E.BAD_OUTPUT),
    (answer("failed", error={"code": "server_error", "message": "oops"}), E.BAD_OUTPUT),
    (answer("no_such_word_yet"), E.BAD_OUTPUT),
    ({}, E.BAD_OUTPUT),
    ({"output": 5, "status": 5}, E.BAD_OUTPUT),
]


def test_a_200_without_an_answer_is_no_success_and_was_paid_for() -> None:
    met: set[Row] = set()
    for said, kind in REFUSALS:
        found = refused(said)
        assert found is not None
        raised = read(REFUSED, found, "openai", Secret(KEY))
        assert (raised.kind, raised.maybe_billed) == (kind, True), raised.message
        met.add(next(row for row in REFUSED if row.fits(found)))
    assert met == set(REFUSED)


def answered(status: int, body: bytes, folder: Path, op: Operation = Operation.TEXT_TO_IMAGE) -> Finished:
    async def script(visit: Visit) -> None:
        await visit.answer(status, body)

    async def run() -> Finished:
        async with serving(script) as wire:
            openai = OpenAI(access("openai", wire.url, simulated=False))
            inputs = {"image": (FRAME_ARTIFACT,)} if op is Operation.ANALYZE_IMAGE else None
            alias = "gpt_6_luna" if op is Operation.ANALYZE_IMAGE else "gpt_image_2_5"
            try:
                return await openai.submit(request_of(asked(openai, alias, op, inputs=inputs)), context(folder))
            finally:
                await openai.close()

    return asyncio.run(run())


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"<html>", b"[" * 9999])
@pytest.mark.parametrize("op", [Operation.TEXT_TO_IMAGE, Operation.ANALYZE_IMAGE])
def test_a_200_that_cannot_be_read_is_unknown(body: bytes, op: Operation, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        answered(200, body, tmp_path, op)
    assert (raised.value.kind, raised.value.maybe_billed) == (E.UNKNOWN_OUTCOME, True)


ODD: Sequence[Any] = [
    {"data": 5},
    {"data": [5]},
    {"data": [{"url": "https://example.com/a.png"}]},
    {"data": [{"b64_json": "%%%"}]},
    {"data": [{"b64_json": None}], "usage": 5},
    {"status": "completed", "output": [5, {"type": "message", "content": 5}]},
    {"status": "completed", "output": [{"type": "message", "content": [{"type": "output_text", "text": None}]}]},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
@pytest.mark.parametrize("op", [Operation.TEXT_TO_IMAGE, Operation.ANALYZE_IMAGE])
def test_an_answer_of_another_shape_is_a_failure_and_no_traceback(odd: Any, op: Operation, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        answered(200, json.dumps(odd).encode(), tmp_path, op)
    assert (raised.value.kind, raised.value.maybe_billed) == (E.BAD_OUTPUT, True)


@pytest.mark.parametrize("body", ["", "{", "[]", '{"error": 5}', '{"error": {"moderation_details": 5}}', "[" * 9999])
def test_no_answer_is_too_odd_to_be_heard(body: str) -> None:
    assert heard(OpenAI, 500, body, {}).status == 500
