"""What a file format promises: to turn a file into a workflow or into problems."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from rushes.model.problem import Mark, Path, Problem
from rushes.model.workflow import Workflow


class Document(NamedTuple):
    """A parsed file: where it came from, its bytes, and its plain tree (dicts, lists, scalars)."""

    file: str
    format: str
    data: bytes
    tree: Any


class Format(Protocol):
    """One file format."""

    name: str

    def parse(self, file: str, data: bytes) -> tuple[Document | None, list[Problem]]:
        """Bytes to a plain tree. Never raises for bad input; hostile input costs bounded time and memory."""
        ...

    def structure(self, document: Document) -> tuple[Workflow | None, list[Problem]]:
        """Tree to workflow. All problems at once; None when no workflow can be made of it."""
        ...

    def locate(self, document: Document, path: Path) -> Mark | None:
        """Line and column of a path; slow, and therefore asked only when there is something to say."""
        ...
