"""Where prompt, seed, size and inputs enter a graph: where `params.bind` says, else where there is no doubt.

A graph has no parameters: it has nodes with values, and some of the values are what a step is about. What is ambiguous
is refused with the places that it could mean; nothing is put where it might mean something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rushes.model.media import Artifact, Kind
from rushes.model.request import Recipe
from rushes.model.spelling import ASPECT_RATIO, SIZE
from rushes.providers.comfyui.graph import Graph, Node, Place, is_link, linked, some

OUTPUT = "output"
"""The word of `bind` that names the node whose files are the result."""

_SEEDS = ("seed", "noise_seed")
_TEXTS = ("text", "text_g", "text_l", "clip_l", "clip_g", "t5xxl", "prompt")
"""What nodes that encode text call the text; some take it several times, for several encoders."""

_LOADERS: Mapping[Kind, Mapping[str, str]] = {
    Kind.IMAGE: {"LoadImage": "image"},
    Kind.VIDEO: {"LoadVideo": "file", "VHS_LoadVideo": "video", "VHS_LoadVideoFFmpeg": "video"},
    Kind.AUDIO: {"LoadAudio": "audio", "VHS_LoadAudioUpload": "audio"},
}
"""Classes of nodes that read a file of the server's input folder, and which input names it."""

_SAID_ONLY = frozenset({"mask"})
"""Roles that no order tells from others: a mask that is put where a picture belongs makes nonsense."""


class File(NamedTuple):
    """An input file, and the place that names it."""

    place: Place
    artifact: Artifact


class Bound(NamedTuple):
    """The places of everything that a recipe says; `problems` are (name of a parameter, what is wrong, what helps)."""

    places: Mapping[str, tuple[Place, ...]]
    files: tuple[File, ...]
    output: str | None
    problems: list[tuple[str, str, str]]


def bound(graph: Graph, recipe: Recipe) -> Bound:
    """Where everything goes; never raises."""
    said, output, problems = _said(graph, recipe.params.get("bind"))
    places = dict(said)
    if "seed" not in places:
        places["seed"] = tuple(_literals(graph, _SEEDS))
    positive = _encoders(graph, "positive")
    if recipe.prompt is not None:
        _one(graph, places, "prompt", positive, problems)
    if any(recipe.params.get(name) for name in ("negative_prompt", "negativePrompt")):
        negative = [one for one in _encoders(graph, "negative") if one not in positive]
        _one(graph, places, "negative_prompt", negative, problems)
    if any(recipe.params.get(name) is not None for name in ("width", "height", *SIZE, *ASPECT_RATIO)):
        _size(graph, places, problems)
    problems += _batches(graph)
    return Bound(places, tuple(_files(graph, recipe, said, problems)), output, problems)


def _said(graph: Graph, raw: object) -> tuple[dict[str, tuple[Place, ...]], str | None, list[tuple[str, str, str]]]:
    """What `params.bind` says, and what is wrong with it."""
    problems: list[tuple[str, str, str]] = []
    found: dict[str, tuple[Place, ...]] = {}
    output = None
    if raw is not None and not isinstance(raw, Mapping):
        problems.append(("bind", "bind is no mapping", "write such as: bind: {prompt: 6.text, seed: 3.seed}"))
        raw = None
    for word, value in (raw or {}).items():
        if word == OUTPUT:
            output = str(value)
            if output not in graph.nodes:
                problems.append(("bind", f"bind: {word} is node {output}, which is not there", _nodes_there(graph)))
            continue
        places = []
        for one in value if isinstance(value, list) else [value]:
            place = _place(graph, one)
            if isinstance(place, Place):
                places.append(place)
            else:
                problems.append(("bind", f"bind: {word} is {one!r}: {place[0]}", place[1]))
        found[str(word)] = tuple(places)
    return found, output, problems


def _place(graph: Graph, text: object) -> Place | tuple[str, str]:
    """The place that a text means, or what is wrong and what helps."""
    node, dot, name = str(text).rpartition(".")
    if not dot:
        return "it names no input", "write the node's id and the input's name, such as 6.text"
    if node not in graph.nodes:
        return f"there is no node {node}", _nodes_there(graph)
    inputs = graph.node(node).inputs
    if name not in inputs:
        return f"node {graph.node(node)} has no input {name}", f"it has {', '.join(inputs) or 'none'}"
    return Place(node, name)


def _nodes_there(graph: Graph) -> str:
    return f"there are {some([str(one) for one in graph.nodes.values()])}"


def _one(
    graph: Graph,
    places: dict[str, tuple[Place, ...]],
    word: str,
    encoders: Sequence[Node],
    problems: list[tuple[str, str, str]],
) -> None:
    """The places of a text: all inputs of the one node that encodes it."""
    if word in places:
        return
    if len(encoders) == 1:
        texts = [_source(graph, Place(encoders[0].id, name), str) for name in _TEXTS]
        found = tuple(dict.fromkeys(one for one in texts if one is not None))
        if found:
            places[word] = found
            return
    why = "in several places" if len(encoders) > 1 else "in no place that is known"
    there = [f"{place} ({graph.node(place.node).title})" for place in _texts_of(graph)]
    could = f"one of {some(there)}" if there else "it has no node that encodes text"
    problems.append(("graph", f"the graph takes the {word} {why}", f"say which: bind: {{{word}: ID.INPUT}}; {could}"))


