"""A home on disk and workflows made in code, driven by the real engine over the real ledger and store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rushes.assets.local import LocalStore
from rushes.engine.clock import Clock, SystemClock
from rushes.engine.job import Job, RunEnd
from rushes.engine.limits import Accounts
from rushes.engine.parts import Journal, Parts
from rushes.engine.run import drive
from rushes.graph.grid import Grid, build_grid
from rushes.graph.setting import ModelChoice, Setting
from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.ledger.writer import Writer
from rushes.model.event import Event
from rushes.model.ids import Digest, NodeId, RunId
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.run import RunOptions, RunRecord, RunState
from rushes.model.text import plain
from rushes.model.workflow import Input, Node, Tab, Workflow
from rushes.plugin.provider import Provider


@dataclass(frozen=True, slots=True)
class Home:
    """A ledger and a store in one folder."""

    folder: Path
    ledger: Ledger
    store: LocalStore


@contextmanager
def home(where: Path | None = None) -> Iterator[Home]:
    """A new home, gone afterwards; `where` is a folder on a faster disk for figures that no disk enters."""
    with TemporaryDirectory(prefix="rushes-bench-", dir=where if where and where.is_dir() else None) as folder:
        root = Path(folder)
        with open_ledger(root / "ledger.sqlite") as ledger:
            yield Home(root, ledger, LocalStore(root / "store"))


def node(name: str, op: Operation, needs: Sequence[str] = (), role: str = "reference") -> Node:
    """A node with a prompt of its own."""
    inputs = (Input(role, tuple(NodeId(one) for one in needs)),) if needs else ()
    return Node(id=NodeId(name), tab="tab", op=op, path=(name,), prompt=plain(f"a fox, {name}"), inputs=inputs)


def independent(count: int, op: Operation) -> Workflow:
    """Nodes that do not know each other."""
    return workflow([node(f"n{number}", op) for number in range(count)])


def workflow(nodes: Sequence[Node]) -> Workflow:
    """One tab."""
    return Workflow(name="bench", format="yaml", tabs=(Tab("tab", tuple(nodes)),))


def probe(digest: Digest, path: Path) -> Artifact:
    """The smallest look at a file: what a real probe reads costs what the media library costs, not the engine."""
    with path.open("rb") as file:
        head = file.read(8)
    media_type = "video/mp4" if head[4:8] == b"ftyp" else "image/png"
    return Artifact(digest=digest, media_type=media_type, size=path.stat().st_size)


def grid_of(flow: Workflow) -> Grid:
    """The grid of a workflow without faults."""
    grid, problems = build_grid(flow, {})
    assert grid is not None, problems
    return grid


async def run(
    place: Home,
    provider: Provider | Mapping[str, Provider],
    flow: Workflow,
    *,
    name: str = "run-1",
    concurrency: int | None = None,
    seconds: Callable[[Node], float] = lambda _node: 1.0,
    clock: Clock | None = None,
    wrap: Callable[[Journal], Journal] = lambda journal: journal,
    model: str = "m",
    watch: Callable[[Event], None] = lambda _event: None,
    accounts: Accounts | None = None,
) -> tuple[RunEnd, float]:
    """Drive one run to its end; its end and the seconds on the loop's clock, which may be virtual.

    Several providers are each for the tab of their name, as accounts are.
    """
    providers = provider if isinstance(provider, Mapping) else {}

    def asked(one: Node) -> Provider:
        return providers[one.tab] if isinstance(provider, Mapping) else provider

    grid = grid_of(flow)
    run_id, owner = RunId(name), f"bench-{name}"
    place.ledger.create_run(record(run_id))
    place.ledger.take_run(run_id, owner, time.time())
    setting = Setting(
        variables={}, sources={}, choose=lambda one: ModelChoice(asked(one).name, model, asked(one).version(model))
    )
    writer = Writer(place.ledger, run_id, owner, time.time)
    parts = Parts(
        journal=wrap(writer),
        known=place.ledger,
        store=place.store,
        provider=lambda name: providers[name] if isinstance(provider, Mapping) else provider,
        checks=(),
        probe=probe,
        clock=clock or SystemClock(),
        scratch=place.folder,
        notes=place.ledger,
        watch=watch,
        accounts=accounts or Accounts(),
    )
    job = Job(
        run=run_id,
        grid=grid,
        setting=setting,
        selected=frozenset(range(len(grid.nodes))),
        owner=owner,
        limits=flow.limits,
        concurrency=concurrency,
        seconds=seconds,
    )
    loop = asyncio.get_running_loop()
    began = loop.time()
    end = await drive(job, parts)
    spent = loop.time() - began
    writer.close()
    assert end.state is RunState.DONE, end.state
    return end, spent


def record(run_id: RunId) -> RunRecord:
    """A run of no file."""
    return RunRecord(
        id=run_id,
        workflow="bench",
        file="bench.yaml",
        document=Digest("0" * 64),
        format="yaml",
        options=RunOptions(),
        fingerprint="",
        created=time.time(),
    )
