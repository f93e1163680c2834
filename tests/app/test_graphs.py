"""A graph beside a workflow: what is in the file counts, not its name; and what can be wrong with it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.providers.comfy_graphs import picture

from rushes.app.check import check_files
from rushes.app.graphs import MOST_BYTES
from rushes.app.key_guard import require_keys
from rushes.app.keyed import check_keys
from rushes.app.plan import Prepared, prepare
from rushes.app.project import Project
from rushes.graph.planned import Action
from rushes.model.problem import ProblemsError
from rushes.model.run import RunOptions

STEP = "name: fox\nsteps:\n  - {name: still, type: text_to_image, prompt: A fox, params: {graph: %s}}\n"


def planned(folder: Path, text: str, provider: str | None = "comfyui", **more: Any) -> Prepared:
    file = folder / "fox.yaml"
    file.write_text(text)
    with Project.open(folder, home=folder / "home") as project:
        prepared = asyncio.run(prepare(project, file, RunOptions(provider=provider, **more)))
        require_keys(project, prepared)
        return prepared


def key(prepared: Prepared) -> str:
    """What the one request of a plan is known by."""
    (outcome,) = [one for one in prepared.plan.outcomes if one is not None]
    return str(prepared.plan.fingerprint) + str(outcome.state)


def test_moving_the_file_changes_nothing_and_an_edit_of_it_is_another_request(tmp_path: Path) -> None:
    graph = picture()
    (tmp_path / "a.json").write_text(json.dumps(graph))
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "b.json").write_text(json.dumps(graph, indent=2))
    first, moved = planned(tmp_path, STEP % "a.json"), planned(tmp_path, STEP % "./flows/b.json")
    assert key(first) == key(moved)
    graph["3"]["inputs"]["steps"] = 21
    (tmp_path / "a.json").write_text(json.dumps(graph))
    assert key(planned(tmp_path, STEP % "a.json")) != key(first)


def test_a_graph_in_the_workflow_itself_is_the_same_graph(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(picture()))
    inline = json.dumps(picture())
    assert key(planned(tmp_path, STEP % "a.json")) == key(planned(tmp_path, STEP % inline))


@pytest.mark.parametrize("provider", ["auto", "comfyui"])
def test_a_graph_is_asked_of_nobody_else_and_needs_neither_model_nor_key(tmp_path: Path, provider: str) -> None:
    (tmp_path / "a.json").write_text(json.dumps(picture()))
    (node,) = planned(tmp_path, STEP % "a.json", provider).plan.nodes
    assert (node.provider, node.model, node.action) == ("comfyui", "comfyui", Action.RUN)
    assert not planned(tmp_path, STEP % "a.json", provider).plan.money.high


def test_another_provider_that_is_named_for_a_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(picture()))
    with pytest.raises(ProblemsError) as raised:
        planned(tmp_path, STEP % "a.json", "fal")
    assert any("fal does not offer 'comfyui'" in one.says for one in raised.value.problems)


def test_under_sketch_a_graph_is_rehearsed(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(picture()))
    (node,) = planned(tmp_path, STEP % "a.json", "sketch").plan.nodes
    assert node.provider == "sketch"


def problems(folder: Path, value: str, **more: str) -> list[str]:
    text = STEP % value
    for old, new in more.items():
        text = text.replace(old, new)
    with pytest.raises(ProblemsError) as raised:
        planned(folder, text)
    for one in raised.value.problems:
        assert one.mark is not None and one.mark.line == 3
    return [f"{one.code}: {one.says} -> {one.try_}" for one in raised.value.problems]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("no.json", None, "there is no such file"),
        ("dir", "dir", "there is no such file"),
        ("a.json", b"secret: hunter2", "it is no JSON object (line 1)"),
        ("a.json", b"[1]", "it is no JSON object"),
        ("a.json", b"\xff\xfe", "it is no JSON object"),
        ("a.json", b'{"3": {"class_type": "X", "inputs": {"a": NaN}}}', "it is no JSON object"),
        ("a.json", b"[" * 9999, "it is no JSON object"),
        ("a.json", b" " * (MOST_BYTES + 1), "it is no JSON object"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_file_without_a_graph_is_refused_and_shown_to_nobody(tmp_path: Path, name: str, data: Any, says: str) -> None:
    if data == "dir":
        (tmp_path / name).mkdir()
    elif data is not None:
        (tmp_path / name).write_bytes(data)
    (found,) = problems(tmp_path, name)
    assert found.startswith("graph-unreadable: still: ") and says in found and "Export (API)" in found
    assert "hunter2" not in found


def test_a_model_beside_a_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(picture()))
    (found,) = problems(tmp_path, "a.json", **{"prompt:": "model: flux_dev, prompt:"})
    assert found.startswith("graph-model: still: it names a graph, and the model flux_dev")


def test_nothing_is_filled_in_where_a_graph_is_named(tmp_path: Path) -> None:
    text = STEP.replace("steps:", "variables: {flow: a.json}\nsteps:", 1) % '"{{flow}}"'
    with pytest.raises(ProblemsError) as raised:
        planned(tmp_path, text)
    assert [(one.code, one.mark and one.mark.line) for one in raised.value.problems] == [("graph-unreadable", 4)]


def test_check_reads_graphs_too(tmp_path: Path) -> None:
    file = tmp_path / "fox.yaml"
    file.write_text(STEP % "no.json")
    with Project.open(tmp_path, home=tmp_path / "home") as project:
        (checked,) = check_files(project, [file])
    assert "graph-unreadable" in [one.code for one in checked.problems]


def test_a_provider_that_needs_no_key_is_in_order_without_one(tmp_path: Path) -> None:
    with Project.open(tmp_path, home=tmp_path / "home") as project:
        (found,) = check_keys(project, "comfyui")
    assert (found.ok, found.says) == (True, "has no key, and needs none")
