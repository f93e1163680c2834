"""A folder that many processes work with, and that one of them may need to itself.

Whoever opens the folder shares it until it closes it; whoever wants to take something out of it waits for nobody: it
has the folder alone, or is told that it has not. So what a process has seen in the folder is there as long as it lives.
The lock is the kernel's, on the folder itself: it leaves no file, and a process that dies lets go of it.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rushes.errors import RefusedError


class Lease:
    """This process's share of a folder. Waits while another process has the folder alone. Raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        # a file system that cannot lock a folder (some networks' cannot) is shared all the same; `alone` then refuses
        with suppress(OSError):
            fcntl.flock(self._handle, fcntl.LOCK_SH)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Have the folder alone for a while. RefusedError while any other process, or thread with a share, has one."""
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            # a change of the lock that fails lets go of the old one, and nobody may work without a share
            with suppress(OSError):
                fcntl.flock(self._handle, fcntl.LOCK_SH)
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise RefusedError(
                    f"another process works with {self._folder}, and nothing may be taken away under it",
                    next_step="wait until its runs have ended (see rushes runs), then say it again",
                ) from None
            raise RefusedError(
                f"{self._folder} lies on a file system without locks: nobody can say who works with it",
                next_step="keep the home on a disk of this machine",
            ) from error
        try:
            yield
        finally:
            fcntl.flock(self._handle, fcntl.LOCK_SH)

    def close(self) -> None:
        """Let go of the share."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __del__(self) -> None:
        with suppress(OSError):
            self.close()
