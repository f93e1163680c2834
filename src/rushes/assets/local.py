"""The blob store on this machine's disk: `root/ab/cd/abcd...`, read-only files named by their SHA-256.

A blob becomes visible in one step, and only after its bytes are on disk::

    write tmp -> fsync tmp -> rename to its name -> fsync the folder

so a digest that was returned survives a crash, and a crash before that leaves a temporary file and nothing else. Every
temporary file is locked by the process that writes it; opening the store removes the ones that nobody locks.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from rushes.assets.digest import digest_of_file, is_digest
from rushes.assets.lease import Lease
from rushes.errors import DamagedError, NotFound, StoreError
from rushes.model.ids import Digest
from rushes.model.media import Artifact

T = TypeVar("T")

_GATHER = 1 << 20
"""Bytes of an async stream that are gathered before a thread is asked to write them."""

_NO_LINK = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES})
"""What hard links fail with where the file system, or its owner, does not want them."""


class Blob(NamedTuple):
    """A blob's folder entry: size in bytes, when it was written (unix seconds), how many names its file has."""

    digest: Digest
    size: int
    written: float
    links: int


class LocalStore:
    """A `plugin.blobs.BlobStore` in a folder, for many threads and processes at once.

    StoreError when the disk is full or fails; nothing half-written is ever visible. What is here stays here until the
    store is closed, whoever else works with it: blobs are taken out by a process that has the store alone, or not.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._prefix = f"{root}{os.sep}"
        self._tmp = root / "tmp"
        self._lasting = bytearray(256 + 65536)  # folders `ab`, then `ab/cd`: 1 where the name is on disk for certain
        try:
            self._tmp.mkdir(parents=True, exist_ok=True)
            self._lease = Lease(root)
            self._remove_leftovers()
        except OSError as error:
            raise _store_error(error, f"the store {root} cannot be opened") from error

    def put(self, chunks: Iterable[bytes]) -> tuple[Digest, int]:
        """Store a stream; returns its digest and its size in bytes once both are on disk."""
        writing = _Writing(self)
        try:
            for chunk in chunks:
                writing.write(chunk)
            return writing.finish()
        finally:
            writing.close()

    async def put_stream(self, chunks: AsyncIterator[bytes]) -> tuple[Digest, int]:
        """`put` for an async stream; the disk is waited for in threads, and what is small goes to one of them once."""
        writing: _Writing | None = None
        gathered: list[bytes] = []
        size = 0
        try:
            async for chunk in chunks:
                gathered.append(chunk)
                size += len(chunk)
                if size >= _GATHER:
                    writing = writing or _Writing(self)
                    await _in_thread(partial(writing.write, b"".join(gathered)))
                    gathered.clear()
                    size = 0
            rest = b"".join(gathered)
            return await _in_thread(partial(self.put, (rest,)) if writing is None else partial(writing.finish, rest))
        finally:
            if writing is not None:
                writing.close()

    def has(self, digest: Digest) -> bool:
        """Whether the blob is here."""
        return is_digest(digest) and _is_file(self._place(digest))

    def holds(self, artifact: Artifact) -> bool:
        """Whether the artifact's bytes are here, by name and size. For tens of thousands: one system call each."""
        digest = artifact.digest
        try:
            return os.stat(f"{self._prefix}{digest[:2]}/{digest[2:4]}/{digest}").st_size == artifact.size  # noqa: PTH116
        except OSError:
            return False

    def path(self, digest: Digest) -> Path:
        """A read-only file with the bytes; NotFound when absent."""
        self._stat(digest)
        return self._place(digest)

    def size(self, digest: Digest) -> int:
        """The blob's size in bytes; NotFound when absent."""
        return self._stat(digest).st_size

    def verify(self, digest: Digest) -> None:
        """Read the bytes again; DamagedError if they are not what they were."""
        path = self.path(digest)
        try:
            found, _size = digest_of_file(path)
        except OSError as error:
            raise _store_error(error, f"{path} cannot be read") from error
        if found != digest:
            raise DamagedError(
                f"{path} does not hold what was stored in it: its bytes are {found} now",
                next_step="put the original there again, or remove the file and make the result anew",
            )

    def digests(self) -> Iterator[Digest]:
        """Every blob that is here, in order."""
        return (blob.digest for blob in self.blobs())

    def blobs(self) -> Iterator[Blob]:
        """Every blob with what its folder says of it, in order. No more than one folder of names is held at once."""
        for outer in _folders(self.root):
            for inner in _folders(outer):
                here = outer.name + inner.name
                for name in sorted(os.listdir(inner)):  # noqa: PTH208 - names; a path for each is dear
                    if name.startswith(here) and is_digest(name):
                        found = _seen(f"{inner}{os.sep}{name}")
                        if found is not None and stat.S_ISREG(found.st_mode):
                            yield Blob(Digest(name), found.st_size, found.st_mtime, found.st_nlink)

    def alone(self) -> AbstractContextManager[None]:
        """Have the store alone for a while, to take blobs out of it. RefusedError while anybody else works with it."""
        return self._lease.alone()

    def move_out(self, digest: Digest, target: Path) -> bool:
        """Rename a blob out of the store; whether it was there. Only for whoever is `alone`. Raises OSError."""
        try:
            self._place(digest).rename(target)
        except FileNotFoundError:
            return False
        return True

    def move_in(self, source: Path, digest: Digest) -> None:
        """Rename a whole file on the same volume to its place. Raises OSError."""
        final = self._place(digest)
        self._make_room(digest)
        source.rename(final)
        _sync_folder(final.parent)

    def close(self) -> None:
        """Let others have the store alone."""
        self._lease.close()

    def link_or_copy(self, digest: Digest, target: Path) -> None:
        """Put the blob at `target`, whole or not at all, in place of what was there: a hard link, else a copy."""
        source = self.path(digest)
        beside = target.with_name(f".rushes-{secrets.token_hex(8)}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                beside.hardlink_to(source)
            except OSError as error:
                if error.errno not in _NO_LINK:
                    raise
                _copy(source, beside)
            beside.replace(target)
        except OSError as error:
            raise _store_error(error, f"{target} cannot be written") from error
        finally:
            # renaming one link of a file over another link of it does nothing, and leaves both
            with suppress(OSError):
                beside.unlink()

    def _place(self, digest: Digest) -> Path:
        return self.root / digest[:2] / digest[2:4] / digest

    def _make_room(self, digest: Digest) -> None:
        """Make the folders of a blob, their names lasting; for one that is known to last nobody waits again."""
        outer, inner = f"{self._prefix}{digest[:2]}", f"{self._prefix}{digest[:2]}{os.sep}{digest[2:4]}"
        for number, folder in ((int(digest[:2], 16), outer), (256 + int(digest[:4], 16), inner)):
            if not (self._lasting[number] and os.path.isdir(folder)):  # noqa: PTH112 - a path for each is dear
                _make_folder(Path(folder))
                self._lasting[number] = 1

    def _stat(self, digest: Digest) -> os.stat_result:
        if is_digest(digest):
            try:
                found = os.lstat(self._place(digest))
            except FileNotFoundError:
                pass
            except OSError as error:
                raise _store_error(error, f"blob {digest} cannot be read") from error
            else:
                if stat.S_ISREG(found.st_mode):
                    return found
                raise StoreError(
                    f"{self._place(digest)} is no regular file, so it is not used",
                    next_step="something else wrote into the store; remove it",
                )
        raise NotFound(f"no blob {digest} in the store {self.root}", next_step="run again to make it anew")

    def _remove_leftovers(self) -> None:
        for path in self._tmp.iterdir():
            try:
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            except OSError:
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink(missing_ok=True)
            except OSError:
                continue  # its writer lives
            finally:
                os.close(handle)


class _Writing:
    """A blob on its way in: a locked temporary file and the digest so far."""

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self._digest = hashlib.sha256()
        self._size = 0
        with _disk():
            self._path, self._handle = _new_file(store._tmp)
        self._here = True

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self._digest.update(data)
        self._size += len(data)
        view = memoryview(data)
        with _disk():
            while view:
                view = view[os.write(self._handle, view) :]

    def finish(self, rest: bytes = b"") -> tuple[Digest, int]:
        """Add the last bytes and make the blob visible and lasting."""
        self.write(rest)
        digest = Digest(self._digest.hexdigest())
        final = self._store._place(digest)
        with _disk():
            # a file of another size is a damaged one, and is healed by the rename; equal bytes need no second copy
            if not (_is_file(final) and final.stat().st_size == self._size):
                self._move_to(final)
            # also for a blob that was there: whoever renamed it may not have come to this line yet
            _sync_folder(final.parent)
        return digest, self._size

    def _move_to(self, final: Path) -> None:
        os.fchmod(self._handle, 0o444)
        os.fsync(self._handle)
        self._store._make_room(Digest(final.name))
        self._path.replace(final)
        self._here = False

    def close(self) -> None:
        """Let go of the file; what was not kept is gone."""
        if self._here:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            self._here = False
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _new_file(folder: Path) -> tuple[Path, int]:
    while True:
        path = folder / secrets.token_hex(12)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return path, handle
        os.close(handle)  # another process opened the store between these lines, and took it for a leftover


def _make_folder(path: Path) -> None:
    try:
        path.mkdir()
    except FileExistsError:
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            raise StoreError(f"{path} is no folder", next_step="something else wrote into the store") from None
    # made here or by someone a moment ago: its name has to last before a blob in it can
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("xb") as writer:
        shutil.copyfileobj(reader, writer, 1 << 20)
        writer.flush()
        os.fsync(writer.fileno())


def _is_file(path: Path) -> bool:
    found = _seen(path)
    return found is not None and stat.S_ISREG(found.st_mode)


def _seen(path: Path | str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except OSError:
        return None


def _folders(path: Path) -> list[Path]:
    return sorted(one for one in path.iterdir() if len(one.name) == 2 and one.is_dir() and not one.is_symlink())


async def _in_thread(function: Callable[[], T]) -> T:
    """Run in a thread, and when cancelled wait for the thread first: its file must not be closed under it."""
    work = asyncio.get_running_loop().run_in_executor(None, function)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _store_error(error, "a result cannot be stored") from error


def _store_error(error: OSError, what: str) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(f"{what}: the disk is full", next_step="free some space, then resume the run")
    return StoreError(f"{what}: {error.strerror or error}")
