"""Every row of Luma's tables: one answer that it is about, and what it then means for the run and for the money."""

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
from rushes.providers.luma import FAILED, RESULT, SUBMIT, Luma


def says(text: str) -> dict[str, Any]:
    return {"detail": text}


CASES = [
    Case(400, says("Unknown model: super-model-v9"), {}, E.RETIRED_MODEL, False),
    Case(400, says("Invalid aspect_ratio '4:3'. Valid: 1:1, 1:2"), {}, E.INVALID_INPUT, False),
    Case(401, says("API key has been revoked"), {}, E.AUTH, False),
    Case(402, says("Insufficient credits. Please add credits to continue."), {}, E.QUOTA, False),
    Case(403, says("API client is suspended"), {}, E.AUTH, False),
    Case(413, says("Image exceeds 50 MB size limit"), {}, E.INVALID_INPUT, False),
    Case(422, says("image_ref[0]: invalid base64 data"), {}, E.INVALID_INPUT, False),
    Case(422, {"detail": [{"loc": ["body"], "msg": "Field required", "type": "missing"}]}, {}, E.INVALID_INPUT, False),
    Case(429, says("Too many concurrent jobs"), {"retry-after": "60"}, E.RATE_LIMIT, False),
    Case(502, says("Upstream service unavailable"), {}, E.TRANSIENT, False),
    Case(502, "<html>Bad Gateway</html>", {}, E.UNKNOWN_OUTCOME, True),
    Case(502, says("Bad Gateway"), {}, E.UNKNOWN_OUTCOME, True),
    Case(500, says("Internal Server Error"), {}, E.UNKNOWN_OUTCOME, True),
]
ASKED = [
    Case(404, says("Generation not found"), {}, E.BAD_OUTPUT, True),
    Case(401, says("Invalid API key"), {}, E.AUTH, False),
]
FAILURES = [
    ("content_moderated", E.CONTENT_POLICY, False),
    ("generation_failed", E.BAD_OUTPUT, False),
    ("output_not_found", E.BAD_OUTPUT, False),
    ("budget_exhausted", E.QUOTA, True),
    ("image_too_large", E.INVALID_INPUT, True),
    ("unsupported_format", E.INVALID_INPUT, True),
    ("corrupt_input", E.INVALID_INPUT, True),
    ("invalid_request", E.INVALID_INPUT, True),
    ("rate_limited", E.BAD_OUTPUT, True),
    ("no_such_word_yet", E.BAD_OUTPUT, True),
    (None, E.BAD_OUTPUT, True),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_answer_to_a_submission_means_its_class_and_what_it_costs(case: Case) -> None:
    means(Luma, SUBMIT, case)


@pytest.mark.parametrize("case", ASKED, ids=str)
def test_an_answer_to_a_question_means_its_class(case: Case) -> None:
    means(Luma, RESULT, case)


@pytest.mark.parametrize(("code", "kind", "billed"), FAILURES)
def test_a_failed_job_means_its_class_and_what_it_costs(
    code: str | None, kind: E, billed: bool, tmp_path: Path
) -> None:
    async def script(visit: Visit) -> None:
        said = {"state": "failed", "failure_code": code, "failure_reason": "Because.", "output": []}
        await visit.answer(200, json.dumps(said).encode())

    async def run() -> None:
        async with serving(script) as wire:
            luma = Luma(access("luma", wire.url))
            try:
                await luma.poll("d290f1ee", context(tmp_path))
            finally:
                await luma.close()

    with pytest.raises(RemoteError) as raised:
        asyncio.run(run())
    assert (raised.value.kind, raised.value.maybe_billed) == (kind, billed)
    assert "Because." in raised.value.message


def test_no_row_is_without_a_test() -> None:
    assert untested(Luma, SUBMIT, CASES) == []
    assert untested(Luma, RESULT, ASKED) == []
    met = [Heard(200, [code] if code else [], "") for code, _kind, _billed in FAILURES]
    assert {next(row for row in FAILED if row.fits(one)) for one in met} == set(FAILED)


def test_a_rate_limit_says_when() -> None:
    assert error(Luma, SUBMIT, CASES[8]).retry_after == 60


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"detail": 5}', '{"detail": [1]}', "[" * 9999])
def test_no_answer_is_too_odd_to_be_heard(body: str) -> None:
    assert heard(Luma, 500, body, {}).status == 500


def test_what_it_says_is_shown_without_the_key() -> None:
    found = error(Luma, SUBMIT, Case(400, says(f"no {KEY}\n" + "x" * 5000), {}, E.INVALID_INPUT, False))
    assert KEY not in found.message and "\n" not in found.message and len(found.message) < 400
