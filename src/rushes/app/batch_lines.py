"""One line for every row of a batch, in files that are whole or absent: how it came out, its files, what it cost."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from rushes.app.batch_table import Bad
from rushes.app.export import write_whole
from rushes.app.export_folders import told
from rushes.model.money import ZERO

_SPAN = re.compile(r"([0-9]{6,18})-([0-9]{6,18})")

PARTS, RESULTS, CANARY = "parts", "results.jsonl", "canary"

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
        """From what `plain` wrote. Raises what reading raises, for what it did not write."""
        paid = tuple(Paid(run, _amount(usd), secs) for run, usd, secs in raw["paid"])
        said = {name: _checked(raw[name], kind) for name, kind in _KINDS.items()}
        if said["state"] not in _STATES or not all(math.isfinite(one.seconds) for one in paid):
            raise ValueError(said["state"])
        return cls(**said, outputs=tuple(raw["outputs"]), paid=paid)


_STATES = (DONE, FAILED, WAITING, OPEN, BAD)
_KINDS = {"row": int, "line": int, "id": str, "state": str, "flagged": bool, "problem": str}


def _checked(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(value)
    return value


def _amount(usd: Any) -> Decimal | None:
    found = None if usd is None else Decimal(_checked(usd, str))
    if found is not None and not found.is_finite():
        raise ValueError(usd)
    return found


def bad_lines(bad: Sequence[Bad]) -> list[Line]:
    """Rows that were never asked for."""
    return [Line(one.number, one.line, "", BAD, problem=one.says) for one in bad]


def put_lines(home: Path, part: str, lines: Sequence[Line]) -> Path:
    """Write the lines of a part, whole; of rows that it had already the new ones stand, and money adds up.

    A run that was stopped may be gone on with when its rows have been cut into other parts: a row stays in the part
    that has it, so that it stands once in the results.
    """
    path = part_path(home, part)
    rows, written = {one.row for one in lines}, path
    for other in _others(home, path, rows):
        theirs = rows & {one.row for one in read_lines(other) or ()}
        if theirs:
            written = _put(other, [one for one in lines if one.row in theirs])
            lines = [one for one in lines if one.row not in theirs]
    return _put(path, lines) if lines or not rows else written


def _others(home: Path, path: Path, rows: Collection[int]) -> list[Path]:
    """The other parts in which some of these rows may be, by the rows that they are named by."""
    found = []
    for other in parts_in(home) if rows else ():
        first, _, last = other.stem.partition("-")
        apart = last.isdecimal() and (int(last) < min(rows) or max(rows) < int(first))
        if other != path and not apart:
            found.append(other)
    return found


def _put(path: Path, lines: Sequence[Line]) -> Path:
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
    """The lines of a part; None where there is none, or not all that its name promises: it is made anew then."""
    try:
        with path.open("rb") as file:
            lines = [Line.read(json.loads(line)) for line in file]
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
        return None
    span = span_of(path)
    return lines if lines and (span is None or (lines[0].row, lines[-1].row) == span) else None


def span_of(path: Path) -> tuple[int, int] | None:
    """The first and the last row of a part, of which it has a line for both; None for the canary."""
    match = _SPAN.fullmatch(path.stem)
    return None if match is None else (int(match[1]), int(match[2]))


def parts_in(home: Path) -> list[Path]:
    """The parts that are there, in the order of their rows, the canary first."""
    every = (home / PARTS).glob("*.jsonl")
    found = [path for path in every if path.is_file() and (path.stem == CANARY or span_of(path) is not None)]
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
