"""Does anybody have to set a concurrency? Eight scenes for five accounts, with caps that nobody is told, and without.

A still of 30 s in four candidates, the first clean one of which becomes a film of 45 to 180 s; five tabs, each with an
account of its own, or all with one. The engine is told nothing. It is held against the best of all fixed numbers, which
somebody who has the time would find by trying each, and against what no order of work can beat: the longest path, all
work divided by what the account takes, and what goes into its slots in whole pieces. Target for both: 5 %.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.figure import Figure
from bench.rig import home, node, run
from bench.scenarios import WAY
from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.model.workflow import Node, Pick, Tab, Workflow
from rushes.plugin.provider import Provider
from rushes.sim.capacity import InFlight, steady
from rushes.sim.door import Door
from rushes.testing.clock import VirtualClock, run_virtual
from rushes.testing.journal import StillJournal
from rushes.testing.provider import ScriptedProvider

TABS, SCENES, CANDIDATES = 5, 8, 4
STILL, FILM = 30.0, (45.0, 180.0)
CAPS = (2, 4, 8, 20, 40, None)
TRIED = (1, 2, 3, 4, 5, 8, 12, 16, 20, 32, 40, 160)
"""The fixed numbers, for each account."""

_FASTER = Path("/dev/shm")


class Case(NamedTuple):
    """One account for each tab, or one for all; what each takes at once (None: everything)."""

    shared: bool
    cap: int | None

    @property
    def name(self) -> str:
        """In words."""
        accounts = "one account" if self.shared else "5 accounts"
        return f"{accounts}, {'no cap' if self.cap is None else f'{self.cap} at once'}"

    @property
    def bound(self) -> float:
        """Seconds that no order of work can beat."""
        names = [f"tab-{tab}-{scene}" for tab in range(TABS) for scene in range(SCENES)]
        path = STILL + max(_film(name) for name in names) + 2 * WAY
        if self.cap is None:
            return path
        parts = [names] if self.shared else [names[n * SCENES : (n + 1) * SCENES] for n in range(TABS)]
        return max(path, *(_least([_film(name) + WAY for name in part], self.cap) for part in parts))


def _least(films: Sequence[float], slots: int) -> float:
    """Seconds for these films and their stills on so many slots, each busy with one at a time.

    All work divided by the slots; and where there is a slot for each film, what goes into them. Each slot ends with
    a film, or is idle at the end for as long as the shortest film takes: no still is the last of its scene. So beside a
    film there is room for as many whole stills as the rest of its slot holds. Two films in one slot leave another one
    idle for longer than a still takes, which wins no room.
    """
    piece = STILL + WAY
    stills = CANDIDATES * len(films)
    least = (stills * piece + sum(films)) / slots
    if len(films) > slots:
        return least
    lasts = [*films, *[min(films)] * (slots - len(films))]
    ends = sorted(last + piece * number for last in films for number in range(stills + 1))
    return max(least, next(end for end in ends if sum(_whole((end - one) / piece) for one in lasts) >= stills))


def _whole(pieces: float) -> int:
    return max(0, math.floor(pieces + 1e-9))


def seconds(case: Case, fixed: int | None = None) -> float:
    """Virtual seconds of the run; with a number that somebody set, or with none."""

    def account(name: str) -> Provider:
        rules = () if case.cap is None else (InFlight(most=steady(case.cap)),)
        return ScriptedProvider(name, latency=_latency, door=Door(rules, way=WAY), way=WAY, in_flight=fixed)

    flow = _story()
    one = account("one")
    each = {tab.name: account(tab.name) for tab in flow.tabs}
    with home(_FASTER) as place:
        going = run(
            place, one if case.shared else each, flow, seconds=_expected, clock=VirtualClock(), wrap=StillJournal
        )
        return run_virtual(going)[1]


def measure() -> Iterator[Figure]:
    """Every cap, with accounts apart and together."""
    for case in [Case(shared, cap) for shared in (False, True) for cap in CAPS]:
        found = seconds(case)
        best = min(seconds(case, fixed) for fixed in TRIED)
        yield Figure(name=f"{case.name}: / best of {len(TRIED)} numbers", value=found / best, limit=1.05, unit="x")
        yield Figure(name=f"{case.name}: / lower bound", value=found / case.bound, limit=1.05, unit="x")


def _story() -> Workflow:
    return Workflow(name="seed", format="yaml", tabs=tuple(_tab(f"tab-{number}") for number in range(TABS)))


def _tab(tab: str) -> Tab:
    nodes: list[Node] = []
    for scene in range(SCENES):
        name = f"{tab}-{scene}"
        still = node(name, Operation.TEXT_TO_IMAGE)._replace(tab=tab, candidates=CANDIDATES)
        gate = node(f"{name}-gate", Operation.APPROVE, (name,), "input")
        film = node(f"{name}-film", Operation.IMAGE_TO_VIDEO, (f"{name}-gate",), "start_frame")
        nodes += [still, gate._replace(tab=tab, prompt=None, pick=Pick.FIRST_CLEAN), film._replace(tab=tab)]
    return Tab(tab, tuple(nodes))


def _film(scene: str) -> float:
    return random.Random(scene).uniform(*FILM)


def _latency(request: Request) -> float:
    if request.recipe.op is Operation.TEXT_TO_IMAGE:
        return STILL
    return _film(str(request.recipe.prompt).rpartition(" ")[2].removesuffix("-film"))


def _expected(one: Node) -> float:
    return STILL if one.op is Operation.TEXT_TO_IMAGE else _film(str(one.id).removesuffix("-film"))
