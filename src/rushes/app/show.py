"""Use case: what runs there are, and where one of them stands."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from rushes.app.limits_shown import held_up
from rushes.app.project import Project
from rushes.app.run import prepared_as_of
from rushes.app.standing import as_it_stands, newest
from rushes.app.summary import RunSummary, summarize
from rushes.errors import NotFound
from rushes.ledger.words import last_word
from rushes.model.event import Word
from rushes.model.ids import RunId
from rushes.model.run import DRIVEN, SHUT, RunRecord, Verb

LAST = "last"
"""The newest run, by a name."""


def runs(project: Project, *, file: Path | None = None, limit: int = 50) -> list[RunRecord]:
    """The newest runs, of one file if asked."""
    found = project.ledger.runs(file=None if file is None else str(file.absolute()), limit=limit)
    return [as_it_stands(project, one) for one in found]


def run_named(project: Project, run: str | None) -> RunRecord:
    """The run with this id, or this beginning of one; the newest for `last`, or when none is named. Raises NotFound."""
    if run is not None and run != LAST:
        return as_it_stands(project, project.ledger.run(RunId(run)))
    for record in newest(project):
        return record
    raise NotFound("there are no runs yet", next_step="start one with: rushes run FILE")


def word_to(project: Project, record: RunRecord) -> Word | None:
    """What keeps a run that is driven from beginning anything, and since when; None while nothing does."""
    return last_word(project.ledger.database, record.id) if record.state in SHUT else None


def word_says(record: RunRecord, word: Word) -> str:
    """For people: who told a run so, since when, and what lets it go on."""
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(word.at))
    what, then = _WORDS[word.said.verb]
    return f"{what} by {word.said.by} since {since}; {then.format(run=record.id)}"


_WORDS = {
    Verb.PAUSE: ("paused", "go on with: rushes ctl {run} resume"),
    Verb.DRAIN: ("drained", "it finishes what is under way, and stops"),
    Verb.CANCEL: ("cancelled", "it calls off what is under way, and stops"),
}


async def status(project: Project, run: str | None) -> RunSummary:
    """Where a run stands now (the newest, when none is named), whether or not a process drives it. Raises NotFound."""
    record = run_named(project, run)
    prepared = await prepared_as_of(project, record)
    summary = summarize(record, prepared.grid, prepared.plan.outcomes, project.ledger.journal(record.id))
    word = word_to(project, record)
    told = [word_says(record, word)] if word is not None else []
    if record.owner is not None and record.state in DRIVEN:
        told += [f"waiting: {one}" for one in held_up(project, record.owner)]
    return replace(summary, notes=(*told, *summary.notes)) if told else summary
