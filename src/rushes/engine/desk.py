"""What the parts of one run share: its grid and outcomes, its limits and queue, and the journal they all write to.

The loop (`run`), the deciding of cells (`cells`), the buying of units (`units`) and the stopping of both (`halts`) see
each other through this and nothing else.
"""

from __future__ import annotations

import asyncio
from collections import deque

from rushes.engine.dispatch import Dispatch
from rushes.engine.job import Job
from rushes.engine.limits import Lane, Limits
from rushes.engine.parts import Parts
from rushes.engine.work import Unit
from rushes.graph.setting import ModelChoice
from rushes.graph.topology import remaining_path
from rushes.graph.value import Outcome
from rushes.model.event import Event, Place
from rushes.model.limit import Allowed
from rushes.model.operation import INLINE
from rushes.model.workflow import Node
from rushes.plugin.provider import Duplicates


class Desk:
    """One run while it is driven."""

    def __init__(self, job: Job, parts: Parts) -> None:
        grid = job.grid
        self.job, self.parts, self.grid = job, parts, grid
        self.wake = asyncio.Event()
        self.limits = Limits(self.wake.set, job.priority)
        self.queue: Dispatch[Unit] = Dispatch(self.limits)
        self.outcomes: list[Outcome | None] = [None] * len(grid.cells)
        self.undecided = len(grid.cells)
        self.left = [len(cell.needs) for cell in grid.cells]
        self.dependents: list[list[int]] = [[] for _ in grid.cells]
        for number, cell in enumerate(grid.cells):
            for need in cell.needs:
                self.dependents[need].append(number)
        self.ready: deque[int] = deque(number for number in grid.order if self.left[number] == 0)
        self.running: dict[asyncio.Task[None], Unit] = {}
        self.halted: dict[str, str] = {}  # limit name ("run" for all) -> why nothing more is admitted under it
        self.fatal: BaseException | None = None
        self.specs = {group(spec.name): spec for spec in job.limits}
        self._lanes: dict[ModelChoice, Lane] = {}
        weight = [0.0 if node.op in INLINE else job.seconds(node) for node in grid.nodes]
        self.paths = remaining_path(grid.topology, weight)
        self.begins: dict[int, list[float]] = {}  # by cell, where the slots were reckoned with: see `foresight`
        self.limits.set("run", job.concurrency)
        for name in parts.accounts.together:
            self.limits.share(parts.accounts.limit(name))
        for name, spec in self.specs.items():
            self.limits.set(name, spec.in_flight)

    def node(self, number: int) -> Node:
        """The node of a cell."""
        return self.grid.nodes[self.grid.cells[number].node]

    def place(self, number: int) -> Place:
        """Where a cell is."""
        return Place(node=self.node(number).id, row=self.grid.cells[number].row)

    def path(self, number: int, candidate: int) -> float:
        """Seconds before the end at which a candidate of a cell has to begin."""
        begins = self.begins.get(number)
        return begins[min(candidate, len(begins) - 1)] if begins else self.paths[self.grid.cells[number].node]

    def limits_of(self, node: Node) -> Lane:
        """The names of the limits that a node's requests will need a token of, as far as anybody can say ahead."""
        names = _account_of(self.job.setting.choose(node))
        return ("run", *names, *self.parts.accounts.together, *self.groups(node))

    def lane(self, node: Node, choice: ModelChoice) -> Lane:
        """The limits that a unit of this node needs a token of."""
        lane = self._lanes.get(choice)
        if lane is None:
            lane = self._lanes[choice] = ("run", *self._spaced(choice), *self._account(choice))
        return (*lane, *self.parts.accounts.together, *self.groups(node))

    def _spaced(self, choice: ModelChoice) -> Lane:
        return (spacing(choice.provider),) if self.job.request_delay else ()

    def _account(self, choice: ModelChoice) -> Lane:
        """What the provider declares is for the account or for each model at it; the other may be limited by people."""
        facts = self.parts.provider(choice.provider).facts
        declared, nothing = Allowed(facts.in_flight, facts.rates), Allowed()
        finds = facts.duplicates is not Duplicates.HARMLESS  # what is free and without effect refuses nobody
        names = _account_of(choice)
        for name, of_model in zip(names, (False, True), strict=True):
            its_own = of_model == facts.by_model
            account = self.parts.accounts.account(name, declared if its_own else nothing, finds=finds and its_own)
            self.limits.share(account)
        return names

    def groups(self, node: Node) -> list[str]:
        """The names of the groups around a node, innermost first."""
        names: list[str] = []
        name = node.limit
        while name is not None:
            names.append(group(name))
            name = self.specs[group(name)].parent
        return names

    def why_halted(self, lane: Lane) -> str | None:
        """Why nothing more is admitted in this lane; None while it is open."""
        return next((self.halted[name] for name in lane if name in self.halted), None)

    def now(self) -> float:
        """The loop's time in seconds."""
        return asyncio.get_running_loop().time()

    def broken(self, error: BaseException | None) -> None:
        """The store or the ledger failed: the first such error ends the run."""
        if error is not None and self.fatal is None:
            self.fatal = error
            self.wake.set()

    def put(self, event: Event) -> None:
        """Write down, without waiting for the disk."""
        self.parts.journal.put(event)
        self.parts.watch(event)

    async def record(self, event: Event) -> None:
        """Write down; what is durable is on disk when this returns."""
        await self.parts.journal.record(event)
        self.parts.watch(event)


BEGIN = "begin"
"""The limit on all that would begin a paid call. What is paid for already goes past it: it does not lie at its provider
for ever.
"""


def _account_of(choice: ModelChoice) -> Lane:
    """The names of the limits of an account and of the model at it."""
    return (f"provider:{choice.provider}", f"provider:{choice.provider}/{choice.model}")


def spacing(provider: str) -> str:
    """The limit's name of the pause that a file wants between two requests of a provider."""
    return f"spacing:{provider}"


def group(name: str) -> str:
    """The limit's name of a group."""
    return f"group:{name}"
