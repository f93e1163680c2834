"""Every row of Anthropic's tables: one answer that it is about, and what it means for the run and for the money."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.providers.rig import access, asked
from tests.providers.rows import Case, heard, means, untested

from rushes.errors import ErrorClass, RemoteError
from rushes.model.operation import Operation
from rushes.providers.anthropic import REFUSED, SUBMIT, Anthropic
from rushes.providers.errors import Heard
from rushes.providers.http import Answer

E = ErrorClass
OFF = Anthropic(access("anthropic", None))
ASKED = asked(OFF, "claude_haiku_5_5", Operation.PROMPT_GENERATION)


def error(kind: str, says: str = "no", **details: Any) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": says, "details": details or None}, "request_id": "r"}


CASES = [
    Case(400, error("invalid_request_error", error_code="enforced_spend_limit_reached"), {}, E.QUOTA, False),
    Case(429, error("rate_limit_error", error_code="contract_spend_limit_reached"), {}, E.QUOTA, False),
    Case(400, error("invalid_request_error", "Your credit balance is too low to access the API"), {}, E.QUOTA, False),
    Case(402, error("billing_error"), {}, E.QUOTA, False),
    Case(400, error("invalid_request_error", "Output blocked by content filtering policy"), {}, E.CONTENT_POLICY, True),
    Case(529, error("overloaded_error", "Overloaded"), {}, E.TRANSIENT, False),
    Case(529, "<html>a gateway's own</html>", {}, E.UNKNOWN_OUTCOME, True),
    Case(429, error("rate_limit_error"), {"retry-after": "9"}, E.RATE_LIMIT, False),
    Case(429, error("rate_limit_error", error_code="ramp_limit_exceeded"), {}, E.RATE_LIMIT, False),
    Case(401, error("authentication_error"), {}, E.AUTH, False),
    Case(403, error("permission_error"), {}, E.AUTH, False),
    Case(404, error("not_found_error", "model: claude-3-opus"), {}, E.RETIRED_MODEL, False),
    Case(400, error("invalid_request_error", "max_tokens: Field required"), {}, E.INVALID_INPUT, False),
    Case(413, error("request_too_large"), {}, E.INVALID_INPUT, False),
    Case(500, error("api_error"), {}, E.UNKNOWN_OUTCOME, True),
    Case(504, error("timeout_error"), {}, E.UNKNOWN_OUTCOME, True),
    Case(503, error("api_error"), {"retry-after": "4"}, E.TRANSIENT, False),
    Case(524, "", {}, E.UNKNOWN_OUTCOME, True),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.status} {case.body}"[:60])
def test_an_answer_means_its_class_and_what_it_costs(case: Case) -> None:
    means(Anthropic, SUBMIT, case)


def test_no_row_is_without_a_test() -> None:
    assert untested(Anthropic, SUBMIT, CASES) == []


REFUSALS: list[tuple[dict[str, Any], ErrorClass]] = [
    ({"stop_reason": "refusal", "stop_details": {"explanation": "declined"}}, E.CONTENT_POLICY),
    ({"stop_reason": "max_tokens", "content": [{"type": "text", "text": "half of"}]}, E.BAD_OUTPUT),
    ({"stop_reason": "model_context_window_exceeded"}, E.BAD_OUTPUT),
    ({"stop_reason": "no_such_word_yet", "stop_details": 5}, E.BAD_OUTPUT),
    ({}, E.BAD_OUTPUT),
    ({"stop_reason": "end_turn", "content": 5}, E.BAD_OUTPUT),
    ({"stop_reason": "end_turn", "content": [5, {"type": "text", "text": None}], "usage": 5}, E.BAD_OUTPUT),
]


@pytest.mark.parametrize(("said", "kind"), REFUSALS, ids=lambda value: str(value)[:50])
def test_a_200_without_a_whole_answer_is_no_success_and_was_paid_for(said: dict[str, Any], kind: ErrorClass) -> None:
    with pytest.raises(RemoteError) as raised:
        OFF._finished(ASKED, Answer(200, {}, json.dumps(said).encode()))
    assert (raised.value.kind, raised.value.maybe_billed) == (kind, True), raised.value.message


def test_every_reason_to_stop_has_its_row() -> None:
    reasons = [str(said.get("stop_reason") or "no_stop_reason") for said, _ in REFUSALS]
    assert {next(row for row in REFUSED if row.fits(Heard(200, [reason], ""))) for reason in reasons} == set(REFUSED)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"<html>", b"[" * 9999])
def test_a_200_that_cannot_be_read_is_unknown(body: bytes) -> None:
    with pytest.raises(RemoteError) as raised:
        OFF._finished(ASKED, Answer(200, {}, body))
    assert (raised.value.kind, raised.value.maybe_billed) == (E.UNKNOWN_OUTCOME, True)


@pytest.mark.parametrize("body", ["", "{", "[]", '{"error": 5}', '{"error": {"details": 5}}', "[" * 9999])
def test_no_answer_is_too_odd_to_be_heard(body: str) -> None:
    assert heard(Anthropic, 500, body, {}).status == 500
