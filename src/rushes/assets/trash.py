"""What was taken out of a store, for as long as somebody may want it back.

::

    store/trash/20261121-165500-ab12/journal      what is taken, on disk before the first blob moves
    store/trash/20261121-165500-ab12/abcd...      the blobs, renamed: each is in the store or here, at every moment

A collection is taken by whoever has the store alone, and brought back by anybody. Its journal outlives its blobs, so
that a plan can say what became of a result.
"""

from __future__ import annotations

import calendar
import json
import os
import secrets
import shutil
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from rushes.assets.digest import is_digest
from rushes.assets.local import LocalStore
from rushes.errors import NotFound, StoreError
from rushes.model.ids import Digest

KEPT_FOR = 30 * 86_400.0
"""Seconds for which a collection can be brought back."""

_JOURNAL = "journal"


class Taken(NamedTuple):
    """One collection: when it was taken (unix seconds), and the blobs of it that can still be brought back."""

    id: str
    at: float
    blobs: int
    size: int

    @property
    def until(self) -> float:
        """When its blobs are deleted, in unix seconds: by the next `gc` after that."""
        return self.at + KEPT_FOR


class Trace(NamedTuple):
    """What became of one blob: when it was collected, and whether it can be brought back."""

    at: float
    here: bool


class Trash:
    """The collections of one store. StoreError when the disk cannot do its work."""

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self._root = store.root / "trash"

    def take(self, digests: Collection[Digest], at: float) -> str:
        """Move blobs out of a store that the caller has alone; returns the id of the collection."""
        name = time.strftime("%Y%m%d-%H%M%S", time.gmtime(at)) + "-" + secrets.token_hex(2)
        folder = self._root / name
        with _told(folder):
            folder.mkdir(parents=True)
            _written(folder / _JOURNAL, json.dumps({"at": at}), digests)
            for made in (folder, self._root, self._store.root):
                _sync(made)
            for digest in digests:
                self._store.move_out(digest, folder / digest)
            _sync(folder)
        return name

    def collections(self) -> list[Taken]:
        """Every collection of which something is left, newest first."""
        found = []
        for folder in self._folders():
            at, sizes = _at(folder), []
            for path in _blobs(folder):
                with suppress(FileNotFoundError):  # somebody brings it back, or deletes it, at this moment
                    sizes.append(path.stat().st_size)
            if at is not None and sizes:
                found.append(Taken(folder.name, at, len(sizes), sum(sizes)))
        return found

    def bring_back(self, name: str | None) -> tuple[str, int, int]:
        """Put a collection (the newest, when none is named) back; its id, how many blobs came back, their bytes.

        NotFound when there is no such collection.
        """
        chosen = self._chosen(name)
        folder = self._root / chosen.id
        count = size = 0
        with _told(folder):
            for path in _blobs(folder):
                digest = Digest(path.name)
                with suppress(FileNotFoundError):  # somebody else brings the same back, or deletes it, at this moment
                    bytes_ = path.stat().st_size
                    if self._store.has(digest):  # it was made again since
                        path.unlink()
                    else:
                        os.utime(path)  # somebody wants it: it counts as used now, and the next collection leaves it
                        self._store.move_in(path, digest)
                    count, size = count + 1, size + bytes_
        return chosen.id, count, size

    def delete(self, *, before: float) -> tuple[int, int]:
        """Delete the blobs of every collection taken before then, for good; how many they were, and their bytes."""
        count = size = 0
        for folder in self._folders():
            at = _at(folder)
            if at is None or at >= before:
                continue
            with _told(folder):
                for path in _blobs(folder):
                    with suppress(FileNotFoundError):  # somebody else deletes the same, or brings it back
                        bytes_ = path.stat().st_size
                        path.unlink()
                        count, size = count + 1, size + bytes_
        return count, size

    def traces(self, digests: Iterable[Digest]) -> dict[Digest, Trace]:
        """What is known of blobs that are missing; of several collections the last. Reads journals, so ask seldom."""
        wanted, found = set(digests), dict[Digest, Trace]()
        for folder in self._folders() if wanted else ():
            at = _at(folder)
            if at is None:
                continue
            for digest in _listed(folder):
                if digest in wanted and digest not in found:
                    found[digest] = Trace(at, (folder / digest).is_file())
        return found

    def _chosen(self, name: str | None) -> Taken:
        every = self.collections()
        for one in every:
            if name is None or one.id == name:
                return one
        there = ", ".join(one.id for one in every[:5])
        says = "the trash is empty" if not every else f"there is no collection {name!r} in the trash"
        raise NotFound(says, next_step=f"there are: {there}" if every else "nothing was collected, or it is deleted")

    def _folders(self) -> list[Path]:
        if not self._root.is_dir():
            return []
        return sorted((one for one in self._root.iterdir() if one.is_dir() and not one.is_symlink()), reverse=True)


def _written(path: Path, head: str, digests: Iterable[Digest]) -> None:
    with path.open("x", encoding="ascii") as file:
        file.write(head + "\n")
        file.writelines(f"{digest}\n" for digest in digests)
        file.flush()
        os.fsync(file.fileno())


def _at(folder: Path) -> float | None:
    """When a collection was taken; where its journal is damaged, its name says so, and its blobs come back."""
    with suppress(OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        with (folder / _JOURNAL).open("rb") as file:
            at = float(json.loads(file.readline())["at"])
        time.gmtime(at + KEPT_FOR)
        return at
    with suppress(ValueError):
        return float(calendar.timegm(time.strptime(folder.name[:15], "%Y%m%d-%H%M%S")))
    return None


def _listed(folder: Path) -> Iterator[Digest]:
    yield from (Digest(path.name) for path in _blobs(folder))
    with suppress(OSError), (folder / _JOURNAL).open("r", encoding="ascii", errors="replace") as file:
        for line in file:
            if is_digest(line.strip()):
                yield Digest(line.strip())


def _blobs(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if is_digest(path.name) and not path.is_symlink()]


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path, *, before: float, pretend: bool = False) -> tuple[int, int]:
    """Delete what lies in a folder of temporary files since before then; how many things, and their bytes."""
    count = size = 0
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(OSError):
            files = [path] if not path.is_dir() or path.is_symlink() else [*path.rglob("*")]
            seen = [one.lstat() for one in (path, *files)]
            if max(one.st_mtime for one in seen) >= before:
                continue
            count += 1
            size += sum(one.lstat().st_size for one in files if one.is_symlink() or one.is_file())
            if pretend:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
    return count, size


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be used: {error.strerror or error}",
            next_step="see whether its disk is full or read-only; nothing is lost",
        ) from error
