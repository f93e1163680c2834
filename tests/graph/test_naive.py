"""Plans of random workflows equal what brute force says about them."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.graph.build import (
    Memory,
    artifact,
    either,
    gate,
    media,
    node,
    picture,
    plan_of,
    ref,
    setting,
    text,
    workflow,
)
from tests.graph.naive import Naive

from rushes.graph.grid import build_grid
from rushes.graph.planned import Plan
from rushes.graph.setting import Setting
from rushes.model.ids import NodeId
from rushes.model.operation import Operation
from rushes.model.result import Result, Value
from rushes.model.text import Var
from rushes.model.verdict import Choice, Verdict
from rushes.model.workflow import Condition, Input, Mode, Node, Pick, Workflow

WORLDS = 500


class Dice:
    """Random workflows that mean something: every input takes what its source hands on."""

    def __init__(self, seed: int) -> None:
        self.luck = random.Random(seed)
        self.nodes: list[Node] = []
        self.images: list[str] = []
        self.films: list[str] = []
        self.texts: list[str] = []

    def workflow(self) -> Workflow:
        """Two to fourteen nodes, shuffled: the order of the file means nothing."""
        self.add(media("n0", self.luck.choice(["ref.png", "other.png", "none.png"])), self.images)
        for number in range(1, self.luck.randint(2, 14)):
            self.one(f"n{number}")
        self.luck.shuffle(self.nodes)
        return workflow(*self.nodes)

    def add(self, one: Node, kind: list[str]) -> None:
        self.nodes.append(one)
        kind.append(str(one.id))

    def one(self, name: str) -> None:
        kinds = [
            "media",
            "prompt",
            "image",
            "image",
            "edit",
            "film",
            "gate",
            "gate",
            "split",
            "concat",
            "look",
            "preview",
        ]
        getattr(self, f"make_{self.luck.choice(kinds)}")(name)

    def some(self, names: list[str], most: int = 2) -> list[str]:
        return self.luck.sample(names, self.luck.randint(1, min(most, len(names))))

    def prompt(self) -> object:
        words = self.luck.choice(["a fox", "a hare", "a heron"])
        return (
            text(f"{words}, ", ref(self.luck.choice(self.texts))) if self.texts and self.luck.random() < 0.5 else words
        )

    def extras(self) -> dict[str, Any]:
        more: dict[str, Any] = {}
        if self.luck.random() < 0.1:
            more["enabled"] = False
        if self.luck.random() < 0.2:
            more["keep_going"] = True
        if self.luck.random() < 0.15:
            watched = self.luck.choice(self.nodes).id
            more["condition"] = Condition(watched, self.luck.choice(["failed", "done"]))
        return more

    def generator(self) -> dict[str, Any]:
        several: list[Any] = [{}, {"seed": 1}, {"seed": 1.0, "size": "1K"}, {"deep": {"b": [1, None], "a": 0.5}}]
        return {
            **self.extras(),
            "candidates": self.luck.randint(1, 3),
            "attempts": self.luck.choice([None, 1, 2]),
            "params": self.luck.choice(several),
        }

    def make_media(self, name: str) -> None:
        self.add(media(name, self.luck.choice(["ref.png", "other.png", "none.png"]), **self.extras()), self.images)

    def make_prompt(self, name: str) -> None:
        if self.luck.random() < 0.4:
            rows = tuple(self.luck.sample(["x", "y", "z"], 2)) if self.luck.random() < 0.7 else ("x",)
            self.add(node(name, Operation.PROMPT, prompt=text("row ", Var("item")), rows=rows), self.texts)
        else:
            self.add(node(name, Operation.PROMPT, prompt=self.prompt(), **self.extras()), self.texts)

    def make_image(self, name: str) -> None:
        feeds = {"reference": self.some(self.images)} if self.luck.random() < 0.5 else {}
        self.add(picture(name, self.prompt(), feeds=feeds, **self.generator()), self.images)

    def make_edit(self, name: str) -> None:
        names = self.some(self.images, 3)
        mode = self.luck.choice([Mode.ALL, Mode.FIRST, Mode.ROWS])
        entry = Input("image", tuple(NodeId(one) for one in names), mode)
        self.add(
            node(name, Operation.IMAGE_TO_IMAGE, prompt="edit", feeds={"image": entry}, **self.generator()), self.images
        )

    def make_film(self, name: str) -> None:
        feeds: dict[str, Any] = {"start_frame": self.luck.choice(self.images)}
        if self.luck.random() < 0.4:
            feeds["end_frame"] = either("end_frame", *self.some(self.images))
        self.add(
            node(name, Operation.IMAGE_TO_VIDEO, prompt=self.prompt(), feeds=feeds, **self.generator()), self.films
        )

    def make_gate(self, name: str) -> None:
        kind = self.films if self.films and self.luck.random() < 0.3 else self.images
        self.add(gate(name, self.luck.choice(kind), self.luck.choice([None, *Pick]), **self.extras()), kind)

    def make_preview(self, name: str) -> None:
        feeds = {"input": self.luck.choice(self.images)}
        self.add(node(name, Operation.MEDIA, feeds=feeds, **self.extras()), self.images)

    def make_split(self, name: str) -> None:
        feeds = {"image": self.luck.choice(self.images)}
        params = {"grid": self.luck.choice(["2x1", "1x1"])}
        self.add(node(name, Operation.SPLIT_IMAGE, feeds=feeds, params=params, **self.extras()), self.images)

    def make_concat(self, name: str) -> None:
        if self.films:
            entry = Input(
                "video",
                tuple(NodeId(one) for one in self.some(self.films, 3)),
                self.luck.choice([Mode.ALL, Mode.FIRST]),
            )
            self.add(node(name, Operation.CONCAT_VIDEOS, feeds={"video": entry}, **self.extras()), self.films)

    def make_look(self, name: str) -> None:
        feeds = {"image": self.luck.choice(self.images)}
        self.add(node(name, Operation.ANALYZE_IMAGE, prompt="what?", feeds=feeds, **self.extras()), self.texts)


def step(luck: random.Random, plan: Plan, known: Memory) -> None:
    """Answer some of what the plan would buy, and decide some of what it shows."""
    for unit in plan.units:
        if luck.random() < 0.75:
            made = tuple(artifact(f"{luck.randint(0, 5)}/{unit.base[-3:]}/{n}") for n in range(2))
            verdict = Verdict(luck.random() < 0.25, luck.random())
            known.held.setdefault(unit.base, []).append(Result(unit.candidate, unit.salt, Value("told", made), verdict))
    for outcome in plan.outcomes:
        if outcome.candidates and outcome.base is not None and luck.random() < 0.3:
            one = luck.choice(outcome.candidates)
            if one.value.artifacts:
                known.decide(outcome.base, one.value.artifacts[0], luck.choice([*Choice, Choice.APPROVED]))


def compare(document: Workflow, under: Setting, known: Memory) -> Plan | None:
    grid, problems = build_grid(document, {})
    if grid is None:
        assert {one.code for one in problems} <= {"rows-disagree"}
        return None
    plan = plan_of(grid, known, under=under)
    naive = Naive(document, under, known)
    expected = {}
    for name in naive.nodes:
        for row in range(naive.rows(name)):
            expected[name, row] = naive.cell(name, row)
    found = {}
    for number, outcome in enumerate(plan.outcomes):
        value = outcome.value if outcome.state == "done" else None
        handed = None if value is None else (value.text, value.artifacts[0] if value.artifacts else None)
        cell = grid.cells[number]
        found[str(grid.nodes[cell.node].id), cell.row] = (str(outcome.state), handed)
    assert {place: state for place, (state, _value) in found.items()} == {
        place: state for place, (state, _value) in expected.items()
    }
    for place, (state, value) in found.items():
        if state == "done" and value is not None:
            assert value[1] == expected[place][1][1], place  # type: ignore[index]
    assert {(unit.base, unit.candidate, unit.salt) for unit in plan.units} == naive.units
    assert len(plan.units) == len(naive.units)
    return plan


@pytest.mark.parametrize("part", range(10))
def test_random_workflows_are_planned_as_brute_force_says(part: int) -> None:
    planned = 0
    for seed in range(part * WORLDS // 10, (part + 1) * WORLDS // 10):
        document, known = Dice(seed).workflow(), Memory()
        luck = random.Random(seed)
        under = setting(pick=luck.choice(list(Pick)), attempts=2)
        for _ in range(6):
            plan = compare(document, under, known)
            if plan is None:
                break
            planned += 1
            step(luck, plan, known)
    assert planned > 100


def test_a_workflow_without_rows_is_laid_out_as_if_it_stood_beside_one_with_rows() -> None:
    rows = node("rows", Operation.PROMPT, prompt=text(Var("item")), rows=("x", "y"))
    plain = 0
    for seed in range(WORLDS):
        nodes = list(Dice(seed).workflow().nodes())
        alone, _ = build_grid(workflow(*nodes), {})
        beside, _ = build_grid(workflow(*nodes, rows), {})
        if alone is None or beside is None:  # its rows disagree
            assert alone is beside
            continue
        last = len(alone.cells)
        assert (beside.cells[:last], beside.first[:-1], beside.count[:-1]) == (alone.cells, alone.first, alone.count)
        assert [number for number in beside.order if number < last] == list(alone.order)
        plain += last == len(nodes)
    assert plain > WORLDS // 4
