"""Rows times a workflow asks what files would ask in which a person had written the values of each row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.graph.build import artifact

from rushes.graph.grid import build_grid
from rushes.graph.rows import Filled, original, row_of, times, wants_of
from rushes.graph.setting import ModelChoice, Setting
from rushes.graph.settle import Question, Settler
from rushes.graph.value import Outcome, State
from rushes.model.ids import BaseKey
from rushes.model.result import Value
from rushes.model.workflow import Workflow
from rushes.spec.load import load


def document(prompt: str, mood: str, shape: str, lines: str | list[str], photo: str) -> dict[str, Any]:
    """A workflow with everything that a row can change; a person would write the values, a table leaves holes."""
    return {
        "name": "cards",
        "variables": {"mood": "calm", "shape": "1:1", "photo": photo},
        "steps": [
            {
                "name": "still",
                "type": "text_to_image",
                "prompt": f"{prompt}, {mood}",
                "params": {"aspect_ratio": shape},
            },
            {"name": "film", "type": "image_to_video", "input_from": "still", "prompt": f"it is {mood}"},
            {"name": "words", "type": "analyze_image", "input_from": "still", "prompt": "what is it?"},
            {"name": "told", "type": "text_to_image", "prompt": "{{words.output}} again", "condition": "film.failed"},
            {"name": "near", "type": "image_to_image", "prompt": "near", "params": {"image": "{{photo}}"}},
            {"name": "many", "type": "text_to_image", "rows": lines, "prompt": f"{{{{item}}}}, {mood}"},
        ],
    }


HOLES = document("{{input}}", "{{mood}}", "{{shape}}", "{{input_lines}}", "any.png")


def workflow(raw: dict[str, Any]) -> Workflow:
    loaded = load("cards.json", json.dumps(raw).encode())
    assert loaded.usable and loaded.workflow is not None, loaded.problems
    return loaded.workflow


def asked(flow: Workflow, variables: Mapping[str, str]) -> dict[tuple[str, int], BaseKey]:
    """The question of every (node, row), answered each time by bytes that belong to it."""
    grid, problems = build_grid(flow, variables)
    assert grid is not None, problems
    sources = {node.source: artifact(node.source) for node in grid.nodes if node.source is not None}
    choose = lambda _node: ModelChoice("p", "m", "m@1")  # noqa: E731
    settler = Settler(grid, Setting(variables=dict(variables), sources=sources, choose=choose))
    outcomes: list[Outcome | None] = [None] * len(grid.cells)
    found: dict[tuple[str, int], BaseKey] = {}
    for number in grid.order:
        came = settler.settle(number, outcomes)
        cell = grid.cells[number]
        if isinstance(came, Question):
            node = grid.nodes[cell.node]
            found[node.id, cell.row] = came.base
            text = node.op == "analyze_image"
            came = Outcome(State.DONE, Value(text=came.base) if text else Value(artifacts=(artifact(came.base),)))
        outcomes[number] = came
    return found


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="{}"), min_size=1, max_size=6
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"input": WORDS}, optional={"mood": WORDS, "shape": WORDS, "photo": st.sampled_from(["a.png", "b.png"])}
    ),
    min_size=1,
    max_size=4,
)


@given(rows=ROWS)
def test_every_row_asks_what_a_file_of_its_own_would_ask(rows: list[dict[str, str]]) -> None:
    whole = asked(
        times(workflow(HOLES), [Filled(n, row) for n, row in enumerate(rows, 1)]), {"mood": "calm", "shape": "1:1"}
    )
    alone: dict[tuple[str, int], BaseKey] = {}
    for number, row in enumerate(rows, 1):
        values = {"mood": "calm", "shape": "1:1", "photo": "any.png", **row}
        lines = values["input"].splitlines()
        mine = document(values["input"], values["mood"], values["shape"], lines, values["photo"])
        questions = asked(workflow(mine), {})
        alone |= {(f"r{number:06d}.{name}", cell): base for (name, cell), base in questions.items()}
    assert whole == alone


def test_what_a_row_says_in_braces_is_words() -> None:
    row = {"input": "a {{mood}} {{env.HOME}} fox", "mood": "{{input}}"}
    flow = times(workflow(HOLES), [Filled(7, row)])
    still = next(node for node in flow.nodes() if original(node.id) == "still")
    assert still.prompt is not None and still.prompt.literal == "a {{mood}} {{env.HOME}} fox, {{input}}"
    assert row_of(still.id) == 7 and row_of("still") is None


def test_what_a_table_may_give_is_what_the_workflow_uses() -> None:
    wants = wants_of(workflow(HOLES))
    assert wants.texts == {"input", "mood", "shape", "input_lines", "item"} and wants.files == {"photo"}


GROUPS = {
    "name": "g",
    "steps": [
        {
            "type": "parallel_group",
            "name": "outer",
            "max_workers": 5,
            "fail_fast": True,
            "steps": [{"name": "a", "type": "text_to_image", "prompt": "{{input}}"}],
        },
        {
            "type": "parallel_group",
            "name": "plain",
            "max_workers": 3,
            "steps": [{"name": "b", "type": "text_to_image", "prompt": "{{input}}"}],
        },
    ],
}


@pytest.mark.parametrize("count", [1, 3])
def test_what_is_in_flight_counts_over_all_rows_and_what_stops_is_each_rows_own(count: int) -> None:
    flow = times(workflow(GROUPS), [Filled(n, {"input": "x"}) for n in range(1, count + 1)])
    limits = {one.name: one for one in flow.limits}
    assert limits["outer"].in_flight == 5 and not limits["outer"].fail_fast
    assert limits["plain"].in_flight == 3
    own = [limits[f"r{n:06d}.outer"] for n in range(1, count + 1)]
    assert all(one.fail_fast and one.parent == "outer" for one in own)
    assert {node.limit for node in flow.nodes()} == {"plain", *(one.name for one in own)}
