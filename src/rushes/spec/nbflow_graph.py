"""An `.nbflow` tree as typed graphs, one for each tab: nodes by id, links from the canonical table.

Nothing here knows what a node does. The `links` table of a tab is the truth; the copies in `input.link` and
`output.links` are read only to choose between two links that claim one slot. Every fault of the shape is a
problem with its place; nothing raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from rushes.model.ids import NodeId
from rushes.model.problem import Edit, Path, Problem
from rushes.spec.codes import problem
from rushes.spec.nbflow_codes import NB_CODES
from rushes.spec.nbflow_kinds import GENERATORS, NodeKind, kind_of

INACTIVE_MODES = (2, 4)
"""LiteGraph's `mode` values for "never" and "bypass"."""

MOST_SLOTS = 32
"""No generator has more inputs; a link to a higher one is not repaired."""


class Link(NamedTuple):
    """One row of the links table; `at` is its index there, ids are texts."""

    id: str
    source: str
    source_slot: int
    target: str
    target_slot: int
    type: str
    at: int


@dataclass(slots=True, eq=False)
class GraphNode:
    """One node as the file has it. `slots` is None where the file gives no `inputs` at all."""

    id: NodeId
    key: str
    tab: str
    path: Path
    body: Mapping[str, Any]
    props: Mapping[str, Any]
    kind: NodeKind
    slots: list[Any] | None
    feeds: dict[int, Link] = field(default_factory=dict)
    uses: list[Link] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The title as written, or nothing."""
        title = self.body.get("title")
        return title if isinstance(title, str) else ""

    @property
    def label(self) -> str:
        """What to call the node in a message: title and id."""
        return f"{self.title[:60]!r} ({self.key[:40]})" if self.title else f"node {self.key[:60]}"

    @property
    def enabled(self) -> bool:
        """False when the file switches the node off."""
        return self.props.get("_disabled") is not True and self.body.get("mode") not in INACTIVE_MODES

    @property
    def variable(self) -> str:
        """The name under which templates ask for this prompt."""
        name = self.props.get("variableName")
        return name.strip() if isinstance(name, str) else ""

    @property
    def text(self) -> str:
        """The `text` property of a prompt."""
        text = self.props.get("text")
        return text if isinstance(text, str) else ""

    def slot_name(self, index: int) -> str:
        """The name of an input slot, empty where there is none."""
        if self.slots is not None and index < len(self.slots):
            slot = self.slots[index]
            name = slot.get("name") if isinstance(slot, dict) else None
            return name if isinstance(name, str) else ""
        return ""

    def problem(self, code: str, says: str, *, try_: str = "", at: Path = (), fix: tuple[Edit, ...] = ()) -> Problem:
        """A problem of this node, or of the field `at`, with a code of the reader's table."""
        return fault(code, says, path=(*self.path, *at), try_=try_, tab=self.tab, node=str(self.id), fix=fix)


@dataclass(slots=True, eq=False)
class GraphTab:
    """One tab: `path` leads to its `graphData`."""

    name: str
    path: Path
    data: Mapping[str, Any]
    nodes: dict[str, GraphNode]
    links: list[Link]

    def source(self, link: Link) -> GraphNode | None:
        """The node a link comes from."""
        return self.nodes.get(link.source)


@dataclass(slots=True, eq=False)
class Graph:
    """All tabs of a file."""

    name: str
    tabs: list[GraphTab]

    def nodes(self) -> Iterator[GraphNode]:
        """All nodes in the order of the file."""
        for tab in self.tabs:
            yield from tab.nodes.values()


fault = partial(problem, table=NB_CODES)
"""A problem with a code of this reader's table."""


def id_text(value: object) -> str | None:
    """A node or link id as text: an integer, or a text that is not empty; else None."""
    if type(value) is int:
        return str(value)
    if isinstance(value, str):
        return value or None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return None


