"""Children that cost milliseconds: forked from a process that has everything imported, and killed without a word.

The parent must have no threads and no event loop: a fork copies only the thread that calls it.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import time
import traceback
from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

_PATIENCE = 120.0
"""Seconds after which a child that was not to be killed counts as hanging."""


class Ending(StrEnum):
    """How a child ended."""

    FINISHED = "finished"
    KILLED = "killed"
    FAILED = "failed"  # it raised; `value` is the traceback
    HUNG = "hung"


class Ended(NamedTuple):
    """How a child ended, what it returned, and how long it lived in seconds."""

    ending: Ending
    value: Any
    seconds: float


def in_child(work: Callable[[], Any], *, kill_after: float | None = None) -> Ended:
    """Run `work` in a fork and return what it returned; kill -9 it when `kill_after` seconds have passed."""
    read, write = os.pipe()
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _child(work, read, write)
    os.close(write)
    data = _read_all(read, began + (_PATIENCE if kill_after is None else kill_after))
    os.close(read)
    if data is None:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    seconds = time.monotonic() - began
    if data is None:
        return Ended(Ending.HUNG if kill_after is None else Ending.KILLED, None, seconds)
    if os.WIFSIGNALED(status):
        return Ended(Ending.KILLED, None, seconds)
    good, value = pickle.loads(data)
    return Ended(Ending.FINISHED if good else Ending.FAILED, value, seconds)


def _child(work: Callable[[], Any], read: int, write: int) -> None:
    os.close(read)
    code = 1
    try:
        try:
            answer = (True, work())
        except BaseException:
            answer = (False, traceback.format_exc())
        with os.fdopen(write, "wb") as pipe:
            pickle.dump(answer, pipe)
        code = 0
    finally:
        os._exit(code)  # nothing of the parent's is tidied up here


def _read_all(read: int, until: float) -> bytes | None:
    """All that comes before the other end closes; None when the time is over first."""
    pieces = []
    while True:
        left = until - time.monotonic()
        if left <= 0 or not select.select([read], [], [], left)[0]:
            return None
        piece = os.read(read, 65536)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
