"""Graphs that a document names: a file beside it becomes the graph itself, so that what is in it counts, not its name.

An edit of the file is another request, and moving it is none. What cannot be read is said before anything is planned,
and never what stands in it: a document may name any file.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rushes.model.problem import Path as At
from rushes.model.problem import Problem
from rushes.model.workflow import Json, Node, Workflow
from rushes.spec.json_tree import parse

GRAPH = "graph"
"""The parameter that is a graph, or the path of a file that has one."""

MODEL = "comfyui"
"""The model of every step that names a graph: which models it takes stands in the graph."""

MOST_BYTES = 8_000_000
"""Bytes of the largest file that is read for a graph."""

_EXPORT = "export it from ComfyUI with Workflow > Export (API), and name that file"


def with_graphs(workflow: Workflow, folder: Path) -> tuple[Workflow, list[Problem]]:
    """The workflow with every graph read from its file; `folder` is where the document lies."""
    if not any(GRAPH in node.params for node in workflow.nodes()):
        return workflow, []
    reader = _Reader(folder)
    tabs = [tab._replace(nodes=tuple([reader.with_graph(node) for node in tab.nodes])) for tab in workflow.tabs]
    return replace(workflow, tabs=tuple(tabs)), reader.problems


class _Reader:
    """Reads each file once, whoever names it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, dict[str, Json] | str] = {}
        self.problems: list[Problem] = []

    def with_graph(self, node: Node) -> Node:
        """A step with its graph, and with the model that runs graphs: no other is to be asked for it, and paid."""
        graph = node.params.get(GRAPH)
        if graph is None:
            return node
        if node.model not in (None, MODEL):
            says = f"it names a graph, and the model {node.model}, which nobody asks"
            self._say(node, "graph-model", says, ("model",), "leave the model out: the graph says which are used")
        if isinstance(graph, str):
            if graph not in self._read:
                self._read[graph] = _read(self._folder, graph)
            found = self._read[graph]
            if isinstance(found, str):
                self._say(node, "graph-unreadable", f"{graph}: {found}", ("params", GRAPH), _EXPORT)
                return node
            graph = found
        elif not isinstance(graph, dict):
            says = f"{GRAPH} is neither a file nor a graph"
            self._say(node, "graph-unreadable", says, ("params", GRAPH), "name a file; nothing is filled in here")
            return node
        return node._replace(model=MODEL, params={**node.params, GRAPH: graph})

    def _say(self, node: Node, code: str, says: str, path: At, try_: str) -> None:
        why = "what would run is not what you mean"
        problem = node.problem(code, f"{node.called}: {says}", why=why, try_=try_)
        self.problems.append(replace(problem, path=(*node.path, *path)))


def _read(folder: Path, named: str) -> dict[str, Json] | str:
    """The graph in a file, or in words why there is none."""
    try:
        path = folder / named
        if not path.is_file():  # a device or a pipe would never end
            return "there is no such file"
        with path.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        return f"it cannot be read: {getattr(error, 'strerror', None) or 'no name that a file could have'}"
    tree, problems = parse(path.name, data, MOST_BYTES)
    if isinstance(tree, dict):
        return tree
    where = next((f" (line {one.mark.line})" for one in problems if one.mark is not None), "")
    return f"it holds no graph: it is no JSON object{where}"
