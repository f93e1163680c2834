"""What generators will be told: prompts with their rows and templates put together, as far as the file says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from rushes.model.ids import NodeId
from rushes.model.operation import Operation
from rushes.model.problem import Path
from rushes.model.text import Ref, Text, Var
from rushes.model.workflow import Node

_MOST = 50_000  # prompts that are judged; more of them would say the same again
_LONGEST = 20_000  # characters of one prompt
_MOST_PARTS = 200  # pieces of one template
_DEEPEST = 16  # templates inside templates


class Spoken(NamedTuple):
    """One prompt as a generator gets it. `path`, `tab` and `node` lead to what the person wrote for this row."""

    text: str
    path: Path
    tab: str
    node: NodeId
    generator: Node


class _Line(NamedTuple):
    text: str
    path: Path
    node: Node


def spoken(nodes: Mapping[NodeId, Node], ops: tuple[Operation, ...]) -> list[Spoken]:
    """Every prompt of the generators of some kinds, once for each place where it was written."""
    known: dict[NodeId, list[_Line]] = {}
    seen: set[tuple[Path, str]] = set()
    found: list[Spoken] = []
    for line, generator in islice(_all(nodes, ops, known), _MOST):
        if (line.path, line.text) not in seen:
            seen.add((line.path, line.text))
            found.append(Spoken(line.text, line.path, line.node.tab, line.node.id, generator))
    return found


def _all(
    nodes: Mapping[NodeId, Node], ops: tuple[Operation, ...], known: dict[NodeId, list[_Line]]
) -> Iterator[tuple[_Line, Node]]:
    for node in nodes.values():
        if node.op in ops and node.enabled and node.prompt is not None:
            for line in _lines(node, nodes, known, 0):
                yield line, node


def _lines(node: Node, nodes: Mapping[NodeId, Node], known: dict[NodeId, list[_Line]], depth: int) -> list[_Line]:
    """The prompt of a node for each of its rows; rows of several sources go together by their number."""
    if node.id in known:
        return known[node.id]
    known[node.id] = []  # stands while a cycle comes round
    text = node.prompt or Text(())
    parts: list[str | list[_Line]] = []
    for part in text.parts[:_MOST_PARTS]:
        if isinstance(part, Ref):
            source = nodes.get(part.node)
            use = source is not None and source.op is Operation.PROMPT and depth < _DEEPEST
            parts.append(_lines(source, nodes, known, depth + 1) if use and source is not None else "")
        elif isinstance(part, Var):
            parts.append([_Line(row, _row_path(node, n), node) for n, row in enumerate(node.rows or ())] or "")
        else:
            parts.append(part)
    lists = [part for part in parts if isinstance(part, list) and part]
    count = max(map(len, lists), default=1)
    longest = next((one for one in lists if len(one) == count), None)
    own = _Line("", _text_path(node), node)
    lines = []
    for row in range(count):
        pieces = (
            part if isinstance(part, str) else part[min(row, len(part) - 1)].text if part else "" for part in parts
        )
        place = longest[row] if longest is not None else own
        lines.append(place._replace(text="".join(pieces)[:_LONGEST]))
    known[node.id] = lines
    return lines


def _row_path(node: Node, number: int) -> Path:
    return (*node.path, "properties", "dynamicRows", number)


def _text_path(node: Node) -> Path:
    return (*node.path, "properties", "text")