def _texts_of(graph: Graph) -> list[Place]:
    return [
        Place(one.id, name) for one in graph.nodes.values() for name in _TEXTS if isinstance(one.inputs.get(name), str)
    ]


def _encoders(graph: Graph, side: str) -> list[Node]:
    """The nodes that encode text for one side of the samplers: for what is wanted, or for what is not."""
    found: dict[str, Node] = {}
    seen: set[str] = set()
    for one in graph.nodes.values():
        guided = side == "positive" and "Guider" in one.kind
        for name in (side, "conditioning") if guided else (side,):
            start = graph.link(one, name)
            todo = [start[0]] if start is not None else []
            while todo:
                node = todo.pop()
                if node.id in seen:
                    continue
                seen.add(node.id)
                if "TextEncode" in node.kind:
                    found[node.id] = node
                else:
                    todo += _before(graph, node)
    return list(found.values())


def _before(graph: Graph, node: Node) -> list[Node]:
    """Where a node has its conditioning from. One with two sides is a beginning of its own, for each of them."""
    links = {name: there for name, there, _slot in graph.links(node)}
    if "positive" in links and "negative" in links:
        return []
    return [there for name, there in links.items() if name.startswith(("cond", "positive", "negative"))]


def _literals(graph: Graph, names: Sequence[str]) -> list[Place]:
    """Every place of those names that has a whole number, or is linked to a node that is nothing but one."""
    found = (_source(graph, Place(one.id, name), int) for one in graph.nodes.values() for name in names)
    return list(dict.fromkeys(one for one in found if one is not None))


def _source(graph: Graph, place: Place, kind: type) -> Place | None:
    """Where a value stands: at the place itself, or in the one value of the node that it is linked to."""
    value = graph.value(place)
    if type(value) is kind:
        return place
    link = linked(graph.nodes, value)
    if link is None:
        return None
    names = [name for name, one in link[0].inputs.items() if not is_link(one)]
    only = Place(link[0].id, names[0]) if len(names) == 1 and len(link[0].inputs) == 1 else None
    return only if only is not None and type(graph.value(only)) is kind else None


def _size(graph: Graph, places: dict[str, tuple[Place, ...]], problems: list[tuple[str, str, str]]) -> None:
    """The width and the height of what is made from nothing: an empty latent, or the frames of a film."""
    if "width" in places and "height" in places:
        return
    found = []
    for one in graph.nodes.values():
        width, height = (_source(graph, Place(one.id, name), int) for name in ("width", "height"))
        if width is not None and height is not None and _begins(one.kind):
            found.append((width, height))
    if len(set(found)) == 1:
        places.setdefault("width", (found[0][0],))
        places.setdefault("height", (found[0][1],))
        return
    some_of = some([f"{width} and {height}" for width, height in found]) or "no node that makes an empty picture"
    why = "in several places" if found else "in no place that is known"
    cure = f"say which: bind: {{width: ID.width, height: ID.height}}; it has {some_of}"
    problems.append(("graph", f"the graph takes the size {why}", cure))


def _begins(kind: str) -> bool:
    return ("Latent" in kind or "ToVideo" in kind) and "Upscale" not in kind and "Crop" not in kind


def _batches(graph: Graph) -> list[tuple[str, str, str]]:
    """One result per request: each candidate has its own attempt, verdict and fate."""
    return [
        ("graph", f"node {one} makes {one.inputs['batch_size']} at once", "set batch_size to 1, and ask for candidates")
        for one in graph.nodes.values()
        if type(one.inputs.get("batch_size")) is int and one.inputs["batch_size"] > 1 and _begins(one.kind)
    ]


def _files(
    graph: Graph,
    recipe: Recipe,
    said: Mapping[str, tuple[Place, ...]],
    problems: list[tuple[str, str, str]],
) -> Iterator[File]:
    """Every input file and its place: what is said, and of each kind the rest in the order of the nodes that load."""
    taken = {place for places in said.values() for place in places}
    left: dict[Kind, list[tuple[str, Artifact]]] = {}
    for role, many in recipe.inputs.items():
        if role in said or (role in _SAID_ONLY and many):
            places = said.get(role, ())
            if len(places) == len(many):
                yield from (File(place, one) for place, one in zip(places, many, strict=True))
            else:
                cure = f"say where each goes: bind: {{{role}: ID.INPUT}}"
                problems.append(("", f"{len(many)} of {role} are given, and {len(places)} places are bound", cure))
        else:
            for one in many:
                left.setdefault(one.kind, []).append((role, one))
    for kind, files in left.items():
        there = [place for place in _loading(graph, kind) if place not in taken]
        if len(there) == len(files):
            yield from (File(place, one) for place, (_role, one) in zip(there, files, strict=True))
            continue
        roles = ", ".join(dict.fromkeys(role for role, _one in files))
        where = f"it loads {some([graph.called(one) for one in there])}" if there else f"it has no node for {kind}"
        says = f"the graph loads {len(there)} of {kind}, and {len(files)} are given ({roles})"
        problems.append(("", says, f"say where each goes: bind: {{{files[0][0]}: ID.INPUT}}; {where}"))


def _loading(graph: Graph, kind: Kind) -> Iterator[Place]:
    table = _LOADERS.get(kind, {})
    for one in graph.nodes.values():
        name = table.get(one.kind)
        if name is not None and isinstance(one.inputs.get(name), str):
            yield Place(one.id, name)
