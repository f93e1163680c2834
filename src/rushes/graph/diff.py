"""Two workflows, and what is different between them: tabs, nodes, words, rows, parameters, edges, settings.

Pure, and the same for every file format. Positions, colours and comments are in no workflow, so they are not here; nor
are the numbers of links, since an edge is two nodes. A node that has another id or title, and is otherwise what it was,
is the same node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from rushes.graph.diff_match import Asked, Matched, local_id, match_tabs, matched
from rushes.graph.diff_node import Change, Names, changes_of, value_change
from rushes.model.ids import Digest
from rushes.model.workflow import Node, Workflow


class Place(NamedTuple):
    """A node as one of the two versions has it. `id` is without its tab."""

    tab: str
    id: str
    title: str


class NodeDiff(NamedTuple):
    """A node that differs: `old` is None for one that came, `new` for one that went. `op` is what it does."""

    op: str
    old: Place | None
    new: Place | None
    changes: tuple[Change, ...] = ()


class TabDiff(NamedTuple):
    """A tab that came, went or has another name; `nodes` is how many it has."""

    old: str | None
    new: str | None
    nodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """All that is different. `nodes` are in the order of the new version, those that went at the end of their tab;
    nodes of tabs that came or went are in `tabs` only. `pairs` are all nodes that are in both."""

    tabs: tuple[TabDiff, ...]
    nodes: tuple[NodeDiff, ...]
    workflow: tuple[Change, ...]
    same: int
    pairs: tuple[tuple[Node, Node], ...]

    @property
    def empty(self) -> bool:
        """Whether nothing is different."""
        return not (self.tabs or self.nodes or self.workflow)


def diff(
    old: Workflow,
    new: Workflow,
    old_bytes: Mapping[str, Digest],
    new_bytes: Mapping[str, Digest],
    asked: tuple[Asked, Asked] = ({}, {}),
) -> Diff:
    """What became of `old` in `new`. `old_bytes` and `new_bytes` say what is behind references, where it is known;
    `asked` what the nodes of both ask, by which they are found again however they are written."""
    tabs = match_tabs(old, new)
    found = matched(old, new, tabs, asked)
    after = {node.id: _called(node) for node in new.nodes()}
    gone = {node.id: f"{_called(node)}, which is gone" for node in old.nodes()}
    names = Names(gone | {was: after[now] for was, now in found.names.items()}, after, old_bytes, new_bytes)
    lost_tabs = [tab for tab in old.tabs if tab.name not in tabs]
    new_names = set(tabs.values())
    came_tabs = [tab for tab in new.tabs if tab.name not in new_names]
    quiet = {tab.name for tab in came_tabs}
    nodes: list[NodeDiff] = []
    same = 0
    for tab in new.tabs:
        for node in tab.nodes:
            before = found.before.get(node.id)
            if before is None:
                nodes += [] if tab.name in quiet else [NodeDiff(str(node.op), None, place(node))]
                continue
            changes = (*_moved(before, node, tabs), *changes_of(before, node, names))
            if changes:
                nodes.append(NodeDiff(str(node.op), place(before), place(node), changes))
            else:
                same += 1
    nodes += _gone(old, found, {tab.name for tab in lost_tabs})
    return Diff(
        tabs=tuple(_tabs(old, new, tabs)),
        nodes=tuple(nodes),
        workflow=tuple(_around(old, new, names)),
        same=same,
        pairs=tuple((before, node) for node in new.nodes() if (before := found.before.get(node.id)) is not None),
    )


def _called(node: Node) -> str:
    return f"{node.title} ({local_id(node)})" if node.title else local_id(node)


def place(node: Node) -> Place:
    """Where a node is, for people."""
    return Place(node.tab, local_id(node), node.title)


def _gone(old: Workflow, found: Matched, quiet: set[str]) -> Iterator[NodeDiff]:
    kept = {node.id for node in found.before.values()}
    for node in old.nodes():
        if node.id not in kept and node.tab not in quiet:
            yield NodeDiff(str(node.op), place(node), None)


def _moved(old: Node, new: Node, tabs: Mapping[str, str]) -> Iterator[Change]:
    if tabs.get(old.tab) != new.tab:
        yield Change("tab", old.tab, new.tab)
    if local_id(old) != local_id(new):
        yield Change("id", local_id(old), local_id(new))
    if old.title != new.title and not (old.title == local_id(old) and new.title == local_id(new)):
        yield Change("title", old.title, new.title)


def _tabs(old: Workflow, new: Workflow, tabs: Mapping[str, str]) -> Iterator[TabDiff]:
    back = {after: before for before, after in tabs.items()}
    for tab in new.tabs:
        before = back.get(tab.name)
        own = len(old.tabs) == len(new.tabs) == 1 and before == old.name and tab.name == new.name
        if before != tab.name and not own:  # the only tab of a file in YAML is called as the workflow is
            yield TabDiff(before, tab.name, len(tab.nodes))
    for tab in old.tabs:
        if tab.name not in tabs:
            yield TabDiff(tab.name, None, len(tab.nodes))


def _around(old: Workflow, new: Workflow, names: Names) -> Iterator[Change]:
    """What is said of the workflow as a whole."""
    yield from value_change("name", old.name, new.name)
    yield from value_change("description", old.description, new.description)
    for one in fields(old.settings):
        was, now = getattr(old.settings, one.name), getattr(new.settings, one.name)
        yield from value_change(f"settings.{one.name}", _plain(was), _plain(now))
    yield from _mapping("variables", old.variables, new.variables)
    yield from _mapping("inputs", old.inputs, new.inputs)
    limits = [{one.name: _limit(one) for one in flow.limits} for flow in (old, new)]
    yield from _mapping("limits", limits[0], limits[1])
    yield from value_change(
        "output", names.old(old.result) if old.result else None, new.result and names.new(new.result)
    )


def _mapping(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in sorted({*old, *new}):
        yield from value_change(f"{name}.{key}", old.get(key), new.get(key))


def _limit(limit: Any) -> dict[str, Any]:
    return {one.name: _plain(getattr(limit, one.name)) for one in fields(limit) if one.name != "name"}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
