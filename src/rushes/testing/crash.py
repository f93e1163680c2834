"""kill -9: run something in a child process that dies at a chosen fact, or at a chosen moment.

The product has no hook for this. The child is handed a function that wraps its journal, and kills itself
from inside the wrapper; or it is killed from outside when a time has passed::

    def child(wrap, home):                       # at module level: it is called in another process
        drive(job, parts(journal=wrap(journal_of(home))))

    assert run_killed(child, home, after=7) is Ending.KILLED
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from typing import Any

from rushes.engine.parts import Journal
from rushes.testing.journal import KillingJournal

Wrap = Callable[[Journal], Journal]


class Ending(StrEnum):
    """How the child ended."""

    KILLED = "killed"
    FINISHED = "finished"  # it was done before its end came


def run_killed(
    child: Callable[..., Any],
    *args: object,
    after: int | None = None,
    seconds: float | None = None,
    preload: Sequence[str] = (),
) -> Ending:
    """Run `child(wrap, *args)` and kill it after `after` events or `seconds` seconds, whichever is given.

    `preload` names modules that all children share, so that each starts in milliseconds. Raises
    AssertionError when the child fails in its own way.
    """
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__, *preload])
    process = processes.Process(target=_main, args=(child, after, args))
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
    code = process.exitcode
    process.close()
    if code == -signal.SIGKILL:
        return Ending.KILLED
    assert code == 0, f"the child failed with exit code {code}; its error is above"
    return Ending.FINISHED


def _main(child: Callable[..., Any], after: int | None, args: Sequence[object]) -> None:
    child(_unchanged if after is None else partial(_killing, after), *args)


def _unchanged(journal: Journal) -> Journal:
    return journal


def _killing(after: int, journal: Journal) -> Journal:
    return KillingJournal(journal, after)
