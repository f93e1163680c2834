"""From bytes to a workflow: which format, the tree, the structure, and a line for every problem."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import NamedTuple

from rushes.model.collector import collector_off
from rushes.model.problem import Mark, Problem, Severity
from rushes.model.workflow import Workflow
from rushes.plugin.format import Document, Format
from rushes.spec import json_tree, yaml_tree

_FORMATS = {
    "yaml": ((".yaml", ".yml"), "rushes.spec.native:YamlFormat"),
    "json": ((".json",), "rushes.spec.native:JsonFormat"),
    "nbflow": ((".nbflow",), "rushes.spec.nbflow:NbflowFormat"),
}
"""Every format there is, loaded when it is met. A file's suffix chooses, and where it does not, its content."""


class Loaded(NamedTuple):
    """A file that was read: its document (None: not readable), its workflow (None: not one), and all problems."""

    document: Document | None
    workflow: Workflow | None
    problems: list[Problem]

    @property
    def usable(self) -> bool:
        """Whether there is a workflow and nothing in it is an error."""
        return self.workflow is not None and not any(one.severity is Severity.ERROR for one in self.problems)


def parse(file: str, data: bytes) -> tuple[Document | None, list[Problem]]:
    """The tree of a file in any format. Never raises for bad input."""
    return _format(_name_of(file, data)).parse(file, data)


def load(file: str, data: bytes) -> Loaded:
    """The workflow of a file, with every problem in it at its line. Never raises for bad input."""
    with collector_off():
        document, problems = parse(file, data)
        if document is None:
            return Loaded(None, None, problems)
        workflow, found = format_of(document).structure(document)
        marked = with_marks(document, [*problems, *found])
        return Loaded(document, workflow, sorted(marked, key=lambda one: one.mark or Mark(file, 0, 0)))


def format_of(document: Document) -> Format:
    """The format that read a document."""
    return _format(document.format)


@cache
def _format(name: str) -> Format:
    module, _, cls = _FORMATS[name][1].partition(":")
    made: Format = getattr(import_module(module), cls)()
    return made


def with_marks(document: Document, problems: Iterable[Problem]) -> list[Problem]:
    """The problems with lines and columns for those that have none yet. One more reading, however many."""
    many = list(problems)
    paths = [one.path for one in many if one.mark is None]
    if not paths:
        return many
    locate_many = yaml_tree.locate_many if document.format == "yaml" else json_tree.locate_many
    marks = locate_many(document.file, document.data, paths)
    return [one if one.mark is not None else replace(one, mark=marks[one.path]) for one in many]


def _name_of(file: str, data: bytes) -> str:
    for name, (suffixes, _where) in _FORMATS.items():
        if file.lower().endswith(suffixes):
            return "nbflow" if name == "json" and _is_graph(data) else name
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith((b"{", b"[")):
        return "nbflow" if _is_graph(data) else "json"
    return "yaml"


def _is_graph(data: bytes) -> bool:
    """Whether JSON that is named .json, or not at all, is a node graph inside."""
    return b'"graphData"' in data or b'"last_node_id"' in data
