"""Use case: what stands in a workflow document, for those who look before they plan."""

from __future__ import annotations

from pathlib import Path

from rushes.model.problem import ProblemsError, Severity
from rushes.model.workflow import Workflow
from rushes.spec.load import load


def read_workflow(file: Path, data: bytes) -> Workflow:
    """The workflow that a document holds; `file` names it and says its format. Raises ProblemsError with all faults."""
    loaded = load(str(file), data)
    if loaded.workflow is None or any(one.severity is Severity.ERROR for one in loaded.problems):
        raise ProblemsError(loaded.problems)
    return loaded.workflow
