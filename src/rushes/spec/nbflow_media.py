"""Media nodes: references, gates and previews, under all their names.

A gate (`approve`) with an input is an APPROVE node; without one, and with a picture of its own, it acts as a
reference. A preview hands on what it gets and is left out when nothing takes it; so is a reference without a picture
that nothing takes. A reference in batch mode is one MEDIA node for each picture, and its consumers get one row each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rushes.model.ids import NodeId
from rushes.model.operation import Operation
from rushes.model.problem import Path
from rushes.model.workflow import Input, Node
from rushes.spec.nbflow_context import TabContext, address_key, batch_entries, batch_id
from rushes.spec.nbflow_graph import GraphNode
from rushes.spec.nbflow_kinds import NodeKind

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


def read_media(ctx: TabContext, node: GraphNode) -> Iterator[Node]:
    """The MEDIA or APPROVE nodes of a media node: usually one, none when it is without effect."""
    link = ctx.passes(node)
    if link is not None:
        yield from _passing(ctx, node)
        return
    if node.kind is NodeKind.REFERENCE and node.props.get("batchMode") is True and (batch := batch_entries(node)):
        for number, entry in enumerate(batch):
            at: Path = ("properties", "batchImages", number)
            yield _media(node, batch_id(node, number), _address(ctx, node, _picture(entry), at))
        return
    if node.feeds:
        ctx.note(
            node,
            "nb-input-unused",
            f"{node.label} is a reference with a picture of its own, so its input is not read",
            try_="take the link out, or make it a gate",
        )
    value = node.props.get("imageData")
    if value is None and node.kind is not NodeKind.REFERENCE:
        value = node.props.get("lastData")
    if value is not None and value != "":
        yield _media(node, node.id, _address(ctx, node, value, ("properties", "imageData")))
        return
    yield from _empty(ctx, node)


def _passing(ctx: TabContext, node: GraphNode) -> Iterator[Node]:
    slot, link = next(iter(node.feeds.items()))
    fed = ctx.feed(node, slot, link, None)
    gate = node.kind is NodeKind.APPROVE
    if fed is None or (not gate and not node.uses):
        return
    yield Node(
        id=node.id,
        tab=node.tab,
        op=Operation.APPROVE if gate else Operation.MEDIA,
        path=node.path,
        title=node.title,
        inputs=(Input("input", fed.refs, fed.mode),),
        enabled=node.enabled,
    )


def _empty(ctx: TabContext, node: GraphNode) -> Iterator[Node]:
    users = [user for link in node.uses if (user := ctx.tab.nodes[link.target]).kind is not NodeKind.UNKNOWN]
    if not users:
        return
    wanted = any(user.enabled for user in users)
    if wanted:
        gate = node.kind is NodeKind.APPROVE
        ctx.note(
            node,
            "nb-reference-empty",
            f"{node.label} has no {'input and no picture' if gate else 'picture'}, and {users[0].label} needs it",
            try_="connect a generator to it" if gate else "set `imageData` to a URL or to a path beside this file",
            at=("properties", "imageData"),
        )
    yield _media(node, node.id, None, enabled=wanted and node.enabled)


def _media(node: GraphNode, name: NodeId, source: str | None, *, enabled: bool | None = None) -> Node:
    return Node(
        id=name,
        tab=node.tab,
        op=Operation.MEDIA,
        path=node.path,
        title=node.title,
        source=source,
        enabled=node.enabled if enabled is None else enabled,
    )


def _picture(entry: Any) -> Any:
    """The address in an entry of `batchImages`: a text, or an object with one of the names that media nodes use."""
    name = address_key(entry)
    return entry if name is None else entry.get(name)


def _address(ctx: TabContext, node: GraphNode, value: object, at: Path) -> str | None:
    """A URL or a relative path, or None with the reason noted."""
    says = try_ = ""
    if not isinstance(value, str):
        says = f"the picture of {node.label} is {type(value).__name__}, not an address"
    elif value.startswith(("http://", "https://")):
        return value
    elif value.startswith("data:") or (len(value) > 1024 and "/" not in value[:2]):
        says = f"the picture of {node.label} is embedded in the file"
        try_ = "save it beside the file and write its path; editors drop embedded pictures over 1,024 characters"
    elif value.startswith(("/", "\\", "~")) or _SCHEME.match(value):
        says = f"the picture of {node.label} is at {value[:80]!r}, which only this machine may know"
    elif "\x00" in value:
        says = f"the address of the picture of {node.label} has a null character in it"
    else:
        return value
    ctx.note(
        node,
        "nb-reference-address",
        says,
        try_=try_ or "write an http(s) URL, or a path relative to this file",
        at=at,
    )
    return None
