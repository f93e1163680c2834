"""The published schema says the same as the reader, as far as a schema can see."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings

from rushes.model.problem import Severity
from rushes.plugin.format import Document
from rushes.spec import yaml_tree
from rushes.spec.native import structure
from rushes.spec.schema import json_schema

from .documents import documents

HERE = Path(__file__).parent
PUBLISHED = HERE.parents[1] / "docs" / "workflow.schema.json"
BEYOND = {
    "ref-unknown", "ref-mismatch", "ref-place", "input-missing", "input-unused", "prompt-missing",
    "placeholder-unknown", "placeholder-open", "item-outside-rows", "name-doubled", "name-unusable",
    "value-conflict", "path-outside", "source-unusable",
}  # fmt: skip
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def errors_of(tree: Any) -> list[Any]:
    _, problems = structure(Document("w.json", "json", b"", tree))
    return [one for one in problems if one.severity is Severity.ERROR]


def test_the_published_schema_is_the_one_that_the_reader_would_print() -> None:
    text = json.dumps(json_schema(), indent=1, sort_keys=True) + "\n"
    assert PUBLISHED.read_text(encoding="utf-8") == text, (
        "write it again: python -c 'import json; from rushes.spec.schema import json_schema; "
        "print(json.dumps(json_schema(), indent=1, sort_keys=True))' > docs/workflow.schema.json"
    )


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("sample", sorted((HERE / "samples").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_sample_that_loads_validates(sample: Path) -> None:
    tree, problems = yaml_tree.parse(sample.name, sample.read_bytes())
    assert not problems
    assert [one.message for one in VALIDATOR.iter_errors(tree)] == []


@settings(max_examples=400, suppress_health_check=list(HealthCheck))
@given(documents())
@example({"steps": [{"type": "prompt", "enabled": False, "params": {"audio": "b.png"}}]})
@example({"variables": {"style": ["a", "b"]}, "steps": [{"type": "prompt", "prompt": "{{style}}"}]})
def test_what_loads_validates_and_what_validates_is_refused_for_references_only(tree: dict[str, Any]) -> None:
    errors = errors_of(tree)
    if VALIDATOR.is_valid(tree):
        # that a variable is a list stands elsewhere in the document, as what is referred to does
        assert {one.code for one in errors if "is a list, and only rows" not in one.says} <= BEYOND, errors
    else:
        assert errors, [one.message for one in VALIDATOR.iter_errors(tree)]
