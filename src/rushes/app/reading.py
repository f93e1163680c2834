"""Use case: what stands in a workflow document, for those who look before they plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rushes.app.expanded import expanded
from rushes.model.media import Kind
from rushes.model.operation import SIGNATURES
from rushes.model.problem import ProblemsError, Severity
from rushes.model.workflow import Workflow
from rushes.spec.load import load, parse
from rushes.spec.words import TYPES


def read_workflow(file: Path, data: bytes) -> Workflow:
    """The workflow that a document holds; `file` names it and says its format. Raises ProblemsError with all faults."""
    loaded = load(str(file), data)
    if loaded.workflow is None or any(one.severity is Severity.ERROR for one in loaded.problems):
        raise ProblemsError(loaded.problems)
    return loaded.workflow


def about(file: Path, data: bytes, given: str) -> tuple[bytes, dict[str, str]]:
    """The document about an input, and the values of its variables.

    The input is a text, or the path or URL of a picture or a film, where that is what the first step works on. Raises
    ProblemsError for what is no document.
    """
    document, problems = parse(str(file), data)
    if document is None or not isinstance(document.tree, dict):
        raise ProblemsError(problems or load(str(file), data).problems)
    kind = _input_of(document.tree)
    if kind not in (Kind.IMAGE, Kind.VIDEO):
        return data, {"input": given}
    place = given if "://" in given else str(expanded(given).absolute())
    return json.dumps({**document.tree, f"input_{kind}": place}, default=str).encode(), {}


def _input_of(tree: Mapping[str, Any]) -> Kind:
    """What a document works on: as it says, else what its first step takes."""
    said, steps = tree.get("input_type", "auto"), tree.get("steps")
    if said in ("text", "image", "video"):
        return Kind(said)
    first = steps[0] if isinstance(steps, list) and steps and isinstance(steps[0], dict) else {}
    op = TYPES.get(str(first.get("type")))
    main = None if op is None else SIGNATURES[op].main
    return Kind.TEXT if op is None or main is None else SIGNATURES[op].slots[main].kinds[0]
