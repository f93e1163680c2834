"""Every row of Hugging Face's table: one answer that it is about, and what it then means for run and money."""

from __future__ import annotations

from typing import Any

import pytest
from tests.providers.rig import KEY
from tests.providers.rows import Case, error, heard, means, untested

from rushes.errors import ErrorClass as E
from rushes.providers.huggingface import SUBMIT, HuggingFace


def says(text: Any, **more: Any) -> dict[str, Any]:
    return {"error": text, **more}


LOADING = Case(503, says("Model x/y is currently loading", estimated_time=20.5), {}, E.TRANSIENT, False)
CASES = [
    LOADING,
    Case(400, says("Model x/y is not supported by provider hf-inference"), {}, E.RETIRED_MODEL, False),
    Case(404, says("Model x/y does not exist"), {}, E.RETIRED_MODEL, False),
    Case(410, says("The requested model is deprecated and no longer supported"), {}, E.RETIRED_MODEL, False),
    Case(404, "Not Found", {}, E.RETIRED_MODEL, False),
    Case(400, says("Potential NSFW content was detected."), {}, E.CONTENT_POLICY, True),
    Case(402, says("You have exceeded your monthly included credits"), {}, E.QUOTA, False),
    Case(401, says("Invalid username or password."), {}, E.AUTH, False),
    Case(403, says("This authentication method does not have sufficient permissions"), {}, E.AUTH, False),
    Case(400, says(["Input validation error: `inputs` must be a string", "and more"]), {}, E.INVALID_INPUT, False),
    Case(422, says({"message": "bad value"}), {}, E.INVALID_INPUT, False),
    Case(429, says("Too Many Requests"), {"retry-after": "7"}, E.RATE_LIMIT, False),
    Case(500, says("CUDA out of memory"), {}, E.UNKNOWN_OUTCOME, True),
    Case(503, says("Service Unavailable"), {}, E.UNKNOWN_OUTCOME, True),
    Case(504, "<html>Gateway Timeout</html>", {}, E.UNKNOWN_OUTCOME, True),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_answer_to_a_call_means_its_class_and_what_it_costs(case: Case) -> None:
    means(HuggingFace, SUBMIT, case)


def test_no_row_is_without_a_test() -> None:
    assert untested(HuggingFace, SUBMIT, CASES) == []


def test_a_model_that_loads_says_when_it_is_there() -> None:
    assert error(HuggingFace, SUBMIT, LOADING).retry_after == 20.5
    header = Case(503, says("x is currently loading", estimated_time=20.5), {"retry-after": "3"}, E.TRANSIENT, False)
    assert error(HuggingFace, SUBMIT, header).retry_after == 3
    for odd in ("soon", -1, float("inf"), None, [1]):
        assert heard(HuggingFace, 503, says("x", estimated_time=odd), {}).wait is None


@pytest.mark.parametrize("number", [9, 10])
def test_several_sentences_and_an_object_are_read(number: int) -> None:
    found = error(HuggingFace, SUBMIT, CASES[number])
    assert "and more" in found.message or "bad value" in found.message


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"error": 5}', '{"error": [1]}', "[" * 9999])
def test_no_answer_is_too_odd_to_be_heard(body: str) -> None:
    assert heard(HuggingFace, 500, body, {}).status == 500


def test_what_it_says_is_shown_without_the_key() -> None:
    found = error(HuggingFace, SUBMIT, Case(400, says(f"no {KEY}\n" + "x" * 5000), {}, E.INVALID_INPUT, False))
    assert KEY not in found.message and "\n" not in found.message and len(found.message) < 400
