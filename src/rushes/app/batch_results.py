"""What a batch leaves on disk: files named by the rows they were made for, and one line for every row.

::

    Assets/{workflow}/batch-{name}/results.jsonl                       every row that was decided, once
    Assets/{workflow}/batch-{name}/parts/000001-001000.jsonl           the same, part by part, while the batch goes on
    Assets/{workflow}/batch-{name}/generated-images/000001-001000/000123-fox-still.png

A part is written whole when its run has ended, and that it is there is how a batch knows what it need not look at
again. So nothing here can be torn or said twice, and whoever throws the folder away gets it back from the store.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from rushes.app.batch_rows import part_of
from rushes.app.batch_table import Bad, Row
from rushes.app.export import Exported, write_whole
from rushes.app.export_folders import told
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

PARTS, RESULTS, CANARY = "parts", "results.jsonl", "canary"
_BLOCK = 1000  # rows whose files share a folder
_LONGEST_ID = 60  # characters of it in the name of a file

DONE, FAILED, WAITING, OPEN, BAD = "done", "failed", "waiting", "open", "bad"
"""How a row came out. WAITING: a person must decide. OPEN: it was not reached, or there was no money for it."""


class Paid(NamedTuple):
    """What one run was charged for a row, and how long its requests took."""

    run: str
    usd: Decimal | None
    seconds: float


class Line(NamedTuple):
    """One row in the results. `outputs` are paths below the batch's folder; `flagged`: a check finds fault with one.

    `paid` is what its requests were charged in each run (None where nobody said how much) and the seconds they took.
    """

    row: int
    line: int
    id: str
    state: str
    outputs: tuple[str, ...] = ()
    flagged: bool = False
    problem: str = ""
    paid: tuple[Paid, ...] = ()

    @property
    def usd(self) -> Decimal | None:
        """What all its requests were charged; None where nobody said how much."""
        amounts = [one.usd for one in self.paid]
        return None if None in amounts else sum((one for one in amounts if one is not None), ZERO)

    @property
    def seconds(self) -> float:
        """Those of all its requests together."""
        return sum(one.seconds for one in self.paid)

    def plain(self) -> dict[str, Any]:
        """As JSON: money as strings."""
        return {
            **self._asdict(),
            "outputs": list(self.outputs),
            "usd": None if self.usd is None else str(self.usd),
            "seconds": round(self.seconds, 3),
            "paid": [[run, None if usd is None else str(usd), round(seconds, 3)] for run, usd, seconds in self.paid],
        }

    @classmethod
    def read(cls, raw: dict[str, Any]) -> Line:
        """From what `plain` wrote."""
        paid = tuple(Paid(run, None if usd is None else Decimal(usd), secs) for run, usd, secs in raw["paid"])
        said = {name: raw[name] for name in ("row", "line", "id", "state", "flagged", "problem")}
        return cls(**said, outputs=tuple(raw["outputs"]), paid=paid)


def batch_home(base: Path, workflow: str, batch: str) -> Path:
    """The folder of a batch below the folder that a run writes to."""
    return inside(base, base / "Assets" / folder_name(workflow) / f"batch-{batch}")


def bad_lines(bad: Sequence[Bad]) -> list[Line]:
    """Rows that were never asked for."""
    return [Line(one.number, one.line, "", BAD, problem=one.says) for one in bad]


def write_part(
    project: Project,
    prepared: Prepared,
    record: RunRecord,
    outcomes: Sequence[Outcome | None],
    entries: Sequence[Entry],
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
    for row in part.rows:
        files = list(_files(row, by_row.get(row.number, ())))
        _place(project, home, files)
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


def _place(project: Project, home: Path, files: Sequence[OutFile]) -> None:
    for one in files:
        target = inside(home, home / one.path)
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


# --- lines ----------------------------------------------------------------------------------------------------------


def put_lines(home: Path, part: str, lines: Sequence[Line]) -> Path:
    """Write the lines of a part, whole; of rows that it had already the new ones stand, and money adds up."""
    path = part_path(home, part)
    known = {one.row: one for one in read_lines(path) or ()}
    for one in lines:
        known[one.row] = _after(known.get(one.row), one)
    text = "".join(json.dumps(known[row].plain(), ensure_ascii=False) + "\n" for row in sorted(known))
    write_whole(path, text)
    return path


def _after(before: Line | None, now: Line) -> Line:
    """What a row cost in earlier runs is part of what it cost; a run that went on says all of its own anew."""
    if before is None:
        return now
    here = {one.run for one in now.paid}
    return now._replace(paid=(*(one for one in before.paid if one.run not in here), *now.paid))


def part_path(home: Path, part: str) -> Path:
    """Where the lines of a part are."""
    return home / PARTS / f"{part}.jsonl"


def read_lines(path: Path) -> list[Line] | None:
    """The lines of a part; None where there is none, or none that can be read: it is made anew then."""
    try:
        with path.open("rb") as lines:
            return [Line.read(json.loads(line)) for line in lines]
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError):
        return None


def parts_in(home: Path) -> list[Path]:
    """The parts that are there, in the order of their rows, the canary first."""
    found = [path for path in (home / PARTS).glob("*.jsonl") if not path.name.startswith(".")]
    return sorted(found, key=lambda path: (path.stem != CANARY, path.stem.rjust(24, "0")))


def join(home: Path) -> Path:
    """Put all parts into one file, whole; constant memory, whatever their number."""
    path = home / RESULTS
    with told(path):
        home.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".building-", dir=home)
        try:
            with os.fdopen(handle, "wb") as whole:
                for part in parts_in(home):
                    with part.open("rb") as lines:
                        shutil.copyfileobj(lines, whole)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    return path
