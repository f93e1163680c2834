"""What happens to a runner: each accident is set up inside the child that it happens to, or done to it from outside."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from rushes.engine.parts import Journal
from rushes.model.claim import Claim
from rushes.model.event import Event, Reserved, Submitting


class What(StrEnum):
    """The accidents."""

    KILL_BEFORE = "kill before a fact is written"
    KILL_AFTER = "kill after a fact was written"
    KILL_ANYWHERE = "kill at a random instant"
    DISK_FULL = "disk full"
    LOCKED = "ledger locked by another process"
    CLOCK = "clock jump"
    NONE = "no accident"


BOUNDARIES = {
    "RunStarted": 2,
    "Reserved": 12,
    "Submitting": 24,
    "Accepted": 24,
    "Running": 2,
    "Done": 20,
    "Stored": 24,
    "Failed": 2,
    "Unknown": 3,
    "CellDone": 12,
    "RunParked": 1,
    "RunEnded": 1,
}
"""The facts before and after which a process is killed, and how often in comparison."""

_AT_ONCE = frozenset({"Accepted", "Running"})
"""What a provider that answers at once has none of."""


class Accident(NamedTuple):
    """One accident: at the `nth` fact of this name, after or for or by so many seconds, or at so many bytes.

    A process whose ledger is locked, or whose clock jumps, is killed after its fact all the same.
    """

    what: What
    fact: str = ""
    nth: int = 0
    seconds: float = 0.0
    size: int = 0


def some_accident(dice: random.Random, nth: int, usual: float, *, at_once: bool) -> Accident:
    """An accident by chance: at one of the first `nth` facts of a name, or within `usual` seconds.

    `at_once`: the provider's answer is the result.
    """
    what = dice.choices(
        [What.KILL_BEFORE, What.KILL_AFTER, What.KILL_ANYWHERE, What.DISK_FULL, What.LOCKED, What.CLOCK],
        [35, 30, 20, 5, 5, 5],
    )[0]
    seconds = dice.uniform(0.02, usual)
    if what is What.LOCKED:
        seconds = dice.uniform(0.05, 0.3)
    if what is What.CLOCK:
        seconds = dice.choice([-86_400.0, -3_600.0, -5.0, 5.0, 3_600.0, 86_400.0, 40 * 86_400.0])
    facts = {name: weight for name, weight in BOUNDARIES.items() if not (at_once and name in _AT_ONCE)}
    fact = dice.choices(list(facts), list(facts.values()))[0]
    return Accident(what, fact, dice.randint(1, nth), seconds, dice.randint(2, 200) * 1024)


class Struck(Journal):
    """A journal at one of whose facts something happens. What has happened is noted in a file: it outlives a kill."""

    def __init__(self, journal: Any, accident: Accident, note: Callable[[str], None]) -> None:
        self._journal = journal
        self._accident = accident
        self._note = note
        self._count = 0
        if accident.what is What.CLOCK:
            jump(accident.seconds)
            note(accident.what)

    def put(self, *events: Event) -> None:
        """Hand over."""
        for event in events:
            self._before(event)
            self._journal.put(event)
            self._after(event)

    async def record(self, *events: Event) -> None:
        """Hand over; the moment after a durable fact is on disk is the moment before anything is done about it."""
        for event in events:
            self._before(event)
        await self._journal.record(*events)
        for event in events:
            self._after(event)

    async def intend(self, event: Submitting) -> Claim:
        """As `record`."""
        self._before(event)
        claim: Claim = await self._journal.intend(event)
        self._after(event)
        return claim

    async def reserve(self, event: Reserved, *then: Submitting) -> Claim:
        """One commit is one moment."""
        self._before(event)
        claim: Claim = await self._journal.reserve(event, *then)
        for one in (event, *then):
            self._after(one)
        return claim

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    def _before(self, event: Event) -> None:
        if type(event).__name__ != self._accident.fact:
            return
        self._count += 1
        if self._count != self._accident.nth:
            return
        what = self._accident.what
        if what is What.KILL_BEFORE:
            self._note(f"{what}: {type(event).__name__}")
            os.kill(os.getpid(), signal.SIGKILL)
        elif what is What.DISK_FULL:
            fill_disk(self._accident.size)
            self._note(what)

    def _after(self, event: Event) -> None:
        if type(event).__name__ != self._accident.fact or self._count < self._accident.nth:
            return
        if self._accident.what in (What.KILL_AFTER, What.CLOCK, What.LOCKED):
            self._note(f"{What.KILL_AFTER}: {type(event).__name__}")
            os.kill(os.getpid(), signal.SIGKILL)


def jump(seconds: float) -> None:
    """From now on this process believes that it is so much later."""
    true = time.time
    time.time = lambda: true() + seconds


def fill_disk(size: int) -> None:
    """From now on no file of this process can grow beyond so many bytes: writing there fails, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def locker(ledger: Path, delay: float, seconds: float) -> int:
    """Start a process that takes the ledger's write lock after `delay`, keeps it, and is killed without giving it back.

    Returns its process id, for `os.waitpid`. It is no child of the runner: a fork of a process that has the file open
    would inherit what SQLite believes about locks.
    """
    pid = os.fork()
    if pid == 0:
        try:
            time.sleep(delay)
            held = sqlite3.connect(f"file:{ledger}?mode=rw", uri=True, timeout=30, isolation_level=None)
            held.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)  # there is no ledger yet
    return pid
