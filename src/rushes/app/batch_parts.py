"""Which rows belong to which part, and a part made ready to run: its bad rows found, and taken out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rushes.app.batch_lines import parts_in, read_lines, span_of
from rushes.app.batch_rows import Part, keep
from rushes.app.batch_table import Bad, Row
from rushes.app.batch_told import Totals
from rushes.app.plan import Prepared, prepare_new
from rushes.app.project import Project
from rushes.graph.rows import row_of
from rushes.model.problem import Problem, ProblemsError, Severity
from rushes.model.run import RunOptions


class Covered(NamedTuple):
    """A part that is there, and the rows from its first to its last. `again`: some of them are not done."""

    name: str
    first: int
    last: int
    again: bool


class Span(NamedTuple):
    """Rows to run as one part."""

    name: str
    rows: tuple[Row, ...]
    bad: tuple[Bad, ...]


def covered_by(home: Path, states: Collection[str], totals: Totals) -> list[Covered]:
    """The parts of a batch that are there and whole, by their rows, all of which are counted in `totals`; one that
    cannot be read is made anew. A row in one of these states is looked at again."""
    found = []
    for path in parts_in(home):
        lines, span = read_lines(path), span_of(path)
        if lines is None:
            path.replace(path.with_suffix(".torn"))  # or its lines would stand beside those that are made for it
            continue
        totals.count(lines)
        if span is not None:
            again = any(one.state in states for one in lines)
            found.append(Covered(path.stem, *span, again))
    return sorted(found, key=lambda one: one.first)


def spans(
    rows: Iterable[Row | Bad],
    covered: Sequence[Covered],
    again: Callable[[str], Collection[int]],
    size: int,
    taken: Collection[int],
) -> Iterator[Span]:
    """The parts to run: of those that are there the rows to look at `again`, and the rest, `size` rows at a time.

    `taken` are rows that belong to the canary. One part is in memory at a time.
    """
    held: list[Row | Bad] = []
    name: str | None = None
    wanted: Collection[int] = ()
    left = list(reversed(covered))
    for row in rows:
        while left and left[-1].last < row.number:
            left.pop()
        part = left[-1] if left and left[-1].first <= row.number else None
        inside = None if part is None else part.name
        if inside != name or (name is None and len(held) >= size):
            yield from _span(name, held)
            held = []
        if inside != name:
            name, wanted = inside, () if part is None or not part.again else again(part.name)
        if row.number in wanted if inside is not None else row.number not in taken:
            held.append(row)
    yield from _span(name, held)


def fresh_rows(rows: Iterable[Row | Bad], covered: Sequence[Covered]) -> Iterator[Row]:
    """The good rows that are in no part yet."""
    left = list(reversed(covered))
    for row in rows:
        while left and left[-1].last < row.number:
            left.pop()
        if isinstance(row, Row) and not (left and left[-1].first <= row.number):
            yield row


def _span(name: str | None, held: Sequence[Row | Bad]) -> Iterator[Span]:
    if held:
        name = name or f"{held[0].number:06d}-{held[-1].number:06d}"
        rows = tuple(one for one in held if isinstance(one, Row))
        yield Span(name, rows, tuple(one for one in held if isinstance(one, Bad)))


async def prepared_part(
    project: Project, file: Path, data: bytes, options: RunOptions, part: Part
) -> tuple[Prepared | None, Part]:
    """A part planned, without the rows that something is wrong with; None when no row is left of it.

    Raises ProblemsError for what is wrong with the workflow, whatever its rows.
    """
    while part.rows:
        asked = dataclasses.replace(options, rows=keep(project, part))
        try:
            return await prepare_new(project, file, data, asked), part
        except ProblemsError as error:
            blamed = _blamed(error, part.rows)
        bad = (*part.bad, *(Bad(row.number, row.line, blamed[row.number]) for row in part.rows if row.number in blamed))
        rows = tuple(row for row in part.rows if row.number not in blamed)
        part = dataclasses.replace(part, rows=rows, bad=tuple(sorted(bad)))
    return None, part


def _blamed(error: ProblemsError, rows: Sequence[Row]) -> dict[int, str]:
    """What is wrong with which row. The error itself, where it is no row's fault: nothing of it names a row, or all of
    several rows have the very same."""
    wrong = [one for one in error.problems if one.severity is Severity.ERROR]
    of_rows: dict[int, list[Problem]] = {}
    for one in wrong:
        row = row_of(one.node or "")
        if row is None:
            raise error
        of_rows.setdefault(row, []).append(_apart(one, row))
    said = {row: {(one.code, one.says) for one in many} for row, many in of_rows.items()}
    common = set.intersection(*said.values()) if len(said) == len(rows) > 1 else set()
    if common:
        first = next(iter(of_rows.values()))
        raise ProblemsError([one for one in first if (one.code, one.says) in common]) from error
    return {row: "; ".join(dict.fromkeys(one.says for one in many)) for row, many in of_rows.items()}


def _apart(one: Problem, row: int) -> Problem:
    """The problem as the file would have it, without any row."""
    mine = f"r{row:06d}."
    return dataclasses.replace(one, says=one.says.replace(mine, ""), node=(one.node or "").removeprefix(mine))
