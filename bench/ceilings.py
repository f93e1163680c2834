"""Random runs under six nested ceilings: how much goes over (nothing may), and how much of a ceiling can be used.

Each run has pictures with re-rolls and paid texts, two hundred requests in flight, prices that are charged anywhere
between a third of the quote and all of it, and failures that may have been billed. One of its ceilings, or several, are
too low for all of it. It is checked, at every prefix of its journal, that the books balance and that no account is over
its ceiling; and at the end, that whatever was not made really did not fit.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from bench.figure import Figure
from bench.rig import Home, grid_of, home, probe, record, workflow
from rushes.engine.job import Job, RunEnd
from rushes.engine.parts import Parts
from rushes.engine.run import drive
from rushes.errors import ErrorClass
from rushes.graph.grid import Grid
from rushes.graph.setting import ModelChoice, Setting
from rushes.graph.value import State
from rushes.ledger.books import Books
from rushes.ledger.writer import Writer
from rushes.model.claim import OUT_OF_BUDGET
from rushes.model.ids import NodeId, RunId
from rushes.model.media import Artifact, Kind
from rushes.model.money import ZERO
from rushes.model.operation import Operation
from rushes.model.request import Recipe, Request
from rushes.model.scope import AGENT, BATCH, DAY, NODE, PROJECT, RUN, scope
from rushes.model.text import plain
from rushes.model.verdict import Verdict
from rushes.model.workflow import Node
from rushes.testing.clock import VirtualClock, run_virtual
from rushes.testing.journal import StillJournal
from rushes.testing.provider import Fault, ScriptedProvider, Stage

RUNS = 100
IN_FLIGHT = 200
NODES = 4
CANDIDATES = 60
TEXTS = 40
CENT = Decimal("0.01")


Scopes = Callable[[Node], tuple[str, ...]]


class Came(NamedTuple):
    """What one run came to: requests, money, the most that any account was over, and how full its full ceilings are."""

    seed: int
    requests: int
    spent: Decimal
    over: Decimal
    refused: int
    used: tuple[Decimal, ...]
    in_flight: int


class _Flags:
    """Flags about a third of all pictures, always the same ones."""

    name = "flags"
    kinds: tuple[Kind, ...] = (Kind.IMAGE,)

    def look(self, artifact: Artifact, path: Path, recipe: Recipe) -> Verdict:
        """By the first digit of its digest."""
        return Verdict(flagged=artifact.digest[0] in "01234", score=0.5)


def campaign(place: Home, seed: int) -> Came:
    """One random run in virtual time. AssertionError where books do not balance, or money was refused for nothing."""
    luck = random.Random(seed)
    run = RunId(f"run-{seed}")
    quotes = {f"n{number}": Decimal(luck.randrange(1, 11)) * CENT for number in range(NODES)}
    quotes |= {f"t{number}": Decimal(luck.randrange(1, 40)) * CENT / 10 for number in range(TEXTS)}
    provider = ScriptedProvider(
        price=lambda recipe: quotes[_name(recipe)],
        charges=lambda request: _charged(quotes[_name(request.recipe)], request),
        latency=lambda request: 1 + random.Random(request.key).random() * 30,
        faults=[_fault(luck, number) for number in range(12)],
        in_flight=IN_FLIGHT,  # it is about money, not about how much at once an account is found to take
    )
    grid = grid_of(workflow(_nodes(seed)))
    ceilings = _ceilings(luck, run, quotes)
    place.ledger.create_run(record(run))
    place.ledger.set_ceilings(run, ceilings)
    owner = f"owner-{seed}"
    place.ledger.take_run(run, owner, time.time())
    scopes = _scopes(run, seed)
    end = run_virtual(_drive(place, provider, grid, run, owner, scopes))
    place.ledger.leave_run(run, owner, end.state, time.time())
    over = _most_over(place, run, ceilings)
    accounts = place.ledger.accounts(list(ceilings))
    left = {name: most - accounts[name].held - accounts[name].spent for name, most in ceilings.items()}
    assert not any(account.held for account in accounts.values()), "nothing is open at the end"
    jobs = [job.request for job in provider.jobs.values() if job.request is not None]
    real = sum((_charged(quotes[_name(one.recipe)], one) for one in jobs), ZERO)
    assert real <= accounts[scope(RUN, run)].spent, "the ledger knows of every cent"
    full: set[str] = set()
    refused = 0
    for number, outcome in enumerate(end.outcomes):
        if outcome.state is State.FAILED and outcome.says.startswith(OUT_OF_BUDGET):
            refused += 1
            node = grid.nodes[grid.cells[number].node]
            short = [name for name in scopes(node) if left[name] < quotes[str(node.id)]]
            assert short, f"{node.id} of seed {seed} was refused, and would have fitted"
            full.update(short)
    used = tuple((ceilings[name] - left[name]) / ceilings[name] for name in sorted(full))
    spent = accounts[scope(RUN, run)].spent
    return Came(seed, sum(provider.posts.values()), spent, over, refused, used, provider.most_in_flight)


def _most_over(place: Home, run: RunId, ceilings: dict[str, Decimal]) -> Decimal:
    """Walk the journal: at every prefix the books balance; the most by which any account was over its ceiling."""
    books, over = Books(), ZERO
    taken = dict.fromkeys(ceilings, ZERO)
    for entry in place.ledger.events(run):
        moved = books.take(entry.event)
        if moved is None:
            continue
        state = books.balance
        assert state.reserved + state.over == state.spent + state.released + state.held, f"run {run} at {entry.seq}"
        before, after = moved
        was = ZERO if before is None else before.held + before.spent
        for name in after.scopes:
            if name in taken:
                taken[name] += after.held + after.spent - was
                over = max(over, taken[name] - ceilings[name])
    return over


def _nodes(seed: int) -> list[Node]:
    pictures = [
        Node(
            id=NodeId(f"n{number}"),
            tab="tab",
            op=Operation.TEXT_TO_IMAGE,
            path=(f"n{number}",),
            prompt=plain(f"n{number} of {seed}"),
            candidates=CANDIDATES,
        )
        for number in range(NODES)
    ]
    texts = [
        Node(
            id=NodeId(f"t{number}"),
            tab="tab",
            op=Operation.PROMPT_GENERATION,
            path=(f"t{number}",),
            prompt=plain(f"t{number} of {seed}"),
        )
        for number in range(TEXTS)
    ]
    return pictures + texts


def _name(recipe: Recipe) -> str:
    return (recipe.prompt or "").partition(" ")[0]


def _charged(quote: Decimal, request: Request) -> Decimal:
    """Between a third of the quote and all of it, in tenths of a cent; one in ten costs exactly what was quoted."""
    luck = random.Random(f"{request.key} is charged")
    if luck.random() < 0.1:
        return quote
    return (quote * Decimal(luck.randrange(333, 1001)) / 1000).quantize(CENT / 10)


def _fault(luck: random.Random, number: int) -> Fault:
    at = number * 15 + luck.randrange(15)
    if luck.random() < 0.5:
        return Fault(error=ErrorClass.TRANSIENT, at=at, stage=Stage.SUBMIT)
    return Fault(error=ErrorClass.TIMEOUT, at=at, stage=Stage.POLL, maybe_billed=luck.random() < 0.5)


def _scopes(run: RunId, seed: int) -> Scopes:
    outer = (
        scope(RUN, run),
        scope(BATCH, f"batch-{seed}"),
        scope(PROJECT, f"/films/{seed}"),
        scope(DAY, f"day-{seed}"),
        scope(AGENT, f"agent-{seed}"),
    )
    return lambda node: (scope(NODE, f"{run}/{node.id}"), *outer)


def _ceilings(luck: random.Random, run: RunId, quotes: dict[str, Decimal]) -> dict[str, Decimal]:
    """At least fifty of the dearest request that it is about, so that two hundredths are more than one request."""
    seed = run.partition("-")[2]
    ceilings = {scope(NODE, f"{run}/{name}"): quote * luck.randrange(50, 100) for name, quote in quotes.items()}
    names = (
        scope(RUN, run),
        scope(BATCH, f"batch-{seed}"),
        scope(PROJECT, f"/films/{seed}"),
        scope(DAY, f"day-{seed}"),
        scope(AGENT, f"agent-{seed}"),
    )
    return ceilings | {name: Decimal(luck.randrange(500, 2500)) * CENT for name in names}


def campaigns(seeds: range) -> Iterator[Came]:
    """One after the other in one home."""
    with home(Path("/dev/shm")) as place:  # no figure of this page is about a disk
        for seed in seeds:
            yield campaign(place, seed)


def measure() -> Iterator[Figure]:
    """The two promises, and how hard they were tried."""
    came = list(campaigns(range(RUNS)))
    used = [share for one in came for share in one.used]
    yield Figure(
        name="over a ceiling, at any moment", value=float(max(one.over for one in came)), limit=0.0, unit="USD"
    )
    yield Figure(name="unused of a ceiling that refused", value=float(1 - min(used)) * 100, limit=2.0, unit="%")
    yield Figure(name="requests in flight, at most", value=max(one.in_flight for one in came), limit=None, unit="")
    yield Figure(name="requests under ceilings", value=sum(one.requests for one in came), limit=None, unit="")
    yield Figure(name="runs that met a ceiling", value=sum(one.refused > 0 for one in came), limit=None, unit="")


async def _drive(
    place: Home,
    provider: ScriptedProvider,
    grid: Grid,
    run: RunId,
    owner: str,
    scopes: Callable[[Node], tuple[str, ...]],
) -> RunEnd:
    clock = VirtualClock()
    writer = Writer(place.ledger, run, owner, clock.time)
    parts = Parts(
        journal=StillJournal(writer),
        known=place.ledger,
        store=place.store,
        provider=lambda _name: provider,
        checks=(_Flags(),),
        probe=probe,
        clock=clock,
        scratch=place.folder,
        notes=place.ledger,
    )
    end = await drive(
        Job(
            run=run,
            grid=grid,
            setting=Setting(
                variables={}, sources={}, choose=lambda _node: ModelChoice(provider.name, "m", "m@1"), attempts=3
            ),
            selected=frozenset(range(len(grid.nodes))),
            owner=owner,
            concurrency=IN_FLIGHT,
            scopes=scopes,
        ),
        parts,
    )
    writer.close()
    return end
