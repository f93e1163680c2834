"""The `.nbflow` format: node graphs with one tab for each account, in both public dialects.

Mapping: Prompt to PROMPT (rows for dynamic ones, references for templates); Media to MEDIA or APPROVE;
NanobananaAPI to TEXT_TO_IMAGE; Veo3 to IMAGE_TO_VIDEO or TEXT_TO_VIDEO. The file holds intent only: what earlier
runs saved in it (`_saved...`) is never read. Positions, colours, unknown fields and unknown node types stay in the
file and mean nothing here.
"""

from __future__ import annotations

from rushes.model.problem import Mark, Path, Problem
from rushes.model.workflow import Node, Tab, Workflow
from rushes.plugin.format import Document
from rushes.spec import json_tree
from rushes.spec.nbflow_context import TabContext
from rushes.spec.nbflow_generate import read_image, read_video
from rushes.spec.nbflow_graph import GraphNode, GraphTab, read_graph
from rushes.spec.nbflow_kinds import NodeKind
from rushes.spec.nbflow_media import read_media
from rushes.spec.nbflow_prompt import read_prompt


class NbflowFormat:
    """Reader of `.nbflow` files."""

    name = "nbflow"

    def parse(self, file: str, data: bytes) -> tuple[Document | None, list[Problem]]:
        """Bytes to a plain tree; the faults of JSON itself are said with line and column."""
        tree, problems = json_tree.parse(file, data)
        return (None if problems else Document(file, self.name, data, tree)), problems

    def structure(self, document: Document) -> tuple[Workflow | None, list[Problem]]:
        """Tree to workflow; all problems at once. None only when there are no tabs."""
        graph, problems = read_graph(document.tree, document.file)
        if graph is None:
            return None, problems
        tabs = tuple(Tab(tab.name, _nodes(tab, problems)) for tab in graph.tabs)
        return Workflow(name=graph.name, format=self.name, tabs=tabs), problems

    def locate(self, document: Document, path: Path) -> Mark | None:
        """Line and column of a path."""
        return json_tree.locate(document.file, document.data, path)


def _nodes(tab: GraphTab, problems: list[Problem]) -> tuple[Node, ...]:
    ctx = TabContext(tab, problems)
    ctx.index()
    nodes: list[Node] = []
    for node in tab.nodes.values():
        if node.kind is NodeKind.PROMPT:
            nodes.append(read_prompt(ctx, node))
        elif node.kind is NodeKind.IMAGE:
            nodes.append(read_image(ctx, node))
        elif node.kind is NodeKind.VIDEO:
            nodes.append(read_video(ctx, node))
        elif node.kind is NodeKind.UNKNOWN:
            problems.append(_unknown(node))
        else:
            nodes.extend(read_media(ctx, node))
    return tuple(nodes)


def _unknown(node: GraphNode) -> Problem:
    says = f"{node.label} is of the type {str(node.body.get('type'))[:60]!r}, which is not known here; it does not run"
    return node.problem("nb-type-unknown", says, try_="nothing, if it is for the editor only", at=("type",))
