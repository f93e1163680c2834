"""Small workflows and a ledger in memory: what the graph tests are made of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from rushes.graph.grid import Grid, build_grid
from rushes.graph.plan import make_plan
from rushes.graph.planned import NodePlan, Plan
from rushes.graph.setting import ModelChoice, Setting
from rushes.graph.settle import Question, Settler
from rushes.model.ids import BaseKey, Digest, NodeId
from rushes.model.media import Artifact
from rushes.model.money import Quote
from rushes.model.operation import Operation
from rushes.model.request import Recipe
from rushes.model.result import Result, Value
from rushes.model.text import Ref, Text, Var, plain
from rushes.model.verdict import Choice, Decision, Verdict
from rushes.model.workflow import Input, Mode, Node, Pick, Tab, Workflow

PRICE = Quote(Decimal("0.10"), Decimal("0.10"), 10.0, "list")


def artifact(name: str, media_type: str = "image/png") -> Artifact:
    """An artifact with the digest of its name."""
    return Artifact(digest=Digest(hashlib.sha256(name.encode()).hexdigest()), media_type=media_type, size=len(name))


def text(*parts: str | Ref | Var) -> Text:
    """A text of these pieces."""
    return Text(parts)


def ref(name: str) -> Ref:
    """A hole for another node's output."""
    return Ref(NodeId(name))


def node(
    name: str, op: Operation, *, prompt: str | Text | None = None, feeds: Mapping[str, Any] | None = None, **more: Any
) -> Node:
    """A node; `feeds` maps roles to names, to lists of names, or to whole inputs."""
    inputs = []
    for role, given in (feeds or {}).items():
        if isinstance(given, Input):
            inputs.append(given)
        else:
            names = [given] if isinstance(given, str) else given
            inputs.append(Input(role, tuple(NodeId(one) for one in names)))
    more.setdefault("tab", "a")
    more.setdefault("path", ("steps", name))
    spoken = plain(prompt) if isinstance(prompt, str) else prompt
    return Node(id=NodeId(name), op=op, prompt=spoken, inputs=tuple(inputs), **more)


def media(name: str, source: str | None = "ref.png", **more: Any) -> Node:
    """A reference."""
    return node(name, Operation.MEDIA, source=source, **more)


def picture(name: str, prompt: str | Text = "a fox", **more: Any) -> Node:
    """A text_to_image step."""
    return node(name, Operation.TEXT_TO_IMAGE, prompt=prompt, **more)


def film(name: str, start: str, prompt: str | Text = "it runs", **more: Any) -> Node:
    """An image_to_video step."""
    feeds = {"start_frame": start, **more.pop("feeds", {})}
    return node(name, Operation.IMAGE_TO_VIDEO, prompt=prompt, feeds=feeds, **more)


def gate(name: str, of: str, pick: Pick | None = None, **more: Any) -> Node:
    """An Approve gate."""
    return node(name, Operation.APPROVE, feeds={"input": of}, pick=pick, **more)


def either(role: str, *names: str) -> Input:
    """An "a OR b" input."""
    return Input(role, tuple(NodeId(one) for one in names), Mode.FIRST)


def workflow(*nodes: Node, name: str = "story") -> Workflow:
    """A workflow with one tab per tab name, in order of appearance."""
    tabs: dict[str, list[Node]] = {}
    for one in nodes:
        tabs.setdefault(one.tab, []).append(one)
    return Workflow(name=name, format="yaml", tabs=tuple(Tab(tab, tuple(many)) for tab, many in tabs.items()))


def grid_of(*nodes: Node, variables: Mapping[str, str] | None = None) -> Grid:
    """The grid of a workflow that has one."""
    grid, problems = build_grid(workflow(*nodes), variables or {})
    assert grid is not None, problems
    return grid


def chosen(one: Node) -> ModelChoice:
    """The model that a node names, as its own version."""
    return ModelChoice(one.provider or "sketch", one.model or "flux_dev", f"{one.model or 'flux_dev'}@1")


def setting(**more: Any) -> Setting:
    """A setting with one reference and the defaults."""
    more.setdefault("variables", {})
    more.setdefault("sources", {"ref.png": artifact("ref"), "other.png": artifact("other")})
    more.setdefault("choose", chosen)
    return Setting(**more)


