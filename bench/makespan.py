"""How close the order of work comes to the best possible one, with and without limits.

500 random graphs with random durations, run by the real engine in virtual time: `one account` has only the run's own
slots; `limits on` has up to three accounts that take one to four requests at once, up to two groups with a ceiling of
their own, and a cap on the whole run or none. No schedule can be shorter than the longest path, nor than what any one
of these limits lets through: its work divided by its slots, from when the first of it can begin to what must follow the
last. The largest of all is the lower bound. Target: 5 % above it, on average; the worst graph is shown too, and may be
one where no schedule reaches the bound.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.figure import Figure
from bench.rig import Home, home, run
from rushes.graph.topology import Topology, build, remaining_path
from rushes.model.ids import NodeId
from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.model.text import Ref, Text
from rushes.model.workflow import LimitSpec, Node, Tab, Workflow
from rushes.testing.clock import VirtualClock, run_virtual
from rushes.testing.journal import StillJournal
from rushes.testing.provider import ScriptedProvider

GRAPHS = 500


class Graph(NamedTuple):
    """A workflow of texts, the seconds of each node, what limits it, and the lower bound of its makespan.

    `accounts` are the slots of each account, by its name; `slots` those of the whole run (None: as many as the accounts
    have).
    """

    flow: Workflow
    seconds: Mapping[str, float]
    accounts: Mapping[str, int | None]
    slots: int | None
    bound: float


class _Drawn(NamedTuple):
    """Under which limits one node stands."""

    account: str
    group: str | None


def one_account(seed: int) -> Graph:
    """A graph whose run has two, four or eight slots, and nothing else that limits it."""
    dice = random.Random(seed)
    parents, slots = _parents(dice, dice.randint(20, 60), dice.choice((2, 4, 8)))
    drawn = [_Drawn("only", None)] * len(parents)
    return _graph(f"g{seed}", dice, parents, drawn, {"only": None}, {}, slots)


def limits_on(seed: int) -> Graph:
    """A graph under the limits of several accounts and groups."""
    dice = random.Random(seed)
    accounts = {f"account-{number}": dice.randint(1, 4) for number in range(dice.randint(1, 3))}
    groups = {f"group-{number}": dice.randint(2, 4) for number in range(dice.choice((0, 0, 1, 2)))}
    parents, slots = _parents(dice, dice.randint(20, 60), dice.choice((None, None, 4, 8)))
    drawn = [_Drawn(dice.choice(list(accounts)), dice.choice((None, *groups))) for _ in parents]
    return _graph(f"l{seed}", dice, parents, drawn, accounts, groups, slots)


def _parents(dice: random.Random, count: int, slots: int | None) -> tuple[list[list[int]], int | None]:
    return [dice.sample(range(n), min(n, dice.choice((0, 0, 1, 1, 2, 3)))) for n in range(count)], slots


def _graph(
    name: str,
    dice: random.Random,
    parents: Sequence[Sequence[int]],
    drawn: Sequence[_Drawn],
    accounts: Mapping[str, int | None],
    groups: Mapping[str, int],
    slots: int | None,
) -> Graph:
    durations = [dice.choice((5.0, 8.0, 30.0, 90.0)) * dice.uniform(0.5, 1.5) for _ in parents]
    names = [NodeId(f"{name}-{number}") for number in range(len(parents))]
    nodes = [
        Node(
            id=names[number],
            tab=under.account,
            op=Operation.PROMPT_GENERATION,
            path=(names[number],),
            prompt=Text((f"{names[number]} after ", *(Ref(names[one]) for one in parents[number]))),
            limit=under.group,
        )
        for number, under in enumerate(drawn)
    ]
    tabs = tuple(Tab(one, tuple(node for node in nodes if node.tab == one)) for one in accounts)
    limits = tuple(LimitSpec(name=one, in_flight=most) for one, most in groups.items())
    topology, _ = build(parents)
    assert topology is not None
    shared: list[tuple[Sequence[int], int | None]] = [(range(len(nodes)), slots)]
    shared += [([n for n, u in enumerate(drawn) if u.account == one], most) for one, most in accounts.items()]
    shared += [([n for n, u in enumerate(drawn) if u.group == one], most) for one, most in groups.items()]
    bounds = [bound(topology, durations, work, most) for work, most in shared]
    flow = Workflow(name="bench", format="yaml", tabs=tabs, limits=limits)
    return Graph(flow, dict(zip(names, durations, strict=True)), accounts, slots, max(bounds))


def bound(topology: Topology, seconds: Sequence[float], work: Sequence[int], slots: int | None) -> float:
    """No schedule that does this `work` on so many slots is shorter; None: as many as there is work."""
    rest = remaining_path(topology, seconds)
    begins = [0.0] * len(seconds)
    for number in topology.order:
        begins[number] = max((begins[one] + seconds[one] for one in topology.parents[number]), default=0.0)
    found = max(rest)
    if slots is None:
        return found
    for first in {begins[one] for one in work}:
        busy = 0.0
        # of what begins no sooner than `first`, those after which most must follow: they are done one after the other
        for one in sorted((n for n in work if begins[n] >= first), key=lambda n: seconds[n] - rest[n]):
            busy += seconds[one]
            found = max(found, first + busy / slots + rest[one] - seconds[one])
    return found


def ratio(place: Home, graph: Graph, name: str) -> float:
    """How many times the lower bound the engine takes."""

    def latency(request: Request) -> float:
        return graph.seconds[str(request.recipe.prompt).partition(" ")[0]]

    def expected(one: Node) -> float:
        return graph.seconds[one.id]

    going = run(
        place,
        {one: ScriptedProvider(one, latency=latency, polls=False, in_flight=m) for one, m in graph.accounts.items()},
        graph.flow,
        name=name,
        concurrency=graph.slots,
        seconds=expected,
        clock=VirtualClock(),
        wrap=StillJournal,
    )
    return run_virtual(going)[1] / graph.bound


def measure() -> Iterator[Figure]:
    """Mean, and the worst, of both."""
    kinds: tuple[tuple[str, Callable[[int], Graph]], ...] = (("", one_account), (", limits on", limits_on))
    for said, drawn in kinds:
        with home(Path("/dev/shm")) as place:
            ratios = [ratio(place, drawn(seed), f"run-{seed}") for seed in range(GRAPHS)]
        yield Figure(
            name=f"makespan / lower bound{said}, mean of {GRAPHS}", value=statistics.fmean(ratios), limit=1.05, unit="x"
        )
        yield Figure(name=f"makespan / lower bound{said}, worst of {GRAPHS}", value=max(ratios), limit=None, unit="x")
