"""What a ComfyUI server says about a graph before it queues it: in its own words, and with its own gaps.

It stops at the first class that it does not have. Of the outputs that are in order it makes what it can, and says
what is wrong with the others beside it. Source: `execution.py` of Comfy-Org/ComfyUI, as read on 2026-11-21.

Classes of nodes that are not in the data count as custom nodes that are installed and take anything, so that a graph of
one's own can be rehearsed; `MISSING` in a name says that this one is not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

MISSING = "NotInstalled"
"""In the name of a class: the simulator does not have it."""

_SAVES = ("Save", "Preview", "Combine")
_CUSTOM: Mapping[str, Any] = {"input": {"required": {}}, "output": ["*"] * 16, "category": "custom"}
_NUMBERS = {"INT": int, "FLOAT": float}


class Invalid(Exception):
    """A graph that is not queued: the error, and those of its nodes."""

    def __init__(self, error: Mapping[str, Any], nodes: Mapping[str, Any]) -> None:
        super().__init__(error.get("message"))
        self.error = error
        self.nodes = nodes


class Judged(NamedTuple):
    """A graph that is queued: the outputs that will be made, and what is wrong with the nodes of the others."""

    outputs: list[str]
    nodes: Mapping[str, Any]


def info(kind: str) -> Mapping[str, Any] | None:
    """What `/object_info` says of a class; None for one that is not there."""
    known = _nodes().get(kind)
    if known is None and MISSING not in kind:
        return {**_CUSTOM, "name": kind, "display_name": kind, "output_node": any(one in kind for one in _SAVES)}
    return known


@cache
def _nodes() -> Mapping[str, Mapping[str, Any]]:
    raw = json.loads(files("rushes.sim").joinpath("data/comfyui.json").read_text("utf-8"))
    found: Mapping[str, Mapping[str, Any]] = raw["nodes"]
    return found


def judge(graph: Mapping[str, Any], has_file: Callable[[str], bool]) -> Judged:
    """Raises Invalid for a graph of which nothing can be made. `has_file` tells the files of the input folder."""
    for id_, node in graph.items():
        _known(id_, node)
    ends = [id_ for id_, node in graph.items() if (info(node["class_type"]) or {}).get("output_node")]
    if not ends:
        raise Invalid(_error("prompt_no_outputs", "Prompt has no outputs", ""), {})
    found: dict[str, list[dict[str, Any]]] = {}
    good: list[str] = []
    wrong: list[str] = []
    for end in ends:
        reached = _reached(graph, end)
        for id_ in reached:
            if id_ not in found:
                found[id_] = _errors(graph, id_, has_file)
        (wrong if any(found[id_] for id_ in reached) else good).append(end)
    nodes = {
        id_: {
            "errors": errors,
            "dependent_outputs": [end for end in wrong if id_ in _reached(graph, end)],
            "class_type": graph[id_]["class_type"],
        }
        for id_, errors in found.items()
        if errors
    }
    if not good:
        said = [f"{one['message']}: {one['details']}" for end in wrong for one in found[end]]
        raise Invalid(
            _error("prompt_outputs_failed_validation", "Prompt outputs failed validation", "\n".join(said)), nodes
        )
    return Judged(good, nodes)


def _known(id_: str, node: object) -> None:
    raw = node if isinstance(node, dict) else {}
    kind, meta = raw.get("class_type"), raw.get("_meta")
    title = meta.get("title") if isinstance(meta, dict) else None
    if not isinstance(kind, str):
        why = "has no class_type. The workflow may be corrupted or a custom node is missing."
        says = f"Node '{title or f'ID #{id_}'}' {why}"
    elif info(kind) is None:
        says = f"Node '{title or kind}' not found. The custom node may not be installed."
    else:
        return
    more = {"node_id": id_, "class_type": kind, "node_title": title}
    raise Invalid(_error("missing_node_type", says, f"Node ID '#{id_}'", more), {})


def _reached(graph: Mapping[str, Any], end: str) -> list[str]:
    """The nodes that an output needs, itself first."""
    seen: dict[str, None] = {}
    todo = [end]
    while todo:
        id_ = todo.pop()
        if id_ not in seen:
            seen[id_] = None
            values = _inputs(graph, id_).values()
            todo += [one[0] for one in values if isinstance(one, list) and len(one) == 2 and one[0] in graph]
    return list(seen)


def _inputs(graph: Mapping[str, Any], id_: str) -> Mapping[str, Any]:
    found = graph[id_].get("inputs")
    return found if isinstance(found, dict) else {}


def _errors(graph: Mapping[str, Any], id_: str, has_file: Callable[[str], bool]) -> list[dict[str, Any]]:
    inputs = _inputs(graph, id_)
    takes = (info(graph[id_]["class_type"]) or _CUSTOM)["input"]
    found = []
    for need in ("required", "optional"):
        for name, entry in takes.get(need, {}).items():
            more = entry[1] if len(entry) > 1 else {}
            if name in inputs:
                found += _wrong(graph, name, inputs[name], entry[0], more, has_file)
            elif need == "required":
                found.append(_error("required_input_missing", "Required input is missing", name, {"input_name": name}))
    return found


def _wrong(
    graph: Mapping[str, Any], name: str, value: Any, kind: Any, more: Mapping[str, Any], has_file: Callable[[str], bool]
) -> list[dict[str, Any]]:
    about = {"input_name": name, "input_config": [kind, more], "received_value": value}
    if isinstance(value, list):
        return _wrong_link(graph, name, value, kind, about)
    if kind in ("INT", "FLOAT"):
        try:
            value = _NUMBERS[kind](value)
        except (TypeError, ValueError, OverflowError) as error:
            says = f"Failed to convert an input value to a {kind} value"
            return [_error("invalid_input_type", says, f"{name}, {value}, {error}", about)]
        if value < more.get("min", value):
            says = f"Value {value} smaller than min of {more['min']}"
            return [_error("value_smaller_than_min", says, name, about)]
        if value > more.get("max", value):
            return [_error("value_bigger_than_max", f"Value {value} bigger than max of {more['max']}", name, about)]
    options = kind if isinstance(kind, list) else more.get("options")
    if options is not None and value not in options:
        return [_error("value_not_in_list", "Value not in list", f"{name}: {value!r} not in {options}", about)]
    if any(word.endswith("_upload") for word in more) and not has_file(str(value)):
        says = f"{name} - Invalid {name} file: {value}"
        return [_error("custom_validation_failed", "Custom validation failed for node", says, {"input_name": name})]
    return []


def _wrong_link(
    graph: Mapping[str, Any], name: str, value: list[Any], kind: Any, about: Mapping[str, Any]
) -> list[dict[str, Any]]:
    if len(value) != 2:
        says = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
        return [_error("bad_linked_input", says, name, about)]
    there = graph.get(str(value[0]))
    gives = (info(there["class_type"]) or _CUSTOM)["output"] if there is not None else []
    if there is None or type(value[1]) is not int or not 0 <= value[1] < len(gives):
        says = "Exception when validating inner node"
        return [_error("exception_during_inner_validation", says, str(value), about)]
    given = gives[value[1]]
    if isinstance(kind, str) and "*" not in (given, kind) and given != kind and kind != "COMBO":
        says = f"{name}, received_type({given}) mismatch input_type({kind})"
        return [_error("return_type_mismatch", "Return type mismatch between linked nodes", says, about)]
    return []


def _error(kind: str, message: str, details: str, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"type": kind, "message": message, "details": details, "extra_info": dict(more or {})}
