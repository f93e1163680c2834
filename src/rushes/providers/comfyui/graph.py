"""A graph as ComfyUI's own interface takes it: nodes by id, each with its class and its inputs, values or links.

Source: `server.py` and `execution.py` of Comfy-Org/ComfyUI, as read on 2026-11-21.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rushes.model.canonical import canonical_bytes

MOST_BYTES = 4_000_000
"""Bytes of the largest graph that is sent; the largest that people share have about a tenth."""

_EXPORT = "export it from ComfyUI with Workflow > Export (API), and name that file"


class NoGraph(ValueError):
    """What is no graph; `next_step` says what to do."""

    def __init__(self, says: str, next_step: str) -> None:
        super().__init__(says)
        self.next_step = next_step


class Place(NamedTuple):
    """One input of one node: where a value goes. Written `6.text`."""

    node: str
    name: str

    def __str__(self) -> str:
        return f"{self.node}.{self.name}"


class Node(NamedTuple):
    """One node: its class, its inputs, and what people call it."""

    id: str
    kind: str
    inputs: Mapping[str, Any]
    title: str

    def __str__(self) -> str:
        return f"{self.id} {self.title!r}"


class Graph:
    """A graph that can be sent. Raises NoGraph for what is none, with everything that is wrong with it."""

    def __init__(self, raw: object) -> None:
        self.nodes = _nodes(raw)

    def node(self, id_: str) -> Node:
        """The node with that id; KeyError when there is none."""
        return self.nodes[id_]

    def link(self, node: Node, name: str) -> tuple[Node, int] | None:
        """The node, and which of its outputs, that an input is linked to; None for a value, or for nothing."""
        return linked(self.nodes, node.inputs.get(name))

    def links(self, node: Node) -> Iterator[tuple[str, Node, int]]:
        """Every linked input of a node: its name, the node that it comes from, and which of its outputs."""
        for name, value in node.inputs.items():
            found = linked(self.nodes, value)
            if found is not None:
                yield name, *found

    def value(self, place: Place) -> Any:
        """The value that stands at a place; None where nothing does."""
        return self.nodes[place.node].inputs.get(place.name)

    def called(self, place: Place) -> str:
        """A place for people: `6.text (Positive)`."""
        title = self.nodes[place.node].title
        return f"{place} ({title})"

    def with_values(self, values: Mapping[Place, Any]) -> dict[str, dict[str, Any]]:
        """The graph as it is sent, with these values at their places."""
        sent: dict[str, dict[str, Any]] = {
            one.id: {"class_type": one.kind, "inputs": copy.deepcopy(dict(one.inputs)), "_meta": {"title": one.title}}
            for one in self.nodes.values()
        }
        for place, value in values.items():
            sent[place.node]["inputs"][place.name] = value
        return sent


def linked(nodes: Mapping[str, Node], value: object) -> tuple[Node, int] | None:
    """What a value links to: a list of a node's id and the number of its output."""
    if not is_link(value):
        return None
    assert isinstance(value, list)
    found = nodes.get(str(value[0]))
    return None if found is None else (found, value[1])


def is_link(value: object) -> bool:
    """Whether a value is a link, to whatever: the server takes every list for one."""
    return isinstance(value, list) and len(value) == 2 and type(value[1]) is int and isinstance(value[0], str)


def order(id_: str) -> tuple[int, str]:
    """Ids in the order in which people read them: 9 before 10."""
    return (int(id_) if id_.isascii() and id_.isdigit() and len(id_) < 10 else 10**10, id_)


def _nodes(raw: object) -> dict[str, Node]:
    if isinstance(raw, str):
        raise NoGraph("params.graph is a text", "name a file beside the workflow, or write the graph itself")
    if not isinstance(raw, Mapping) or not raw:
        raise NoGraph("params.graph is no graph", _EXPORT)
    if isinstance(raw.get("nodes"), list) and "links" in raw:
        raise NoGraph("params.graph is a graph of ComfyUI's editor (nodes and links)", _EXPORT)
    try:
        written = canonical_bytes(dict(raw))
        written.decode()  # half a character cannot be sent
    except (TypeError, ValueError, RecursionError):
        raise NoGraph("params.graph cannot be written as JSON", _EXPORT) from None
    if len(written) > MOST_BYTES:
        raise NoGraph(
            f"params.graph has {len(written)} bytes; {MOST_BYTES} is the most", "keep pictures out of the graph"
        )
    wrong = [why for id_, one in raw.items() if (why := _why_no_node(id_, one))]
    if wrong:
        raise NoGraph(f"params.graph: {some(wrong)}", _EXPORT)
    nodes = {id_: _node(id_, raw[id_]) for id_ in sorted(raw, key=order)}
    broken = [
        f"{one}: {name} comes from node {value[0]}, which is not there"
        for one in nodes.values()
        for name, value in one.inputs.items()
        if is_link(value) and value[0] not in nodes
    ]
    if broken:
        raise NoGraph(f"params.graph: {some(broken)}", "mend the links in ComfyUI, and export it again")
    return nodes


def _why_no_node(id_: object, one: object) -> str | None:
    if not isinstance(one, Mapping) or not isinstance(one.get("class_type"), str):
        return f"node {id_} has no class_type"
    if not isinstance(one.get("inputs"), Mapping) or not all(isinstance(name, str) for name in one["inputs"]):
        return f"node {id_} has no inputs"
    return None


def _node(id_: str, raw: Mapping[str, Any]) -> Node:
    meta = raw.get("_meta")
    title = meta.get("title") if isinstance(meta, Mapping) else None
    return Node(id_, raw["class_type"], raw["inputs"], title if isinstance(title, str) and title else raw["class_type"])


_SHOWN = 6


def some(many: list[str]) -> str:
    """The first of many in one line, and how many more there are."""
    more = f"; and {len(many) - _SHOWN} more" if len(many) > _SHOWN else ""
    return "; ".join(many[:_SHOWN]) + more
