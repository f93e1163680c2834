"""Use case: the JSON Schema of YAML and JSON workflow files, for editors."""

from __future__ import annotations

from typing import Any

from rushes.spec.schema import json_schema


def workflow_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of the native document."""
    return json_schema()
