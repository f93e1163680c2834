"""A workflow made in code, driven by the real engine over a real ledger, in virtual time."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rushes.engine.claims import stuck_in
from rushes.engine.job import Job, RunEnd
from rushes.engine.limits import Accounts
from rushes.engine.parts import Listen, Parts, Stop
from rushes.engine.recover import past_of
from rushes.engine.run import drive
from rushes.errors import NotFound
from rushes.graph.frame import ModelChoice, Setting
from rushes.graph.grid import Grid, build_grid
from rushes.ledger.fold import fold
from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.model.event import Event, Reserved, Submitting
from rushes.model.ids import Digest, NodeId, RunId
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.run import RunOptions, RunRecord
from rushes.model.text import Text, plain
from rushes.model.workflow import Input, LimitSpec, Node, Pick, Tab, Workflow
from rushes.testing.clock import VirtualClock, run_virtual

from .direct import DirectJournal


def node(
    name: str,
    op: Operation = Operation.TEXT_TO_IMAGE,
    *,
    needs: Iterable[str] = (),
    role: str = "reference",
    tab: str = "tab",
    prompt: str | Text | None = "a fox",
    **more: object,
) -> Node:
    text = plain(f"{prompt} for {name}") if isinstance(prompt, str) else prompt
    inputs = (Input(role, tuple(NodeId(n) for n in needs)),) if needs else ()
    return Node(id=NodeId(name), tab=tab, op=op, path=(name,), prompt=text, inputs=inputs, **more)  # type: ignore[arg-type]


def still(name: str, **more: object) -> Node:
    return node(name, **more)  # type: ignore[arg-type]


def gate(name: str, of: str, pick: Pick | None = None) -> Node:
    return node(name, Operation.APPROVE, needs=(of,), role="input", prompt=None, pick=pick)


def film(name: str, of: str, **more: object) -> Node:
    return node(name, Operation.IMAGE_TO_VIDEO, needs=(of,), role="start_frame", **more)  # type: ignore[arg-type]


def workflow(*nodes: Node, limits: Sequence[LimitSpec] = ()) -> Workflow:
    tabs: dict[str, list[Node]] = {}
    for one in nodes:
        tabs.setdefault(one.tab, []).append(one)
    return Workflow(
        name="test", format="yaml", tabs=tuple(Tab(n, tuple(many)) for n, many in tabs.items()), limits=tuple(limits)
    )


class MemoryStore:
    """Blobs in a folder without fsync: the store itself is tested elsewhere."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def put(self, chunks: Iterable[bytes]) -> tuple[Digest, int]:
        data = b"".join(chunks)
        digest = Digest(hashlib.sha256(data).hexdigest())
        (self.root / digest).write_bytes(data)
        return digest, len(data)

    async def put_stream(self, chunks: AsyncIterator[bytes]) -> tuple[Digest, int]:
        return self.put([chunk async for chunk in chunks])

    def has(self, digest: Digest) -> bool:
        return (self.root / digest).exists()

    def path(self, digest: Digest) -> Path:
        if not self.has(digest):
            raise NotFound(digest)
        return self.root / digest

    def verify(self, digest: Digest) -> None:
        assert hashlib.sha256(self.path(digest).read_bytes()).hexdigest() == digest

    def digests(self) -> Iterator[Digest]:
        return (Digest(path.name) for path in self.root.iterdir())


def probe(digest: Digest, path: Path) -> Artifact:
    data = path.read_bytes()
    kinds = {b"\x89PNG": "image/png", b"RIFF": "audio/wav"}
    kind = kinds.get(data[:4], "video/mp4" if data[4:8] == b"ftyp" else "text/plain")
    return Artifact(digest=digest, media_type=kind, size=len(data))


@dataclass
class Rig:
    """One home: a ledger, a store, one provider. `go` drives a run; a second `go` is another process in effect."""

    folder: Path
    provider: object
    ledger: Ledger = field(init=False)
    events: list[Event] = field(default_factory=list)
    checks: Sequence[object] = ()
    count: int = 0

    def __post_init__(self) -> None:
        self.ledger = open_ledger(self.folder / "ledger.sqlite")
        self.store = MemoryStore(self.folder / "store")

    def setting(self, **more: object) -> Setting:
        name = self.provider.name  # type: ignore[attr-defined]
        return Setting(variables={}, sources={}, choose=lambda n: ModelChoice(name, n.model or "m", "m@1"), **more)  # type: ignore[arg-type]

    def new_run(self) -> RunId:
        self.count += 1
        run = RunId(f"run-{self.count}")
        self.ledger.create_run(
            RunRecord(
                id=run,
                workflow="test",
                file="test.yaml",
                document=Digest("0" * 64),
                format="yaml",
                options=RunOptions(),
                fingerprint="",
                created=float(self.count),
            )
        )
        return run

    def grid(self, flow: Workflow) -> Grid:
        grid, problems = build_grid(flow, {})
        assert grid is not None, problems
        return grid

    def go(self, flow: Workflow, **more: Any) -> RunEnd:
        return run_virtual(self.driven(flow, **more))

    async def driven(
        self,
        flow: Workflow,
        *,
        run: RunId | None = None,
        setting: Setting | None = None,
        stop: Stop | None = None,
        watch: Callable[[Event], None] | None = None,
        gauge: Callable[[object], None] | None = None,
        accounts: Accounts | None = None,
        room: Callable[[], str | None] = lambda: None,
        listen: Listen | None = None,
        owner: str | None = None,
        **more: object,
    ) -> RunEnd:
        run = run or self.new_run()
        grid = self.grid(flow)
        clock = VirtualClock()
        owner = owner or f"owner-of-{run}"
        journal = DirectJournal(self.ledger, run, owner, clock.time)
        self.events = journal.seen
        parts = Parts(
            journal=journal,
            known=self.ledger,
            store=self.store,
            provider=lambda _name: self.provider,  # type: ignore[arg-type,return-value]
            checks=self.checks,
            probe=probe,
            clock=clock,
            scratch=self.folder,
            notes=self.ledger,
            stop=stop or Stop(),
            stuck=stuck_in(self.ledger, clock.time),  # type: ignore[arg-type]
            watch=watch or (lambda _event: None),
            gauge=gauge or (lambda _waits: None),
            accounts=accounts or Accounts(),
            room=room,
            listen=listen,
        )
        job = Job(
            run=run,
            grid=grid,
            setting=setting or self.setting(),
            limits=flow.limits,
            owner=owner,
            past=past_of(fold(self.ledger.events(run))),
            **{"selected": frozenset(range(len(grid.nodes))), **more},  # type: ignore[arg-type]
        )
        return await drive(job, parts)


def sent(order: list[str]) -> Callable[[Event], None]:
    """A watcher that notes which node each request belongs to, in the order in which they are sent."""
    names: dict[str, str] = {}

    def watch(event: Event) -> None:
        if isinstance(event, Reserved):
            names[event.attempt] = str(event.place.node)
        elif isinstance(event, Submitting):
            order.append(names[event.attempt])

    return watch