def read_graph(tree: object, file: str = "") -> tuple[Graph | None, list[Problem]]:
    """The graphs of a file, or None when it has no tabs; with every fault of its shape."""
    problems: list[Problem] = []
    if not isinstance(tree, dict) or not isinstance(tree.get("tabs"), list) or not tree["tabs"]:
        return None, [
            _shape(
                (), "this is not a node-graph file: it has no list `tabs` with at least one tab", "open another file"
            )
        ]
    name = tree.get("name")
    graph = Graph(name if isinstance(name, str) and name.strip() else PurePosixPath(file).stem, [])
    names: set[str] = set()
    for number, entry in enumerate(tree["tabs"]):
        tab = _tab(entry, number, names, problems)
        if tab is not None:
            graph.tabs.append(tab)
    _name_nodes(graph)
    return graph, problems


def _shape(path: Path, says: str, try_: str, tab: str | None = None) -> Problem:
    return fault("nb-shape", says, path=path, try_=try_, tab=tab)


def _tab(entry: object, number: int, names: set[str], problems: list[Problem]) -> GraphTab | None:
    path: Path = ("tabs", number)
    name = _tab_name(entry, number, names, problems)
    data = entry.get("graphData") if isinstance(entry, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("nodes"), list):
        says = f"the tab {name!r} has no `graphData` with a list `nodes`"
        problems.append(_shape(path, says, "export the file again from its editor", name))
        return None
    tab = GraphTab(name, (*path, "graphData"), data, {}, [])
    for index, body in enumerate(data["nodes"]):
        _add_node(tab, index, body, problems)
    _add_links(tab, data.get("links"), problems)
    return tab


def _tab_name(entry: object, number: int, names: set[str], problems: list[Problem]) -> str:
    said = entry.get("name") if isinstance(entry, dict) else None
    name = said.strip() if isinstance(said, str) and said.strip() else f"Tab {number + 1}"
    if name in names:
        new = f"{name} ({number + 1})"
        while new in names:
            new += "*"
        says = f"two tabs are called {name[:60]!r}; the second is read as {new[:60]!r}"
        problems.append(
            fault("nb-tab-doubled", says, path=("tabs", number, "name"), try_="give each tab its own name", tab=new)
        )
        name = new
    names.add(name)
    return name


def _add_node(tab: GraphTab, index: int, body: object, problems: list[Problem]) -> None:
    path: Path = (*tab.path, "nodes", index)
    key = id_text(body.get("id")) if isinstance(body, dict) else None
    if not isinstance(body, dict) or key is None:
        says = f"entry {index} of `nodes` is not a node with an `id`"
        problems.append(_shape(path, says, "give it an `id` (a positive whole number) or take it out", tab.name))
        return
    props = body.get("properties")
    slots = body.get("inputs")
    props = props if isinstance(props, dict) else {}
    kind = kind_of(body.get("type"), props.get("mode"))
    node = GraphNode(
        NodeId(key),
        key,
        tab.name,
        path,
        body,
        props,
        kind or NodeKind.REFERENCE,
        slots if isinstance(slots, list) else None,
    )
    if kind is None:
        says = f"{node.label} is in the mode {str(props.get('mode'))[:60]!r}"
        try_ = "use reference, approve or preview"
        problems.append(node.problem("nb-mode", says, try_=try_, at=("properties", "mode")))
    if key in tab.nodes:
        says = f"the id {key[:60]} is used twice in this tab"
        problems.append(node.problem("nb-id-doubled", says, try_="give each node its own id", at=("id",)))
        return
    tab.nodes[key] = node


def _link_row(row: object) -> tuple[Any, ...] | None:
    """The six values of a link, from a list or from the object form of newer LiteGraph files."""
    if isinstance(row, list) and len(row) >= 5:
        return (*row[:5], row[5] if len(row) > 5 else "*")
    if isinstance(row, dict):
        names = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
        return (*(row.get(name) for name in names), row.get("type", "*"))
    return None


def _add_links(tab: GraphTab, rows: object, problems: list[Problem]) -> None:
    if rows is None:
        return
    if not isinstance(rows, list):
        says = "`links` is not a list"
        problems.append(_shape((*tab.path, "links"), says, "write one list of six values for each link", tab.name))
        return
    for at, row in enumerate(rows):
        link = _link(row, at)
        if link is None:
            says = f"entry {at} of `links` is not a link"
            try_ = "write [link id, source node, source slot, target node, target slot, type]"
            problems.append(fault("nb-link-shape", says, path=(*tab.path, "links", at), try_=try_, tab=tab.name))
            continue
        tab.links.append(link)
        _connect(tab, link, problems)
    for node in tab.nodes.values():
        for link in node.feeds.values():
            tab.nodes[link.source].uses.append(link)


