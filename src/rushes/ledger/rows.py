"""Rows to values: results, decisions, runs and entries as they are read back. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from rushes.ledger.database import Row
from rushes.ledger.entry import Entry
from rushes.ledger.project import to_json
from rushes.model.event import Decided, from_plain
from rushes.model.ids import BaseKey, Digest, RunId
from rushes.model.media import Artifact
from rushes.model.result import Result, Value
from rushes.model.run import RunOptions, RunRecord, RunState
from rushes.model.verdict import Decision, Finding, Verdict

RESULT_COLUMNS = (
    "base, candidate, salt, attempt, digest, media_type, size, width, height, seconds, more, words, flagged, score,"
    " findings"
)

RUN_COLUMNS = "id, state, created, updated, record"


def results_of(rows: Iterable[Row]) -> dict[BaseKey, list[Result]]:
    """Rows in the order of `RESULT_COLUMNS`, by base key; written for tens of thousands of rows."""
    found: dict[BaseKey, list[Result]] = {}
    verdicts: dict[tuple[Any, ...], Verdict] = {}
    for base, candidate, salt, attempt, digest, media_type, size, width, height, seconds, more, words, *judged in rows:
        judgement = tuple(judged)
        verdict = verdicts.get(judgement)
        if verdict is None:
            verdict = verdicts[judgement] = _verdict(*judgement)
        artifacts: tuple[Artifact, ...] = ()
        if digest is not None:
            artifacts = (_artifact(digest, media_type, size, width, height, seconds),)
            if more is not None:
                artifacts += tuple(_artifact(*facts) for facts in json.loads(more))
        value = Value(None if words is None else json.loads(words), artifacts)
        result = Result(candidate, salt, value, verdict, attempt)
        many = found.get(base)
        if many is None:
            found[base] = [result]
        else:
            many.append(result)
    return found


def artifacts_of(rows: Iterable[Row]) -> dict[Digest, Artifact]:
    """Rows of digest, media type, size, width, height, seconds."""
    return {row[0]: _artifact(*row) for row in rows}


def _artifact(
    digest: str, media_type: str, size: int, width: int | None, height: int | None, seconds: float | None
) -> Artifact:
    return Artifact(
        digest=Digest(digest), media_type=media_type, size=size, width=width, height=height, seconds=seconds
    )


def _verdict(flagged: int, score: float | None, findings: str | None) -> Verdict:
    found = () if findings is None else tuple(Finding(*one) for one in json.loads(findings))
    # SQLite keeps a NaN as NULL; a score that is no number is no merit
    return Verdict(bool(flagged), 0.0 if score is None else score, found)


def decision_of(at: float, body: str) -> Decision:
    """A decision from the event that made it."""
    event = from_plain(Decided.__name__, json.loads(body))
    assert isinstance(event, Decided)
    return Decision(
        subject=event.subject, artifact=event.artifact, choice=event.choice, by=event.by, at=at, note=event.note
    )


def entry_of(seq: int, at: float, kind: str, body: str) -> Entry:
    """An entry; KeyError for a kind of event that this version does not know."""
    return Entry(seq, at, from_plain(kind, json.loads(body)))


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
    run_id, state, created, updated, body = row
    raw = json.loads(body)
    raw["options"] = RunOptions.structured(raw["options"])
    return RunRecord(id=RunId(run_id), state=RunState(state), created=created, updated=updated, **raw)
