"""What a simulated ComfyUI server makes of a graph: what its outputs save, painted from what the graph says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from rushes.model.operation import Operation
from rushes.sim.paint import Asking

_TEXTS = ("text", "t5xxl", "text_g", "prompt", "value")
_MOST_SECONDS = 20


class Making(NamedTuple):
    """One output of a graph: its node, the word under which history lists its files, and what is painted."""

    node: str
    word: str
    asking: Asking


def makings(graph: Mapping[str, Any], outputs: Sequence[str], read: Callable[[str], bytes | None]) -> list[Making]:
    """What each output makes. `read` gives a file of the input folder."""
    prompt = _prompt(graph)
    seed = _first(graph, ("seed", "noise_seed"), int) or 0
    width, height = _first(graph, ("width",), int), _first(graph, ("height",), int)
    given = [
        (kind, data)
        for node in graph.values()
        for kind in ("image", "video", "audio")
        if node["class_type"] in (f"Load{kind.capitalize()}", f"VHS_Load{kind.capitalize()}")
        and (data := read(str(_value(node, (kind, "file"))))) is not None
    ]
    found = []
    for end in outputs:
        kind = graph[end]["class_type"]
        op, word = _work(kind, [one for one, _data in given])
        params: dict[str, Any] = {"width": width, "height": height} if width and height else {}
        if op in (Operation.TEXT_TO_VIDEO, Operation.IMAGE_TO_VIDEO):
            params["duration"] = _seconds(graph)
        inputs: dict[str, tuple[bytes, ...]] = {}
        role = {Operation.IMAGE_TO_IMAGE: "image", Operation.IMAGE_TO_VIDEO: "start_frame"}.get(op, "video")
        wanted = "video" if op is Operation.VIDEO_TO_VIDEO else "image"
        if op not in (Operation.TEXT_TO_IMAGE, Operation.TEXT_TO_VIDEO, Operation.TEXT_TO_SPEECH):
            inputs[role] = next((data,) for one, data in given if one == wanted)
        found.append(Making(end, word, Asking(op, "graph", prompt, params, inputs, seed & 0x7FFFFFFF)))
    return found


def _work(kind: str, given: Sequence[str]) -> tuple[Operation, str]:
    if "Audio" in kind:
        return Operation.TEXT_TO_SPEECH, "audio"
    if "Video" in kind or "WEBM" in kind:
        word = "gifs" if kind.startswith("VHS_") else "images"
        if "video" in given:
            return Operation.VIDEO_TO_VIDEO, word
        return (Operation.IMAGE_TO_VIDEO if "image" in given else Operation.TEXT_TO_VIDEO), word
    return (Operation.IMAGE_TO_IMAGE if "image" in given else Operation.TEXT_TO_IMAGE), "images"


def _prompt(graph: Mapping[str, Any]) -> str:
    """The text that the first sampler's wanted side comes from; else the first text there is."""
    starts = [link for node in graph.values() for name in ("positive", "conditioning") if (link := _link(node, name))]
    seen: set[str] = set()
    while starts:
        id_ = starts.pop(0)
        if id_ in seen or id_ not in graph:
            continue
        seen.add(id_)
        text = _text(graph, graph[id_])
        if text is not None:
            return text
        starts += [one for name in ("positive", "conditioning") if (one := _link(graph[id_], name))]
    return next((text for node in graph.values() if (text := _text(graph, node)) is not None), "")


def _text(graph: Mapping[str, Any], node: Mapping[str, Any]) -> str | None:
    for name in _TEXTS:
        value = node["inputs"].get(name)
        if (
            isinstance(value, list)
            and len(value) == 2
            and value[0] in graph
            and "Primitive" in graph[value[0]]["class_type"]
        ):
            value = graph[value[0]]["inputs"].get("value")
        if isinstance(value, str):
            return value
    return None


def _link(node: Mapping[str, Any], name: str) -> str | None:
    value = node["inputs"].get(name)
    return str(value[0]) if isinstance(value, list) and len(value) == 2 else None


def _value(node: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((node["inputs"][name] for name in names if name in node["inputs"]), "")


def _first(graph: Mapping[str, Any], names: Sequence[str], kind: type) -> Any:
    values = (node["inputs"].get(name) for node in graph.values() for name in names)
    return next((one for one in values if type(one) is kind), None)


def _seconds(graph: Mapping[str, Any]) -> int:
    """A film's length from its frames, at 24 a second where nobody says how many."""
    frames = _first(graph, ("length", "num_frames"), int) or 48
    rate = _first(graph, ("fps", "frame_rate"), int) or 24
    return max(1, min(_MOST_SECONDS, round(frames / max(rate, 1))))
