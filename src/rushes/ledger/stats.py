"""What entries say about times and outcomes, and nothing about prompts and pictures: what statistics are made of.

No more than a page of a run is in memory, and of most entries only the attempt's name is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from rushes.ledger.database import Database
from rushes.ledger.rows import RUN_COLUMNS, record_of
from rushes.ledger.skimmed import attempt_of, head_of, holds_of, pages
from rushes.model.event import CellDone, Decided, Event, Failed, Reserved, Stored
from rushes.model.ids import RunId
from rushes.model.media import Kind, kind_of_type

_ENOUGH = {"Reserved": ',"worst":', "Stored": ',"recipe":'}
"""Where the rest of a body is of no interest."""

_NOTHING = ("", "", "", 0, None, None, False, "", False, "")


class Moment(NamedTuple):
    """One entry as statistics see it: `kind` is the event's class, `at` unix seconds; the rest where it says so.

    `node` and `row` are its place. `artifact` is the digest of a result, of a pick or of a decided cell, `choice` what
    was decided about it.
    """

    kind: str
    at: float
    attempt: str = ""
    provider: str = ""
    model: str = ""
    node: str = ""
    row: int = 0
    base: str | None = None
    artifact: str | None = None
    flagged: bool = False
    error: str = ""
    reused: bool = False
    choice: str = ""


class RunSeen(NamedTuple):
    """A run whose entries may be of interest; `simulated`: a simulator stood in for every remote provider."""

    id: RunId
    simulated: bool


def moment_of(event: Event, at: float) -> Moment:
    """An event as it happens."""
    kind = type(event).__name__
    match event:
        case Reserved():
            place = event.place
            return Moment(kind, at, event.attempt, event.provider, event.model, place.node, place.row, event.base)
        case Stored():
            place = event.place
            first = event.artifacts[0] if event.artifacts else None
            artifact = None if first is None or first.kind is Kind.TEXT else first.digest  # what lies beside a text
            return Moment(
                kind, at, event.attempt, "", "", place.node, place.row, event.base, artifact, event.verdict.flagged
            )
        case Failed():
            return Moment(kind, at, event.attempt, error=event.error.value)
        case CellDone():
            place = event.place
            return Moment(
                kind,
                at,
                node=place.node,
                row=place.row,
                base=event.base,
                artifact=event.artifact,
                reused=event.reused,
            )
        case Decided():
            return Moment(kind, at, base=event.subject, artifact=event.artifact, choice=str(event.choice))
    return Moment(kind, at, getattr(event, "attempt", ""))


def runs_since(database: Database, since: float) -> list[RunSeen]:
    """The runs in which anything was written since then (unix seconds), in the order of their names."""
    sql = f"SELECT {RUN_COLUMNS} FROM runs WHERE updated >= ? ORDER BY id"  # noqa: S608 - a constant
    return [RunSeen(one.id, one.options.sim is not None) for one in map(record_of, database.read(sql, (since,)))]


def moments(database: Database, run: RunId) -> Iterator[Moment]:
    """The entries of a run, in order."""
    for rows in pages(database, run):
        for _seq, at, kind, body in rows:
            read = _RICH.get(kind)
            yield read(at, head_of(body, _ENOUGH.get(kind))) if read is not None else _plain(kind, at, body)


def spent(database: Database, attempts: Sequence[str]) -> dict[str, Decimal]:
    """What these attempts were charged, in USD: the worst case where nobody said; those of no known price are 0."""
    return {attempt: hold.spent for attempt, hold in holds_of(database, attempts)}


def _plain(kind: str, at: float, body: str) -> Moment:
    """What says no more than which attempt it is about; `new` makes a named tuple without its Python half."""
    return tuple.__new__(Moment, (kind, at, attempt_of(body), *_NOTHING))


def _reserved(at: float, raw: dict[str, Any]) -> Moment:
    place = raw["place"]
    return Moment(
        "Reserved", at, raw["attempt"], raw["provider"], raw["model"], place["node"], place["row"], raw["base"]
    )


def _stored(at: float, raw: dict[str, Any]) -> Moment:
    place, artifacts = raw["place"], raw["artifacts"]
    shown = artifacts and kind_of_type(artifacts[0]["media_type"]) is not Kind.TEXT
    artifact = artifacts[0]["digest"] if shown else None
    flagged = raw["verdict"]["flagged"]
    return Moment("Stored", at, raw["attempt"], "", "", place["node"], place["row"], raw["base"], artifact, flagged)


def _failed(at: float, raw: dict[str, Any]) -> Moment:
    return Moment("Failed", at, raw["attempt"], error=raw["error"])


def _cell_done(at: float, raw: dict[str, Any]) -> Moment:
    place = raw["place"]
    return Moment(
        "CellDone",
        at,
        node=place["node"],
        row=place["row"],
        base=raw["base"],
        artifact=raw["artifact"],
        reused=raw["reused"],
    )


def _decided(at: float, raw: dict[str, Any]) -> Moment:
    return Moment("Decided", at, base=raw["subject"], artifact=raw["artifact"], choice=raw["choice"])


_RICH: dict[str, Callable[[float, dict[str, Any]], Moment]] = {
    Reserved.__name__: _reserved,
    Stored.__name__: _stored,
    Failed.__name__: _failed,
    CellDone.__name__: _cell_done,
    Decided.__name__: _decided,
}
"""What says more than which attempt it is about."""
