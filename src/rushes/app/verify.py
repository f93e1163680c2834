"""Use case: read everything again, and say what is not what it was.

Every blob against its name, every artifact of the ledger against the store, every exported file against its manifest,
every account against its requests. Blobs are read in parallel and in a stream; memory does not grow with the store.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Any, NamedTuple

from rushes.app.project import Project
from rushes.app.show import run_named
from rushes.app.tidy import Heap
from rushes.app.tidy_kept import documents_of, export_homes
from rushes.app.verify_exports import Edited, copies_of, edited
from rushes.app.verify_repair import mend
from rushes.assets.local import Blob
from rushes.assets.trash import Trash
from rushes.errors import StoreError
from rushes.ledger import survey
from rushes.ledger.audit import damage
from rushes.model.ids import Digest
from rushes.model.run import RunRecord

_ALL = 1 << 40  # runs
_AHEAD = 8  # blobs that are handed out for each thread
_USES = 8  # places that are named of one blob

Tell = Callable[[Heap], None]
"""Hears how much has been read, after every blob."""


class Fault(StrEnum):
    """What can be wrong."""

    CHANGED = "changed"  # the bytes of a blob are not what they were
    MISSING = "missing"  # a run of this home made it, and nobody collected it
    LEDGER = "ledger"  # the ledger, or its sums


class Wrong(NamedTuple):
    """One thing that is wrong: a blob (or ""), in words, which runs and nodes use it, and what --repair made of it."""

    fault: Fault
    digest: str
    says: str
    uses: tuple[str, ...] = ()
    mended: str | None = None
    whole: bool = False  # it is as it was again

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {**self._asdict(), "fault": str(self.fault), "uses": list(self.uses)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was read and found. `orphans` are blobs that no run knows, `collected` artifacts that `gc` took; `edited`
    are exported files that somebody changed or removed, which is their right.
    """

    read: Heap
    wrong: tuple[Wrong, ...]
    edited: tuple[Edited, ...]
    orphans: Heap
    collected: int
    seconds: float
    quick: bool

    @property
    def ok(self) -> bool:
        """Whether all is as it was, or is so again."""
        return all(one.whole for one in self.wrong)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "quick": self.quick,
            "read": self.read.plain(),
            "wrong": [one.plain() for one in self.wrong],
            "edited": [{"path": str(one.path), "digest": one.digest, "says": one.says} for one in self.edited],
            "orphans": self.orphans.plain(),
            "collected": self.collected,
            "seconds": round(self.seconds, 3),
        }


def verify(
    project: Project, run: str | None = None, *, quick: bool = False, repair: bool = False, tell: Tell = lambda _: None
) -> Verified:
    """Look at everything, or at all that one run named. `quick` reads no blob: names and sizes only.

    With `repair` what is damaged is made whole from an intact copy, or moved aside so that the next run asks again;
    RefusedError then while another process works with the store. Raises NotFound for a run that is not there.
    """
    began = time.monotonic()
    records = [run_named(project, run)] if run is not None else project.ledger.runs(limit=_ALL)
    named = _named(project, records[0]) if run is not None else None
    found = _Found()
    for blob, good in _looked_at(project, named, quick):
        found.read = found.read.plus(blob.size)
        if not good:
            found.changed.append(blob.digest)
        tell(found.read)
    missing, collected = _absent(project, named)
    uses = _uses(project, records, {*found.changed, *missing}) if found.changed or missing else {}
    homes = export_homes(project, records)
    wrong = [
        *(Wrong(Fault.CHANGED, one, _CHANGED, tuple(uses.get(one, ()))) for one in found.changed),
        *(Wrong(Fault.MISSING, one, _MISSING, tuple(uses[one])) for one in missing if uses.get(one)),
        *(Wrong(Fault.LEDGER, "", says) for says in damage(project.ledger, quick=quick)),
    ]
    if repair and any(one.digest for one in wrong):
        copies = copies_of(homes, {Digest(one.digest) for one in wrong if one.digest})
        with project.store.alone():
            wrong = [_mended(project, one, copies) for one in wrong]
    return Verified(
        read=found.read,
        wrong=tuple(wrong),
        edited=tuple(edited(project.store, homes, quick=quick)),
        orphans=_orphans(project, records) if named is None else Heap(),
        collected=collected,
        seconds=time.monotonic() - began,
        quick=quick,
    )


