"""A graph held against what a server has: its classes of nodes, as `/object_info` describes them.

The server stops at the first class that it does not have; here everything is said at once. What a description does not
clearly forbid is left to the server, which looks again. Source: `validate_prompt` and `validate_inputs` in
`execution.py` of Comfy-Org/ComfyUI, as read on 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from rushes.providers.comfyui.graph import Graph, Node, Place, is_link, linked

Info = Mapping[str, Mapping[str, Any]]
"""By class: what `/object_info/CLASS` says of it; a class that is not there says nothing."""

_UPLOADS = ("image_upload", "video_upload", "audio_upload", "file_upload", "animated_image_upload")
_NUMBERS = {"INT": int, "FLOAT": float}
_SHOWN = 8


def wrong(graph: Graph, info: Info, uploaded: Collection[Place] = ()) -> list[str]:
    """Everything that a server with these classes would refuse, each with its node.

    `uploaded` are places whose files go there only when the rest is in order.
    """
    missing = [f"node {one}: this server has no {one.kind}" for one in graph.nodes.values() if not info.get(one.kind)]
    if missing:
        return missing
    found = [
        f"node {one}: {one.kind} asks a service that has a price of its own, which nobody here can see"
        for one in graph.nodes.values()
        if info[one.kind].get("api_node") is True
    ]
    ends = [one for one in graph.nodes.values() if info[one.kind].get("output_node") is True]
    if not ends:
        return [*found, "the graph saves nothing: it has no output node"]
    for one in _reached(graph, ends):
        found += (f"node {one}: {why}" for why in _wrong_node(graph, one, info, uploaded))
    return found


def _reached(graph: Graph, ends: list[Node]) -> list[Node]:
    """The nodes that a run would pass: what no output needs is never looked at."""
    reached: dict[str, Node] = {}
    todo = list(ends)
    while todo:
        node = todo.pop()
        if node.id not in reached:
            reached[node.id] = node
            todo += [there for _name, there, _slot in graph.links(node)]
    return [one for one in graph.nodes.values() if one.id in reached]


def _wrong_node(graph: Graph, node: Node, info: Info, uploaded: Collection[Place]) -> Iterator[str]:
    takes = info[node.kind].get("input")
    for need in ("required", "optional"):
        entries = takes.get(need) if isinstance(takes, Mapping) else None
        for name, entry in entries.items() if isinstance(entries, Mapping) else ():
            kind, more = _read(entry)
            if name in node.inputs:
                if Place(node.id, name) not in uploaded:
                    yield from _wrong_value(graph, name, node.inputs[name], kind, more, info)
            elif need == "required" and not _dynamic(kind):
                yield f"{name} is missing"


def _read(entry: object) -> tuple[Any, Mapping[str, Any]]:
    """The type of an input, a word or a list of values, and what else is said of it."""
    parts = entry if isinstance(entry, list | tuple) else [entry]
    more = parts[1] if len(parts) > 1 and isinstance(parts[1], Mapping) else {}
    return (parts[0] if parts else None), more


def _dynamic(kind: object) -> bool:
    """Whether an input stands for several, whose names only the server's own code knows."""
    return isinstance(kind, str) and kind.startswith("COMFY_")


def _wrong_value(graph: Graph, name: str, value: Any, kind: Any, more: Mapping[str, Any], info: Info) -> Iterator[str]:
    if isinstance(value, list):
        yield from _wrong_link(graph, name, value, kind, info)
        return
    if isinstance(kind, str) and kind in _NUMBERS:
        try:
            number = _NUMBERS[kind](value)
        except (TypeError, ValueError, OverflowError):
            yield f"{name} is {_short(value)}, which is no {kind}"
            return
        least, most = more.get("min"), more.get("max")
        if isinstance(least, int | float) and number < least:
            yield f"{name} is {_short(value)}; {least} is the least"
        if isinstance(most, int | float) and number > most:
            yield f"{name} is {_short(value)}; {most} is the most"
        return
    options = kind if isinstance(kind, list) else more.get("options") if kind == "COMBO" else None
    elsewhere = any(more.get(word) for word in (*_UPLOADS, "remote_combo", "remote", "multiselect"))
    if isinstance(options, list) and not elsewhere and value not in options:
        shown = ", ".join(map(str, options[:_SHOWN])) or "nothing"
        rest = f" and {len(options) - _SHOWN} more" if len(options) > _SHOWN else ""
        yield f"{name} is {_short(value)}, which this server does not have; it has {shown}{rest}"


def _wrong_link(graph: Graph, name: str, value: list[Any], kind: Any, info: Info) -> Iterator[str]:
    link = linked(graph.nodes, value)
    if not is_link(value) or link is None:
        yield f"{name} is a list, which is a link to a node, and there is none such"
        return
    there, slot = link
    gives = info[there.kind].get("output")
    if not isinstance(gives, list):
        return
    if not 0 <= slot < len(gives):
        yield f"{name} comes from output {slot} of node {there}, which has {len(gives)}"
    elif _differ(gives[slot], kind):
        yield f"{name} takes {kind}, and node {there} gives {gives[slot]}"


def _differ(given: object, taken: object) -> bool:
    """Whether two types clearly have nothing in common; what is not a plain word, and `*`, may fit everything."""
    if not isinstance(given, str) or not isinstance(taken, str):
        return False
    left, right = ({word.strip() for word in one.split(",")} for one in (given, taken))
    return not (left & right or any("*" in one or one.startswith(("COMFY_", "COMBO")) for one in left | right))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
