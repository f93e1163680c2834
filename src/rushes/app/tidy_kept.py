"""What may never be taken out of the store, and why.

::

    pinned      a person said so
    approved    a gate let these bytes through, by a person's word or by a policy, and nobody took it back; also what
                was made from them, and what was made from that
    exported    an exported folder has these bytes: its file is a link of the blob, or its manifest names it
    live        a workflow file that is still there would use it again (`tidy_live`)
    open        a run that is not over names it, or it is a run's own workflow
    young       it was written within the last hour: whoever wrote it may not have said yet what for

Everything here errs on the side of keeping: an approval stands until the same bytes are rejected, and where a document
cannot be read any more, all that its runs decided counts as approved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rushes.app.begun import workflow_in
from rushes.app.export_folders import read_manifest
from rushes.app.export_layout import FOLDERS
from rushes.app.naming import folder_name
from rushes.app.project import Project
from rushes.app.results import EXPORTS
from rushes.app.standing import as_it_stands
from rushes.app.tidy_live import used_again
from rushes.assets.local import Blob
from rushes.ledger import survey
from rushes.ledger.pins import pins
from rushes.model.ids import Digest, NodeId
from rushes.model.operation import Operation
from rushes.model.run import RunRecord, RunState

GRACE = 3600.0
"""Seconds for which whatever was written stays."""

_ALL = 1 << 40  # runs
_OVER = (RunState.DONE, RunState.FAILED, RunState.CANCELLED)


class Why(StrEnum):
    """Why a blob stays; of several reasons the first."""

    PINNED = "pinned"
    APPROVED = "approved"
    EXPORTED = "exported"
    LIVE = "live"
    OPEN = "open"
    YOUNG = "young"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What stays, and when the blobs that runs named were named last (unix seconds)."""

    reasons: Mapping[Digest, Why]
    used: Mapping[Digest, float]
    now: float

    def why(self, blob: Blob) -> Why | None:
        """Why a blob stays; None for one that may go."""
        found = self.reasons.get(blob.digest)
        if found is None and blob.links > 1:
            found = Why.EXPORTED
        if found is None and blob.written > self.now - GRACE:
            found = Why.YOUNG
        return found

    def last_used(self, blob: Blob) -> float:
        """When a blob was used last: when a run named it, or when it was written."""
        return max(blob.written, self.used.get(blob.digest, 0.0))


async def kept(project: Project, now: float) -> Kept:
    """Look through the whole ledger, and plan every workflow that is still there. Raises StoreError."""
    records = [as_it_stands(project, one) for one in project.ledger.runs(limit=_ALL)]
    again, unplanned = await used_again(project, records)
    told = _told(project, records, unplanned)
    reasons: dict[Digest, Why] = {}
    for why, many in (
        (Why.OPEN, told.open),
        (Why.LIVE, told.live | again),
        (Why.EXPORTED, set(_exported(project, records))),
        (Why.APPROVED, _with_what_follows(project, _approved(project, told.let_through))),
        (Why.PINNED, {one.digest for one in pins(project.ledger)}),
    ):
        reasons.update(dict.fromkeys(many, why))
    return Kept(reasons=reasons, used=told.used, now=now)


@dataclass(slots=True)
class _Told:
    """What the runs tell, each read once."""

    open: set[Digest]
    live: set[Digest]
    let_through: set[Digest]
    used: dict[Digest, float]


def _told(project: Project, records: list[RunRecord], unplanned: set[str]) -> _Told:
    told = _Told(set(), set(), set(), {})
    gates: dict[Digest, frozenset[NodeId] | None] = {}
    for record in records:
        told.open |= documents_of(record)
        if record.document not in gates:
            gates[record.document] = _gates(project, record)
        mine, over = gates[record.document], record.state in _OVER
        for event in survey.named_in(project.ledger, record.id):
            for digest in event.digests:
                told.used[digest] = max(event.at, told.used.get(digest, 0.0))
            if not over:
                told.open |= event.digests
            if record.file in unplanned:
                told.live |= event.digests
            if event.kind == "CellDone" and (mine is None or event.node in mine):
                told.let_through |= event.digests
    return told


def documents_of(record: RunRecord) -> set[Digest]:
    """What a run cannot be looked at without: its workflow, and the rows of a batch that it is for."""
    return {record.document, record.options.rows or record.document}


def _gates(project: Project, record: RunRecord) -> frozenset[NodeId] | None:
    workflow = workflow_in(project, record.document, record.file)
    if workflow is None:
        return None
    return frozenset(node.id for node in workflow.nodes() if node.op is Operation.APPROVE)


def _approved(project: Project, let_through: set[Digest]) -> set[Digest]:
    """What gates let through, and what persons approved; without what was rejected after that."""
    last: dict[tuple[str, Digest], str] = {}
    for subject, digest, choice in survey.approvals(project.ledger):
        last[subject, digest] = choice
    approved = {digest for (_subject, digest), choice in last.items() if choice == "approved"}
    rejected = {digest for (_subject, digest), choice in last.items() if choice == "rejected"}
    return approved | (let_through - rejected)


def _with_what_follows(project: Project, approved: set[Digest]) -> set[Digest]:
    """With everything that was made from these bytes, and from that: as many walks as the longest chain has steps."""
    found = set(approved)
    while True:
        before = len(found)
        for one in survey.made(project.ledger):
            if not found.isdisjoint(one.inputs):
                found |= one.outputs
        if len(found) == before:
            return found


def _exported(project: Project, records: list[RunRecord]) -> Iterator[Digest]:
    """What manifests name, in every folder that an export of these runs has written to or would write to."""
    for home in export_homes(project, records):
        for kind in FOLDERS.values():
            for folder in (home / kind).glob("v0-*"):
                manifest = read_manifest(folder)
                if manifest is not None:
                    yield from (Digest(str(entry["digest"])) for entry in manifest["files"].values())


def export_homes(project: Project, records: list[RunRecord]) -> list[Path]:
    """The folders `Assets/WORKFLOW` of these runs that are there."""
    homes = {Path(name): None for name in survey.noted_under(project.ledger, EXPORTS)}
    for record in records:
        base = Path(record.options.output_dir or Path(record.file).parent)
        homes[base / "Assets" / folder_name(record.workflow)] = None
    return [home for home in homes if home.is_dir()]
