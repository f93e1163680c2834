"""Small `.nbflow` files for tests: a builder that writes them as an editor does."""

from __future__ import annotations

import json
from typing import Any

from rushes.model.problem import Problem
from rushes.model.workflow import Node, Workflow
from rushes.plugin.format import Document
from rushes.spec.nbflow import NbflowFormat


class TabBuilder:
    """Adds nodes and links, and keeps the copies of links in step with the table."""

    def __init__(self, name: str = "MARLOW", first: int = 1) -> None:
        self.name, self.next, self.link_id = name, first, 0
        self.nodes: list[dict[str, Any]] = []
        self.links: list[list[Any]] = []

    def node(self, type_name: str, title: str = "", ins: str = "", out: str = "output:*", **props: Any) -> int:
        """A node; `ins` is `name:type, name:type`. Its id."""
        slots = [part.strip().rpartition(":") for part in ins.split(",") if part.strip()]
        self.nodes.append(
            {
                "id": self.next,
                "type": type_name,
                "title": title,
                "mode": 0,
                "properties": props,
                "inputs": [{"name": name, "type": kind, "link": None} for name, _, kind in slots],
                "outputs": [{"name": out.rpartition(":")[0], "type": out.rpartition(":")[2], "links": []}],
            }
        )
        self.next += 1
        return self.next - 1

    def prompt(self, text: str = "A cat.", **props: Any) -> int:
        return self.node("nanobanana/Prompt", "Prompt", "", "prompt:string", text=text, **props)

    def dynamic(self, name: str, *rows: Any) -> int:
        return self.node(
            "nanobanana/Prompt",
            f"Rows: {name}",
            "",
            "prompt:string",
            dynamicMode=True,
            dynamicRows=list(rows),
            variableName=name,
        )

    def template(self, text: str, *slots: str) -> int:
        ins = ", ".join(f"{slot}:string" for slot in slots)
        return self.node("nanobanana/Prompt", "Template", ins, "prompt:string", text=text, templateMode=True)

    def reference(self, address: Any = "assets/cat.png", **props: Any) -> int:
        return self.node(
            "nanobanana/Media", "Cat", "input:*", "output:image", mode="reference", imageData=address, **props
        )

    def gate(self, source: int | None = None, **props: Any) -> int:
        gate = self.node("nanobanana/Media", "Approve", "input:*", "output:*", mode="approve", **props)
        if source is not None:
            self.link(source, gate, 0, "*")
        return gate

    def image(self, prompt: int | None = None, *references: int, **props: Any) -> int:
        ins = ", ".join(["prompt:string", *(f"image {n + 1}:image" for n in range(len(references)))])
        base = {"model": "nano_banana_2", "outputCount": 4, "imageCount": len(references), "timeout": 300000}
        node = self.node("nanobanana/NanobananaAPI", "Generate", ins, "images:image", **(base | props))
        for slot, source in enumerate((prompt, *references)):
            if source is not None:
                self.link(source, node, slot, "image" if slot else "string")
        return node

    def video(self, prompt: int | None, start: int | None = None, end: int | None = None, **props: Any) -> int:
        base = {"model": "veo_31_fast", "durationSeconds": "8", "negativePrompt": "", "seed": 0, "outputCount": 1}
        ins = "prompt:string, start frame:image, end frame:image"
        node = self.node("nanobanana/Veo3", "Veo", ins, "video:video", **(base | props))
        for slot, source in enumerate((prompt, start, end)):
            if source is not None:
                self.link(source, node, slot, "image" if slot else "string")
        return node

    def link(self, source: int, target: int, slot: int, kind: str = "string") -> int:
        self.link_id += 1
        self.links.append([self.link_id, source, 0, target, slot, kind])
        self[source]["outputs"][0]["links"].append(self.link_id)
        if slot < len(self[target]["inputs"]):
            self[target]["inputs"][slot]["link"] = self.link_id
        return self.link_id

    def __getitem__(self, number: int) -> dict[str, Any]:
        return next(node for node in self.nodes if node["id"] == number)

    def tree(self) -> dict[str, Any]:
        data = {
            "last_node_id": max((node["id"] for node in self.nodes), default=0),
            "last_link_id": self.link_id,
            "nodes": self.nodes,
            "links": self.links,
        }
        return {"name": self.name, "graphData": data}


def story_tab(name: str = "MARLOW", first: int = 1) -> TabBuilder:
    """A tab with everything: rows, template, references, gate, end frame, clips."""
    tab = TabBuilder(name, first)
    rows = tab.dynamic("scene", "Wide shot. The cat.", "Close up. The lamp.")
    template = tab.template("{scene}", "scene")
    tab.link(rows, template, 0)
    cat = tab.reference()
    still = tab.gate(tab.image(template, cat))
    end = tab.gate(tab.image(tab.prompt("The cat sleeps."), still, cat))
    tab.gate(tab.video(tab.prompt("The camera sweeps left."), still, end))
    return tab


def document(*tabs: TabBuilder, indent: int | None = None, **top: Any) -> Document:
    """A document of these tabs, through the reader's own parser."""
    tree = {"format": "ducted-project", "version": "0.8.5", "name": "LIGHT-V0-1", "tabs": [tab.tree() for tab in tabs]}
    return parsed(json.dumps(tree | top, indent=indent).encode())


def parsed(data: bytes) -> Document:
    found, problems = NbflowFormat().parse("LIGHT-V0-1.nbflow", data)
    assert found is not None and not problems, problems
    return found


def load(*tabs: TabBuilder) -> tuple[Workflow, list[Problem]]:
    workflow, problems = NbflowFormat().structure(document(*tabs))
    assert workflow is not None
    return workflow, problems


def clean(*tabs: TabBuilder) -> dict[str, Node]:
    """The nodes by id of tabs that have no problem."""
    workflow, problems = load(*tabs)
    assert not problems, problems
    return {str(node.id): node for node in workflow.nodes()}


def codes(*tabs: TabBuilder) -> list[str]:
    return [problem.code for problem in load(*tabs)[1]]
