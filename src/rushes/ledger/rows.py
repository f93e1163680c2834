"""Rows to values: results, decisions, runs and entries as they are read back. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache

from rushes.ledger.database import Row
from rushes.ledger.entry import Entry
from rushes.ledger.project import to_json
from rushes.model.event import Decided, from_plain
from rushes.model.ids import BaseKey, Digest, RunId
from rushes.model.media import Artifact
from rushes.model.result import Result, Value
from rushes.model.run import RunOptions, RunRecord, RunState
from rushes.model.verdict import Decision, Finding, Verdict

RESULT_COLUMNS = "base, candidate, salt, attempt, digest, size, media, flagged, score, rest"

RUN_COLUMNS = "id, state, owner, created, updated, record"

_decode = json.JSONDecoder().raw_decode  # what `loads` does besides takes its time where texts are so short


def results_of(rows: Iterable[Row]) -> dict[BaseKey, list[Result]]:
    """Rows in the order of `RESULT_COLUMNS`, those of a base key together, by base key.

    Written for tens of thousands: what is equal is made once, and `new` makes a named tuple without its Python half.
    """
    new = tuple.__new__
    found: dict[BaseKey, list[Result]] = {}
    media_of = cache(json.loads)
    verdict_of = cache(_verdict)
    last, many = None, list[Result]()
    for base, candidate, salt, attempt, digest, size, media, flagged, score, rest in rows:
        if base != last:
            last, many = base, []
            found[base] = many
        artifacts: tuple[Artifact, ...] = ()
        if digest is not None:
            media_type, width, height, seconds = media_of(media)
            artifacts = (new(Artifact, (digest, media_type, size, width, height, seconds)),)
        text = None
        findings: tuple[Finding, ...] = ()
        if rest is not None:
            text, more, found_by = json.loads(rest)
            artifacts += tuple(Artifact(*facts) for facts in more)
            findings = tuple(Finding(*one) for one in found_by)
        value = new(Value, (text, artifacts))
        many.append(new(Result, (candidate, salt, value, verdict_of(flagged, score, findings), attempt)))
    return found


def artifacts_of(rows: Iterable[Row]) -> dict[Digest, Artifact]:
    """Rows of digest, media type, size, width, height, seconds."""
    return {row[0]: Artifact(*row) for row in rows}


def _verdict(flagged: int, score: float | None, findings: tuple[Finding, ...]) -> Verdict:
    # SQLite keeps a NaN as NULL; a score that is no number is no merit
    return Verdict(bool(flagged), 0.0 if score is None else score, findings)


def decision_of(at: float, body: str) -> Decision:
    """A decision from the event that made it."""
    event = from_plain(Decided.__name__, json.loads(body))
    assert isinstance(event, Decided)
    return Decision(
        subject=event.subject, artifact=event.artifact, choice=event.choice, by=event.by, at=at, note=event.note
    )


def entry_of(seq: int, at: float, kind: str, body: str) -> Entry:
    """An entry; KeyError for a kind of event that this version does not know."""
    return Entry(seq, at, from_plain(kind, _decode(body)[0]))


def record_to_text(run: RunRecord) -> str:
    """What a run's columns do not hold already."""
    return to_json(
        {
            "workflow": run.workflow,
            "file": run.file,
            "document": run.document,
            "format": run.format,
            "fingerprint": run.fingerprint,
            "options": run.options.plain(),
        }
    )


def record_of(row: Row) -> RunRecord:
    """A row in the order of `RUN_COLUMNS`."""
    run_id, state, owner, created, updated, body = row
    raw = json.loads(body)
    raw["options"] = RunOptions.structured(raw["options"])
    return RunRecord(id=RunId(run_id), state=RunState(state), owner=owner, created=created, updated=updated, **raw)
