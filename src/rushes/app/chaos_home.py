"""The throw-away home of a fault suite: what is run in it, what it looks like, and what the simulator's books say."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import ProxyHandler, Request, build_opener

from rushes.app import simulator
from rushes.app.config import load_config
from rushes.app.plan import prepare
from rushes.app.project import Project
from rushes.app.unknowns import Outcome, UnknownAttempt, resolve, unknowns
from rushes.errors import StoreError, UserError
from rushes.ledger.fold import fold
from rushes.model.ids import AttemptId
from rushes.model.money import ZERO
from rushes.model.run import RunOptions, RunState
from rushes.model.workflow import Pick

_BY = "the simulator's books"


class Seen(NamedTuple):
    """A home as whoever opens it sees it: seconds until it was open, damaged files, unknown outcomes nobody lists."""

    seconds: float
    damaged: int
    unlisted: int


class Decided(NamedTuple):
    """How many unknown outcomes were decided, and how many of them were paid for and are lost."""

    words: int
    paid: int


class SimBooks:
    """The simulator's control and books, asked without a thread of the loop being held."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def report(self) -> dict[str, Any]:
        """The books."""
        return await asyncio.to_thread(simulator.report, self.url)

    async def struck(self) -> Counter[str]:
        """How often each fault has struck."""
        found = await asyncio.to_thread(self._ask, None)
        return Counter({what.replace("@", " at "): times for what, times in found["struck"].items()})

    async def set_faults(self, faults: Iterable[Mapping[str, Any]]) -> None:
        """These faults from now on, and no others."""
        await asyncio.to_thread(self._ask, json.dumps({"faults": list(faults)}).encode())

    def _ask(self, body: bytes | None) -> Any:
        request = Request(f"{self.url}/_sim/faults", data=body)  # noqa: S310  our own simulator
        with build_opener(ProxyHandler({})).open(request, timeout=30) as answer:
            return json.loads(answer.read())


class Home:
    """One home, the workflow in it, and the simulator beside it."""

    def __init__(self, file: Path, sim: str, folder: Path, provider: str) -> None:
        self._file = file.absolute()
        self._sim = sim
        self._home = folder / "home"
        self._out = folder / "out"
        self._provider = provider
        self.books = SimBooks(sim)
        self.doubted: set[str] = set()
        self._consented: Counter[str] = Counter()

    def project(self) -> Project:
        """The home, opened. Whatever the project file says of ledgers and homes, it is not those."""
        flags = {"home": str(self._home), "ledger": str(self._home / "ledger.sqlite"), "sim": self._sim}
        return Project(load_config(self._file.parent, flags))

    def environment(self) -> dict[str, str]:
        """The same for a process: what the environment says beats every project file."""
        ledger = str(self._home / "ledger.sqlite")
        return {"RUSHES_HOME": str(self._home), "RUSHES_LEDGER": ledger, "RUSHES_SIM": self._sim}

    def command(self) -> list[str]:
        """What to run next: the file, or the run of it that is not over."""
        with self.project() as project:
            begun = [one.id for one in project.ledger.runs(limit=1) if one.state is not RunState.DONE]
        how = ["resume", begun[0]] if begun else ["run", str(self._file), *self._flags()]
        return [*how, "--yes", "--stream", "--home", str(self._home)]

    def _flags(self) -> list[str]:
        picks = ["--pick", "first-clean", "--concurrency", "8", "--output-dir", str(self._out)]
        return ["--provider", self._provider, "--sim", self._sim, *picks]

    async def check(self) -> None:
        """Refuse what cannot be run, or has nothing in it that a simulator could answer. Raises UserError."""
        options = RunOptions(provider=self._provider, sim=self._sim, pick=Pick.FIRST_CLEAN)
        with self.project() as project:
            prepared = await prepare(project, self._file, options)
            asked = {prepared.models.provider_of(node) for node in prepared.grid.nodes}
            if not any(project.remote(name) for name in asked if name in project.loaded_providers()):
                raise UserError(
                    f"{self._file.name} asks nothing of a remote provider, so nothing can go wrong on the way",
                    next_step="name models of fal or gemini in it, or give --provider fal",
                )

    def look(self) -> Seen:
        """Open everything, as a person would after a crash, and look at every file."""
        began = time.perf_counter()
        with self.project() as project:
            listed = {one.attempt for one in unknowns(project)}
            seconds = time.perf_counter() - began
            doubtful: set[AttemptId] = set()
            for run in project.ledger.runs():
                doubtful |= set(fold(project.ledger.events(run.id)).unknown)
            self.doubted |= doubtful
            damaged = sum(not self._sound(project, digest) for digest in project.store.digests())
        return Seen(seconds, damaged, len(doubtful - listed))

    @staticmethod
    def _sound(project: Project, digest: Any) -> bool:
        try:
            project.store.verify(digest)
        except StoreError:
            return False
        return True

    async def decide(self) -> Decided:
        """Ask the simulator's books what became of every unknown outcome, and write down what they say."""
        report = await self.books.report()
        paid = 0
        with self.project() as project:
            doubted = [one for one in unknowns(project) if one.asked]
            for one in doubted:
                outcome, remote = self._truth(project, report, one)
                if outcome is Outcome.PAID:
                    paid += 1
                    self._consented[self._asking(project, one)] += 1
                await resolve(project, one.attempt, outcome, remote, by=_BY)
        return Decided(len(doubted), paid)

    def _truth(self, project: Project, report: Mapping[str, Any], one: UnknownAttempt) -> tuple[Outcome, str | None]:
        asking = self._asking(project, one)
        jobs = [job for job in report["entries"] if job["accepted"] and job["asking"] == asking]
        # of askings that were meant to be repeated the earlier ones are decided already
        jobs = jobs[self._consented[asking] :]
        if not jobs:
            return Outcome.LOST, None
        if not jobs[-1]["kept"]:
            return Outcome.PAID, None  # its answer was all there was
        return Outcome.ADOPT, _address(self._sim, jobs[-1])

    @staticmethod
    def _asking(project: Project, one: UnknownAttempt) -> str:
        return str(fold(project.ledger.events(one.run)).attempts[one.attempt].event.key)

    def unmeant(self, report: Mapping[str, Any]) -> int:
        """Requests that were accepted once more than anybody meant."""
        meant = self._consented
        askings = {one["asked"]: one["asking"] for one in report["entries"]}
        return sum(max(one["times"] - 1 - meant[askings[one["asked"]]], 0) for one in report["duplicates"])

    def spent(self) -> Decimal:
        """What the ledger says was spent, USD."""
        with self.project() as project:
            return sum((fold(project.ledger.events(run.id)).money.spent for run in project.ledger.runs()), ZERO)


def _address(sim: str, job: Mapping[str, Any]) -> str:
    """What names a job at its provider, as a person would copy it from its page: an address at fal, else an id."""
    if job["protocol"] != "fal":
        return str(job["remote"])
    app = "/".join(str(job["model"]).split("/")[:2])
    return f"{sim}/{job['protocol']}/{app}/requests/{job['remote']}"
