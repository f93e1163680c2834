"""Every row of ComfyUI's tables: one answer that it is about, and what it then means."""

from __future__ import annotations

from typing import Any

import pytest
from tests.providers.rows import Case, error, heard, means, untested

from rushes.errors import ErrorClass as E
from rushes.providers.comfyui.provider import RESULT, SUBMIT, Comfyui
from rushes.providers.comfyui.said import failure
from rushes.providers.errors import Heard, read


def refused(kind: str, message: str = "no", **nodes: Any) -> dict[str, Any]:
    return {"error": {"type": kind, "message": message, "details": "", "extra_info": {}}, "node_errors": nodes}


SUBMITTED = [
    Case(400, refused("missing_node_type", "Node 'Faces' not found."), {}, E.RETIRED_MODEL, False),
    Case(400, refused("prompt_outputs_failed_validation"), {}, E.INVALID_INPUT, False),
    Case(400, refused("invalid_prompt_id"), {}, E.INVALID_INPUT, False),
    Case(404, "404: Not Found", {}, E.INVALID_INPUT, False),
    Case(405, "405: Method Not Allowed", {}, E.INVALID_INPUT, False),
    Case(401, "Unauthorized", {}, E.AUTH, False),
    Case(402, "Payment Required", {}, E.QUOTA, False),
    Case(413, "Maximum request body size exceeded", {}, E.INVALID_INPUT, False),
    Case(429, "slow down", {"retry-after": "3"}, E.RATE_LIMIT, False),
    Case(500, "500 Internal Server Error", {}, E.UNKNOWN_OUTCOME, True),
    Case(502, "<html>nginx</html>", {}, E.UNKNOWN_OUTCOME, True),
]


def failed(word: str, **said: Any) -> Heard:
    """How a history says that a job did not end well."""
    return failure({"status_str": "error", "messages": [["execution_start", {}], [word, said]]})


ENDED = [
    (failed("execution_interrupted", node_id="3"), E.CANCELLED),
    (
        failed("execution_error", exception_message="NSFW content was flagged", exception_type="RuntimeError"),
        E.CONTENT_POLICY,
    ),
    (failed("execution_error", exception_message="bad shape", exception_type="ValueError"), E.INVALID_INPUT),
    (failed("execution_error", exception_message="x", exception_type="PIL.UnidentifiedImageError"), E.BAD_OUTPUT),
    (failed("execution_error", exception_message="no", exception_type="builtins.KeyError"), E.INVALID_INPUT),
    (failed("execution_error", exception_message="Allocation", exception_type="torch.OutOfMemoryError"), E.BAD_OUTPUT),
    (failed("execution_error"), E.BAD_OUTPUT),
    (failed("something_new"), E.BAD_OUTPUT),
]


@pytest.mark.parametrize("case", SUBMITTED, ids=lambda case: f"{case.status} {case.kind}")
def test_an_answer_means_its_class(case: Case) -> None:
    means(Comfyui, SUBMIT, case)


@pytest.mark.parametrize(("said", "kind"), ENDED, ids=lambda value: str(value)[:60])
def test_the_end_of_a_job_means_its_class_and_cost_nothing(said: Heard, kind: E) -> None:
    found = read(RESULT, said, "comfyui", None)
    assert (found.kind, found.maybe_billed) == (kind, False), found.message


def test_no_row_is_without_a_test() -> None:
    assert untested(Comfyui, SUBMIT, SUBMITTED) == []
    met = [next(row for row in RESULT if row.fits(said)) for said, _kind in ENDED]
    assert [row for row in RESULT[:4] if row not in met] == []


def test_what_is_wrong_with_nodes_is_said_node_by_node() -> None:
    nodes = {
        "3": {
            "errors": [{"message": "Value not in list", "details": "sampler_name: 'x'"}, 5],
            "class_type": "KSampler",
        },
        "4": 5,
    }
    case = Case(400, refused("prompt_outputs_failed_validation", **nodes), {}, E.INVALID_INPUT, False)
    assert "node 3: Value not in list: sampler_name: 'x'" in error(Comfyui, SUBMIT, case).message


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"error": 5}', '{"node_errors": [1]}', "[" * 9999])
def test_no_answer_is_too_odd_to_be_heard(body: str) -> None:
    assert heard(Comfyui, 500, body, {}).status == 500
