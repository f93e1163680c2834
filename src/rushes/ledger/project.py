"""Events to rows: what else is written in the transaction that writes an event. Pure.

The rows of one table are sorted, and tables have one order, so that two transactions take their locks alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from operator import itemgetter
from typing import Any, NamedTuple
from zlib import crc32

from rushes.ledger.database import Row, safe_text
from rushes.ledger.entry import Entry
from rushes.model.event import (
    Borrowed,
    Cancelled,
    CellDone,
    Decided,
    Event,
    Failed,
    Released,
    Resolved,
    RunEnded,
    RunParked,
    Stored,
    Submitting,
    Told,
    Unknown,
    to_plain,
)
from rushes.model.ids import AttemptId, RunId
from rushes.model.media import Artifact
from rushes.model.result import BORROWED
from rushes.model.run import RunOptions, RunState, Verb

TIMING_SLOTS = 1024
"""How many durations are kept for one model; a new one takes the slot that its attempt's name falls on.

So many that ten of them are slower than 99 of 100, and one odd request does not make what is usual.
"""

to_json = json.JSONEncoder(separators=(",", ":")).encode
"""ASCII, so that every text survives every database."""

STATEMENTS = {
    "results": "INSERT INTO results (base, candidate, salt, attempt, digest, size, media, flagged, score, rest)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (base, candidate, salt) DO NOTHING",
    "recipes": "INSERT INTO recipes (base, body) VALUES (?, ?) ON CONFLICT (base) DO NOTHING",
    "artifacts": "INSERT INTO artifacts (digest, media_type, size, width, height, seconds) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (digest) DO NOTHING",
    "timings": "INSERT INTO timings (provider, model, slot, seconds) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (provider, model, slot) DO UPDATE SET seconds = excluded.seconds",
    "asked": "INSERT INTO asked (workflow, node, place_row, base) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (workflow, node, place_row) DO UPDATE SET base = excluded.base",
    "decisions": "INSERT INTO decisions (subject, run, seq, at, body) VALUES (?, ?, ?, ?, ?)",
}
"""By table, in the order in which they are run. The first result of a request stays its result."""


class ClaimChange(NamedTuple):
    """What events do to the claims of their attempts."""

    sent: list[str]
    unknown: list[str]
    released: list[str]


def claim_changes(events: Iterable[Event]) -> ClaimChange:
    """Which attempts were sent, which are in doubt (they keep their claim), which are over. Sorted.

    Of several events of one attempt the last has the say.
    """
    words: dict[str, list[str]] = {}
    change = ClaimChange([], [], [])
    for event in events:
        if isinstance(event, Submitting):
            words[event.attempt] = change.sent
        elif isinstance(event, Unknown):
            words[event.attempt] = change.unknown
        elif isinstance(event, Stored | Failed | Cancelled | Released):
            words[event.attempt] = change.released
        elif isinstance(event, Resolved):
            # what is adopted is at the provider, and its run fetches it; what is paid for or lost is over
            words[event.attempt] = change.sent if event.outcome == "adopt" else change.released
    for attempt in sorted(words):
        words[attempt].append(attempt)
    return change


_UNSET = RunOptions()

STATE_AFTER_WORD = {
    Verb.PAUSE: RunState.PAUSED,
    Verb.RESUME: RunState.RUNNING,
    Verb.DRAIN: RunState.STOPPING,
    Verb.CANCEL: RunState.STOPPING,
}
"""What a driven run is in when it was told so; what is set changes no state."""


def state_after(events: Iterable[Event]) -> RunState | None:
    """The state that the run has after these events; None when they do not say.

    That it runs is said when it is taken: what it was told between that and its first event stands.
    """
    state: RunState | None = None
    for event in events:
        if isinstance(event, Told):
            state = STATE_AFTER_WORD.get(event.verb, state)
        elif isinstance(event, RunParked):
            state = RunState.PARKED
        elif isinstance(event, RunEnded):
            state = RunState(event.state)
    return state


def knobs_after(events: Iterable[Event]) -> dict[str, Any]:
    """The fields of the run's options that these events set: whoever resumes it has them."""
    return {
        str(event.knob): getattr(_UNSET, event.knob) if event.value is None else event.value
        for event in events
        if isinstance(event, Told) and event.knob is not None
    }


def rows_of(run: RunId, workflow: str, entries: Iterable[Entry]) -> dict[str, list[Row]]:
    """The rows that these entries add, by table; `asked` has the last word for each place."""
    rows: dict[str, list[Row]] = {table: [] for table in STATEMENTS}
    asked: dict[tuple[str, int], str] = {}
    for seq, at, event in entries:
        if isinstance(event, Stored):
            _stored(event, rows)
        elif isinstance(event, Borrowed):
            _result(event, BORROWED, rows)
        elif isinstance(event, CellDone) and event.base is not None:
            asked[safe_text(event.place.node), event.place.row] = event.base
        elif isinstance(event, Decided):
            rows["decisions"].append((event.subject, run, seq, at, to_json(to_plain(event))))
    rows["asked"] = [(safe_text(workflow), node, row, base) for (node, row), base in asked.items()]
    for table, many in rows.items():
        width = 1 if table in ("recipes", "artifacts") else 3  # of its primary key; stable, so the first stays first
        many.sort(key=itemgetter(*range(width)))
    return rows


def _stored(event: Stored, rows: dict[str, list[Row]]) -> None:
    _result(event, event.attempt, rows)
    provider, model = event.recipe.get("provider"), event.recipe.get("model")
    if event.seconds > 0 and isinstance(provider, str) and isinstance(model, str):
        slot = crc32(event.attempt.encode("utf-8", "backslashreplace")) % TIMING_SLOTS
        rows["timings"].append((safe_text(provider), safe_text(model), slot, event.seconds))


def _result(event: Stored | Borrowed, attempt: AttemptId, rows: dict[str, list[Row]]) -> None:
    first = event.artifacts[0] if event.artifacts else None
    verdict = event.verdict
    rows["results"].append(
        (
            event.base,
            event.candidate,
            event.salt,
            attempt,
            first and first.digest,
            first and first.size,
            first and to_json((first.media_type, first.width, first.height, first.seconds)),
            int(verdict.flagged),
            verdict.score,
            _rest(event),
        )
    )
    rows["recipes"].append((event.base, to_json(event.recipe)))
    rows["artifacts"].extend(_facts(one) for one in event.artifacts)


def _rest(event: Stored | Borrowed) -> str | None:
    """What few results have: a text, more than one artifact, findings."""
    more = [_facts(one) for one in event.artifacts[1:]]
    findings = [(one.code, one.says, one.flags) for one in event.verdict.findings]
    if event.text is None and not more and not findings:
        return None
    return to_json([event.text, more, findings])


def _facts(artifact: Artifact) -> tuple[Any, ...]:
    return (
        artifact.digest,
        artifact.media_type,
        artifact.size,
        artifact.width,
        artifact.height,
        artifact.seconds,
    )
