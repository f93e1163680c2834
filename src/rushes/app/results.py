"""Use case: what is left for people when a run ends: the summary, the files, the report, the filled-in `.nbflow`."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rushes.app.export import Exported, export, remember, write_whole
from rushes.app.naming import folder_name
from rushes.app.picks import shown
from rushes.app.plan import Prepared, output_folder
from rushes.app.project import Project
from rushes.app.report import Story, write_report
from rushes.app.summary import RunSummary, summarize
from rushes.graph.value import Outcome
from rushes.ledger.entry import Entry
from rushes.model.ids import BaseKey, Digest, NodeId
from rushes.model.media import Kind
from rushes.model.operation import Operation
from rushes.model.run import RunRecord
from rushes.spec.nbflow_export import SavedNode
from rushes.spec.nbflow_export import export as nbflow_with


class Finished(NamedTuple):
    """A run as it ended. `idle`: it had nothing to do, and `entries` are left out."""

    record: RunRecord
    outcomes: Sequence[Outcome]
    entries: Sequence[Entry]
    idle: bool


def finish(project: Project, prepared: Prepared, run: Finished) -> RunSummary:
    """Write what people look for, and say what the run came to. Files that are right already are not touched."""
    summary = summarize(run.record, prepared.grid, run.outcomes, run.entries)
    notes = tuple(problem.says for problem in prepared.problems)
    exported = write_results(project, prepared, run, summary)
    return dataclasses.replace(summary, notes=notes, exported=exported.paths())


def write_results(project: Project, prepared: Prepared, run: Finished, summary: RunSummary) -> Exported:
    """Export a run's results; the report and the `.nbflow` follow only when the results changed."""
    base = output_folder(project, prepared)
    failures = summary.failures
    exported = export(run.record, prepared.grid, run.outcomes, failures, project.store, base=base)
    if exported.unchanged:
        return exported
    generated = _generated(project, prepared, run, base, exported)
    report = write_report(_story(project, prepared, run, summary, exported), project.store, exported.home)
    exported = dataclasses.replace(exported, report=report, generated=generated)
    remember(exported)
    return exported


def _story(project: Project, prepared: Prepared, run: Finished, summary: RunSummary, exported: Exported) -> Story:
    entries = run.entries or project.ledger.events(run.record.id)
    bases: dict[BaseKey, None] = {outcome.base: None for outcome in run.outcomes if outcome.base is not None}
    return Story(
        summary=summary,
        grid=prepared.grid,
        outcomes=run.outcomes,
        entries=entries,
        files=exported.files,
        version=exported.version,
        reasons={str(one.node): one.reason for one in prepared.plan.nodes},
        recipes=project.ledger.recipes(list(bases)),
    )


def _generated(project: Project, prepared: Prepared, run: Finished, base: Path, exported: Exported) -> Path | None:
    """`Generations/{name}-generated-{time}.nbflow`: a copy of the file with the results in it."""
    if prepared.document.format != "nbflow" or not exported.files:
        return None
    folder = base / "Generations"
    stamp = time.strftime("%Y%m%d-%H%M%S")
    target = folder / f"{folder_name(prepared.workflow.name)}-generated-{stamp}.nbflow"
    saved = _saved(prepared, run.outcomes, exported, folder)
    write_whole(target, nbflow_with(prepared.document, saved, moved=_moved(prepared, folder)))
    return target


def _moved(prepared: Prepared, folder: Path) -> dict[str, str]:
    """References that are named from the workflow's folder, as they are named from the generated file's."""
    here = prepared.file.absolute().parent
    sources = {node.source for node in prepared.grid.nodes if node.source is not None and "://" not in node.source}
    return {source: Path(os.path.relpath(here / source, folder)).as_posix() for source in sources}


def _saved(
    prepared: Prepared, outcomes: Sequence[Outcome], exported: Exported, folder: Path
) -> dict[NodeId, SavedNode]:
    where = _addresses(exported, folder)
    saved: dict[NodeId, SavedNode] = {}
    for one in shown(prepared.grid, outcomes):
        urls = [where[artifact.digest] for _number, _result, artifact in one.pictures() if artifact.digest in where]
        if not urls or one.kind not in (Kind.IMAGE, Kind.VIDEO):
            continue
        before = saved.get(one.node.id, SavedNode((), one.kind))
        picked = where.get(one.picked) if one.picked is not None else None
        index = len(before.urls) + urls.index(picked) if picked in urls else -1
        saved[one.node.id] = SavedNode((*before.urls, *urls), one.kind, (*before.picked, index))
    for number, node in enumerate(prepared.grid.nodes):
        if node.op is not Operation.APPROVE:
            continue
        parents = prepared.grid.topology.parents[number]
        source = next((saved[prepared.grid.nodes[p].id] for p in parents if prepared.grid.nodes[p].id in saved), None)
        if source is not None:
            saved[node.id] = source
    return saved


def _addresses(exported: Exported, folder: Path) -> dict[Digest, str]:
    """Where each artifact lies, relative to the folder of the generated file: the two may be moved together."""
    found: dict[Digest, str] = {}
    for one in exported.files:
        path = exported.home / one.folder / f"v0-{exported.version}" / one.path
        found.setdefault(Digest(one.digest), _relative(path, folder))
    return found


def _relative(path: Path, folder: Path) -> str:
    return "../" + path.relative_to(folder.parent).as_posix()
