"""What a batch says about itself: before it starts, while it goes on, at its end. Values; money in USD."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from rushes.app.batch_canary import Canary
from rushes.app.batch_lines import BAD, DONE, FAILED, OPEN, WAITING, Line
from rushes.app.batch_table import Bad
from rushes.errors import RefusedError
from rushes.model.money import ZERO, Estimate


@dataclass(slots=True)
class Totals:
    """Rows by how they came out, and their money: `unpriced` rows cost an amount that nobody knows."""

    rows: int
    done: int = 0
    failed: int = 0
    waiting: int = 0
    bad: int = 0
    flagged: int = 0
    spent: Decimal = ZERO
    unpriced: int = 0
    seconds: float = 0.0

    @property
    def open(self) -> int:
        """Rows that nobody has looked at yet, or that there was no money for."""
        return self.rows - self.done - self.failed - self.waiting - self.bad

    def count(self, lines: Iterable[Line], times: int = 1) -> None:
        """Add some rows (`times=-1` takes them out again)."""
        for one in lines:
            if one.state in (DONE, FAILED, WAITING, BAD):
                setattr(self, one.state, getattr(self, one.state) + times)
            self.flagged += times * one.flagged
            self.spent += times * (one.usd or ZERO)
            self.unpriced += times * (one.usd is None)
            self.seconds += times * one.seconds

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        names = ("rows", DONE, FAILED, WAITING, OPEN, BAD, "flagged", "unpriced")
        return {name: getattr(self, name) for name in names} | {
            "spent_usd": str(self.spent),
            "seconds": round(self.seconds, 3),
        }


class Forecast(NamedTuple):
    """The plan of a batch. `planned` rows were planned exactly; `calls`, `money` and `seconds` are theirs times what
    there is of all `left` rows."""

    rows: int
    bad: int
    left: int
    planned: int
    calls: int
    money: Estimate
    seconds: float
    warnings: tuple[str, ...]
    shown: tuple[Bad, ...] = ()

    @property
    def exact(self) -> bool:
        """Whether nothing of it is projected."""
        return self.planned >= self.left

    def plain(self) -> dict[str, Any]:
        """As JSON: money as strings."""
        return {
            **self._asdict(),
            "money": self.money.plain(),
            "seconds": round(self.seconds, 3),
            "warnings": list(self.warnings),
            "shown": [one._asdict() for one in self.shown],
            "exact": self.exact,
        }


class Told(NamedTuple):
    """Where a batch tells what it does: what is known of its rows when it begins, and its plan; a part as it begins
    (its rows, and the steps of all of them) and as it ends (its lines, and what all parts say by now).

    `canary` is asked whether the batch goes on.
    """

    begins: Callable[[Totals], None] = lambda _totals: None
    forecast: Callable[[Forecast], None] = lambda _forecast: None
    running: Callable[[int, int], None] = lambda _rows, _cells: None
    part: Callable[[Sequence[Line], Totals], None] = lambda _lines, _totals: None
    canary: Callable[[Canary], bool] = lambda _canary: False


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSummary:
    """What a batch came to. `stopped` says why it did not go to its end, `next_step` what to do about it."""

    batch: str
    workflow: str
    file: str
    table: str
    folder: Path
    results: Path
    totals: Totals
    runs: tuple[str, ...]
    bad: tuple[Bad, ...]
    canary: Canary | None = None
    interrupted: bool = False
    held_back: bool = False  # after the canary, for want of a word
    refused: RefusedError | None = None
    notes: tuple[str, ...] = ()
    simulator: str | None = None

    @property
    def whole(self) -> bool:
        """Whether every row has its result."""
        return self.totals.done == self.totals.rows

    def plain(self) -> dict[str, Any]:
        """As JSON: money as strings, paths as text."""
        return {
            "batch": self.batch,
            "workflow": self.workflow,
            "file": self.file,
            "table": self.table,
            "folder": str(self.folder),
            "results": str(self.results),
            "rows": self.totals.plain(),
            "runs": list(self.runs),
            "bad": [one._asdict() for one in self.bad],
            "canary": None if self.canary is None else self.canary.plain(),
            "interrupted": self.interrupted,
            "held_back": self.held_back,
            "refused": None if self.refused is None else self.refused.message,
            "notes": list(self.notes),
            "simulated": self.simulator is not None,
            "simulator": self.simulator,
        }
