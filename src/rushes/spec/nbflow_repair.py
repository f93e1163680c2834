"""Repairs of `.nbflow` files that cannot change what the file means.

Each finder yields the faults of one kind, with the edits that mend them. The links table of a tab is the truth;
everything that repeats it is rewritten from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from rushes.model.problem import Edit, Path
from rushes.plugin.format import Document
from rushes.spec.json_splice import apply_edits, values_at
from rushes.spec.nbflow import NbflowFormat
from rushes.spec.nbflow_graph import MOST_SLOTS, Graph, GraphNode, GraphTab, Link, id_text, read_graph
from rushes.spec.nbflow_kinds import GENERATORS, NodeKind, expected_slots, placeholders, slot_role


class Fault(NamedTuple):
    """Something wrong with a node or a tab. `edits` mend it; none when that is for a person."""

    says: str
    path: Path
    tab: str
    node: str | None
    edits: tuple[Edit, ...]


def repair(document: Document) -> tuple[bytes, list[str]]:
    """The document's bytes with every safe repair made, and one line for each change.

    Repairing twice changes nothing more. A document that is no node graph comes back as it is.
    """
    graph, _ = read_graph(document.tree, document.file)
    if graph is None:
        return document.data, []
    _, problems = NbflowFormat().structure(document)
    edits = [edit for problem in problems for edit in problem.fix]
    edits += (edit for find in FINDERS for fault in find(graph) for edit in fault.edits)
    labels: dict[Path, str] = {tab.path[:2]: tab.name for tab in graph.tabs}
    labels |= {node.path: f"{node.tab} / {node.label}" for node in graph.nodes()}
    changes = [f"{_place(labels, edit)}: {_words(edit, old)}" for edit, old in values_at(document.tree, edits)]
    return apply_edits(document, edits), changes


def stale_copies(graph: Graph) -> Iterator[Fault]:
    """Copies of links in slots that disagree with the links table."""
    for tab in graph.tabs:
        for node in tab.nodes.values():
            edits = (*_stale_inputs(tab, node), *_stale_outputs(tab, node))
            if edits:
                says = f"{node.label} repeats links that are not in `links`, or not those: {len(edits)} to mend"
                yield Fault(says, node.path, node.tab, str(node.id), edits)


def _stale_inputs(tab: GraphTab, node: GraphNode) -> Iterator[Edit]:
    for index, slot in enumerate(node.slots or ()):
        if isinstance(slot, dict):
            link = node.feeds.get(index)
            if id_text(slot.get("link")) != (link.id if link else None):
                yield Edit((*node.path, "inputs", index, "link"), _written(tab, link) if link else None)


def _stale_outputs(tab: GraphTab, node: GraphNode) -> Iterator[Edit]:
    outputs = node.body.get("outputs")
    uses: dict[int, list[Link]] = {}
    for link in node.uses:
        uses.setdefault(link.source_slot, []).append(link)
    for index, slot in enumerate(outputs if isinstance(outputs, list) else ()):
        if isinstance(slot, dict):
            links = uses.get(index, [])
            copies = slot.get("links")
            named = [id_text(copy) for copy in copies] if isinstance(copies, list) else []
            if len(named) != len(links) or {link.id for link in links} != set(named):
                yield Edit((*node.path, "outputs", index, "links"), [_written(tab, link) for link in links])


def _written(tab: GraphTab, link: Link) -> Any:
    """A link's id as the table spells it."""
    row = tab.data["links"][link.at]
    return row["id"] if isinstance(row, dict) else row[0]


def last_ids(graph: Graph) -> Iterator[Fault]:
    """`last_node_id` and `last_link_id` that are not the highest id in use."""
    for tab in graph.tabs:
        links = [link.id for link in tab.links if link.target in tab.nodes]
        for name, used in (("last_node_id", list(tab.nodes)), ("last_link_id", links)):
            if name not in tab.data or not all(key.isdecimal() for key in used):
                continue
            highest = max(map(int, used), default=0)
            if tab.data[name] != highest:
                path = (*tab.path, name)
                says = f"`{name}` of the tab {tab.name[:60]!r} is not {highest}, the highest id in use"
                yield Fault(says, path, tab.name, None, (Edit(path, highest),))


def image_counts(graph: Graph) -> Iterator[Fault]:
    """`imageCount` of image generators that is not the number of their image inputs."""
    for node in graph.nodes():
        if node.kind is NodeKind.IMAGE and node.slots is not None and "imageCount" in node.props:
            count = sum(slot_role(node.kind, n, node.slot_name(n)) == "reference" for n in range(_slots_needed(node)))
            if node.props["imageCount"] != count:
                path = (*node.path, "properties", "imageCount")
                says = f"`imageCount` of {node.label} is not {count}, the number of its image inputs"
                yield Fault(says, path, node.tab, str(node.id), (Edit(path, count),))


