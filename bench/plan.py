"""How long the plan of a very large workflow takes when everything is reused.

Two shapes of 100,000 nodes, each with 4 candidates per generator: `flat` is one picture per node, `story` is scenes of
prompt, picture, gate, film, gate. Reading the file and reading the ledger are not in the times (`scale` has them).
Target: under 2 s of CPU. The ratio to a fixed reference workload (hashing one small JSON document per node, in the
same minute) depends little on the machine.
"""

from __future__ import annotations

import gc
import hashlib
import json
import time
from collections.abc import Iterator, Sequence

from bench.figure import Figure
from rushes.graph.answers import generated
from rushes.graph.gates import Held, gate_subject, settle_gate
from rushes.graph.grid import Grid, build_grid
from rushes.graph.plan import make_plan
from rushes.graph.setting import ModelChoice, Setting
from rushes.graph.settle import Question, Settler
from rushes.graph.value import Outcome
from rushes.graph.walk import levels
from rushes.model.collector import collector_off
from rushes.model.ids import BaseKey, Digest, NodeId
from rushes.model.media import Artifact
from rushes.model.money import FREE
from rushes.model.operation import Operation
from rushes.model.result import Result, Value
from rushes.model.text import Ref, Text, plain
from rushes.model.verdict import Decision, Verdict
from rushes.model.workflow import Input, Node, Pick, Tab, Workflow

NODES = 100_000
CANDIDATES = 4
CLEAN = Verdict()


def picture(name: str) -> Artifact:
    """An artifact that nobody painted."""
    return Artifact(digest=Digest(hashlib.sha256(name.encode()).hexdigest()), media_type="image/png", size=1)


def flat(count: int) -> list[Node]:
    """One picture per node, all with the same reference."""
    nodes = [Node(id=NodeId("ref"), tab="a", op=Operation.MEDIA, path=(), source="ref.png")]
    for number in range(count - 1):
        nodes.append(
            Node(
                id=NodeId(f"n{number}"),
                tab=f"tab{number % 5}",
                op=Operation.TEXT_TO_IMAGE,
                path=("steps", number),
                model="flux_dev",
                prompt=plain(f"scene {number}: a red fox on a wooden chair, morning light"),
                params={"aspect_ratio": "9:16", "resolution": "1K"},
                inputs=(Input("reference", (NodeId("ref"),)),),
                candidates=CANDIDATES,
            )
        )
    return nodes


def story(count: int) -> list[Node]:
    """Scenes: prompt, picture, gate, film, gate."""
    nodes = [Node(id=NodeId("ref"), tab="a", op=Operation.MEDIA, path=(), source="ref.png")]
    for number in range((count - 1) // 5):
        tab = f"tab{number % 5}"

        def one(kind: str, number: int = number) -> NodeId:
            return NodeId(f"{kind}{number}")

        words = plain(f"scene {number}: a red fox")
        shot = Text(("wide shot, ", Ref(one("p")), ", morning light"))
        moves = {"duration": "8", "aspect_ratio": "9:16"}
        image, film, gate = Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_VIDEO, Operation.APPROVE
        reference = (Input("reference", (NodeId("ref"),)),)
        start = (Input("start_frame", (one("g"),)),)
        nodes += [
            Node(id=one("p"), tab=tab, op=Operation.PROMPT, path=(), prompt=words),
            Node(id=one("i"), tab=tab, op=image, path=(), prompt=shot, inputs=reference, candidates=CANDIDATES),
            Node(id=one("g"), tab=tab, op=gate, path=(), inputs=(Input("input", (one("i"),)),), pick=Pick.BEST),
            Node(
                id=one("v"), tab=tab, op=film, path=(), prompt=words, params=moves, inputs=start, candidates=CANDIDATES
            ),
            Node(id=one("h"), tab=tab, op=gate, path=(), inputs=(Input("input", (one("v"),)),), pick=Pick.BEST),
        ]
    return nodes


class Stored:
    """A ledger in memory that has an answer to every question, made before the clock starts."""

    def __init__(self) -> None:
        self.held: dict[BaseKey, Sequence[Result]] = {}

    def results(self, bases: Sequence[BaseKey]) -> dict[BaseKey, Sequence[Result]]:
        """What is held of these."""
        return {base: self.held[base] for base in bases if base in self.held}

    def decisions(self, bases: Sequence[BaseKey]) -> dict[BaseKey, Sequence[Decision]]:
        """Nobody decided anything."""
        return {}


def fill(grid: Grid, setting: Setting, stored: Stored) -> None:
    """Answer every question of the grid, so that a plan finds everything."""
    settler = Settler(grid, setting)
    outcomes: list[Outcome | None] = [None] * len(grid.cells)
    for level in levels(grid):
        for number in level:
            if grid.nodes[grid.cells[number].node].op is Operation.APPROVE:
                outcomes[number] = settle_gate(
                    grid, number, outcomes, Held(gate_subject(grid, number, outcomes)), setting
                )
                continue
            found = settler.settle(number, outcomes)
            if isinstance(found, Question):
                base = found.base
                stored.held[base] = [
                    Result(n, 0, Value(artifacts=(picture(f"{base}{n}"),)), CLEAN) for n in range(CANDIDATES)
                ]
                found = generated(grid.cells[number], base, found.frame.op, stored.held[base])
            outcomes[number] = found


def reference_seconds(count: int) -> float:
    """The fixed workload: `count` small JSON documents, written and hashed."""
    start = time.process_time()
    for number in range(count):
        document = {"op": "text_to_image", "prompt": f"scene {number}", "params": {"a": 1, "b": "2"}, "inputs": {}}
        hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    return time.process_time() - start


def seconds(shape: str, count: int) -> float:
    """CPU seconds for grid and plan."""
    nodes = {"flat": flat, "story": story}[shape](count)
    workflow = Workflow(name="bench", format="yaml", tabs=(Tab("a", tuple(nodes)),))
    choice = ModelChoice("sketch", "flux_dev", "sketch-1")
    setting = Setting({}, {"ref.png": picture("ref")}, lambda node: choice)
    grid, problems = build_grid(workflow, {})
    assert grid is not None, problems
    stored = Stored()
    fill(grid, setting, stored)
    del grid
    gc.collect()
    gc.freeze()  # a cold process has no million older objects for the collector to walk through
    start = time.process_time()
    with collector_off(keep=True):  # as every command does
        grid, _problems = build_grid(workflow, {})
        assert grid is not None
        plan = make_plan(
            grid, setting, stored, selected=None, quote=lambda node, recipe: FREE, history=None, parallel=lambda: 20
        )
    spent = time.process_time() - start
    gc.unfreeze()
    assert plan.calls == 0 and plan.most == 0, plan.counts
    return spent


def measure() -> Iterator[Figure]:
    """Both shapes."""
    for shape in ("flat", "story"):
        spent, reference = seconds(shape, NODES), reference_seconds(NODES)
        yield Figure(name=f"plan 100,000 nodes, {shape}, CPU", value=spent, limit=2, unit="s")
        yield Figure(name=f"plan {shape} / reference workload", value=spent / reference, limit=None, unit="x")
