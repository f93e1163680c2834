"""Processes that were forked from one another begin runs of their own."""

from __future__ import annotations

import os

from rushes.app.run import _new_id


def _in_a_child() -> str:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, _new_id().encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        name = said.read()
    os.waitpid(child, 0)
    return name


def test_forked_processes_do_not_call_their_runs_alike() -> None:
    _new_id()
    numbers = [_in_a_child().rpartition("-")[2] for _ in range(8)]
    assert len(set(numbers)) >= 7, "a parent's numbers were gone on with"
