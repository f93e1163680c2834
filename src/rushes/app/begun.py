"""What a run began with: its document, as it was then, whatever its file says now."""

from __future__ import annotations

from rushes.app.project import Project
from rushes.errors import NotFound
from rushes.model.ids import Digest
from rushes.model.run import RunRecord
from rushes.model.workflow import Workflow
from rushes.spec.load import load


def document_of(project: Project, record: RunRecord) -> bytes:
    """The bytes of a run's document. NotFound where another home has them."""
    if not project.store.has(record.document):
        raise NotFound(
            f"the workflow of run {record.id} is not in the store of {project.config.home.value}",
            next_step="name the home that began it with --home, or run its file again",
        )
    return project.store.path(record.document).read_bytes()


def workflow_in(project: Project, document: Digest, file: str) -> Workflow | None:
    """The workflow in a document of the store; `file` says its format. None where another home has the document, or
    nobody can read it any more.
    """
    if not project.store.has(document):
        return None
    return load(file, project.store.path(document).read_bytes()).workflow
