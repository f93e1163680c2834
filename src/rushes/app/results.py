"""Use case: what is left for people when a run ends: the summary, the files, the report, the filled-in `.nbflow`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from rushes.app.export import Exported, export, remember
from rushes.app.hooks import NO_HOOKS, Hooks
from rushes.app.loans import loans_in
from rushes.app.plan import Prepared, output_folder
from rushes.app.project import Project
from rushes.app.summary import RunSummary, summarize
from rushes.graph.value import Outcome
from rushes.ledger.entry import Entry
from rushes.model.ids import BaseKey
from rushes.model.run import RunRecord

EXPORTS = "export"
"""The memo of every folder `Assets/WORKFLOW` that results were written to: path -> the run that did it last."""


class Finished(NamedTuple):
    """A run as it ended. `entries`, which are walked over several times, are left out where it had nothing to do."""

    record: RunRecord
    outcomes: Sequence[Outcome]
    entries: Iterable[Entry]


def finish(project: Project, prepared: Prepared, run: Finished, hooks: Hooks = NO_HOOKS) -> RunSummary:
    """Write what people look for, and say what the run came to. Files that are right already are not touched."""
    summary = summarize(run.record, prepared.grid, run.outcomes, run.entries)
    notes = (*summary.notes, *loans_in(prepared.grid, run.outcomes), *(one.says for one in prepared.problems))
    exported = write_results(project, prepared, run, summary)
    if hooks.made is not None and prepared.options.batch is None:  # of a batch each row is told in its results
        from rushes.app.made import made_by  # for those who want each result

        hooks.made(made_by(prepared.grid, run.outcomes, run.entries, exported))
    first_pass = prepared.plan.first_pass
    return dataclasses.replace(summary, notes=notes, exported=exported.paths(), first_pass=first_pass)


def write_results(project: Project, prepared: Prepared, run: Finished, summary: RunSummary) -> Exported:
    """Export a run's results; the report and the `.nbflow` follow only when the results changed."""
    if prepared.options.batch is not None:
        from rushes.app.batch_results import write_part  # for a part of a batch, whose files lie with the others

        return write_part(project, prepared, run.record, run.outcomes, run.entries)
    base = output_folder(project, prepared)
    failures = summary.failures
    exported = export(run.record, prepared.grid, run.outcomes, failures, project.store, base=base)
    if exported.unchanged:
        return exported
    project.ledger.memoize(EXPORTS, {str(exported.home): str(run.record.id)})
    # what tells of results is loaded when there are new ones
    from rushes.app.generated import write_generated

    generated = write_generated(prepared, run.outcomes, exported, base)
    report = _report(project, prepared, run, summary, exported)
    exported = dataclasses.replace(exported, report=report, generated=generated)
    remember(exported)
    return exported


def _report(project: Project, prepared: Prepared, run: Finished, summary: RunSummary, exported: Exported) -> Path:
    from rushes.app.report import Story, write_report
    from rushes.app.report_words import Recipes

    entries = run.entries or project.ledger.journal(run.record.id)
    bases: dict[BaseKey, None] = {outcome.base: None for outcome in run.outcomes if outcome.base is not None}
    recipes = Recipes(list(bases), project.ledger.recipes)
    story = Story(
        summary=summary,
        grid=prepared.grid,
        outcomes=run.outcomes,
        entries=entries,
        files=exported.files,
        version=exported.version,
        reasons={str(one.node): one.reason for one in prepared.plan.nodes},
        recipes=recipes,
    )
    return write_report(story, project.store, exported.home)
