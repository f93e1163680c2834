"""Use case: write the files of a run again, here or somewhere else. Nothing is bought and nothing is run."""

from __future__ import annotations

import dataclasses

from rushes.app.project import Project
from rushes.app.results import Finished, finish
from rushes.app.run import prepared_as_of
from rushes.app.show import run_named
from rushes.app.summary import RunSummary


async def export_run(project: Project, run: str | None, output_dir: str | None = None) -> RunSummary:
    """Export a run (the newest, when none is named) from what the store holds now. Raises NotFound, StoreError."""
    record = run_named(project, run)
    if output_dir is not None:
        record = dataclasses.replace(record, options=dataclasses.replace(record.options, output_dir=output_dir))
    prepared = await prepared_as_of(project, record)
    entries = project.ledger.journal(record.id)
    return finish(project, prepared, Finished(record, prepared.plan.outcomes, entries))