class Memory:
    """A ledger in memory, which counts how often it was asked."""

    def __init__(self) -> None:
        self.held: dict[BaseKey, list[Result]] = {}
        self.decided: dict[BaseKey, list[Decision]] = {}
        self.places: dict[tuple[NodeId, int], BaseKey] = {}
        self.known: dict[BaseKey, dict[str, Any]] = {}
        self.reads = 0
        self.opens = 0

    def results(self, bases: Sequence[BaseKey]) -> dict[BaseKey, list[Result]]:
        """What is held of these."""
        assert len(set(bases)) == len(bases)
        self.reads += 1
        return {base: self.held[base] for base in bases if base in self.held}

    def decisions(self, bases: Sequence[BaseKey]) -> dict[BaseKey, list[Decision]]:
        """What was decided about these."""
        self.opens += 1
        return {base: self.decided[base] for base in bases if base in self.decided}

    def asked(self, places: Sequence[tuple[NodeId, int]]) -> dict[tuple[NodeId, int], BaseKey]:
        """What was asked at these places."""
        return {place: self.places[place] for place in places if place in self.places}

    def recipes(self, bases: Sequence[BaseKey]) -> dict[BaseKey, dict[str, Any]]:
        """The recipes of these questions."""
        return {base: self.known[base] for base in bases if base in self.known}

    def collected(self, base: BaseKey) -> str:
        """Nobody collected anything."""
        return ""

    def add(
        self,
        base: BaseKey,
        candidate: int = 0,
        salt: int = 0,
        *,
        flagged: bool = False,
        score: float = 0.0,
        name: str = "",
    ) -> Artifact:
        """Hold a result; its bytes are named by the asking unless a name is given."""
        made = artifact(name or f"{base}/{candidate}/{salt}")
        result = Result(candidate, salt, Value(artifacts=(made,)), Verdict(flagged, score))
        self.held.setdefault(base, []).append(result)
        return made

    def decide(self, base: BaseKey, made: Artifact | Digest, choice: Choice = Choice.APPROVED, by: str = "ada") -> None:
        """Hold a decision."""
        digest = made if isinstance(made, str) else made.digest
        self.decided.setdefault(base, []).append(Decision(subject=base, artifact=digest, choice=choice, by=by, at=0.0))


def plan_of(grid: Grid, known: Memory, *, under: Setting | None = None, **more: Any) -> Plan:
    """The plan of a grid, at ten cents and ten seconds a request."""
    more.setdefault("selected", None)
    more.setdefault("quote", lambda one, recipe: PRICE)
    more.setdefault("history", known)
    more["parallel"] = partial(int, more.get("parallel", 4))
    return make_plan(grid, under or setting(), known, **more)


def run(grid: Grid, known: Memory, under: Setting | None = None, name: Callable[[str], str] = str) -> None:
    """Do what the plan says until it says nothing more: every request answered, each answer named by its question."""
    setting_ = under or setting()
    for _ in range(100):
        plan = plan_of(grid, known, under=setting_)
        if not plan.units:
            return
        recipes = recipes_of(grid, setting_, plan)
        for unit in plan.units:
            known.add(unit.base, unit.candidate, unit.salt, name=name(f"{unit.base}/{unit.candidate}/{unit.salt}"))
            cell = grid.cells[unit.cell]
            known.places[(grid.nodes[cell.node].id, cell.row)] = unit.base
            known.known[unit.base] = recipes[unit.cell].plain()
    raise AssertionError("a plan never comes to rest")


def recipes_of(grid: Grid, setting_: Setting, plan: Plan) -> dict[int, Recipe]:
    """The recipes of the cells that a plan would buy for."""
    found = {}
    for unit in plan.units:
        asked = Settler(grid, setting_).settle(unit.cell, plan.outcomes)
        assert isinstance(asked, Question) and asked.base == unit.base
        found[unit.cell] = asked.recipe()
    return found


def node_plan(plan: Plan, name: str) -> NodePlan:
    """The entry of one node."""
    return next(one for one in plan.nodes if one.node == name)


def base_of(grid: Grid, known: Memory, name: str, row: int = 0, under: Setting | None = None) -> BaseKey:
    """The question that a cell asks today."""
    plan = plan_of(grid, known, under=under)
    base = plan.outcomes[grid.first[grid.index[NodeId(name)]] + row].base
    assert base is not None
    return base
