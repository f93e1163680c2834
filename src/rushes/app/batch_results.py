"""What a batch leaves on disk: files named by the rows they were made for, and one line for every row.

::

    Assets/{workflow}/batch-{name}/results.jsonl                       every row that was decided, once
    Assets/{workflow}/batch-{name}/parts/000001-001000.jsonl           the same, part by part, while the batch goes on
    Assets/{workflow}/batch-{name}/generated-images/000001-001000/000123-fox-still.png

A part is written whole when its run has ended, and that it is there is how a batch knows what it need not look at
again. So nothing here can be torn or said twice, and whoever throws the folder away gets it back from the store.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from rushes.app.batch_lines import (
    DONE,
    FAILED,
    OPEN,
    RESULTS,
    WAITING,
    Line,
    Paid,
    bad_lines,
    join,
    put_lines,
)
from rushes.app.batch_rows import part_of
from rushes.app.batch_table import Row
from rushes.app.export import Exported, write_whole
from rushes.app.export_layout import OutFile, lay_out_shown, text_bytes
from rushes.app.naming import folder_name, slug
from rushes.app.output import inside
from rushes.app.picks import Shown, shown
from rushes.app.plan import Prepared, output_folder
from rushes.app.project import Project
from rushes.app.tally import Tally
from rushes.errors import ErrorClass
from rushes.graph.rows import original, row_of
from rushes.graph.value import Outcome, State
from rushes.ledger.entry import Entry
from rushes.model.claim import OUT_OF_BUDGET
from rushes.model.ids import Digest
from rushes.model.money import ZERO
from rushes.model.run import RunRecord, RunState


def batch_home(base: Path, workflow: str, batch: str) -> Path:
    """The folder of a batch below the folder that a run writes to."""
    return inside(base, base / "Assets" / folder_name(workflow) / f"batch-{batch}")


_BLOCK = 1000  # rows whose files share a folder
_LONGEST_ID = 60  # characters of it in the name of a file


def write_part(
    project: Project,
    prepared: Prepared,
    record: RunRecord,
    outcomes: Sequence[Outcome | None],
    entries: Iterable[Entry],
) -> Exported:
    """Put the files of a part in their places, and then its lines. Raises StoreError, UserError, NotFound."""
    options = prepared.options
    assert options.rows is not None and options.batch is not None
    part = part_of(project, options.rows)
    base = output_folder(project, prepared)
    home = batch_home(base, prepared.workflow.name, options.batch)
    by_row = _by_row(prepared, outcomes)
    states = _states(prepared, outcomes)
    tally = Tally(entries)
    costs = _costs(tally)
    halted = _halted(tally)
    lines = bad_lines(part.bad)
    looked: set[Path] = set()
    for row in part.rows:
        files = list(_files(row, by_row.get(row.number, ())))
        _place(project, home, files, looked)
        outputs = tuple(one.path for one in files if not one.candidate)
        state, says = states.get(row.number, (OPEN, ""))
        state = halted.get(row.number, state) if state == FAILED else state
        usd, seconds = costs.get(row.number, (ZERO, 0.0))
        flagged = any(map(_stands_flagged, by_row.get(row.number, ())))
        paid = (Paid(str(record.id), usd, seconds),)
        lines.append(Line(row.number, row.line, row.id, state, outputs, flagged, says, paid))
    # what was stopped goes on as the same run, which knows its jobs: until it has ended, the part is not there
    path = None if record.state is RunState.INTERRUPTED else put_lines(home, part.name, lines)
    if path is not None and (home / RESULTS).exists():
        join(home)
    return Exported(
        home=home,
        version=None,
        folders=(home,),
        errors=None,
        unchanged=False,
        fingerprint=options.rows,
        report=path,
    )


def _by_row(prepared: Prepared, outcomes: Sequence[Outcome | None]) -> dict[int, list[Shown]]:
    found: dict[int, list[Shown]] = {}
    for one in shown(prepared.grid, outcomes):
        row = row_of(one.node.id)
        if row is not None:
            found.setdefault(row, []).append(one._replace(node=one.node._replace(id=original(one.node.id))))
    return found


_WORST = (State.FAILED, State.BLOCKED, State.WAITING, State.RUN, State.AFTER)
_WORDS = {State.WAITING: WAITING, State.RUN: OPEN, State.AFTER: OPEN}


def _states(prepared: Prepared, outcomes: Sequence[Outcome | None]) -> dict[int, tuple[str, str]]:
    """How each row came out, and what is wrong with it: of several cells the worst."""
    worst: dict[int, tuple[int, Outcome | None]] = {}
    for cell, outcome in zip(prepared.grid.cells, outcomes, strict=True):
        row = row_of(prepared.grid.nodes[cell.node].id)
        if row is None:
            continue
        state = State.AFTER if outcome is None else outcome.state
        rank = _WORST.index(state) if state in _WORST and not _forgiven(prepared, cell.node, outcome) else len(_WORST)
        if row not in worst or rank < worst[row][0]:
            worst[row] = rank, outcome
    return {row: _told(rank, outcome) for row, (rank, outcome) in worst.items()}


def _forgiven(prepared: Prepared, node: int, outcome: Outcome | None) -> bool:
    """Whether the workflow itself says that it goes on without this."""
    if outcome is None or outcome.state not in (State.FAILED, State.BLOCKED):
        return False
    return prepared.grid.nodes[node].keep_going or outcome.forgiven


def _told(rank: int, outcome: Outcome | None) -> tuple[str, str]:
    if rank == len(_WORST):
        return DONE, ""
    says = outcome.says if outcome is not None else ""
    if says.startswith(OUT_OF_BUDGET):
        return OPEN, says
    return _WORDS.get(_WORST[rank], FAILED), says


def _costs(tally: Tally) -> dict[int, tuple[Decimal | None, float]]:
    """USD and seconds by row. A request that several rows share counts at the one that bought it."""
    found: dict[int, tuple[Decimal | None, float]] = {}
    for node, of in tally.nodes.items():
        row = row_of(node)
        if row is not None:
            usd, seconds = found.get(row, (ZERO, 0.0))
            both = None if usd is None or of.spent is None else usd + of.spent
            found[row] = both, seconds + of.seconds
    return found


def _stands_flagged(one: Shown) -> bool:
    """Whether what stands as the result is something that a check finds fault with."""
    return one.value is not None and any(other.verdict.flagged and other.value == one.value for other in one.candidates)


_NOT_LOST = {ErrorClass.CANCELLED: OPEN, ErrorClass.UNKNOWN_OUTCOME: WAITING}


def _halted(tally: Tally) -> dict[int, str]:
    """Rows that were called off, by a person or because something else failed, or wait for a word about a request."""
    return {
        row: _NOT_LOST[event.error]
        for (node, _row), event in tally.failed.items()
        if event.error in _NOT_LOST and (row := row_of(node)) is not None
    }


def _files(row: Row, some: Sequence[Shown]) -> Iterator[OutFile]:
    """Its files: below a folder of a thousand rows, their names beginning with its number, so that no two are one."""
    first = (row.number - 1) // _BLOCK * _BLOCK + 1
    named = slug(row.id)[:_LONGEST_ID].strip("-")
    head = f"{row.number:06d}-{named}" if named else f"{row.number:06d}"
    for one in lay_out_shown(some):
        *folders, name = one.path.split("/")
        where = (one.folder, f"{first:06d}-{first + _BLOCK - 1:06d}", *folders, f"{head}-{name}")
        yield one._replace(path="/".join(where))


def _place(project: Project, home: Path, files: Sequence[OutFile], looked: set[Path]) -> None:
    """Put files in their places. `looked` are folders whose own links were followed: a thousand rows share a few."""
    for one in files:
        target = home / one.path
        if target.parent not in looked or target.is_symlink():
            looked.add(inside(home, target).parent)
        if one.text is not None:
            data = text_bytes(one.text)
            if not _holds(target, data):
                write_whole(target, data)
        elif not _same_file(project.store.path(Digest(one.digest)), target):
            project.store.link_or_copy(Digest(one.digest), target)


def _holds(target: Path, data: bytes) -> bool:
    try:
        return target.read_bytes() == data
    except OSError:
        return False


def _same_file(blob: Path, target: Path) -> bool:
    try:
        return os.path.samefile(blob, target)  # noqa: PTH121 - both may be gone, which is no error
    except OSError:
        return False
