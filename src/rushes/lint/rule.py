"""What a lint rule is: one class that is its own documentation, and one method that looks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from rushes.lint.example import Example
from rushes.lint.spoken import Spoken, spoken
from rushes.model.ids import NodeId
from rushes.model.operation import Operation
from rushes.model.problem import Edit, Path, Problem, Severity
from rushes.model.workflow import Node, Workflow
from rushes.plugin.format import Document
from rushes.spec.nbflow_graph import Graph, GraphNode, read_graph

ALL_FORMATS = ("yaml", "json", "nbflow")
GRAPHS = ("nbflow",)


@dataclass(frozen=True, slots=True, kw_only=True)
class LintSettings:
    """What a caller may decide otherwise. An empty `image_models` allows all; `words_per_second` is speech."""

    image_models: tuple[str, ...] = ("nano_banana_2", "gemini-3.1-flash-image")
    output_count: int | None = 4
    most_references: int = 2
    reference_depth: int = 2
    words_per_second: float = 3.5


class Subject:
    """What the rules look at: the file, its workflow, and what several of them need, made once."""

    def __init__(self, document: Document, workflow: Workflow, settings: LintSettings) -> None:
        self.document = document
        self.workflow = workflow
        self.settings = settings

    @cached_property
    def graph(self) -> Graph:
        """The node graph of an `.nbflow` file, without tabs for any other."""
        return read_graph(self.document.tree, self.document.file)[0] or Graph("", [])

    @cached_property
    def nodes(self) -> dict[NodeId, Node]:
        """The nodes by id."""
        return {node.id: node for node in self.workflow.nodes()}

    @cached_property
    def users(self) -> dict[NodeId, list[Node]]:
        """For each node the nodes that need it."""
        found: dict[NodeId, list[Node]] = {}
        for node in self.workflow.nodes():
            for name in dict.fromkeys(node.needs()):
                found.setdefault(name, []).append(node)
        return found

    @cached_property
    def image_prompts(self) -> list[Spoken]:
        """What the image generators will be told, row by row."""
        return spoken(self.nodes, (Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_IMAGE))

    @cached_property
    def video_prompts(self) -> list[Spoken]:
        """What the video generators will be told, row by row."""
        return spoken(self.nodes, (Operation.IMAGE_TO_VIDEO, Operation.TEXT_TO_VIDEO))


class Rule(ABC):
    """One rule. `what` and `why` are sentences for people; `bad` breaks the rule, `good` does not.

    `sanity` is the number of the public sanity check that the rule is, if it is one.
    """

    code: ClassVar[str]
    severity: ClassVar[Severity]
    formats: ClassVar[tuple[str, ...]] = ALL_FORMATS
    what: ClassVar[str]
    why: ClassVar[str]
    try_: ClassVar[str]
    bad: ClassVar[Example]
    good: ClassVar[Example] = ()
    fixable: ClassVar[bool] = False
    sanity: ClassVar[int | None] = None

    @abstractmethod
    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every place where the rule is broken."""

    def problem(
        self,
        says: str,
        path: Path,
        *,
        tab: str | None = None,
        node: str | None = None,
        try_: str = "",
        fix: tuple[Edit, ...] = (),
    ) -> Problem:
        """A problem of this rule at a place."""
        return Problem(
            code=self.code,
            severity=self.severity,
            says=says,
            why=self.why,
            try_=try_ or self.try_,
            path=path,
            tab=tab,
            node=node,
            fix=fix,
        )

    def at(self, node: Node | GraphNode, says: str, *field: str | int) -> Problem:
        """A problem of this rule at a node, or at one of its fields."""
        return self.problem(says, (*node.path, *field), tab=node.tab, node=str(node.id))


class SaidByReader(Rule):
    """A rule that the reader has to check anyway, because the file means nothing while it is broken."""

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Nothing: the reader has said it."""
        return iter(())
