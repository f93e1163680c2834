"""The rows of one part of a batch, as a blob: what a run of them means, for ever.

One JSON object a line: first the part, then its rows, the bad ones with their reasons. Paths in it are absolute, so
that a resume from anywhere reads the same files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rushes.app.batch_table import Bad, Row
from rushes.app.project import Project
from rushes.errors import NotFound, StoreError
from rushes.graph.rows import Filled, times
from rushes.model.ids import Digest
from rushes.model.workflow import Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some rows of a table. `name` is unique in the batch: the numbers of its first and last row, or `canary`."""

    name: str
    table: str
    rows: tuple[Row, ...]
    bad: tuple[Bad, ...] = ()

    def lines(self) -> Iterator[bytes]:
        """As it is kept."""
        yield _line({"part": self.name, "table": self.table})
        for row in self.rows:
            yield _line({"row": row.number, "line": row.line, "id": row.id, "values": row.values})
        for bad in self.bad:
            yield _line({"row": bad.number, "line": bad.line, "bad": bad.says})


def keep(project: Project, part: Part) -> Digest:
    """Put a part into the store."""
    digest, _size = project.store.put(part.lines())
    return digest


def part_of(project: Project, digest: Digest) -> Part:
    """A part that was kept. NotFound when it is not here, StoreError when it is no part."""
    if not project.store.has(digest):
        raise NotFound(
            f"the rows of this run are not in the store of {project.config.home.value}",
            next_step="name the home that began it with --home, or give the batch again",
        )
    try:
        return _read(project.store.path(digest))
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"the blob {digest} holds no rows of a batch: {error}") from error


def with_rows(project: Project, workflow: Workflow, digest: Digest) -> Workflow:
    """The workflow for every good row of a part."""
    return times(workflow, [Filled(row.number, row.values) for row in part_of(project, digest).rows])


def _read(path: Path) -> Part:
    rows: list[Row] = []
    bad: list[Bad] = []
    with path.open("rb") as lines:
        head = json.loads(next(lines, b""))
        for line in lines:
            raw: dict[str, Any] = json.loads(line)
            if "bad" in raw:
                bad.append(Bad(raw["row"], raw["line"], raw["bad"]))
            else:
                rows.append(Row(raw["row"], raw["line"], raw["id"], dict(raw["values"])))
    return Part(name=str(head["part"]), table=str(head["table"]), rows=tuple(rows), bad=tuple(bad))


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def numbers(rows: Sequence[Row | Bad]) -> str:
    """The name of a part that holds all rows from the first to the last."""
    return f"{rows[0].number:06d}-{rows[-1].number:06d}"
