"""Where runs stand, whatever their rows say: a process that died wrote nothing any more."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Iterator

from rushes.app.plan import Prepared
from rushes.app.project import Project
from rushes.errors import NotFound
from rushes.model.run import PACE, RunRecord, RunState


def newest(project: Project) -> Iterator[RunRecord]:
    """The last runs of this home, newest first; runs of other homes that share the ledger are left out."""
    for record in project.ledger.runs():
        if project.store.has(record.document):
            yield as_it_stands(project, record)


def as_it_stands(project: Project, record: RunRecord) -> RunRecord:
    """A run whose process died was interrupted, whatever it wrote last."""
    if record.owner is None or not project.ledger.dead(record.owner, time.time()):
        return record
    return dataclasses.replace(record, state=RunState.INTERRUPTED)


def left_off(project: Project, prepared: Prepared) -> RunRecord | None:
    """The last run of this file, if it was stopped or killed and meant the same: it knows what it had under way.

    Another budget is no other meaning: it is the same work, with more or less money left for it; nor is another pace.
    """
    now = prepared.options
    pace = {name: getattr(now, name) for name in PACE}
    digest = hashlib.sha256(prepared.document.data).hexdigest()
    for record in project.ledger.runs(file=str(prepared.file.absolute()), limit=1):
        options = dataclasses.replace(record.options, budget=now.budget, **pace)
        if record.document == digest and options == now and was_left(project, record):
            return record
    return None


def was_left(project: Project, record: RunRecord) -> bool:
    """Whether a run was stopped or killed before its end."""
    return as_it_stands(project, record).state is RunState.INTERRUPTED


def newest_open(project: Project) -> RunRecord:
    """The newest run of this home that is not over; NotFound when there is none."""
    over = (RunState.DONE, RunState.CANCELLED)
    for record in newest(project):
        if record.state not in over:
            return record
    raise NotFound("there is no run to go on with", next_step="start one with: rushes run FILE")
