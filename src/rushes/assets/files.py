"""Reference files: read once, and again only when they changed.

What a file was is noted under its path: size, time of change, inode and digest. A file that was changed less than
`_SETTLED` before it was read is not noted, because a second change within one tick of the clock would not show.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from rushes.errors import NotFound, StoreError, UserError
from rushes.model.ids import Digest
from rushes.plugin.blobs import BlobStore

KIND = "file"
"""The memo that this module keeps: absolute path -> JSON of `_Known`."""

_SETTLED = 2_000_000_000  # nanoseconds
_PIECE = 1 << 20  # bytes
_TRIES = 3


class Memo(Protocol):
    """Notes that save work; the ledger keeps them, and losing them costs time only."""

    def memo(self, kind: str, keys: Sequence[str]) -> dict[str, str]:
        """What was noted under these keys."""
        ...

    def memoize(self, kind: str, values: Mapping[str, str]) -> None:
        """Note values, in place of what was there."""
        ...


class _Known(NamedTuple):
    size: int
    changed: int  # nanoseconds
    inode: int
    digest: str


def known_files(paths: Sequence[Path], store: BlobStore, memo: Memo) -> dict[Path, Digest]:
    """The digest of each file that has not changed since it was stored, without reading any of them."""
    notes = memo.memo(KIND, [str(path) for path in paths])
    found: dict[Path, Digest] = {}
    for path in paths:
        note = notes.get(str(path))
        if note is None:
            continue
        known = _Known(*json.loads(note))
        try:
            now = path.stat()
        except (OSError, ValueError):  # a path with a NUL is a ValueError
            continue
        if _signature(now) == known[:3] and store.has(Digest(known.digest)):
            found[path] = Digest(known.digest)
    return found


def store_file(path: Path, store: BlobStore, memo: Memo) -> Digest:
    """Put a file's bytes into the store. NotFound, UserError for what is no regular file, StoreError."""
    for _try in range(_TRIES):
        with _opened(path) as handle:
            before = os.fstat(handle)
            digest, size = store.put(_pieces(handle, path))
            after = os.fstat(handle)
        if _signature(before) == _signature(after) and size == after.st_size:
            if time.time_ns() - after.st_mtime_ns > _SETTLED:
                memo.memoize(KIND, {str(path): json.dumps([*_signature(after), digest])})
            return digest
    raise StoreError(f"{path} changes while it is read", next_step="run again when it is written completely")


def _signature(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ino


class _opened:
    """A regular file, opened for reading; a pipe or a device is refused before it can block or flood."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> int:
        path = self._path
        try:
            self._handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound(f"there is no file {path}", next_step="correct the path, or put the file there") from None
        except (OSError, ValueError) as error:
            raise UserError(
                f"{path} cannot be read: {getattr(error, 'strerror', None) or error}",
                next_step="correct the path, or make the file readable",
            ) from error
        if not stat.S_ISREG(os.fstat(self._handle).st_mode):
            os.close(self._handle)
            raise UserError(f"{path} is no regular file", next_step="name a picture, clip or sound file")
        return self._handle

    def __exit__(self, *_error: object) -> None:
        os.close(self._handle)


def _pieces(handle: int, path: Path) -> Iterator[bytes]:
    try:
        while piece := os.read(handle, _PIECE):
            yield piece
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from error
