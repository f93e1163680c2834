"""Use case: pin what must stay: a blob by its digest, all that a run named, the results of a node and their inputs."""

from __future__ import annotations

import time
from typing import NamedTuple

from rushes.app.project import Project
from rushes.app.review import person
from rushes.app.show import run_named
from rushes.assets.digest import is_digest
from rushes.assets.trash import Trash
from rushes.errors import NotFound
from rushes.ledger import survey
from rushes.ledger.pins import Pin, pin, pins, unpin
from rushes.model.ids import Digest


class Pinned(NamedTuple):
    """What was named, and how many blobs it stands for."""

    what: str
    blobs: int


def pin_named(project: Project, what: str, *, by: str | None = None) -> Pinned:
    """Pin a digest (its first 8 digits are enough), a run, or a node of the newest run. NotFound for none of these."""
    found = _blobs_of(project, what)
    absent = [digest for digest in found if not project.store.has(digest)]
    if absent:
        _refuse_absent(project, what, absent)
    now, who = time.time(), by or person()
    pin(project.ledger, [Pin(digest, now, who, what) for digest in found])
    return Pinned(what, len(found))


def unpin_named(project: Project, what: str) -> Pinned:
    """Take pins away: of what was pinned under this name, of a digest, a run, or a node of the newest run."""
    named = {one.digest for one in pins(project.ledger) if what in (one.why, one.digest)}
    found = named or _blobs_of(project, what)
    return Pinned(what, unpin(project.ledger, found))


def _blobs_of(project: Project, what: str) -> set[Digest]:
    if is_digest(what):
        return {Digest(what)}
    if len(what) >= 8 and all(char in "0123456789abcdef" for char in what):
        found = {one for one in project.store.digests() if one.startswith(what)}
        if found:
            return found
    try:
        named = survey.named_in(project.ledger, run_named(project, what).id)
        return _here(project, {digest for one in named for digest in one.digests})
    except NotFound:
        pass
    newest = run_named(project, None).id
    events = [one for one in survey.named_in(project.ledger, newest) if one.node == what]
    if not events:
        raise NotFound(
            f"{what!r} is no blob, no run, and no node of the newest run {newest}",
            next_step="give the digest of a blob, the id of a run (rushes runs), or a node of the newest run",
        )
    return _here(project, {digest for one in events if one.kind in ("Stored", "CellDone") for digest in one.digests})


def _here(project: Project, digests: set[Digest]) -> set[Digest]:
    """Of what events name, the blobs: keys look the same."""
    return {one for one in digests if project.store.has(one)}


def _refuse_absent(project: Project, what: str, absent: list[Digest]) -> None:
    trace = Trash(project.store).traces(absent)
    back = [one for one in absent if one in trace and trace[one].here]
    raise NotFound(
        f"{what} is not in the store" + (": it was collected" if back else ""),
        next_step="bring it back first: rushes gc --undo" if back else "give the digest of a blob that is there",
    )
