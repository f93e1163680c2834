"""Every row of every table: one answer that it is about, and what it then means for the run and for the money."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from tests.providers.rig import KEY, access

from rushes.errors import ErrorClass
from rushes.plugin.access import Secret
from rushes.providers import fal
from rushes.providers.errors import COMMON, EDGE, LOST, Heard, Row, read
from rushes.providers.fal import Fal
from rushes.providers.gemini import said as gemini
from rushes.providers.gemini.provider import Gemini
from rushes.providers.http import Answer
from rushes.providers.remote import Remote

E = ErrorClass
Said = tuple[int, Any, dict[str, str]]


def model_error(kind: str, msg: str = "no") -> dict[str, Any]:
    return {"detail": [{"loc": ["body", "prompt"], "msg": msg, "type": kind}]}


def platform(text: str, kind: str | None = None) -> dict[str, Any]:
    return {"detail": text} | ({"error_type": kind} if kind else {})


def google(status: str, message: str = "no", **detail: Any) -> dict[str, Any]:
    return {"error": {"code": 0, "message": message, "status": status, "details": [detail] if detail else []}}


# (table, row that fits, status, body, headers, class, may be billed)
CASES: list[tuple[str, int, Any, dict[str, str], ErrorClass, bool]] = [
    ("fal.SUBMIT", 422, model_error("content_policy_violation"), {}, E.CONTENT_POLICY, True),
    ("fal.SUBMIT", 403, platform("User is locked. Reason: Exhausted balance."), {}, E.QUOTA, False),
    ("fal.SUBMIT", 404, platform('Application "x" not found'), {}, E.RETIRED_MODEL, False),
    ("fal.SUBMIT", 521, "", {}, E.TRANSIENT, False),
    ("fal.SUBMIT", 522, "", {}, E.UNKNOWN_OUTCOME, True),
    ("fal.SUBMIT", 523, "", {}, E.TRANSIENT, False),
    ("fal.SUBMIT", 525, "", {}, E.TRANSIENT, False),
    ("fal.SUBMIT", 526, "", {}, E.TRANSIENT, False),
    ("fal.SUBMIT", 530, "", {}, E.TRANSIENT, False),
    ("fal.SUBMIT", 303, "", {}, E.UNKNOWN_OUTCOME, True),
    ("fal.SUBMIT", 520, "", {}, E.UNKNOWN_OUTCOME, True),
    ("fal.SUBMIT", 524, "", {}, E.UNKNOWN_OUTCOME, True),
    ("fal.SUBMIT", 401, platform("Authentication is required"), {}, E.AUTH, False),
    ("fal.SUBMIT", 402, platform("pay"), {}, E.QUOTA, False),
    ("fal.SUBMIT", 403, platform("Forbidden"), {}, E.AUTH, False),
    ("fal.SUBMIT", 410, platform("gone"), {}, E.RETIRED_MODEL, False),
    ("fal.SUBMIT", 408, platform("slow"), {}, E.TRANSIENT, False),
    ("fal.SUBMIT", 409, platform("conflict"), {}, E.TRANSIENT, False),
    ("fal.SUBMIT", 425, platform("early"), {}, E.TRANSIENT, False),
    ("fal.SUBMIT", 413, platform("large"), {}, E.INVALID_INPUT, False),
    ("fal.SUBMIT", 429, platform("slow down"), {"retry-after": "9"}, E.RATE_LIMIT, False),
    ("fal.SUBMIT", 400, platform("bad"), {}, E.INVALID_INPUT, False),
    ("fal.SUBMIT", 422, model_error("missing"), {}, E.INVALID_INPUT, False),
    ("fal.SUBMIT", 307, "", {}, E.INVALID_INPUT, False),
    ("fal.SUBMIT", 503, platform("busy"), {"retry-after": "5"}, E.TRANSIENT, False),
    ("fal.SUBMIT", 503, platform("upstream reset"), {}, E.UNKNOWN_OUTCOME, True),
    ("fal.SUBMIT", 500, platform("oops"), {}, E.UNKNOWN_OUTCOME, True),
    ("fal.SUBMIT", 502, "<html>nginx</html>", {}, E.UNKNOWN_OUTCOME, True),
    ("fal.SUBMIT", 504, platform("late", "request_timeout"), {}, E.UNKNOWN_OUTCOME, True),
    ("fal.SUBMIT", 600, "", {}, E.UNKNOWN_OUTCOME, True),
    ("fal.RESULT", 422, model_error("content_policy_violation"), {}, E.CONTENT_POLICY, True),
    ("fal.RESULT", 403, platform("balance exhausted"), {}, E.QUOTA, False),
    ("fal.RESULT", 499, platform("Request was cancelled", "request_cancelled"), {}, E.CANCELLED, True),
    ("fal.RESULT", 400, platform("stopped", "client_cancelled"), {}, E.CANCELLED, True),
    ("fal.RESULT", 422, model_error("no_media_generated"), {}, E.BAD_OUTPUT, True),
    ("fal.RESULT", 422, model_error("image_too_small"), {}, E.INVALID_INPUT, True),
    ("fal.RESULT", 404, platform("Request not found"), {}, E.BAD_OUTPUT, True),
    ("fal.RESULT", 410, platform("expired"), {}, E.BAD_OUTPUT, True),
    ("fal.RESULT", 500, platform("Internal Server Error"), {}, E.BAD_OUTPUT, False),
    ("fal.RESULT", 504, platform("late", "startup_timeout"), {}, E.BAD_OUTPUT, False),
    ("fal.RESULT", 429, platform("downstream"), {}, E.BAD_OUTPUT, False),
    ("fal.RESULT", 200, platform("odd", "no_such_word_yet"), {}, E.BAD_OUTPUT, True),
    ("fal.RESULT", 401, platform("who?"), {}, E.AUTH, False),
]
TABLES: dict[str, tuple[type[Remote], Sequence[Row]]] = {
    "fal.SUBMIT": (Fal, fal.SUBMIT),
    "fal.RESULT": (Fal, fal.RESULT),
}


def heard(of: type[Remote], status: int, body: Any, headers: dict[str, str]) -> Heard:
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return of(access("fal", None)).heard(Answer(status, headers, data))


@pytest.mark.parametrize(
    ("table", "status", "body", "headers", "kind", "billed"), CASES, ids=lambda value: str(value)[:40]
)
def test_an_answer_means_its_class_and_what_it_costs(
    table: str, status: int, body: Any, headers: dict[str, str], kind: ErrorClass, billed: bool
) -> None:
    of, rows = TABLES[table]
    error = read(rows, heard(of, status, body, headers), of.name, Secret(KEY))
    assert (error.kind, error.maybe_billed) == (kind, billed), error.message
    assert str(status) in error.message


@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_without_a_test(table: str) -> None:
    of, rows = TABLES[table]
    met = set()
    for name, status, body, headers, _kind, _billed in CASES:
        if name == table:
            said = heard(of, status, body, headers)
            met.add(next((row for row in rows if row.fits(said)), None))
    shared = {"fal.RESULT": COMMON, "gemini.SUBMIT": COMMON + EDGE + LOST}.get(table, ())  # met with the first table
    assert [row for row in rows if row not in met and row not in shared] == []


def test_google_says_in_the_body_when_to_come_back() -> None:
    said = heard(Gemini, 429, google("RESOURCE_EXHAUSTED", retryDelay="17s"), {})
    assert read(gemini.SUBMIT, said, "gemini", None).retry_after == 17.0


@pytest.mark.parametrize("of", [Fal, Gemini])
def test_what_a_service_says_is_shown_short_in_one_line_and_without_the_key(of: type[Remote]) -> None:
    text = f"bad key {KEY}\n\x1b[31m" + "x" * 5000
    body = platform(text) if of is Fal else google("INVALID_ARGUMENT", text)
    rows = fal.SUBMIT if of is Fal else gemini.SUBMIT
    error = read(rows, heard(of, 400, body, {}), of.name, Secret(KEY))
    assert KEY not in error.message
    assert "\n" not in error.message and "\x1b" not in error.message
    assert len(error.message) < 400


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '{"detail": 5}', '{"detail": [1]}', '{"error": "x"}', "[" * 9999]
)
@pytest.mark.parametrize("of", [Fal, Gemini])
def test_no_answer_is_too_odd_to_be_heard(of: type[Remote], body: str) -> None:
    assert heard(of, 500, body, {}).status == 500
