"""Use case: what runs there are, and where one of them stands."""

from __future__ import annotations

from pathlib import Path

from rushes.app.project import Project
from rushes.app.run import prepared_as_of
from rushes.app.standing import as_it_stands, newest
from rushes.app.summary import RunSummary, summarize
from rushes.errors import NotFound
from rushes.model.ids import RunId
from rushes.model.run import RunRecord

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


async def status(project: Project, run: str | None) -> RunSummary:
    """Where a run stands now (the newest, when none is named), whether or not a process drives it. Raises NotFound."""
    record = run_named(project, run)
    prepared = await prepared_as_of(project, record)
    return summarize(record, prepared.grid, prepared.plan.outcomes, project.ledger.events(record.id))
