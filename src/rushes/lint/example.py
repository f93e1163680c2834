"""Examples of rules: a short YAML file, or changes to one small sound node graph.

A whole `.nbflow` file is long and says little, so an example of a graph rule is what differs from `base_story`.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from rushes.model.workflow import Json


class Put(NamedTuple):
    """Put `value` at `field` (`properties.text`, `inputs.1.name`; `+` appends) of the node with that title.

    Without a title the field is one of the tab's graph.
    """

    tab: str
    title: str
    field: str
    value: Json

    def __str__(self) -> str:
        where = " / ".join(part for part in (self.tab, self.title, self.field) if part)
        return f"{where} = {json.dumps(self.value, ensure_ascii=False)}"


Example = str | tuple[Put, ...]
"""A YAML text, or changes to the base story. No changes: the base story as it is."""


def example_file(example: Example) -> tuple[str, bytes]:
    """The name and the bytes of an example."""
    if isinstance(example, str):
        return "example.yaml", example.encode()
    story = base_story()
    for put in example:
        graph = next(tab["graphData"] for tab in story["tabs"] if tab["name"] == put.tab)
        _put(next((node for node in graph["nodes"] if node["title"] == put.title), graph), put)
    return "EXAMPLE-V0-1.nbflow", json.dumps(story).encode()


def example_text(example: Example) -> str:
    """An example as documentation shows it."""
    if isinstance(example, str):
        return example.strip()
    return "\n".join(map(str, example)) or "the graph as an editor saves it"


def _put(target: Any, put: Put) -> None:
    *way, last = put.field.split(".")
    for part in way:
        target = target[int(part)] if isinstance(target, list) else target[part]
    if last == "+":
        target.append(put.value)
    elif isinstance(target, list):
        target[int(last)] = put.value
    else:
        target[last] = put.value


def base_story() -> dict[str, Any]:
    """A sound file: in each of two tabs rows through a template to stills, a gate, and clips."""
    tabs = [_tab("A", 0, "Mia"), _tab("B", 100_000, "Leo")]
    return {"format": "ducted-project", "version": "0.8.5", "name": "EXAMPLE-V0-1", "tabs": tabs}


_LINKS = (
    (1, 2, 0, "string"),
    (2, 4, 0, "string"),
    (3, 4, 1, "image"),
    (4, 5, 0, "*"),
    (6, 7, 0, "string"),
    (5, 7, 1, "image"),
)


def _tab(name: str, base: int, hero: str) -> dict[str, Any]:
    scenes = [f"Wide shot. {hero} opens the door of the shop.", f"Close up. {hero} lifts the lid of a box."]
    rows = {"dynamicMode": True, "dynamicRows": scenes, "variableName": "scene", "text": ""}
    template = {"templateMode": True, "text": "{scene}", "variableName": "template"}
    image = {"model": "nano_banana_2", "aspectRatio": "9:16", "resolution": "1K", "imageCount": 1, "outputCount": 4}
    move = {"text": f"The camera sweeps 20 degrees left while {hero} walks in.", "variableName": "move"}
    clip = {"model": "veo_31_fast", "mode": "frames-to-video", "durationSeconds": "8", "negativePrompt": "", "seed": 0}
    nodes = [
        _node(base + 1, "Prompt", "Prompt: rows", (), "string", rows),
        _node(base + 2, "Prompt", "Prompt: template", (("scene", "string"),), "string", template),
        _node(base + 3, "Media", "Hero", (("input", "*"),), "image", {"mode": "reference", "imageData": f"{hero}.png"}),
        _node(base + 4, "NanobananaAPI", "Generate", (("prompt", "string"), ("image 1", "image")), "image", image),
        _node(base + 5, "Media", "Approve", (("input", "*"),), "*", {"mode": "approve", "imageData": None}),
        _node(base + 6, "Prompt", "Prompt: move", (), "string", move),
        _node(base + 7, "Veo3", "Veo", _VIDEO_SLOTS, "video", clip | {"outputCount": 4}),
    ]
    links = []
    for number, (source, target, slot, kind) in enumerate(_LINKS, 1):
        links.append([number, base + source, 0, base + target, slot, kind])
        nodes[source - 1]["outputs"][0]["links"].append(number)
        nodes[target - 1]["inputs"][slot]["link"] = number
    graph = {"last_node_id": base + 7, "last_link_id": len(links), "nodes": nodes, "links": links}
    return {"name": name, "graphData": graph}


_VIDEO_SLOTS = (("prompt", "string"), ("start frame", "image"), ("end frame", "image"))


def _node(
    number: int, kind: str, title: str, slots: tuple[tuple[str, str], ...], out: str, props: dict[str, Any]
) -> dict[str, Any]:
    return {
        "id": number,
        "type": f"nanobanana/{kind}",
        "title": title,
        "mode": 0,
        "properties": props,
        "inputs": [{"name": name, "type": type_name, "link": None} for name, type_name in slots],
        "outputs": [{"name": "output", "type": out, "links": []}],
    }
