"""How close the order of work comes to the best possible one.

500 random graphs with random durations, run by the real engine in virtual time. No schedule can be shorter than the
longest path, nor than all work divided by the slots: the larger of the two is the lower bound. Target: 5 % above it,
on average; the worst graph is shown too, and may be one where no schedule reaches the bound.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure
from bench.rig import home, run, workflow
from rushes.graph.topology import build, remaining_path
from rushes.model.ids import NodeId
from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.model.text import Ref, Text
from rushes.model.workflow import Node, Workflow
from rushes.testing.clock import VirtualClock, run_virtual
from rushes.testing.journal import StillJournal
from rushes.testing.provider import ScriptedProvider

GRAPHS = 500


def graph(seed: int) -> tuple[Workflow, dict[str, float], int, float]:
    """A workflow of texts, the seconds of each node, the slots, and the lower bound of its makespan."""
    dice = random.Random(seed)
    count, slots = dice.randint(20, 60), dice.choice((2, 4, 8))
    parents = [dice.sample(range(n), min(n, dice.choice((0, 0, 1, 1, 2, 3)))) for n in range(count)]
    durations = [dice.choice((5.0, 8.0, 30.0, 90.0)) * dice.uniform(0.5, 1.5) for _ in parents]
    names = [f"g{seed}-{number}" for number in range(count)]
    nodes = [
        Node(
            id=NodeId(name),
            tab="tab",
            op=Operation.PROMPT_GENERATION,
            path=(name,),
            prompt=Text((f"{name} after ", *(Ref(NodeId(names[one])) for one in needs))),
        )
        for name, needs in zip(names, parents, strict=True)
    ]
    topology, _ = build(parents)
    assert topology is not None
    bound = max(*remaining_path(topology, durations), sum(durations) / slots)
    return workflow(nodes), dict(zip(names, durations, strict=True)), slots, bound


def measure() -> Iterator[Figure]:
    """Mean, and the worst."""
    ratios: list[float] = []
    with home(Path("/dev/shm")) as place:
        for seed in range(GRAPHS):
            flow, durations, slots, bound = graph(seed)

            def latency(request: Request, seconds: dict[str, float] = durations) -> float:
                return seconds[str(request.recipe.prompt).partition(" ")[0]]

            def expected(one: Node, seconds: dict[str, float] = durations) -> float:
                return seconds[str(one.id)]

            going = run(
                place,
                ScriptedProvider(latency=latency, polls=False),
                flow,
                name=f"run-{seed}",
                concurrency=slots,
                seconds=expected,
                clock=VirtualClock(),
                wrap=StillJournal,
            )
            ratios.append(run_virtual(going)[1] / bound)
    yield Figure(name="makespan / lower bound, mean of 500", value=statistics.fmean(ratios), limit=1.05, unit="x")
    yield Figure(name="makespan / lower bound, worst of 500", value=max(ratios), limit=None, unit="x")
