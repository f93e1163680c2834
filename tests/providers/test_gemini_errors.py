"""Every row of Gemini's tables: one answer that it is about, and what it then means for the run and for the money."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

import pytest
from tests.providers.rig import access
from tests.providers.rows import Case, error, means, untested

from rushes.errors import ErrorClass, RemoteError
from rushes.model.operation import Operation
from rushes.providers.gemini import films
from rushes.providers.gemini import said as gemini_said
from rushes.providers.gemini.provider import Gemini
from rushes.providers.gemini.said import RESULT, SUBMIT, until_midnight
from rushes.providers.http import Answer
from rushes.providers.said_limits import LONGEST_WAIT
from rushes.testing.requests import recipe_of

E = ErrorClass
OF_A_DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
OF_A_MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
PICTURE = recipe_of(Operation.TEXT_TO_IMAGE, "a fox")
QUESTION = recipe_of(Operation.ANALYZE_IMAGE, "what is it?")


def google(status: str, message: str = "no", **detail: Any) -> dict[str, Any]:
    return {"error": {"code": 0, "message": message, "status": status, "details": [detail] if detail else []}}


def interaction(code: str, message: str = "no") -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


SUBMITTED = [
    Case(400, google("INVALID_ARGUMENT", reason="API_KEY_INVALID"), {}, E.AUTH, False),
    Case(400, google("INVALID_ARGUMENT", "API key expired. Renew it."), {}, E.AUTH, False),
    Case(400, google("FAILED_PRECONDITION"), {}, E.QUOTA, False),
    Case(403, google("PERMISSION_DENIED", reason="BILLING_DISABLED"), {}, E.QUOTA, False),
    Case(403, google("PERMISSION_DENIED"), {}, E.AUTH, False),
    Case(403, json.dumps([google("API_KEY_SERVICE_BLOCKED", "Requests are blocked.")]), {}, E.AUTH, False),
    Case(402, google("RESOURCE_EXHAUSTED"), {}, E.QUOTA, False),
    Case(429, google("RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."), {}, E.QUOTA, False),
    Case(429, google("RESOURCE_EXHAUSTED", retryDelay="17s"), {}, E.RATE_LIMIT, False),
    Case(429, google("RESOURCE_EXHAUSTED", violations=[{"quotaId": OF_A_DAY}]), {}, E.RATE_LIMIT, False),
    Case(400, google("PROHIBITED_CONTENT"), {}, E.CONTENT_POLICY, False),
    Case(400, interaction("invalid_request", "Prompt blocked for safety reasons"), {}, E.CONTENT_POLICY, False),
    Case(400, interaction("invalid_request", "Unknown parameter 'safety_settings'."), {}, E.INVALID_INPUT, False),
    Case(499, google("CANCELLED"), {}, E.CANCELLED, True),
    Case(404, google("NOT_FOUND"), {}, E.RETIRED_MODEL, False),
    Case(404, interaction("not_found"), {}, E.RETIRED_MODEL, False),
    Case(400, google("INVALID_ARGUMENT"), {}, E.INVALID_INPUT, False),
    Case(413, "", {}, E.INVALID_INPUT, False),
    Case(500, google("INTERNAL"), {}, E.UNKNOWN_OUTCOME, True),
    Case(503, google("UNAVAILABLE"), {}, E.UNKNOWN_OUTCOME, True),
    Case(503, google("UNAVAILABLE", violations=[{"quotaId": OF_A_DAY}]), {}, E.UNKNOWN_OUTCOME, True),
    Case(503, google("UNAVAILABLE", retryDelay="4s"), {}, E.TRANSIENT, False),
    Case(504, google("DEADLINE_EXCEEDED"), {}, E.UNKNOWN_OUTCOME, True),
    Case(524, "", {}, E.UNKNOWN_OUTCOME, True),
    Case(521, "", {}, E.TRANSIENT, False),
]
ASKED = [
    Case(400, google("INVALID_ARGUMENT", reason="API_KEY_INVALID"), {}, E.AUTH, False),
    Case(400, google("INVALID_ARGUMENT", "API key not valid."), {}, E.AUTH, False),
    Case(403, google("PERMISSION_DENIED", reason="BILLING_DISABLED"), {}, E.QUOTA, False),
    Case(402, google("RESOURCE_EXHAUSTED"), {}, E.QUOTA, False),
    Case(429, google("RESOURCE_EXHAUSTED", "Your credits are depleted."), {}, E.QUOTA, False),
    Case(429, google("RESOURCE_EXHAUSTED", violations=[{"quotaId": OF_A_DAY}]), {}, E.RATE_LIMIT, False),
    Case(200, interaction("PROHIBITED_CONTENT"), {}, E.CONTENT_POLICY, True),
    Case(200, interaction("internal", "the film was blocked by a policy"), {}, E.CONTENT_POLICY, True),
    Case(200, interaction("declined"), {}, E.CONTENT_POLICY, True),
    Case(200, interaction("cancelled"), {}, E.CANCELLED, True),
    Case(200, interaction("budget_exceeded"), {}, E.QUOTA, True),
    Case(400, interaction("invalid_request", "Invalid interaction name: interactions/x"), {}, E.BAD_OUTPUT, True),
    Case(404, google("NOT_FOUND"), {}, E.BAD_OUTPUT, True),
    Case(410, "", {}, E.BAD_OUTPUT, True),
    Case(401, "", {}, E.AUTH, False),
    Case(200, interaction("internal_error", "the model failed"), {}, E.BAD_OUTPUT, True),
]


@pytest.mark.parametrize("case", SUBMITTED, ids=lambda case: f"{case.status} {str(case.body)[:50]}")
def test_an_answer_to_a_request(case: Case) -> None:
    means(Gemini, SUBMIT, case)


@pytest.mark.parametrize("case", ASKED, ids=lambda case: f"{case.status} {str(case.body)[:50]}")
def test_an_answer_about_a_film(case: Case) -> None:
    means(Gemini, RESULT, case)


def test_no_row_is_without_a_test() -> None:
    assert untested(Gemini, SUBMIT, SUBMITTED) == []
    assert untested(Gemini, RESULT, ASKED) == []


def test_google_says_in_the_body_when_to_come_back() -> None:
    case = Case(429, google("RESOURCE_EXHAUSTED", retryDelay="17s"), {}, E.RATE_LIMIT, False)
    assert error(Gemini, SUBMIT, case).retry_after == 17.0
    words = "You exceeded your current quota. Please retry in 36.429760048s."
    both = Case(429, google("RESOURCE_EXHAUSTED", words, retryDelay="36s"), {}, E.RATE_LIMIT, False)
    assert error(Gemini, SUBMIT, both).retry_after == pytest.approx(36.43, abs=0.01), (
        "the delay is cut to whole seconds"
    )


@pytest.mark.parametrize(
    ("said", "midnight"),
    [
        ("Sat, 21 Nov 2026 20:00:00 GMT", "Sun, 22 Nov 2026 08:00:00 GMT"),
        ("Sun, 22 Nov 2026 07:58:00 GMT", "Sun, 22 Nov 2026 08:00:00 GMT"),
        ("Sun, 22 Nov 2026 08:00:00 GMT", "Mon, 23 Nov 2026 08:00:00 GMT"),
        ("Wed, 15 Jul 2026 20:00:00 GMT", "Thu, 16 Jul 2026 07:00:00 GMT"),
        ("Sun, 01 Nov 2026 07:00:00 GMT", "Mon, 02 Nov 2026 08:00:00 GMT"),  # a day of 25 hours
        ("Sun, 08 Mar 2026 08:00:00 GMT", "Mon, 09 Mar 2026 07:00:00 GMT"),  # a day of 23
    ],
)
def test_the_quota_of_a_day_is_back_at_midnight_in_california_whatever_delay_is_said(said: str, midnight: str) -> None:
    seconds = (parsedate_to_datetime(midnight) - parsedate_to_datetime(said)).total_seconds()
    body = google("RESOURCE_EXHAUSTED", "Please retry in 36.4s.", violations=[{"quotaId": OF_A_DAY}])
    body["error"]["details"].append({"retryDelay": "36s"})
    raised = error(Gemini, SUBMIT, Case(429, body, {"date": said}, E.RATE_LIMIT, False))
    assert raised.retry_after == seconds
    assert "midnight" in raised.next_step


def test_the_quota_of_a_minute_is_back_when_google_says_so() -> None:
    body = google("RESOURCE_EXHAUSTED", violations=[{"quotaId": OF_A_MINUTE}], retryDelay="26s")
    raised = error(Gemini, SUBMIT, Case(429, body, {}, E.RATE_LIMIT, False))
    assert (raised.retry_after, raised.next_step) == (26.0, "")


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "\ud800"])
def test_a_clock_that_nobody_can_have_is_not_believed(date: str) -> None:
    body = google("RESOURCE_EXHAUSTED", violations=[{"quotaId": OF_A_DAY}])
    wait = error(Gemini, SUBMIT, Case(429, body, {"date": date}, E.RATE_LIMIT, False)).retry_after
    assert wait is not None and 0 < wait <= LONGEST_WAIT


def test_without_time_zones_midnight_is_late_and_never_early(monkeypatch: pytest.MonkeyPatch) -> None:
    summer = parsedate_to_datetime("Wed, 15 Jul 2026 20:00:00 GMT").timestamp()
    exact = until_midnight(summer)
    monkeypatch.setattr(gemini_said, "ZoneInfo", no_zone)
    assert until_midnight(summer) == exact + 3600


def no_zone(name: str) -> None:
    raise ZoneInfoNotFoundError(name)


REFUSALS = [
    ({"promptFeedback": {"blockReason": "OTHER"}}, E.CONTENT_POLICY),
    ({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT", "blockReasonMessage": "no"}}, E.CONTENT_POLICY),
    ({"candidates": [{"finishReason": "IMAGE_SAFETY"}]}, E.CONTENT_POLICY),
    ({"candidates": [{"finishReason": "NO_SUCH_WORD_YET"}]}, E.CONTENT_POLICY),
    ({"candidates": [{"finishReason": "NO_IMAGE"}]}, E.BAD_OUTPUT),
    ({"candidates": [{"finishReason": "MAX_TOKENS"}]}, E.BAD_OUTPUT),
    ({"candidates": []}, E.BAD_OUTPUT),
    ({}, E.BAD_OUTPUT),
    ({"candidates": [{"finishReason": "PUP_LIMITED_DISABLED"}]}, E.AUTH),
]
IN_WORDS = {"candidates": [{"finishReason": "STOP", "content": {"parts": [{"text": "I cannot"}]}}]}
HALF = {"candidates": [{"finishReason": "MAX_TOKENS", "content": {"parts": [{"text": "It is a"}]}}]}


@pytest.mark.parametrize("recipe", [PICTURE, QUESTION], ids=["picture", "question"])
@pytest.mark.parametrize(("said", "kind"), REFUSALS, ids=lambda value: str(value)[:50])
def test_a_200_without_a_result_is_no_success(said: dict[str, Any], kind: ErrorClass, recipe: Any) -> None:
    raised = refused(said, recipe)
    assert raised.kind is kind, raised.message
    assert raised.maybe_billed or kind is E.AUTH


def test_words_where_a_picture_was_asked_for_are_a_refusal() -> None:
    assert refused(IN_WORDS, PICTURE).kind is E.CONTENT_POLICY


def test_half_an_answer_is_no_answer() -> None:
    raised = refused(HALF, QUESTION)
    assert (raised.kind, raised.maybe_billed) == (E.BAD_OUTPUT, True)


def refused(said: dict[str, Any], recipe: Any) -> RemoteError:
    with pytest.raises(RemoteError) as raised:
        Gemini(access("gemini", None))._finished(Answer(200, {}, json.dumps(said).encode()), recipe)
    return raised.value


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"<html>"])
def test_a_200_that_cannot_be_read_is_unknown(body: bytes) -> None:
    with pytest.raises(RemoteError) as raised:
        Gemini(access("gemini", None))._finished(Answer(200, {}, body), PICTURE)
    assert (raised.value.kind, raised.value.maybe_billed) == (E.UNKNOWN_OUTCOME, True)


FILM = {"type": "video", "uri": "https://generativelanguage.googleapis.com/v1beta/files/x:download?alt=media"}


@pytest.mark.parametrize(
    ("status", "said", "codes"),
    [
        ("failed", {"error": {"code": "internal", "status": "SAFETY"}}, ["SAFETY", "internal", "failed"]),
        ("failed", {"errors": [{"code": "internal_error", "message": "broken"}]}, ["internal_error", "failed"]),
        ("failed", {"errors": 5, "error": "no"}, ["failed"]),
        ("incomplete", {}, ["incomplete"]),
        ("requires_action", {}, ["requires_action"]),
        ("cancelled", {"steps": [{"type": "model_output", "content": [FILM]}]}, ["cancelled"]),
        ("completed", {"steps": [{"type": "model_output", "content": [{"type": "text", "text": "no"}]}]}, ["declined"]),
        ("completed", {"steps": 5}, ["declined"]),
        ("completed", {"usage": {"output_tokens_by_modality": [{"modality": "video", "tokens": 9}]}}, ["unreadable"]),
    ],
)
def test_why_there_is_no_film(status: str, said: dict[str, Any], codes: list[str]) -> None:
    with pytest.raises(films.NoFilm) as raised:
        films.finished(said, status)
    assert list(raised.value.heard.codes) == codes
