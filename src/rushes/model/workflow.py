"""The document: one model that every file format turns into.

Grammar::

    Workflow  = name, Tab+, Settings, variables
    Tab       = name, Node+                       usually one account
    Node      = op, model?, prompt?, params, Input*, rows?, candidates, policy
    Input     = role, Ref+, mode                  edges; the only thing that orders work
    Text      = (literal | Ref | Var)*            a Ref in a prompt or a parameter is an edge too

Positions, colours, titles and comments of the file are not here: they cannot change a result.
`path` leads back into the source document, so that a problem can name its line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from rushes.model.ids import NodeId
from rushes.model.operation import SIGNATURES, Operation, Signature
from rushes.model.problem import Path, Problem, Severity
from rushes.model.text import Text

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Param = Json | Text
"""A parameter: a JSON value, or a text with holes. Lists and dicts inside hold plain JSON only."""


class Pick(StrEnum):
    """How the candidates of a row become its one result."""

    ASK = "ask"  # a person decides, however long it takes
    BEST = "best"  # the highest score of the checks
    FIRST_CLEAN = "first-clean"  # the first candidate that no check flagged


class Mode(StrEnum):
    """How several references fill one input."""

    ALL = "all"  # every one, in order
    FIRST = "first"  # the first that succeeded: "a OR b"
    ROWS = "rows"  # one row for each


class Input(NamedTuple):
    """One role of a node and the nodes that feed it."""

    role: str
    refs: tuple[NodeId, ...]
    mode: Mode = Mode.ALL


class Condition(NamedTuple):
    """Run only if `node` ended so: `"failed"` or `"done"`."""

    node: NodeId
    wants: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSpec:
    """A named ceiling of the document on work in flight: a group's `max_workers`, a step's `limit`.

    `parent` nests groups; `timeout` is for the whole group in seconds; `fail_fast` stops admitting
    members after the first failure.
    """

    name: str
    in_flight: int | None = None
    parent: str | None = None
    fail_fast: bool = False
    timeout: float | None = None


_LONG_TITLE = 60  # characters


class Node(NamedTuple):
    """One step. `rows` multiplies it: the node's `item` variable takes each in turn.

    A named tuple, because a hundred thousand are made in one go and a frozen dataclass takes four times as long; always
    made with keywords.
    """

    id: NodeId
    tab: str
    op: Operation
    path: Path
    title: str = ""
    model: str | None = None
    prompt: Text | None = None
    params: Mapping[str, Param] = MappingProxyType({})
    inputs: tuple[Input, ...] = ()
    rows: tuple[str, ...] | None = None
    rows_from: str | None = None  # a run variable whose lines are the rows: "input_lines"
    source: str | None = None  # MEDIA only: a relative path or an http(s) URL
    candidates: int = 1
    attempts: int | None = None  # None: the run's default (3)
    pick: Pick | None = None  # APPROVE only; None: the run's default (ask)
    timeout: float | None = None  # seconds for one attempt; None: the catalogue's
    budget: Decimal | None = None  # USD
    keep_going: bool = False  # on_error: continue
    condition: Condition | None = None
    limit: str | None = None  # a LimitSpec's name
    enabled: bool = True
    provider: str | None = None
    source_from: str | None = None  # MEDIA only: the variable whose value `source` is, which a run may give anew

    @property
    def signature(self) -> Signature:
        """The contract of this node's operation."""
        return SIGNATURES[self.op]

    @property
    def called(self) -> str:
        """What a sentence calls it: its title in quotes, cut where it is long, else its id. Commands take the id."""
        title = self.title
        return repr(title if len(title) <= _LONG_TITLE else title[: _LONG_TITLE - 1] + "…") if title else str(self.id)

    def problem(
        self, code: str, says: str, *, try_: str, why: str = "", severity: Severity = Severity.ERROR
    ) -> Problem:
        """A problem of this node."""
        return Problem(
            code=code,
            severity=severity,
            says=says,
            why=why,
            try_=try_,
            path=self.path,
            tab=self.tab,
            node=str(self.id),
        )

    def needs(self) -> Iterator[NodeId]:
        """Every node this one waits for: inputs, references in texts, its condition; doubles kept."""
        for entry in self.inputs:
            yield from entry.refs
        if self.prompt is not None:
            yield from self.prompt.refs
        for value in self.params.values():
            if isinstance(value, Text):
                yield from value.refs
        if self.condition is not None:
            yield self.condition.node


class Tab(NamedTuple):
    """One graph of a workflow, usually one account."""

    name: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a document may say about its own runs; flags, environment and project file come before it.

    Money in USD, times in seconds.
    """

    parallel: bool = True
    max_workers: int | None = None
    fail_fast: bool = False
    output_dir: str | None = None
    attempts: int | None = None
    candidates: int | None = None
    pick: Pick | None = None
    provider: str | None = None
    timeout: float | None = None
    max_retries: int | None = None
    retry_delay: float | None = None
    request_delay: float | None = None
    max_cost: Decimal | None = None
    warn_cost: Decimal | None = None
    daily_limit: Decimal | None = None
    confirm: bool | None = None
    input_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A whole document. `format` is the reader's name (`yaml`, `json`, `nbflow`)."""

    name: str
    format: str
    tabs: tuple[Tab, ...]
    settings: Settings = field(default_factory=Settings)
    variables: Mapping[str, str] = field(default_factory=dict)
    limits: tuple[LimitSpec, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)  # prompt, input_image, input_video as written
    result: NodeId | None = None  # the node that `output:` names
    description: str = ""

    def nodes(self) -> Iterator[Node]:
        """All nodes in the order of the file."""
        for tab in self.tabs:
            yield from tab.nodes
