"""What was bought, attempt by attempt, with where its money is and what became of it: what costs are added up from.

A run is read in pages, and of most entries only the attempt's name is looked at. The amounts are those of the table of
holds, which the books keep up in the same transaction as the events (`ledger/books.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from rushes.ledger.books import Hold, Stand
from rushes.ledger.database import Database
from rushes.ledger.rows import RUN_COLUMNS, record_of
from rushes.ledger.skimmed import attempt_of, head_of, holds_of, pages
from rushes.model.collector import collector_off
from rushes.model.event import (
    Accepted,
    Cancelled,
    CellDone,
    Decided,
    Failed,
    Released,
    Reserved,
    Resolved,
    Stored,
    Unknown,
    Waiting,
)
from rushes.model.ids import RunId
from rushes.model.run import RunRecord

_RECIPE = ',"recipe":'  # what was asked is most of a result, and nothing of it is read here
_NOT_BOUGHT = Hold(Decimal(0), stand=Stand.FREED)


@dataclass(slots=True)
class Bought:
    """One attempt: who was asked for what and when (unix seconds), where its money is, and how it ended.

    `end` is the class of its last event that says so, `""` while it is under way; a result that came in spite of a
    failure is a result. `remote` is what its provider calls it.
    """

    attempt: str
    at: float
    provider: str
    model: str
    op: str
    node: str
    base: str
    scopes: tuple[str, ...]
    hold: Hold = _NOT_BOUGHT
    end: str = ""
    outcome: str = ""  # of what was resolved: paid, lost, adopt
    digest: str | None = None
    flagged: bool = False
    remote: str | None = None


@dataclass(slots=True)
class Purchases:
    """All of a run: its attempts in the order in which they were made, and what was chosen in it.

    `picked` are the digests that gates let through, by question, `waits` the questions that wait for a person.
    """

    attempts: list[Bought] = field(default_factory=list)
    picked: dict[str, set[str]] = field(default_factory=dict)
    waits: set[str] = field(default_factory=set)


class Choices(NamedTuple):
    """What people last said about the results of one question, by digest."""

    approved: frozenset[str]
    rejected: frozenset[str]


def runs_since(database: Database, since: float) -> Iterator[RunRecord]:
    """The runs in which anything was written since then (unix seconds), newest first: choices before their results."""
    names = database.read("SELECT id FROM runs WHERE updated >= ? ORDER BY created DESC, id DESC", (since,))
    sql = f"SELECT {RUN_COLUMNS} FROM runs WHERE id = ?"  # noqa: S608 - a constant
    for (name,) in names:
        yield from map(record_of, database.read(sql, (name,)))


def purchases(database: Database, run: RunId, *, remotes: bool = False) -> Purchases:
    """What was bought in a run; with what providers call it, if asked."""
    reading = _Reading()
    kinds = [*_READ, *_ENDS, *([Accepted.__name__] if remotes else [])]
    for rows in pages(database, run, kinds):
        with collector_off():
            for _seq, at, kind, body in rows:
                reading.take(kind, at, body)
        reading.pay(database)
    return reading.found


def choices(database: Database, questions: Sequence[str]) -> dict[str, Choices]:
    """What people decided about these questions."""
    sql = "SELECT subject, body FROM decisions WHERE subject IN (??) ORDER BY at, run, seq"
    said: dict[str, dict[str, bool]] = {}
    for subject, body in database.read(sql, (database.list_of(questions),)) if questions else []:
        raw = json.loads(body)
        said.setdefault(subject, {})[raw["artifact"]] = raw["choice"] == "approved"
    return {
        subject: Choices(
            frozenset(digest for digest, good in words.items() if good),
            frozenset(digest for digest, good in words.items() if not good),
        )
        for subject, words in said.items()
    }


class _Reading:
    """A run while it is read."""

    def __init__(self) -> None:
        self.found = Purchases()
        self._by_name: dict[str, Bought] = {}
        self._asked: set[str] = set()  # nodes that something was asked for
        self._unpaid: list[Bought] = []

    def take(self, kind: str, at: float, body: str) -> None:
        read = _READ.get(kind)
        if read is not None:
            read(self, at, head_of(body, _RECIPE))
            return
        one = self._by_name.get(attempt_of(body))
        if one is None or one.end == Stored.__name__:
            return
        one.end = kind
        if kind == Accepted.__name__:
            one.end, one.remote = "", str(json.loads(body)["remote"])
        elif kind == Resolved.__name__:
            one.outcome = json.loads(body)["outcome"]

    def pay(self, database: Database) -> None:
        """Look up where the money of the attempts is that were met since."""
        for name, hold in holds_of(database, [one.attempt for one in self._unpaid]):
            self._by_name[name].hold = hold
        self._unpaid.clear()

    def reserved(self, at: float, raw: dict[str, Any]) -> None:
        name = raw["attempt"]
        if name in self._by_name:
            return  # the first is the one that counts
        one = Bought(
            attempt=name,
            at=at,
            provider=raw["provider"],
            model=raw["model"],
            op=raw["op"],
            node=raw["place"]["node"],
            base=raw["base"],
            scopes=tuple(raw.get("scopes", ())),
        )
        self._by_name[name] = one
        self._asked.add(one.node)
        self._unpaid.append(one)
        self.found.attempts.append(one)

    def stored(self, _at: float, raw: dict[str, Any]) -> None:
        one = self._by_name.get(raw["attempt"])
        if one is not None:
            artifacts = raw["artifacts"]
            one.end, one.flagged = Stored.__name__, raw["verdict"]["flagged"]
            one.digest = artifacts[0]["digest"] if artifacts else None

    def cell_done(self, _at: float, raw: dict[str, Any]) -> None:
        """Where nothing was ever asked for a node it is a gate, and this is what it let through."""
        base, digest = raw["base"], raw["artifact"]
        if not raw["reused"] and base and digest and raw["place"]["node"] not in self._asked:
            self.found.picked.setdefault(base, set()).add(digest)

    def waiting(self, _at: float, raw: dict[str, Any]) -> None:
        self.found.waits.add(raw["subject"])

    def decided(self, _at: float, raw: dict[str, Any]) -> None:
        self.found.waits.discard(raw["subject"])


_READ: dict[str, Callable[[_Reading, float, dict[str, Any]], None]] = {
    Reserved.__name__: _Reading.reserved,
    Stored.__name__: _Reading.stored,
    CellDone.__name__: _Reading.cell_done,
    Waiting.__name__: _Reading.waiting,
    Decided.__name__: _Reading.decided,
}
_ENDS = tuple(cls.__name__ for cls in (Failed, Cancelled, Unknown, Resolved, Released))
