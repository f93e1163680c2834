"""Which node of one version is which of the other: by id, by content, by title, by likeness; each at most once.

First those that have both id and content, then what asks the very same, however it is written, then equal content under
another id (a rename, a moved scene, a number that counted on), then one id with other content, one title, and what is
most alike. Only nodes that do the same are matched.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import NamedTuple

from rushes.model.ids import NodeId
from rushes.model.text import Ref, Text, Var
from rushes.model.workflow import Node, Workflow

_ALIKE = 0.5
"""How much of two nodes must be the same for them to be one: of everything that they say, half."""

_MOST_PAIRS = 100_000
"""Pairs that are looked at for likeness; of more, what has another id, content and title is another node."""

_WORD = re.compile(r"\w+")


Asked = Mapping[NodeId, Hashable]
"""What a node asks, all its rows together: equal for two nodes that ask the same, in whatever format."""


class Matched(NamedTuple):
    """`before` is the old node of a new id; `names` is the new id of an old one."""

    before: dict[NodeId, Node]
    names: dict[NodeId, NodeId]


def local_id(node: Node) -> str:
    """The id without the tab that readers put before it where a file has several."""
    return str(node.id).removeprefix(f"{node.tab}/")


def match_tabs(old: Workflow, new: Workflow) -> dict[str, str]:
    """The new name of each old tab that is still there: by name, else by what is in it."""
    there = {tab.name for tab in new.tabs}
    found = {tab.name: tab.name for tab in old.tabs if tab.name in there}
    if len(old.tabs) == len(new.tabs) == 1:
        return {old.tabs[0].name: new.tabs[0].name}
    left = [tab for tab in new.tabs if tab.name not in found.values()]
    inside = {tab.name: Counter(map(_content, tab.nodes)) for tab in left}
    for tab in old.tabs:
        if tab.name in found or not inside:
            continue
        mine = Counter(map(_content, tab.nodes))
        best = max(inside, key=lambda name: (mine & inside[name]).total())
        if 2 * (mine & inside[best]).total() >= max(mine.total(), inside[best].total()):
            found[tab.name] = best
            del inside[best]
    return found


def matched(old: Workflow, new: Workflow, tabs: Mapping[str, str], asked: tuple[Asked, Asked]) -> Matched:
    """Every node of the new version that was in the old one: within its tab first, then wherever it went.

    `asked` says of the nodes of both what they ask, where it is known.
    """
    found = _Matching(*asked)
    after = {tab.name: tab.nodes for tab in new.tabs}
    for tab in old.tabs:
        if tab.name in tabs:
            found.within(tab.nodes, after[tabs[tab.name]])
    found.across(tuple(old.nodes()), tuple(new.nodes()))
    return Matched(found.before, found.names)


class _Side:
    """The nodes of one version: what each says, and what feeds it: gates are alike but for what they let through."""

    def __init__(self, nodes: Sequence[Node], asked: Asked) -> None:
        self.nodes = nodes
        self.asked = asked
        self.content = {node.id: _content(node) for node in nodes}
        self.fed = {
            node.id: tuple(self.content.get(ref) for entry in node.inputs for ref in entry.refs) for node in nodes
        }


_Key = Callable[[_Side, Node], Hashable | None]
"""By what a node is known; None where it cannot be known by that."""


def _by_id_and_content(side: _Side, node: Node) -> Hashable:
    return local_id(node), side.content[node.id]


def _by_question(side: _Side, node: Node) -> Hashable | None:
    return side.asked.get(node.id)


def _by_title_and_content(side: _Side, node: Node) -> Hashable:
    return (node.title, side.content[node.id], side.fed[node.id]) if _says(node) else None


def _by_content(side: _Side, node: Node) -> Hashable:
    return (side.content[node.id], side.fed[node.id]) if _says(node) else None


def _by_id(_side: _Side, node: Node) -> Hashable:
    return local_id(node), node.op


def _by_title(_side: _Side, node: Node) -> Hashable:
    return (node.title, node.op) if node.title else None


class _Matching:
    def __init__(self, old: Asked, new: Asked) -> None:
        self._asked = old, new
        self.before: dict[NodeId, Node] = {}
        self.names: dict[NodeId, NodeId] = {}

    def within(self, old: Sequence[Node], new: Sequence[Node]) -> None:
        """Match the nodes of one tab."""
        mine, theirs = _Side(old, self._asked[0]), _Side(new, self._asked[1])
        for key in (_by_id_and_content, _by_question, _by_title_and_content, _by_content, _by_id, _by_title):
            self._by(mine, theirs, key)
        self._alike(old, new)

    def across(self, old: Sequence[Node], new: Sequence[Node]) -> None:
        """A node that went from one tab and came to another with the same content has moved."""
        self._by(_Side(old, self._asked[0]), _Side(new, self._asked[1]), _by_title_and_content)

    def _by(self, old: _Side, new: _Side, key: _Key) -> None:
        """Match what is known by the same, in order."""
        groups: dict[Hashable, list[Node]] = {}
        for node in reversed(old.nodes):
            known = key(old, node) if node.id not in self.names else None
            if known is not None:
                groups.setdefault(known, []).append(node)
        for node in new.nodes:
            known = key(new, node) if groups and node.id not in self.before else None
            if known is not None and (many := groups.get(known)):
                self._pair(many.pop(), node)

    def _alike(self, old: Sequence[Node], new: Sequence[Node]) -> None:
        mine = [one for one in old if one.id not in self.names]
        theirs = [one for one in new if one.id not in self.before]
        if len(mine) * len(theirs) > _MOST_PAIRS:
            return
        said = {node.id: _said(node) for node in mine}, {node.id: _said(node) for node in theirs}
        pairs = [
            (_likeness(said[0][a.id], said[1][b.id]), -n, -m, a, b)
            for n, a in enumerate(mine)
            for m, b in enumerate(theirs)
            if a.op is b.op
        ]
        for likeness, _n, _m, a, b in sorted(pairs, key=lambda pair: pair[:3], reverse=True):
            if likeness < _ALIKE:
                break
            if a.id not in self.names and b.id not in self.before:
                self._pair(a, b)

    def _pair(self, old: Node, new: Node) -> None:
        self.before[new.id] = old
        self.names[old.id] = new.id


def _content(node: Node) -> Hashable:
    """All of a node that is neither its name nor an edge."""
    params = {name: _shape(value) if isinstance(value, Text) else value for name, value in node.params.items()}
    return (
        node.op,
        node.model,
        node.prompt and _shape(node.prompt),
        json.dumps(params, sort_keys=True, default=str),
        node.source,
        node.rows,
        node.candidates,
        node.pick,
        node.provider,
    )


def _says(node: Node) -> bool:
    return bool(node.prompt or node.source or node.rows or node.params or node.inputs)


def _shape(text: Text) -> str:
    return "".join(
        "\0" if isinstance(part, Ref) else f"\0{part.name}\0" if isinstance(part, Var) else part for part in text.parts
    )


def _said(node: Node) -> Counter[str]:
    """Everything a node says, as a bag of words."""
    texts = [*(node.rows or ()), node.source or "", node.title]
    if node.prompt is not None:
        texts.append(_shape(node.prompt))
    words = [word.casefold() for text in texts for word in _WORD.findall(text)]
    return Counter([*words, f"model {node.model}", *(f"{name} {value}" for name, value in node.params.items())])


def _likeness(old: Counter[str], new: Counter[str]) -> float:
    return 2 * (old & new).total() / ((old.total() + new.total()) or 1)
