"""What child processes of the store's tests do; importable by name, as another process needs it."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from rushes.assets.local import LocalStore


@contextmanager
def in_child(work: Callable[[Path, Connection], None], root: Path) -> Iterator[BaseProcess]:
    """A child process that has said that it is under way; killed at the end if it still lives."""
    context = multiprocessing.get_context("forkserver")
    mine, theirs = context.Pipe()
    child = context.Process(target=work, args=(root, theirs))
    child.start()
    theirs.close()
    mine.recv()
    try:
        yield child
    finally:
        child.kill()
        child.join()


def put_and_stall(root: Path, pipe: Connection) -> None:
    """Write half a blob, say so, and wait to be killed."""

    def chunks() -> Iterator[bytes]:
        yield b"half"
        pipe.send("half")
        time.sleep(600)

    LocalStore(root).put(chunks())


def put_again_and_again(root: Path, pipe: Connection) -> None:
    """Put forty blobs, five times, each time with a store that was just opened."""
    pipe.send("begun")
    for _ in range(5):
        store = LocalStore(root)
        for number in range(40):
            store.put([f"blob {number} ".encode() * 1000])