def _link(row: object, at: int) -> Link | None:
    values = _link_row(row)
    if values is None:
        return None
    number, source, source_slot, target, target_slot, kind = values
    ids = id_text(number), id_text(source), id_text(target)
    if (
        ids[0] is None
        or ids[1] is None
        or ids[2] is None
        or type(source_slot) is not int
        or type(target_slot) is not int
    ):
        return None
    return Link(ids[0], ids[1], source_slot, ids[2], target_slot, kind if isinstance(kind, str) else "*", at)


def _connect(tab: GraphTab, link: Link, problems: list[Problem]) -> None:
    source, target = tab.nodes.get(link.source), tab.nodes.get(link.target)
    if source is None or target is None:
        problems.append(_end_missing(tab, link, source, target))
        return
    slots = target.slots
    if link.target_slot < 0 or (slots is not None and link.target_slot >= len(slots)):
        problems.append(_slot_missing(tab, link, source, target))
        if link.target_slot < 0:
            return
    before = target.feeds.get(link.target_slot)
    if before is not None:
        live = _live(target, link.target_slot) == before.id
        problems.append(_doubled(tab, link, before, target, before if live else link))
        if live:
            return
    target.feeds[link.target_slot] = link


def _end_missing(tab: GraphTab, link: Link, source: GraphNode | None, target: GraphNode | None) -> Problem:
    there = target or source
    node = str(there.id) if there else None
    path: Path = (*tab.path, "links", link.at)
    if source is None and target is not None:
        says = f"link {link.id[:40]} of {target.label} comes from node {link.source[:40]}, which is not in this tab"
        return fault("nb-link-source", says, path=path, try_="connect it again in the editor", tab=tab.name, node=node)
    says = f"link {link.id[:40]} leads to node {link.target[:40]}, which is not in this tab"
    fix = (Edit(path, None, remove=True),)
    return fault("nb-link-target", says, path=path, try_="take the link out", tab=tab.name, node=node, fix=fix)


def _slot_missing(tab: GraphTab, link: Link, source: GraphNode, target: GraphNode) -> Problem:
    have = len(target.slots or ())
    says = (
        f"{source.label} is linked to input {link.target_slot} of {target.label}, "
        f"which has {have} input{'' if have == 1 else 's'}"
    )
    known = target.kind in GENERATORS and 0 <= link.target_slot < MOST_SLOTS
    try_ = "`rushes check --fix` adds the input" if known else "connect it again in the editor"
    path: Path = (*tab.path, "links", link.at)
    return fault("nb-link-slot", says, path=path, try_=try_, tab=tab.name, node=str(target.id))


def _doubled(tab: GraphTab, link: Link, before: Link, target: GraphNode, live: Link) -> Problem:
    says = (
        f"input {link.target_slot} of {target.label} has two links, {before.id[:40]} and {link.id[:40]}; "
        f"link {live.id[:40]} counts"
    )
    path: Path = (*tab.path, "links", link.at)
    return fault("nb-link-doubled", says, path=path, try_="take the other link out", tab=tab.name, node=str(target.id))


def _live(target: GraphNode, slot: int) -> str | None:
    """The link that the target's own copy names; it decides between two rows of the table, as it does in the editor."""
    if target.slots is None or slot >= len(target.slots) or not isinstance(target.slots[slot], dict):
        return None
    return id_text(target.slots[slot].get("link"))


def _name_nodes(graph: Graph) -> None:
    """Ids as they are when unique over the file, else `TAB/id` for every node, so that a copy of a tab keeps both."""
    seen: set[str] = set()
    for node in graph.nodes():
        if node.key in seen:
            break
        seen.add(node.key)
    else:
        return
    for node in graph.nodes():
        node.id = NodeId(f"{node.tab}/{node.key}")
