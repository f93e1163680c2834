"""Every row of G-Labs' tables: one answer that it is about, and what it then means for the run and for the money."""

from __future__ import annotations

from typing import Any

import pytest
from tests.providers.rows import Case, heard, means, untested

from rushes.errors import ErrorClass as E
from rushes.providers.errors import read
from rushes.providers.glabs import SUBMIT, TASK, GLabs, _failure


def says(text: str) -> dict[str, Any]:
    return {"error": text}


SUBMITTED = [
    Case(400, says("MISSING_MODEL — choose one"), {}, E.RETIRED_MODEL, False),
    Case(400, says("Empty body"), {}, E.INVALID_INPUT, False),
    Case(401, says("Invalid or missing API key"), {}, E.AUTH, False),
    Case(403, says("Webhook requires MAX plan"), {}, E.QUOTA, False),
    Case(404, says("Not found"), {}, E.RETIRED_MODEL, False),
    Case(413, says("Payload too large (max 52428800 bytes)"), {}, E.INVALID_INPUT, False),
    Case(500, says("oops"), {}, E.UNKNOWN_OUTCOME, True),
    Case(502, "<html>tunnel</html>", {}, E.UNKNOWN_OUTCOME, True),
]


def failed(code: Any, error: str = "", detail: str = "") -> dict[str, Any]:
    return {"status": "failed", "error_code": code, "error": error, "error_detail": detail}


FAILED = [
    (failed(499, "STOPPED_BY_CLIENT"), E.CANCELLED, True),
    (failed(429, "Hạn mức trong ngày đã hết", "429: Hạn mức"), E.QUOTA, False),  # in the language of the application
    (failed(403, "PERMISSION_DENIED"), E.AUTH, False),
    (failed(401, "VIDS_COOKIE_EXPIRED"), E.AUTH, False),
    (failed(400, "CONTENT_POLICY — no"), E.CONTENT_POLICY, True),
    (failed(400, "INVALID_ARGUMENT", "400: The prompt violates the safety rules"), E.CONTENT_POLICY, True),
    (failed(400, "INVALID_ARGUMENT"), E.INVALID_INPUT, False),
    (failed(500, "INTERNAL"), E.BAD_OUTPUT, False),
    (failed(503, "NO_FREE_SLOT"), E.BAD_OUTPUT, False),
    (failed(0, "No active accounts available"), E.AUTH, False),
    (failed(0, "Missing required field: prompt"), E.INVALID_INPUT, False),
    (failed(0, "Invalid mode 'x'"), E.INVALID_INPUT, False),
    (failed(0, "Timeout: no result generated"), E.BAD_OUTPUT, True),
    (failed(504, "maybe charged"), E.BAD_OUTPUT, True),
    (failed(507, "GPU_OUT_OF_MEMORY"), E.BAD_OUTPUT, True),
    (failed(None), E.BAD_OUTPUT, True),
    (failed("abc", "?"), E.BAD_OUTPUT, True),
    (failed(True), E.BAD_OUTPUT, True),
    (failed(-3), E.BAD_OUTPUT, True),
]
ASKED = [
    Case(404, says("Task abc12345 not found"), {}, E.BAD_OUTPUT, True),
    Case(401, says("Invalid or missing API key"), {}, E.AUTH, False),
]


@pytest.mark.parametrize("case", SUBMITTED, ids=lambda case: f"{case.status} {case.kind}")
def test_an_answer_means_its_class(case: Case) -> None:
    means(GLabs, SUBMIT, case)


@pytest.mark.parametrize("case", ASKED, ids=lambda case: f"{case.status} {case.kind}")
def test_an_answer_about_a_task_means_its_class(case: Case) -> None:
    means(GLabs, TASK, case)


@pytest.mark.parametrize(("said", "kind", "billed"), FAILED, ids=lambda value: str(value)[:60])
def test_a_failed_task_means_its_class_by_its_number(said: dict[str, Any], kind: E, billed: bool) -> None:
    error = read(TASK, _failure(said), "glabs", None)
    assert (error.kind, error.maybe_billed) == (kind, billed), error.message


def test_no_row_is_without_a_test() -> None:
    assert untested(GLabs, SUBMIT, SUBMITTED) == []
    met = {next((row for row in TASK if row.fits(_failure(said))), None) for said, _kind, _billed in FAILED}
    left = untested(GLabs, TASK, ASKED)
    assert [row for row in left if row not in met] == []


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"error": 5}', '{"error": null}', "[" * 9999])
def test_no_answer_is_too_odd_to_be_heard(body: str) -> None:
    assert heard(GLabs, 500, body, {}).status == 500
