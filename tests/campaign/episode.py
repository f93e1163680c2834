"""One episode: a workflow that meets one accident after another until it is done, and what must be true all the while.

The simulator's books judge. What a promise is broken by is a line of text in `broken`; an episode without one held.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from tests.campaign.accidents import Accident, What, locker, some_accident
from tests.campaign.forks import Ended, Ending, in_child
from tests.campaign.judge import Judge
from tests.campaign.kinds import SCENES, Kind
from tests.campaign.stage import Look, Stage, some_faults

REOPEN = 2.0
"""Seconds in which a home must be open and its unknown outcomes listed, whatever happened to it."""

_NTH = 4
"""At which fact of a name an accident falls, at most: so each process comes a little further than the last."""

_ROUNDS = 40
_CALM = 10


class Played(NamedTuple):
    """What an episode came to."""

    kind: str
    number: int
    faults: dict[str, int]
    accepted: int
    duplicates: int
    unknown: int
    unlisted: int
    held: int
    fetched: int
    damaged: int
    reopen: float
    seconds: float
    broken: list[str]


def play(judge: Judge, kind: Kind, number: int, rows: int) -> Played:
    """Play one. The number decides everything that is left to chance."""
    with TemporaryDirectory(prefix="rushes-campaign-") as folder:
        return _Episode(judge, kind, number, rows, Path(folder)).play()


class _Episode:
    def __init__(self, judge: Judge, kind: Kind, number: int, rows: int, folder: Path) -> None:
        self.judge, self.kind, self.number = judge, kind, number
        self.dice = random.Random(f"{kind.name}/{number}")
        texts = [f"{SCENES[row % len(SCENES)]}, number {number} of {row}" for row in range(rows)]
        self.stage = Stage(folder, kind, judge.new(number), texts)
        self.faults: Counter[str] = Counter()
        self.broken: list[str] = []
        self.reopen = 0.0
        self.damaged: set[str] = set()
        self.unknown: set[str] = set()
        self.unlisted: set[str] = set()

    def play(self) -> Played:
        """Storm, then calm, then the judgement."""
        began = time.monotonic()
        self.judge.faults(some_faults(self.dice))
        for _ in range(_ROUNDS):
            state = self._round(some_accident(self.dice, _NTH, 0.5, at_once=self.kind.at_once))
            if state in ("done", "parked"):
                break  # nothing more happens by itself
        self.judge.faults([])
        look = self._calm()
        self.faults.update(self.stage.struck())
        report = self.judge.report()
        self.faults.update(report["struck"])
        self._judge(report, look)
        held = [one for one in report["entries"] if one["ended"] == "done" and one["kept"]]
        return Played(
            kind=self.kind.name,
            number=self.number,
            faults=dict(sorted(self.faults.items())),
            accepted=report["accepted"],
            duplicates=sum(one["times"] - 1 for one in report["duplicates"]),
            unknown=len(self.unknown),
            unlisted=len(self.unlisted),
            held=len(held),
            fetched=sum(one["fetched"] for one in held),
            damaged=len(self.damaged),
            reopen=round(self.reopen, 4),
            seconds=round(time.monotonic() - began, 2),
            broken=self.broken,
        )

    def _round(self, accident: Accident) -> str:
        """One process and its accident, and a look at what it left."""
        what = accident.what
        drive = self.stage.drive_until_full if what is What.DISK_FULL else self.stage.drive
        lock = locker(self.stage.home / "ledger.sqlite", 0.05, accident.seconds) if what is What.LOCKED else None
        ended = in_child(partial(drive, accident), kill_after=accident.seconds if what is What.KILL_ANYWHERE else None)
        if lock is not None:
            self._unlock(lock)
        if what is What.KILL_ANYWHERE and ended.ending is Ending.KILLED:
            self.stage.note(str(what))
        self._expect(ended, accident)
        self._look()
        return str(ended.value)

    def _unlock(self, lock: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(lock, 0)
        _, status = os.waitpid(lock, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            self.stage.note(str(What.LOCKED))

    def _expect(self, ended: Ended, accident: Accident) -> None:
        if ended.ending in (Ending.FAILED, Ending.HUNG):
            self.broken.append(f"{accident}: the process {ended.ending}: {ended.value}")

    def _look(self) -> Look | None:
        ended = in_child(self.stage.look)
        if ended.ending is not Ending.FINISHED:
            self.broken.append(f"the home does not open: {ended.value}")
            return None
        look: Look = ended.value
        self.reopen = max(self.reopen, look.seconds)
        self.damaged |= set(look.damaged)
        self.unknown |= set(look.unknown)
        self.unlisted |= set(look.unknown) - look.listed
        return look

    def _calm(self) -> Look | None:
        """Nothing goes wrong any more: everything that can be had is had, and the rest is decided by the books."""
        look = None
        for _ in range(_CALM):
            state = self._round(Accident(What.NONE))
            look = self._look()
            if look is None or (state == "done" and not (look.listed or look.left)):
                break
            if look.listed and not look.left:
                self._unaccounted(look)
                words = dict(self._words(look))
                ended = in_child(partial(self.stage.settle, words))
                self._expect(ended, Accident(What.NONE))
                if self.kind.at_once:
                    break  # whoever goes on now means to buy again what was paid for and is lost
        return look

    def _words(self, look: Look) -> Iterator[tuple[str, str]]:
        """For each attempt in doubt what the books know of it."""
        jobs = {one["asking"]: one for one in self.judge.report()["entries"] if one["accepted"]}
        for attempt, key in look.unknown.items():
            job = jobs.get(key)
            if job is None:
                yield attempt, "lost"
            elif not job["kept"]:
                yield attempt, "paid"
            elif self.kind.provider == "fal":
                app = "/".join(job["model"].split("/")[:2])
                yield attempt, f"{self.stage.url}/fal/{app}/requests/{job['remote']}"
            else:
                yield attempt, str(job["remote"])

    def _unaccounted(self, look: Look) -> None:
        """Every job in the books is known to the ledger, or listed as unknown: none is silently lost."""
        known = {*look.stored, *look.unknown.values(), *look.left.values(), *look.over}
        for one in self.judge.report()["entries"]:
            if one["accepted"] and one["asking"] not in known:
                self.unlisted.add(one["remote"])

    def _judge(self, report: dict[str, Any], look: Look | None) -> None:
        if report["duplicates"]:
            self.broken.append(f"bought twice: {report['duplicates']}")
        if self.unlisted:
            self.broken.append(f"in doubt, and not listed: {sorted(self.unlisted)}")
        if report["unfetched"]:
            self.broken.append(f"held by the provider, and not fetched: {report['unfetched']}")
        if self.damaged:
            self.broken.append(f"damaged: {sorted(self.damaged)}")
        if self.reopen > REOPEN:
            self.broken.append(f"opening took {self.reopen:.2f} s")
        if look is None:
            return
        if len(look.stored) != len(set(look.stored)):
            self.broken.append("a result was stored twice")
        if look.left:
            self.broken.append(f"left open: {look.left}")
        finished = {one["asking"] for one in report["entries"] if one["ended"] == "done" and one["kept"]}
        if not finished <= set(look.stored):
            self.broken.append("a finished job is not in the store")
