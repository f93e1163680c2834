"""A small production made by hand: workflows, outcomes with candidates, and a real store that holds their bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from rushes.assets.local import LocalStore
from rushes.graph.grid import Grid, build_grid
from rushes.graph.value import Outcome, State
from rushes.model.ids import BaseKey, Digest, NodeId, RunId
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.result import Result, Value
from rushes.model.run import RunOptions, RunRecord, RunState
from rushes.model.text import plain
from rushes.model.verdict import Finding, Verdict
from rushes.model.workflow import Input, Node, Tab, Workflow
from rushes.testing.media import png

FLAGGED = Verdict(True, 0.2, (Finding("picture.blank", "one colour only"),))


def image(
    name: str,
    *,
    title: str = "",
    tab: str = "main",
    rows: tuple[str, ...] | None = None,
    candidates: int = 1,
    needs: str | None = None,
    op: Operation = Operation.TEXT_TO_IMAGE,
) -> Node:
    """A generator."""
    role = "start_frame" if op is Operation.IMAGE_TO_VIDEO else "reference"
    return Node(
        id=NodeId(name),
        tab=tab,
        op=op,
        path=(name,),
        title=title,
        model="sketch",
        prompt=plain(f"a picture of {name}"),
        inputs=(Input(role, (NodeId(needs),)),) if needs else (),
        rows=rows,
        candidates=candidates,
    )


def gate(name: str, of: str, tab: str = "main") -> Node:
    """An approval."""
    inputs = (Input("input", (NodeId(of),)),)
    return Node(id=NodeId(name), tab=tab, op=Operation.APPROVE, path=(name,), inputs=inputs)


def grid_of(*nodes: Node) -> Grid:
    """The grid of these nodes."""
    tabs: dict[str, list[Node]] = {}
    for node in nodes:
        tabs.setdefault(node.tab, []).append(node)
    grid, problems = build_grid(
        Workflow(name="w", format="yaml", tabs=tuple(Tab(name, tuple(many)) for name, many in tabs.items())), {}
    )
    assert grid is not None, problems
    return grid


def record(run: str = "run-1", workflow: str = "Story", **options: object) -> RunRecord:
    """A run's row."""
    return RunRecord(
        id=RunId(run),
        workflow=workflow,
        file="story.yaml",
        document=Digest("0" * 64),
        format="yaml",
        options=RunOptions(**options),  # type: ignore[arg-type]
        fingerprint="",
        created=1_770_000_000.0,
        state=RunState.DONE,
    )


class Studio:
    """A store, and outcomes whose bytes are in it."""

    def __init__(self, folder: Path) -> None:
        self.store = LocalStore(folder)

    def artifact(self, data: bytes, media_type: str = "image/png") -> Artifact:
        """Bytes in the store."""
        digest, size = self.store.put([data])
        return Artifact(digest=digest, media_type=media_type, size=size, width=64, height=64)

    def picture(self, name: str) -> Artifact:
        """A picture of its own for every name."""
        return self.artifact(png(name))

    def made(self, name: str, candidates: int = 1, flagged: Sequence[int] = ()) -> Outcome:
        """A generator's row that is done; `flagged` are numbers from 1."""
        results = tuple(
            Result(
                n, 0, Value(artifacts=(self.picture(f"{name}/{n}"),)), FLAGGED if n + 1 in flagged else Verdict(score=1)
            )
            for n in range(candidates)
        )
        return Outcome(State.DONE, results[0].value, base_of(name), results)


def base_of(name: str) -> BaseKey:
    """A key that belongs to the name."""
    return BaseKey("bk1:" + hashlib.sha256(name.encode()).hexdigest())


def waiting(subject: Outcome) -> Outcome:
    """A gate that waits for a person."""
    return Outcome(State.WAITING, base=subject.base, candidates=subject.candidates, says="waits for approval")


def approved(subject: Outcome, number: int) -> Outcome:
    """A gate that let candidate `number` (from 1) through."""
    return Outcome(State.DONE, subject.candidates[number - 1].value, subject.base, says="approved")


def tree(folder: Path) -> list[str]:
    """Every visible file below, with slashes, sorted."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".") and path.name != "manifest.json"
    )
