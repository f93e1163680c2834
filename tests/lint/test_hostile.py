"""No document that a reader accepts makes a rule raise."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from tests.spec.test_nbflow_fuzz import TREES, broken

from rushes.lint.run import in_order, lint
from rushes.plugin.format import Document
from rushes.spec.nbflow import NbflowFormat


def check(tree: Any) -> None:
    document = Document("x.nbflow", "nbflow", json.dumps(tree).encode(), tree)
    workflow, problems = NbflowFormat().structure(document)
    if workflow is not None:
        in_order(document, [*problems, *lint(document, workflow)])


@settings(max_examples=150)
@given(broken())
def test_a_broken_story(tree: Any) -> None:
    check(tree)


@settings(max_examples=100)
@given(TREES)
def test_random_nodes(tree: Any) -> None:
    nodes = [tree, {"id": 1, "type": "nanobanana/Veo3"}, {"id": 2, "type": "nanobanana/Prompt"}]
    check({"tabs": [{"name": "A", "graphData": {"nodes": nodes, "links": [[1, 2, 0, 1, 0, "string"]]}}]})