def negative_prompts(graph: Graph) -> Iterator[Fault]:
    """Video nodes whose `negativePrompt` is not a text."""
    for node in graph.nodes():
        if node.kind is NodeKind.VIDEO and not isinstance(node.props.get("negativePrompt"), str):
            path = (*node.path, "properties", "negativePrompt")
            yield Fault(
                f"`negativePrompt` of {node.label} is not a text", path, node.tab, str(node.id), (Edit(path, ""),)
            )


def missing_slots(graph: Graph) -> Iterator[Fault]:
    """Generators that lack input slots: a video node has three, and a link must lead to a slot."""
    for tab in graph.tabs:
        for node in tab.nodes.values():
            have = len(node.slots or ())
            need = _slots_needed(node)
            if node.kind not in GENERATORS or need <= have or (node.slots is None and node.kind is NodeKind.IMAGE):
                continue
            slots = expected_slots(node.kind, images=need - 1)
            new = [_slot(tab, node, number, *slots[number]) for number in range(have, need)]
            path = (*node.path, "inputs")
            edits = tuple(Edit((*path, have + n), slot) for n, slot in enumerate(new))
            if node.slots is None:
                edits = (Edit(path, new),)
            yield Fault(f"{node.label} has {have} inputs and needs {need}", path, node.tab, str(node.id), edits)


def _slots_needed(node: GraphNode) -> int:
    linked = [slot + 1 for slot in node.feeds if slot < MOST_SLOTS]
    if node.kind is NodeKind.VIDEO:
        return max(3, len(node.slots or ()))
    return max([len(node.slots or ()), *linked])


def _slot(tab: GraphTab, node: GraphNode, index: int, name: str, type_name: str) -> dict[str, Any]:
    link = node.feeds.get(index)
    return {"name": name, "type": type_name, "link": _written(tab, link) if link else None, "label": " "}


def template_slots(graph: Graph) -> Iterator[Fault]:
    """Templates whose input slots are not named like their placeholders."""
    for tab in graph.tabs:
        for node in tab.nodes.values():
            if node.kind is not NodeKind.PROMPT or node.props.get("templateMode") is not True or node.slots is None:
                continue
            holes = dict.fromkeys(placeholders(node.text))
            names = [node.slot_name(index) for index in range(len(node.slots))]
            if set(holes) != set(names):
                edits = tuple(_name_slots(tab, node, holes, names))
                says = f"the inputs of {node.label} are {_list(names)}, and its placeholders {_list(holes)}"
                yield Fault(says, (*node.path, "inputs"), node.tab, str(node.id), edits)


def _name_slots(tab: GraphTab, node: GraphNode, holes: dict[str, None], names: list[str]) -> Iterator[Edit]:
    """Rename a slot whose source, or whose name but for its case, says which placeholder it is; add what then lacks."""
    open_ = dict.fromkeys(holes)
    for name in names:
        open_.pop(name, None)
    folded = {hole.lower(): hole for hole in open_}
    for index, name in enumerate(names):
        if name in holes or not isinstance((node.slots or [])[index], dict):
            continue
        link = node.feeds.get(index)
        source = tab.source(link) if link else None
        hole = source.variable if source is not None and source.variable in open_ else folded.get(name.strip().lower())
        if hole is not None and hole in open_:
            del open_[hole]
            yield Edit((*node.path, "inputs", index, "name"), hole)
    for number, hole in enumerate(open_, len(names)):
        yield Edit((*node.path, "inputs", number), {"name": hole, "type": "string", "link": None, "label": " "})


def _list(names: Iterable[str]) -> str:
    many = list(names)
    return ", ".join(repr(name[:40]) for name in many[:8]) + (" ..." if len(many) > 8 else "") or "none"


FINDERS: Final = (
    stale_copies,
    last_ids,
    image_counts,
    negative_prompts,
    missing_slots,
    template_slots,
)


def _place(labels: Mapping[Path, str], edit: Edit) -> str:
    return labels.get(edit.path[:5]) or labels.get(edit.path[:2]) or "file"


def _words(edit: Edit, old: Any) -> str:
    inner = edit.path[5:] if len(edit.path) > 5 and edit.path[3] == "nodes" else edit.path[3:]
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in inner).lstrip(".")
    if edit.remove:
        return f"{name} taken out"
    return f"{name} {_show(old)} -> {_show(edit.value)}" if old is not None else f"{name} = {_show(edit.value)}"


def _show(value: Any) -> str:
    if isinstance(value, dict):
        return f"a slot {value['name']!r}" if isinstance(value.get("name"), str) else "an object"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
