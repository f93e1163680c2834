"""One process at a time goes through a batch: two would cut the rows that are left into parts of their own.

The lock is the kernel's, on the folder of the batch: it leaves no file, and a process that dies lets go of it.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rushes.app.export_folders import told
from rushes.errors import RefusedError

_TAKEN = (errno.EWOULDBLOCK, errno.EACCES)


@contextmanager
def alone_with(home: Path) -> Iterator[None]:
    """Have a batch's folder alone; one that is still empty at the end is gone again.

    Raises RefusedError while another process has it, StoreError for a folder that cannot be made.
    """
    handle = _locked(home)
    try:
        yield
    finally:
        _removed_if_empty(home)
        os.close(handle)


def _locked(home: Path) -> int:
    while True:
        with told(home):
            home.mkdir(parents=True, exist_ok=True)
            handle = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            # a file system that cannot lock a folder (some networks' cannot) is trusted
            if error.errno in _TAKEN:
                os.close(handle)
                raise RefusedError(
                    f"another process is at this batch: {home}",
                    next_step="wait for it to end; the same command then says what it came to, and goes on",
                ) from error
        if _is_named(handle, home):
            return handle
        os.close(handle)  # whoever had it found it empty, and took it away between these lines


def _is_named(handle: int, home: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), home.stat())
    except OSError:
        return False


def _removed_if_empty(home: Path) -> None:
    try:
        for folder in (home, home.parent, home.parent.parent):
            folder.rmdir()
    except OSError:
        pass  # there is something in it
