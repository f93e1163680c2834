"""Every row of ElevenLabs' tables: one answer that it is about, and what it then means for run and money."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.providers.rig import KEY
from tests.providers.rows import Case, error, heard, means, untested

from rushes.errors import ErrorClass as E
from rushes.providers.elevenlabs import HISTORY, SUBMIT, ElevenLabs


def new(code: str, type_: str = "validation_error") -> dict[str, Any]:
    """The shape that ElevenLabs documents."""
    return {"detail": {"type": type_, "code": code, "message": "no", "status": code, "request_id": "r", "param": None}}


def old(status: str) -> dict[str, Any]:
    """The shape of older answers, which are still seen."""
    return {"detail": {"status": status, "message": "no"}}


CASES = [
    Case(401, old("quota_exceeded"), {}, E.QUOTA, False),
    Case(402, new("insufficient_credits", "payment_required"), {}, E.QUOTA, False),
    Case(402, {}, {}, E.QUOTA, False),
    Case(403, old("content_against_policy"), {}, E.CONTENT_POLICY, True),
    Case(401, old("detected_unusual_activity"), {}, E.AUTH, False),
    Case(401, new("invalid_api_key", "authentication_error"), {}, E.AUTH, False),
    Case(402, old("paid_plan_required"), {}, E.INVALID_INPUT, False),
    Case(403, new("subscription_required", "authorization_error"), {}, E.INVALID_INPUT, False),
    Case(403, old("only_for_creator+"), {}, E.INVALID_INPUT, False),
    Case(403, new("insufficient_permissions", "authorization_error"), {}, E.AUTH, False),
    Case(404, new("voice_not_found", "not_found"), {}, E.INVALID_INPUT, False),
    Case(400, old("voice_not_found"), {}, E.INVALID_INPUT, False),
    Case(403, new("voice_access_denied", "authorization_error"), {}, E.INVALID_INPUT, False),
    Case(404, new("model_not_found", "not_found"), {}, E.RETIRED_MODEL, False),
    Case(400, new("unsupported_model"), {}, E.RETIRED_MODEL, False),
    Case(400, new("text_too_long"), {}, E.INVALID_INPUT, False),
    Case(400, old("max_character_limit_exceeded"), {}, E.INVALID_INPUT, False),
    Case(
        422,
        {"detail": [{"loc": ["body", "text"], "msg": "Field required", "type": "missing"}]},
        {},
        E.INVALID_INPUT,
        False,
    ),
    Case(429, old("too_many_concurrent_requests"), {}, E.RATE_LIMIT, False),
    Case(429, new("system_busy", "rate_limit_error"), {"retry-after": "2"}, E.RATE_LIMIT, False),
    Case(503, new("maintenance", "service_unavailable"), {}, E.TRANSIENT, False),
    Case(503, new("service_unavailable", "service_unavailable"), {}, E.UNKNOWN_OUTCOME, True),
    Case(500, new("internal_error", "internal_error"), {}, E.UNKNOWN_OUTCOME, True),
]
ITEMS = [
    Case(404, new("history_item_not_found", "not_found"), {}, E.INVALID_INPUT, True),
    Case(401, new("invalid_api_key", "authentication_error"), {}, E.AUTH, False),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_answer_to_a_call_means_its_class_and_what_it_costs(case: Case) -> None:
    means(ElevenLabs, SUBMIT, case)


@pytest.mark.parametrize("case", ITEMS, ids=str)
def test_an_answer_about_the_history_means_its_class(case: Case) -> None:
    means(ElevenLabs, HISTORY, case)


def test_no_row_is_without_a_test() -> None:
    assert untested(ElevenLabs, SUBMIT, CASES) == []
    assert untested(ElevenLabs, HISTORY, ITEMS) == []


def test_the_words_of_a_refused_body_are_told() -> None:
    found = error(ElevenLabs, SUBMIT, CASES[-6])
    assert "Field required" in found.message


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '{"detail": 5}', '{"detail": [1]}', '{"detail": {"code": []}}', "[" * 9999]
)
def test_no_answer_is_too_odd_to_be_heard(body: str) -> None:
    assert heard(ElevenLabs, 500, body, {}).status == 500


def test_what_it_says_is_shown_without_the_key() -> None:
    body = json.dumps({"detail": {"code": "bad_request", "message": f"no {KEY}\n" + "x" * 5000}})
    found = error(ElevenLabs, SUBMIT, Case(400, body, {}, E.INVALID_INPUT, False))
    assert KEY not in found.message and "\n" not in found.message and len(found.message) < 400
