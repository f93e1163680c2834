"""The first look at a table: how many rows it has, which are bad, and what its columns are to the workflow.

It reads all of it once, in constant memory, so that everything that can be said before any money is said: a column that
is nearly a variable, a table without a good row, a number of rows that a plan can be told for.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rushes.app.batch_table import Bad, Columns, Row, read_table
from rushes.errors import UserError
from rushes.graph.rows import wants_of
from rushes.model.ids import Digest
from rushes.model.media import kind_of_name
from rushes.model.problem import Mark, Problem, ProblemsError, Severity, did_you_mean
from rushes.model.run import PACE, RunOptions
from rushes.model.workflow import Workflow

SHOWN = 20
"""Bad rows that are told one by one; all of them are in the results."""

_MOST_NAMES = 200  # unknown columns that are remembered
_MOMENTARY = frozenset({"item", "row", "timestamp", "random"})
_ELSEWHERE = (*PACE, "budget", "on_unknown", "substitute", "outs", "rows", "batch")
"""What may change from one call to the next, and it is the same batch all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A table as it is now. `stamp` changes when the file does."""

    table: Path
    rows: int
    good: int
    bad: int
    shown: tuple[Bad, ...]
    warnings: tuple[str, ...]
    digest: Digest
    stamp: tuple[int, int]
    columns: Columns

    def read(self) -> Iterator[Row | Bad]:
        """Its rows once more; see `still`."""
        return read_table(self.table, self.columns, _unheard)

    def still(self) -> None:
        """Raise UserError when the file is another by now: what was read of it is no part of this batch."""
        if stamp_of(self.table) != self.stamp:
            raise UserError(
                f"{self.table} was changed while its rows were being run",
                next_step="give the batch again: what is unchanged costs nothing",
            )


def columns_of(workflow: Workflow, table: Path, options: RunOptions) -> Columns:
    """What columns could be to this workflow."""
    wants = wants_of(workflow)
    open_ = frozenset(name for name in wants.texts if name not in _MOMENTARY and not name.startswith("env."))
    given = {*workflow.variables, *options.variables}
    if "prompt" in workflow.inputs:
        given.add("input")
    if workflow.settings.input_file is not None or "input" in given:
        given.add("input_lines")
    named = {node.source_from: node.source for node in workflow.nodes() if node.source_from and node.source}
    kinds = {name: kind for name, source in named.items() if (kind := kind_of_name(source)) is not None}
    wants = wants._replace(texts=open_)
    return Columns(wants, frozenset(given | set(named)), table.absolute().parent, kinds)


def survey(table: Path, columns: Columns) -> Survey:
    """Look at every row. ProblemsError for columns that are mistakes, UserError for a table that cannot be run."""
    if not columns.wants.texts and not columns.wants.files:
        raise UserError(
            "the workflow has no variable that a table could give a value to",
            next_step="write {{input}} into a prompt, or declare a variable under `variables` and use it",
        )
    stamp, met = stamp_of(table), _Met(columns)
    rows = good = 0
    shown: list[Bad] = []
    for row in read_table(table, columns, met.columns):
        rows += 1
        if isinstance(row, Row):
            good += 1
        elif len(shown) < SHOWN:
            shown.append(row)
    met.refuse(table)
    if not good:
        first = f": row {shown[0].number} (line {shown[0].line}), {shown[0].says}" if shown else ""
        raise UserError(f"{table} has no row that could be run{first}", next_step="correct the table")
    digest = _digest(table)
    if stamp_of(table) != stamp:
        raise UserError(f"{table} is being written to", next_step="wait until it is whole, then give the batch again")
    return Survey(
        table=table,
        rows=rows,
        good=good,
        bad=rows - good,
        shown=tuple(shown),
        warnings=tuple(met.warnings()),
        digest=digest,
        stamp=stamp,
        columns=columns,
    )


def identity(file: Path, document: bytes, table: Survey, options: RunOptions) -> str:
    """What makes two calls the same batch: the same workflow and table in the same place, asked in the same way."""
    asked = {name: value for name, value in options.plain().items() if name not in _ELSEWHERE}
    said = [str(file.absolute()), hashlib.sha256(document).hexdigest(), table.digest, json.dumps(asked, sort_keys=True)]
    return hashlib.sha256("\0".join(said).encode("utf-8", "surrogatepass")).hexdigest()


def stamp_of(table: Path) -> tuple[int, int]:
    """When a table was last written to, and its size. UserError when there is none, or none that can be read again."""
    try:
        found = table.stat()
    except OSError as error:
        raise UserError(f"{table} cannot be read: {error.strerror}", next_step="name a table with --table") from error
    if not stat.S_ISREG(found.st_mode):  # a pipe gives its rows once, and is waited for until somebody writes to it
        raise UserError(
            f"{table} is no regular file, and a table is read more than once", next_step="write it to a file"
        )
    return found.st_mtime_ns, found.st_size


def _digest(table: Path) -> Digest:
    with table.open("rb") as file:
        return Digest(hashlib.file_digest(file, "sha256").hexdigest())


def _unheard(_names: Sequence[str], _line: int) -> None:
    """What the first look has said is not said again."""


class _Met:
    """The columns that were met, and where first."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._idle: dict[str, int] = {}
        self._used: set[str] = set()

    def columns(self, names: Sequence[str], line: int) -> None:
        for name in names:
            if self._columns.used(name):
                self._used.add(name)
            elif len(self._idle) < _MOST_NAMES:
                self._idle.setdefault(name, line)

    def refuse(self, table: Path) -> None:
        """Raise for columns that are nearly something, and for a table that gives nothing."""
        wrong = [_near(table, name, line, near) for name, line, near in self._near()]
        if wrong:
            raise ProblemsError(wrong, what="the table")
        if self._idle and not self._used - {"id"}:
            wants = ", ".join(sorted(self._columns.wants.texts | self._columns.wants.files))
            raise UserError(
                f"{table}: the workflow uses none of its columns ({', '.join(list(self._idle)[:5])})",
                next_step=f"name them after what it uses: {wants}",
            )

    def warnings(self) -> Iterator[str]:
        for name in self._idle:
            yield f"the column {name!r} is not used by the workflow"

    def _near(self) -> Iterator[tuple[str, int, list[str]]]:
        taken = {self._columns.variable(name) or name for name in self._used}
        for name, line in self._idle.items():
            near = [one for one in self._columns.near(name) if (self._columns.variable(one) or one) not in taken]
            if near:
                yield name, line, near


def _near(table: Path, name: str, line: int, near: Sequence[str]) -> Problem:
    return Problem(
        code="column-unknown",
        severity=Severity.ERROR,
        says=f"the workflow has no variable {name!r}",
        why="its values would change nothing, and be missing where they are meant",
        try_=did_you_mean(near, "rename it"),
        mark=Mark(str(table), line, 1),
    )
