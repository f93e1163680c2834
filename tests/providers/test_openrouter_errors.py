"""Every row of OpenRouter's tables: one answer that it is about, and what it then means for the run and the money."""

from __future__ import annotations

from typing import Any

import pytest
from tests.providers.rows import Case, error, means, untested

from rushes.errors import ErrorClass
from rushes.providers.openrouter import RESULT, SUBMIT, OpenRouter

E = ErrorClass


def said(code: int, message: str = "no", **metadata: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message} | ({"metadata": metadata} if metadata else {})}


SUBMITTED = [
    Case(402, said(402, "Insufficient credits"), {}, E.QUOTA, False),
    Case(403, said(403, "Input flagged", reasons=["violence"], flagged_input="..."), {}, E.CONTENT_POLICY, False),
    Case(400, said(400, "Provider returned error", raw="prohibited content"), {}, E.CONTENT_POLICY, False),
    Case(403, said(403, "Key limit exceeded"), {}, E.AUTH, False),
    Case(401, said(401, "No auth credentials found"), {}, E.AUTH, False),
    Case(400, said(400, "x/y is not a valid model ID"), {}, E.RETIRED_MODEL, False),
    Case(404, said(404, "No endpoints found for x/y."), {}, E.RETIRED_MODEL, False),
    Case(400, said(400, "duration: Expected number"), {}, E.INVALID_INPUT, False),
    Case(408, said(408, "Your request timed out"), {}, E.UNKNOWN_OUTCOME, True),
    Case(422, said(422, "Unprocessable"), {}, E.INVALID_INPUT, False),
    Case(429, said(429, "Rate limit exceeded"), {"retry-after": "9"}, E.RATE_LIMIT, False),
    Case(529, said(529, "Provider is overloaded"), {}, E.TRANSIENT, False),
    Case(502, said(502, "Provider returned error", provider_name="Google"), {}, E.UNKNOWN_OUTCOME, True),
    Case(503, said(503, "No available provider"), {}, E.UNKNOWN_OUTCOME, True),
    Case(503, said(503, "Busy"), {"retry-after": "5"}, E.TRANSIENT, False),
    Case(524, "", {}, E.UNKNOWN_OUTCOME, True),
]
ASKED = [
    Case(200, said(502, "flagged by a content filter"), {}, E.CONTENT_POLICY, True),
    Case(200, {"error": {"type": "cancelled"}}, {}, E.CANCELLED, True),
    Case(404, said(404, "Video job not found"), {}, E.BAD_OUTPUT, True),
    Case(200, {"error": {"type": "uncharged"}}, {}, E.BAD_OUTPUT, False),
    Case(401, said(401), {}, E.AUTH, False),
    Case(200, said(502, "the model failed"), {}, E.BAD_OUTPUT, True),
]


@pytest.mark.parametrize("case", SUBMITTED, ids=lambda case: f"{case.status} {str(case.body)[:60]}")
def test_an_answer_to_a_request(case: Case) -> None:
    means(OpenRouter, SUBMIT, case)


@pytest.mark.parametrize("case", ASKED, ids=lambda case: f"{case.status} {str(case.body)[:60]}")
def test_an_answer_about_a_film(case: Case) -> None:
    means(OpenRouter, RESULT, case)


def test_the_quota_of_a_day_says_in_its_body_when_it_is_back() -> None:
    headers = {"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1791072000000"}
    body = said(429, "Rate limit exceeded: free-models-per-day.", headers=headers)
    at = {"date": "Sat, 03 Oct 2026 07:32:05 GMT"}
    assert error(OpenRouter, SUBMIT, Case(429, body, at, E.RATE_LIMIT, False)).retry_after == 59275.0
    at["x-ratelimit-reset"] = "1791070000000"  # what stands in the answer's own headers goes before
    assert error(OpenRouter, SUBMIT, Case(429, body, at, E.RATE_LIMIT, False)).retry_after == 57275.0


def test_a_makers_hour_in_the_body_is_not_openrouters_word_that_nothing_was_done() -> None:
    body = said(503, "Provider returned error", headers={"Retry-After": "5"})
    assert error(OpenRouter, SUBMIT, Case(503, body, {}, E.UNKNOWN_OUTCOME, True)).kind is E.UNKNOWN_OUTCOME


def test_no_row_is_without_a_test() -> None:
    assert untested(OpenRouter, SUBMIT, SUBMITTED) == []
    assert untested(OpenRouter, RESULT, ASKED) == []
