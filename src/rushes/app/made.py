"""What a run has in hand when it ends, result by result: where the bytes are, what was paid, what the checks said.

The summary speaks of nodes; whoever calls from a program, compares models or fills a table wants each result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from rushes.app.export import Exported
from rushes.app.export_layout import OutFile, lay_out
from rushes.app.picks import Shown, shown
from rushes.graph.grid import Grid
from rushes.graph.value import Outcome
from rushes.ledger.books import Holds
from rushes.ledger.entry import Entry
from rushes.ledger.fold import AttemptState, fold
from rushes.model.ids import AttemptId, NodeId
from rushes.model.media import Artifact
from rushes.model.money import ZERO
from rushes.model.result import Result, Value
from rushes.model.verdict import Verdict


class Made(NamedTuple):
    """One result. `path` is its exported file (None for a text without one), `artifact` its digest and media facts.
    `times`: those of a transcript's words, where they are kept (`app.transcripts` reads them).

    Rows and candidates count from 0. `usd` is what this run was charged for it: 0 where it was there before (`reused`),
    None where nobody said how much. `took` are the seconds from asking to having it. `picked`: it stands as the result
    of its row.
    """

    node: NodeId
    title: str
    tab: str
    row: int
    candidate: int
    provider: str
    model: str
    path: Path | None
    text: str | None
    artifact: Artifact | None
    verdict: Verdict
    picked: bool
    reused: bool
    usd: Decimal | None
    took: float | None
    times: Artifact | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON: money as a string, the path as text."""
        return {
            **self._asdict(),
            "path": None if self.path is None else str(self.path),
            "artifact": None if self.artifact is None else self.artifact._asdict(),
            "times": None if self.times is None else self.times._asdict(),
            "verdict": {
                "flagged": self.verdict.flagged,
                "score": self.verdict.score,
                "findings": [one._asdict() for one in self.verdict.findings],
            },
            "usd": None if self.usd is None else str(self.usd),
        }


def made_by(
    grid: Grid, outcomes: Sequence[Outcome | None], entries: Iterable[Entry], exported: Exported
) -> tuple[Made, ...]:
    """Every result that a run has, in the order of the file: candidates too, those of other runs too."""
    return tuple(_Results(grid, outcomes, entries, exported).all())


class _Results:
    def __init__(
        self, grid: Grid, outcomes: Sequence[Outcome | None], entries: Iterable[Entry], exported: Exported
    ) -> None:
        self._shown = list(shown(grid, outcomes))
        self._attempts = fold(entries).attempts
        self._spent = paid_in(entries)
        self._paths = _paths(exported, lay_out(grid, outcomes))

    def all(self) -> Iterator[Made]:
        for one in self._shown:
            if one.candidates:
                for result in one.candidates:
                    yield self._made(one, result)
            elif one.value is not None:  # the parts of a split, what was joined: one value and no choice
                yield self._made(one, Result(0, 0, one.value, Verdict()))

    def _made(self, one: Shown, result: Result) -> Made:
        value = result.value
        attempt = self._attempts.get(result.attempt) if result.attempt is not None else None
        picked = one.value is not None and _same(one.value, value)
        name = (str(one.node.id), one.row + 1)
        # the file of what stands has the plain name; the others lie under their numbers
        path = (self._paths.get((*name, 0)) if picked else None) or self._paths.get((*name, result.candidate + 1))
        return Made(
            node=one.node.id,
            title=one.node.title,
            tab=one.node.tab,
            row=one.row,
            candidate=result.candidate,
            provider=attempt.event.provider if attempt is not None else "",
            model=attempt.event.model if attempt is not None else one.node.model or "",
            path=path,
            text=value.text,
            artifact=value.main,
            times=value.beside,
            verdict=result.verdict,
            picked=picked,
            reused=attempt is None,
            usd=self._spent.get(result.attempt, ZERO) if result.attempt is not None else ZERO,
            took=seconds_of(attempt),
        )


def _same(value: Value, other: Value) -> bool:
    if value.main is not None and other.main is not None:
        return value.main.digest == other.main.digest
    return value.text == other.text


def seconds_of(attempt: AttemptState | None) -> float | None:
    """From asking to having it; None for what was never asked."""
    if attempt is None or attempt.sent is None:
        return None
    return max(attempt.since - attempt.sent, 0.0)


def paid_in(entries: Iterable[Entry]) -> Mapping[AttemptId, Decimal | None]:
    """What each attempt was charged, in USD; None where nobody said how much."""
    holds = Holds()
    for entry in entries:
        holds.take(entry.event)
    return {name: None if hold.unpriced else hold.spent for name, hold in holds.holds.items()}


def _paths(exported: Exported, files: Sequence[OutFile]) -> dict[tuple[str, int, int], Path]:
    found: dict[tuple[str, int, int], Path] = {}
    for one in files:  # the first of several at one place is the main one
        path = exported.home / one.folder / f"v0-{exported.version}" / one.path
        found.setdefault((one.node, one.row, one.candidate), path)
    return found
