"""No document, however wrong, makes the reader raise; and what it calls right is right further down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rushes.graph.grid import build_grid
from rushes.model.problem import Severity
from rushes.plugin.format import Document
from rushes.spec.load import load
from rushes.spec.native import structure

from .documents import documents

SAMPLES = [path.read_bytes() for path in sorted((Path(__file__).parent / "samples").glob("*.yaml"))]
PIECES = st.sampled_from(
    [b"", b"<<: ", b"{", b"}", b"{{", b"}}", b"[", b"]", b":", b" ", b"\n", b"- ", b"*a", b"&a ", b"!!x ", b'"', b"'",
     b"\t",
     b"null", b"3", b"{{item}}", b"\x00", b"\xff", b"type: ", b"name: still", b"input_from: "]
)  # fmt: skip
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["steps", "tabs", "name", "type", "params", "settings", "variables", "step", "for_each", "output"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 12), PIECES), max_size=4))
def test_a_damaged_file_is_read_or_refused(data: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    for at, cut, piece in changes:
        at %= len(data) + 1
        data = data[:at] + piece + data[at + cut :]
    found = load("w.yaml", data)
    assert found.workflow is not None or found.problems
    assert all(one.mark is not None for one in found.problems)


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(ANY)
def test_any_tree_is_structured_or_refused(tree: Any) -> None:
    workflow, problems = structure(Document("w.json", "json", b"", tree))
    assert workflow is not None or problems


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(documents())
def test_a_workflow_without_errors_refers_only_to_nodes_it_has(tree: dict[str, Any]) -> None:
    workflow, problems = structure(Document("w.json", "json", b"", tree))
    if workflow is None or any(one.severity is Severity.ERROR for one in problems):
        return
    ids = [str(node.id) for node in workflow.nodes()]
    assert len(ids) == len(set(ids))
    limits = {limit.name for limit in workflow.limits}
    for node in workflow.nodes():
        assert set(map(str, node.needs())) <= set(ids)
        assert node.limit is None or node.limit in limits
    variables = {"input_lines": "one\ntwo", **workflow.variables}
    grid, found = build_grid(workflow, variables)
    assert grid is not None or {one.code for one in found} <= {"cycle", "rows-disagree"}
