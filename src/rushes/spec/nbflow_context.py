"""What the readers of single nodes share: the tab, who feeds whom, kinds along edges, and the problems found."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, NamedTuple

from rushes.model.ids import NodeId
from rushes.model.media import Kind, kind_of_name
from rushes.model.problem import Edit, Path, Problem
from rushes.model.workflow import Input, Mode
from rushes.spec.nbflow_graph import GraphNode, GraphTab, Link
from rushes.spec.nbflow_kinds import MEDIA_KINDS, NodeKind

MOST_CANDIDATES = 100
"""More candidates of one row than this are taken for a mistake."""


_MAKES: Final = {
    NodeKind.PROMPT: Kind.TEXT,
    NodeKind.IMAGE: Kind.IMAGE,
    NodeKind.VIDEO: Kind.VIDEO,
    NodeKind.UNKNOWN: None,
}


class Feed(NamedTuple):
    """What one slot receives."""

    slot: int
    refs: tuple[NodeId, ...]
    mode: Mode


@dataclass(slots=True, eq=False)
class TabContext:
    """One tab while its nodes are being read. `prompts` finds prompts by `variableName`."""

    tab: GraphTab
    problems: list[Problem] = field(default_factory=list)
    prompts: dict[str, list[GraphNode]] = field(default_factory=dict)
    kinds: dict[str, Kind | None] = field(default_factory=dict)
    batches: dict[str, tuple[NodeId, ...]] = field(default_factory=dict)

    def note(
        self, node: GraphNode, code: str, says: str, *, try_: str = "", at: Path = (), fix: tuple[Edit, ...] = ()
    ) -> None:
        """Note a fault of a node; a node that is switched off is not judged."""
        if node.enabled:
            self.problems.append(node.problem(code, says, try_=try_, at=at, fix=fix))

    def index(self) -> None:
        """Prompts by name, once for the tab."""
        for node in self.tab.nodes.values():
            if node.kind is NodeKind.PROMPT and node.variable:
                self.prompts.setdefault(node.variable, []).append(node)

    def kind(self, node: GraphNode) -> Kind | None:
        """What the node hands on; gates and previews hand on what they get; None when nobody can know."""
        if node.kind in _MAKES:
            return _MAKES[node.kind]
        trail: list[GraphNode] = []
        seen: set[str] = set()
        kind: Kind | None = None
        while node.key not in seen:
            if node.key in self.kinds:
                kind = self.kinds[node.key]
                break
            seen.add(node.key)
            trail.append(node)
            link = self.passes(node)
            if link is None:
                kind = _own_kind(node)
                break
            node = self.tab.nodes[link.source]
        for passed in trail:
            self.kinds[passed.key] = kind
        return kind

    def passes(self, node: GraphNode) -> Link | None:
        """The link whose contents a media node hands on; None when it has its own."""
        if node.kind not in MEDIA_KINDS or (node.kind is NodeKind.REFERENCE and node.props.get("imageData")):
            return None
        return next(iter(node.feeds.values()), None)

    def feed(self, node: GraphNode, slot: int, link: Link, wants: Kind | None) -> Feed | None:
        """What a slot receives, or None with the reason noted."""
        source = self.tab.nodes[link.source]
        if source.kind is NodeKind.UNKNOWN:
            self.note(
                node,
                "nb-type-needed",
                f"{node.label} needs {source.label}, whose type is not known here",
                try_="connect a known node instead, or switch this one off",
                at=("inputs", slot),
            )
            return None
        kind = self.kind(source)
        if wants is not None and kind is not None and kind is not wants:
            self.note(
                node,
                "nb-kind",
                f"{_slot_words(node, slot)} wants {_a(wants)} and gets {_a(kind)} from {source.label}",
                try_=f"connect something that makes {_a(wants)}",
                at=("inputs", slot),
            )
            return None
        if source.kind is NodeKind.REFERENCE and (batch := batch_entries(source)) and self.passes(source) is None:
            if source.key not in self.batches:  # one tuple for all that take it
                self.batches[source.key] = tuple(batch_id(source, n) for n in range(len(batch)))
            return Feed(slot, self.batches[source.key], Mode.ROWS)
        return Feed(slot, (source.id,), Mode.ALL)


def batch_entries(node: GraphNode) -> list[Any]:
    """The pictures of a reference in batch mode: one row for each."""
    images = node.props.get("batchImages")
    return images if node.props.get("batchMode") is True and isinstance(images, list) else []


def address_key(entry: Any) -> str | None:
    """Under which name an entry of `batchImages` has its address; None when it is the address itself."""
    if not isinstance(entry, dict):
        return None
    return next((name for name in ("imageData", "url", "src") if entry.get(name)), "imageData")


def batch_id(node: GraphNode, number: int) -> NodeId:
    """The id of one picture of a batch reference."""
    return NodeId(f"{node.id}#{number + 1}")


def join(role: str, feeds: list[Feed]) -> list[Input]:
    """The inputs of one role, in the order of the slots; only neighbours that are taken whole share an entry."""
    if len(feeds) == 1:
        return [Input(role, feeds[0].refs, feeds[0].mode)]
    inputs: list[Input] = []
    for mode, many in groupby(feeds, key=attrgetter("mode")):
        if mode is Mode.ALL:
            inputs.append(Input(role, tuple(ref for one in many for ref in one.refs), mode))
        else:
            inputs.extend(Input(role, one.refs, mode) for one in many)
    return inputs


def _own_kind(node: GraphNode) -> Kind | None:
    if node.kind in _MAKES:
        return _MAKES[node.kind]
    for name in ("filename", "imageData"):
        value = node.props.get(name)
        if isinstance(value, str) and kind_of_name(value[-300:]) is Kind.VIDEO:
            return Kind.VIDEO
    return Kind.IMAGE


def _slot_words(node: GraphNode, slot: int) -> str:
    name = node.slot_name(slot)
    return f"input {name[:40]!r} of {node.label}" if name else f"input {slot} of {node.label}"


def _a(kind: Kind) -> str:
    return {Kind.IMAGE: "an image", Kind.TEXT: "a prompt", Kind.AUDIO: "a sound"}.get(kind, f"a {kind}")
