"""What a run made, written into a copy of its `.nbflow` file.

The saved-output fields of generators and gates are filled, stale link copies are mended, and every other byte is as
it was, so that an editor opens the copy as it would the original. Public files show two spellings of the field for
clips; both are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from rushes.model.ids import NodeId
from rushes.model.media import Kind
from rushes.model.problem import Edit
from rushes.plugin.format import Document
from rushes.spec.json_splice import apply_edits
from rushes.spec.nbflow_context import address_key, batch_entries
from rushes.spec.nbflow_graph import GraphNode, read_graph
from rushes.spec.nbflow_kinds import MEDIA_KINDS, NodeKind
from rushes.spec.nbflow_repair import stale_copies


class SavedNode(NamedTuple):
    """What a node holds after a run.

    `urls` is flat: the candidates of the first row, then those of the second. `picked` has, for each row, the index
    into `urls` of the one that was picked, or -1. For a gate, `urls` are the candidates that it chose from.
    """

    urls: tuple[str, ...]
    kind: Kind
    picked: tuple[int, ...] = ()


def export(
    document: Document, saved: Mapping[NodeId, SavedNode], *, moved: Mapping[str, str] = MappingProxyType({})
) -> bytes:
    """The document with the outputs of a run in it; nodes without an entry in `saved` keep what they have.

    `moved` gives the addresses of references that read differently from where the copy will lie.
    """
    graph, _ = read_graph(document.tree, document.file)
    if graph is None:
        return document.data
    edits = [edit for fault in stale_copies(graph) for edit in fault.edits]
    for node in graph.nodes():
        one = saved.get(node.id)
        if one is not None:
            edits.extend(Edit((*node.path, "properties", name), value) for name, value in _fields(node, one))
        edits.extend(_moved(node, moved))
    return apply_edits(document, edits)


def _moved(node: GraphNode, moved: Mapping[str, str]) -> Iterator[Edit]:
    if node.kind not in MEDIA_KINDS or (node.kind is not NodeKind.REFERENCE and node.feeds):
        return
    address = node.props.get("imageData")
    if isinstance(address, str) and address in moved:
        yield Edit((*node.path, "properties", "imageData"), moved[address])
    for number, entry in enumerate(batch_entries(node)):
        name = address_key(entry)
        address = entry if name is None else entry[name]
        if isinstance(address, str) and address in moved:
            at = (*node.path, "properties", "batchImages", number)
            yield Edit(at if name is None else (*at, name), moved[address])


def _fields(node: GraphNode, saved: SavedNode) -> Iterator[tuple[str, Any]]:
    index = next((number for number in saved.picked if 0 <= number < len(saved.urls)), None)
    if node.kind is NodeKind.IMAGE:
        yield "_savedImages", list(saved.urls)
        yield "_savedPreviewIndex", index or 0
    elif node.kind is NodeKind.VIDEO:
        yield "_savedVideos", list(saved.urls)
        yield "_savedClips", list(saved.urls)
        yield "_savedVideoUrl", saved.urls[index or 0] if saved.urls else None
        yield "_savedGalleryIndex", index or 0
    elif node.kind in (NodeKind.APPROVE, NodeKind.PREVIEW):
        yield from _gallery(node, saved, index)


def _gallery(node: GraphNode, saved: SavedNode, index: int | None) -> Iterator[tuple[str, Any]]:
    video = saved.kind is Kind.VIDEO
    urls = list(saved.urls)
    yield "_savedCurrentMediaType", "video" if video else "image"
    yield ("galleryVideos" if video else "galleryImages"), urls
    yield ("_savedGalleryVideos" if video else "_savedGalleryImages"), urls
    yield "galleryIndex", index or 0
    yield "_savedGalleryIndex", index or 0
    gate = node.kind is NodeKind.APPROVE
    if gate:
        yield ("_savedApprovalVideos" if video else "_savedApprovalImages"), urls
        yield ("_savedApprovalVideoIndex" if video else "_savedApprovalIndex"), index or 0
    if index is not None:
        yield "imageData", urls[index]
        yield "lastData", urls[index]
        if gate:
            yield "_lastApprovedData", urls[index]
