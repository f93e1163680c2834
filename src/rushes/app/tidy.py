"""Use case: free the store of what nobody needs, and bring it back when somebody does.

Nothing is deleted at once: blobs go to the trash of the store, where they can be brought back for 30 days. What may go
at all is said in `tidy_kept`; of that goes what was used longest ago. Collecting has the store alone, from the first
look to the last rename: no run can begin to count on a blob in between.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rushes.app.project import Project
from rushes.app.tidy_kept import GRACE, Kept, Why, kept
from rushes.assets.local import Blob
from rushes.assets.trash import KEPT_FOR, Taken, Trash, sweep


class Heap(NamedTuple):
    """So many things of so many bytes."""

    number: int = 0
    size: int = 0

    def plus(self, size: int) -> Heap:
        """With one more."""
        return Heap(self.number + 1, self.size + size)

    def plain(self) -> dict[str, int]:
        """As JSON."""
        return {"count": self.number, "bytes": self.size}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to collect: what was last used more than `max_age` seconds ago, and then, oldest first, until the store has
    `max_size` bytes. `pretend` only looks.
    """

    max_age: float | None = None
    max_size: int | None = None
    pretend: bool = False

    @property
    def wants(self) -> bool:
        """Whether anything is to be collected."""
        return self.max_age is not None or self.max_size is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidied:
    """What the store holds and why, what was collected (or would be), and what lies in the trash now.

    `free` could go and does not; `temporary` are files that processes left behind, `expired` what was deleted for good
    because its 30 days are over.
    """

    store: Heap
    stays: dict[Why, Heap]
    free: Heap
    collected: Heap
    collection: str | None
    temporary: Heap
    expired: Heap
    trash: tuple[Taken, ...]
    pretend: bool

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "pretend": self.pretend,
            "store": self.store.plain(),
            "stays": {str(why): heap.plain() for why, heap in self.stays.items()},
            "free": self.free.plain(),
            "collected": self.collected.plain(),
            "collection": self.collection,
            "temporary": self.temporary.plain(),
            "expired": self.expired.plain(),
            "trash": [plain_taken(one) for one in self.trash],
        }


def plain_taken(one: Taken) -> dict[str, Any]:
    """A collection as JSON; times are unix seconds."""
    return {"id": one.id, "at": one.at, "until": one.until, "count": one.blobs, "bytes": one.size}


@dataclass(slots=True)
class Sorted:
    """The blobs of a store by what becomes of them."""

    store: Heap = field(default_factory=Heap)
    stays: dict[Why, Heap] = field(default_factory=dict)
    free: list[tuple[float, Blob]] = field(default_factory=list)  # last used, and what


async def tidy(project: Project, wish: Wish) -> Tidied:
    """Look, and collect what is wished. RefusedError while another process works with the store; StoreError.

    A look that takes nothing works beside everybody.
    """
    trash, now = Trash(project.store), time.time()
    with ExitStack() as alone:
        if not wish.pretend and wish.wants:
            alone.enter_context(project.store.alone())
        found = sort(project.store.blobs(), await kept(project, now))
        going = chosen(found, wish, now)
        name = None
        temporary = expired = Heap()
        if going and not wish.pretend:
            name = trash.take([one.digest for one in going], now)
        if wish.wants:
            scratch = sweep(project.config.home.value / "scratch", before=now - GRACE, pretend=wish.pretend)
            temporary = Heap(*scratch)
        if not wish.pretend and wish.wants:
            expired = Heap(*trash.delete(before=now - KEPT_FOR))
    gone = _heap(going)
    return Tidied(
        store=found.store,
        stays=found.stays,
        free=Heap(len(found.free) - gone.number, sum(blob.size for _used, blob in found.free) - gone.size),
        collected=gone,
        collection=name,
        temporary=temporary,
        expired=expired,
        trash=tuple(trash.collections()),
        pretend=wish.pretend,
    )


def sort(blobs: Iterable[Blob], stays: Kept) -> Sorted:
    """Every blob to the first reason for which it stays, or to those that may go."""
    found = Sorted()
    count: Counter[Why] = Counter()
    size: Counter[Why] = Counter()
    for blob in blobs:
        found.store = found.store.plus(blob.size)
        why = stays.why(blob)
        if why is None:
            found.free.append((stays.last_used(blob), blob))
        else:
            count[why] += 1
            size[why] += blob.size
    found.stays = {why: Heap(count[why], size[why]) for why in Why if count[why]}
    return found


def chosen(found: Sorted, wish: Wish, now: float) -> list[Blob]:
    """Of what may go, what a wish takes: the longest unused first."""
    return list(_chosen(found, wish, now))


def _chosen(found: Sorted, wish: Wish, now: float) -> Iterator[Blob]:
    left = found.store.size
    for used, blob in sorted(found.free):
        old = wish.max_age is not None and used < now - wish.max_age
        large = wish.max_size is not None and left > wish.max_size
        if old or large:
            left -= blob.size
            yield blob


def _heap(blobs: Iterable[Blob]) -> Heap:
    sizes = [one.size for one in blobs]
    return Heap(len(sizes), sum(sizes))


class Restored(NamedTuple):
    """A collection that was brought back."""

    id: str
    heap: Heap


def undo(project: Project, collection: str | None) -> Restored:
    """Bring a collection back (the newest, when none is named). NotFound when there is none."""
    name, count, size = Trash(project.store).bring_back(collection)
    return Restored(name, Heap(count, size))


def empty(project: Project, *, pretend: bool = False) -> Heap:
    """Delete all that is in the trash, for good."""
    trash = Trash(project.store)
    if pretend:
        return Heap(sum(one.blobs for one in trash.collections()), sum(one.size for one in trash.collections()))
    return Heap(*trash.delete(before=float("inf")))