_CHANGED = "its bytes are not what was stored, or cannot be read"
_MISSING = "it is not in the store, and nobody collected it"


class _Found:
    """What the blobs came to so far."""

    def __init__(self) -> None:
        self.read = Heap()
        self.changed: list[Digest] = []


def _named(project: Project, record: RunRecord) -> set[Digest]:
    """The blobs that a run named; keys look the same, and are no blobs."""
    looks = {digest for event in survey.named_in(project.ledger, record.id) for digest in event.digests}
    known = project.ledger.artifacts(sorted(looks))
    return {*documents_of(record), *known, *(one for one in looks if project.store.has(one))}


def _looked_at(project: Project, named: set[Digest] | None, quick: bool) -> Iterator[tuple[Blob, bool]]:
    """Every blob, and whether it is what it was. Threads read, a few blobs ahead of whoever asks."""
    store = project.store
    blobs = (blob for blob in store.blobs() if named is None or blob.digest in named)
    if quick:
        yield from _sized(project, blobs)
        return
    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        ahead: deque[tuple[Blob, Future[bool]]] = deque()
        for blob in blobs:
            ahead.append((blob, pool.submit(_is_whole, project, blob.digest)))
            if len(ahead) >= threads * _AHEAD:
                first, good = ahead.popleft()
                yield first, good.result()
        for first, good in ahead:
            yield first, good.result()


def _is_whole(project: Project, digest: Digest) -> bool:
    try:
        project.store.verify(digest)
    except StoreError:  # other bytes, or a disk that gives none: nobody can use it
        return False
    return True


def _sized(project: Project, blobs: Iterable[Blob]) -> Iterator[tuple[Blob, bool]]:
    page: list[Blob] = []
    for blob in chain(blobs, [None]):
        if blob is not None:
            page.append(blob)
        if blob is None or len(page) == _PAGE:
            sizes = {one.digest: one.size for one in project.ledger.artifacts([one.digest for one in page]).values()}
            yield from ((one, sizes.get(one.digest, one.size) == one.size) for one in page)
            page.clear()


_PAGE = 1000


def _absent(project: Project, named: set[Digest] | None) -> tuple[list[Digest], int]:
    """Artifacts that are not in the store: those that nobody collected, and how many `gc` took."""
    every = (digest for digest, _size in survey.artifacts(project.ledger) if named is None or digest in named)
    absent = [digest for digest in every if not project.store.has(digest)]
    traces = Trash(project.store).traces(absent)
    return [one for one in absent if one not in traces], len(traces)


def _uses(project: Project, records: Sequence[RunRecord], wanted: set[Digest]) -> dict[Digest, list[str]]:
    """Where blobs are used, by runs of this home: those whose workflow is in its store."""
    found: dict[Digest, list[str]] = {}

    def add(digest: Digest, place: str) -> None:
        many = found.setdefault(digest, [])
        if place not in many and len(many) < _USES:
            many.append(place)

    for record in records:
        for document in documents_of(record) & wanted:
            add(document, f"run {record.id}: its {'workflow' if document == record.document else 'rows'}")
        if not project.store.has(record.document):
            continue
        for event in survey.named_in(project.ledger, record.id):
            for digest in event.digests & wanted:
                node = f" {event.node} row {(event.row or 0) + 1}" if event.node is not None else ""
                add(digest, f"run {record.id}:{node}" if node else f"run {record.id}")
    return found


def _orphans(project: Project, records: Iterable[RunRecord]) -> Heap:
    """Blobs that no run and no note knows: nobody would miss them."""
    known = {one for record in records for one in documents_of(record)} | set(survey.noted(project.ledger))
    found, page = Heap(), list[Blob]()
    for blob in chain(project.store.blobs(), [None]):
        if blob is not None and blob.digest not in known:
            page.append(blob)
        if blob is None or len(page) == _PAGE:
            artifacts = project.ledger.artifacts([one.digest for one in page])
            for one in page:
                found = found if one.digest in artifacts else found.plus(one.size)
            page.clear()
    return found


def _mended(project: Project, wrong: Wrong, copies: dict[Digest, list[Any]]) -> Wrong:
    if not wrong.digest:
        return wrong
    digest = Digest(wrong.digest)
    says, whole = mend(project.store, digest, copies.get(digest, []))
    return wrong._replace(mended=says, whole=whole)
