"""No `.nbflow` file, however broken, makes the reader, the repair or the export raise."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rushes.graph.grid import build_grid
from rushes.model.ids import NodeId
from rushes.model.media import Kind
from rushes.model.problem import Severity
from rushes.plugin.format import Document
from rushes.spec.nbflow import NbflowFormat
from rushes.spec.nbflow_export import SavedNode, export
from rushes.spec.nbflow_repair import repair

from .nbflow_files import document, story_tab

FORMAT = NbflowFormat()
STORY = document(story_tab("A"), story_tab("B", 100_001)).tree
NAMES = st.sampled_from(
    [
        "tabs",
        "name",
        "graphData",
        "nodes",
        "links",
        "id",
        "type",
        "properties",
        "inputs",
        "outputs",
        "link",
        "mode",
        "text",
        "dynamicRows",
        "dynamicMode",
        "templateMode",
        "batchMode",
        "batchImages",
        "variableName",
        "imageData",
        "lastData",
        "outputCount",
        "timeout",
        "seed",
        "durationSeconds",
        "_disabled",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 20)
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        [
            "",
            "reference",
            "approve",
            "preview",
            "{scene}",
            "{}",
            "8",
            "--5",
            "A",
            "nanobanana/Media",
            "nanobanana/Prompt",
        ]
    )
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text("abc", max_size=2), inner, max_size=6),
)


def check(tree: Any) -> None:
    data = json.dumps(tree).encode()
    doc = Document("x.nbflow", "nbflow", data, tree)
    workflow, problems = FORMAT.structure(doc)
    assert workflow is not None or any(problem.severity is Severity.ERROR for problem in problems)
    assert all(problem.code and problem.says for problem in problems)
    repaired, _ = repair(doc)
    again = Document("x.nbflow", "nbflow", repaired, json.loads(repaired))
    assert repair(again)[0] == repaired
    if workflow is None:
        return
    if not any(problem.severity is Severity.ERROR for problem in problems):
        build_grid(workflow, {})
    saved = SavedNode(("https://x.test/1.png",), Kind.IMAGE, (0,))
    json.loads(export(doc, {NodeId(node.id): saved for node in workflow.nodes()}))


@settings(max_examples=200)
@given(TREES)
def test_random_trees(tree: Any) -> None:
    check(tree)


@settings(max_examples=200)
@given(TREES)
def test_random_nodes(tree: Any) -> None:
    check(
        {"tabs": [{"name": "A", "graphData": {"nodes": [tree, {"id": 1, "type": "nanobanana/Veo3"}], "links": tree}}]}
    )


@st.composite
def broken(draw: st.DrawFn) -> Any:
    """The story with a few values replaced, taken out or doubled, anywhere."""
    tree = copy.deepcopy(STORY)
    for _ in range(draw(st.integers(1, 6))):
        at = tree
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(at[key], dict | list) and draw(st.integers(0, 4)):
                at = at[key]
                continue
            action = draw(st.integers(0, 3))
            if action == 0:
                del at[key]
            elif action == 1 and isinstance(at, list):
                at.append(copy.deepcopy(at[key]))
            else:
                at[key] = draw(TREES)
            break
    return tree


@settings(max_examples=200)
@given(broken())
def test_a_broken_story(tree: Any) -> None:
    check(tree)


@settings(max_examples=200)
@given(st.binary(max_size=60), st.integers(0, 4000), st.integers(0, 50))
def test_broken_bytes(insert: bytes, at: int, cut: int) -> None:
    data = json.dumps(STORY).encode()
    doc, problems = FORMAT.parse("x.nbflow", data[:at] + insert + data[at + cut :])
    assert (doc is None) == any(problem.severity is Severity.ERROR for problem in problems)
    if doc is not None:
        FORMAT.structure(doc)
