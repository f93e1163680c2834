"""Every row of Replicate's tables: one answer that it is about, and what it then means for run and money."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import KEY, access, context
from tests.providers.rows import Case, error, heard, means, untested
from tests.providers.wire import Visit, serving

from rushes.errors import ErrorClass as E
from rushes.errors import RemoteError
from rushes.providers.errors import Heard, Row
from rushes.providers.replicate import RESULT, SUBMIT, Replicate


def problem(detail: str, title: str = "") -> dict[str, Any]:
    return {"detail": detail, "title": title, "status": 0}


CASES = [
    Case(422, problem("The specified version does not exist.", "Invalid version"), {}, E.RETIRED_MODEL, False),
    Case(422, problem("- input.prompt is required\n", "Input validation failed"), {}, E.INVALID_INPUT, False),
    Case(401, problem("You did not pass a valid authentication token", "Unauthenticated"), {}, E.AUTH, False),
    Case(402, problem("You have insufficient credit", "Insufficient credit"), {}, E.QUOTA, False),
    Case(404, problem("The requested resource could not be found."), {}, E.RETIRED_MODEL, False),
    Case(429, problem("Request was throttled. Your rate limit resets in ~30s."), {}, E.RATE_LIMIT, False),
    Case(500, problem("Internal server error"), {}, E.UNKNOWN_OUTCOME, True),
    Case(502, "<html>", {}, E.UNKNOWN_OUTCOME, True),
]
ABOUT = [
    Case(404, problem("The requested resource could not be found."), {}, E.BAD_OUTPUT, True),
    Case(410, problem("gone"), {}, E.BAD_OUTPUT, True),
    Case(401, problem("Unauthenticated"), {}, E.AUTH, False),
]
ENDED = [
    ("aborted", None, E.CANCELLED, False),
    ("canceled", None, E.CANCELLED, True),
    ("failed", "The input or output was flagged as sensitive. Please try again. (E005)", E.CONTENT_POLICY, True),
    ("failed", "NSFW content detected. Try running it again, or try a different prompt.", E.CONTENT_POLICY, True),
    ("failed", "Prediction failed: CUDA out of memory. (E1001)", E.INVALID_INPUT, True),
    ("failed", "Prediction could not be started. (E6716)", E.BAD_OUTPUT, False),
    ("failed", "The model's health check failed. (E8765)", E.BAD_OUTPUT, False),
    ("failed", "An unknown error. (E1000)", E.BAD_OUTPUT, True),
    ("failed", None, E.BAD_OUTPUT, True),
]


def asked_about(said: Any, tmp_path: Path) -> RemoteError:
    async def one(visit: Visit) -> None:
        await visit.answer(200, json.dumps(said).encode())

    async def run() -> None:
        async with serving(one) as wire:
            replicate = Replicate(access("replicate", wire.url))
            try:
                await replicate.poll("job1", context(tmp_path))
            finally:
                await replicate.close()

    with pytest.raises(RemoteError) as raised:
        asyncio.run(run())
    return raised.value


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_answer_to_a_submission_means_its_class_and_what_it_costs(case: Case) -> None:
    means(Replicate, SUBMIT, case)


@pytest.mark.parametrize("case", ABOUT, ids=str)
def test_an_answer_about_a_job_means_its_class(case: Case) -> None:
    means(Replicate, RESULT, case)


@pytest.mark.parametrize(("status", "says", "kind", "billed"), ENDED)
def test_how_a_prediction_ended(status: str, says: str | None, kind: E, billed: bool, tmp_path: Path) -> None:
    found = asked_about({"id": "job1", "status": status, "error": says}, tmp_path)
    assert (found.kind, found.maybe_billed) == (kind, billed), found.message
    assert says is None or says[:20] in found.message


def test_no_row_is_without_a_test() -> None:
    met: list[Row] = []
    for status, says, _kind, _billed in ENDED:
        codes = [word.strip("().") for word in str(says).split() if word.strip("().")[:1] == "E"]
        said = Heard(200, [*codes, status], str(says))
        met.append(next(row for row in RESULT if row.fits(said)))
    assert untested(Replicate, SUBMIT, CASES) == []
    assert [row for row in untested(Replicate, RESULT, ABOUT) if row not in met] == []


def test_a_throttled_request_says_when_to_come_back() -> None:
    assert error(Replicate, SUBMIT, CASES[5]).retry_after == 30.0
    assert heard(Replicate, 429, CASES[5].body, {"retry-after": "45"}).wait == 45.0


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '{"detail": 5}', '{"detail": [1]}', '{"title": {}}', "[" * 9999]
)
def test_no_answer_is_too_odd_to_be_heard(body: str) -> None:
    assert heard(Replicate, 500, body, {}).status == 500


def test_what_it_says_is_shown_without_the_key(tmp_path: Path) -> None:
    body = json.dumps(problem(f"no {KEY}\n" + "x" * 5000))
    found = error(Replicate, SUBMIT, Case(400, body, {}, E.INVALID_INPUT, False))
    assert KEY not in found.message and "\n" not in found.message and len(found.message) < 400
    assert KEY not in asked_about({"status": "failed", "error": f"the key is {KEY}"}, tmp_path).message
