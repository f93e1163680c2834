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
from rushes.graph.topology import remaining_path
from rushes.graph.value import Outcome
from rushes.model.event import Event, Place
from rushes.model.operation import INLINE
from rushes.model.workflow import Node


class Desk:
    """One run while it is driven."""

    def __init__(self, job: Job, parts: Parts) -> None:
        grid = job.grid
        self.job, self.parts, self.grid = job, parts, grid
        self.limits = Limits()
        self.queue: Dispatch[Unit] = Dispatch(self.limits)
        self.outcomes: list[Outcome | None] = [None] * len(grid.cells)
        self.left = [len(cell.needs) for cell in grid.cells]
        self.dependents: list[list[int]] = [[] for _ in grid.cells]
        for number, cell in enumerate(grid.cells):
            for need in cell.needs:
                self.dependents[need].append(number)
        self.ready: deque[int] = deque(number for number in grid.order if self.left[number] == 0)
        self.running: dict[asyncio.Task[None], Unit] = {}
        self.halted: dict[str, str] = {}  # limit name ("run" for all) -> why nothing more is admitted under it
        self.priority = job.priority  # of this run among others that want the same account
        self.fatal: BaseException | None = None
        self.wake = asyncio.Event()
        self.specs = {group(spec.name): spec for spec in job.limits}
        self._accounts: set[str] = set()
        weight = [0.0 if node.op in INLINE else job.seconds(node) for node in grid.nodes]
        self.paths = remaining_path(grid.topology, weight)
        self.limits.set("run", job.concurrency)
        for name in parts.accounts.together:
            self.limits.share(name, parts.accounts.limit(name))
        for name, spec in self.specs.items():
            self.limits.set(name, spec.in_flight)

    def node(self, number: int) -> Node:
        """The node of a cell."""
        return self.grid.nodes[self.grid.cells[number].node]

    def place(self, number: int) -> Place:
        """Where a cell is."""
        return Place(node=self.node(number).id, row=self.grid.cells[number].row)

    def lane(self, node: Node, provider: str) -> Lane:
        """The limits that a unit of this node needs a token of."""
        account = f"provider:{provider}"
        if account not in self._accounts:
            self._accounts.add(account)
            self.limits.share(account, self.parts.accounts.limit(account))
            self.limits.set(account, self.parts.provider(provider).facts.in_flight)
        return ("run", account, *self.parts.accounts.together, *self.groups(node))

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


def group(name: str) -> str:
    """The limit's name of a group."""
    return f"group:{name}"
