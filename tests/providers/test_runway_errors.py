"""Every row of Runway's tables: one answer that it is about, and what it then means for run and money."""

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
from rushes.providers.errors import Heard
from rushes.providers.runway import RESULT, SUBMIT, Runway


def issue(path: str, message: str = "no") -> dict[str, Any]:
    return {"error": "Validation of body failed", "issues": [{"code": "custom", "path": [path], "message": message}]}


CASES = [
    Case(400, {"error": "You do not have enough credits to run this task."}, {}, E.QUOTA, False),
    Case(400, issue("model", "Invalid discriminator value."), {}, E.RETIRED_MODEL, False),
    Case(400, issue("ratio"), {}, E.INVALID_INPUT, False),
    Case(401, {"error": "Invalid API key."}, {}, E.AUTH, False),
    Case(405, {"error": "Method not allowed"}, {}, E.INVALID_INPUT, False),
    Case(429, {"error": "You have reached your daily limit."}, {"retry-after": "60"}, E.RATE_LIMIT, False),
    Case(502, "", {}, E.UNKNOWN_OUTCOME, True),
    Case(503, "", {}, E.UNKNOWN_OUTCOME, True),
    Case(504, "", {}, E.UNKNOWN_OUTCOME, True),
]
ABOUT = [
    Case(404, {"error": "Not found"}, {}, E.BAD_OUTPUT, True),
    Case(410, {}, {}, E.BAD_OUTPUT, True),
    Case(401, {"error": "Invalid API key."}, {}, E.AUTH, False),
]
# what a task says of its end, and whether that costs where it names no cost
ENDED = [
    ("CANCELLED", None, E.CANCELLED, True),
    ("FAILED", "SAFETY.INPUT.TEXT", E.CONTENT_POLICY, True),
    ("FAILED", "SAFETY.OUTPUT.VIDEO", E.CONTENT_POLICY, False),
    ("FAILED", "INPUT_PREPROCESSING.SAFETY.TEXT", E.CONTENT_POLICY, False),
    ("FAILED", "ASSET.INVALID", E.INVALID_INPUT, False),
    ("FAILED", "INPUT_PREPROCESSING.INTERNAL", E.BAD_OUTPUT, False),
    ("FAILED", "INTERNAL.BAD_OUTPUT.CODE01", E.BAD_OUTPUT, False),
    ("FAILED", "THIRD_PARTY.UNAVAILABLE", E.BAD_OUTPUT, False),
    ("FAILED", "SOMETHING.NEW", E.BAD_OUTPUT, False),
    ("FAILED", None, E.BAD_OUTPUT, False),
]


def asked_about(said: Any, tmp_path: Path) -> RemoteError:
    async def one(visit: Visit) -> None:
        await visit.answer(200, json.dumps(said).encode())

    async def run() -> None:
        async with serving(one) as wire:
            runway = Runway(access("runway", wire.url))
            try:
                await runway.poll("task-1", context(tmp_path))
            finally:
                await runway.close()

    with pytest.raises(RemoteError) as raised:
        asyncio.run(run())
    return raised.value


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_answer_to_a_submission_means_its_class_and_what_it_costs(case: Case) -> None:
    means(Runway, SUBMIT, case)


@pytest.mark.parametrize("case", ABOUT, ids=str)
def test_an_answer_about_a_task_means_its_class(case: Case) -> None:
    means(Runway, RESULT, case)


@pytest.mark.parametrize(("status", "code", "kind", "billed"), ENDED)
def test_how_a_task_ended(status: str, code: str | None, kind: E, billed: bool, tmp_path: Path) -> None:
    found = asked_about({"id": "task-1", "status": status, "failure": "why", "failureCode": code}, tmp_path)
    assert (found.kind, found.maybe_billed) == (kind, billed), found.message
    assert "why" in found.message and (code is None or code in found.message)


@pytest.mark.parametrize(
    ("credits", "billed"), [(0, False), (5, True), (0.5, True), ("5", None), (-1, None), (True, None)]
)
@pytest.mark.parametrize("code", ["SAFETY.INPUT.TEXT", "INTERNAL"])
def test_what_a_task_says_of_its_cost_counts(credits: Any, billed: bool | None, code: str, tmp_path: Path) -> None:
    found = asked_about({"status": "FAILED", "failureCode": code, "cost": {"credits": credits}}, tmp_path)
    assert found.maybe_billed == (code.startswith("SAFETY") if billed is None else billed)


def test_no_row_is_without_a_test() -> None:
    met = {next(row for row in RESULT if row.fits(Heard(200, [code or status], "why"))) for status, code, *_ in ENDED}
    assert untested(Runway, SUBMIT, CASES) == []
    assert [row for row in untested(Runway, RESULT, ABOUT) if row not in met] == []


def test_all_that_is_wrong_is_told() -> None:
    found = error(Runway, SUBMIT, CASES[2])
    assert "Validation of body failed; no" in found.message and "ratio" in found.message


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '{"error": 5}',
        '{"issues": 5}',
        '{"issues": [1, {"path": 5}, {"path": [{}]}]}',
        "[" * 9999,
    ],
)
def test_no_answer_is_too_odd_to_be_heard(body: str) -> None:
    assert heard(Runway, 500, body, {}).status == 500


def test_what_it_says_is_shown_without_the_key(tmp_path: Path) -> None:
    found = error(Runway, SUBMIT, Case(400, {"error": f"no {KEY}\n" + "x" * 5000}, {}, E.INVALID_INPUT, False))
    assert KEY not in found.message and "\n" not in found.message and len(found.message) < 400
    assert KEY not in asked_about({"status": "FAILED", "failure": f"the key is {KEY}"}, tmp_path).message
