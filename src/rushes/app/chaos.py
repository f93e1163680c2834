"""Use case: let everything go wrong with a workflow, and look whether the promises about money hold. Free: simulated.

Each take has a home, a simulator and an output folder of its own, which are gone afterwards. The command itself is run
in processes that are killed without a word; the simulator's books are the judge. Nothing here decides what became of
an unknown outcome: the books are asked, as a person would ask a provider.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rushes.app.chaos_children import Child, child_of, simulator_of
from rushes.app.chaos_home import Home, Seen
from rushes.errors import UserError
from rushes.model.money import ZERO

MOST_TAKES = 50
REOPEN = 2.0
"""Seconds in which a home is open again and its unknown outcomes are listed."""

_KILLED = "kill -9"
_ROUNDS = 40  # processes of one take that may meet an accident
_CALM = 8  # processes afterwards that meet none
_EARLY = 25  # among how many events of a process a kill falls
_DONE, _FAILED, _WAITING = 0, 3, 4  # exit codes of a run

_SUBMIT = ("close-after", "504-after", "close-mid", "500-after", "truncated", "503", "429", "close-before")
_LATER = ("close-mid", "500", "429", "503", "truncated", "unknown-status", "slow", "close-after")


@dataclass(slots=True, kw_only=True)
class Chaos:
    """What a fault suite came to. Money in USD, all of it simulated; `faults` by kind, `reopen` in seconds.

    `held` are results that lie at the provider until they are fetched; `spent` is what our ledger says, `billed` what
    the simulator's books say. `again` were bought a second time on purpose: their answer was lost for good.
    """

    seed: int
    takes: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    duplicates: int = 0
    again: int = 0
    unknown: int = 0
    unlisted: int = 0
    held: int = 0
    fetched: int = 0
    spent: Decimal = ZERO
    billed: Decimal = ZERO
    damaged: int = 0
    reopen: float = 0.0
    unfinished: list[str] = field(default_factory=list)

    @property
    def injected(self) -> int:
        """How many faults."""
        return self.faults.total()

    def promises(self) -> Mapping[str, bool]:
        """Each promise, and whether it held."""
        return {
            "nothing is bought twice": self.duplicates == 0,
            "every unknown outcome is listed": self.unlisted == 0,
            "every result that the provider holds is fetched": self.fetched == self.held,
            "our books and the provider's agree to the cent": self.spent == self.billed,
            "no damaged file is ever visible": self.damaged == 0,
            f"a home is open again within {REOPEN:g} s": self.reopen <= REOPEN,
            "the workflow comes to its end": not self.unfinished,
        }

    @property
    def good(self) -> bool:
        """Whether all of them held."""
        return all(self.promises().values())

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "simulated": True,
            "seed": self.seed,
            "takes": self.takes,
            "faults": dict(sorted(self.faults.items())),
            "injected": self.injected,
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "bought_again_on_purpose": self.again,
            "unknown": self.unknown,
            "unlisted": self.unlisted,
            "held": self.held,
            "fetched": self.fetched,
            "spent": str(self.spent),
            "billed": str(self.billed),
            "damaged": self.damaged,
            "reopen_seconds": round(self.reopen, 4),
            "unfinished": self.unfinished,
            "promises": dict(self.promises()),
        }


async def chaos(file: Path, *, seed: int, faults: int, provider: str, say: Callable[[Chaos, str], None]) -> Chaos:
    """Play the workflow again and again until so many faults were injected; `say` is told how it goes.

    Raises ProblemsError and UserError for a workflow that cannot be run, UserError where nothing in it is remote.
    """
    found = Chaos(seed=seed)
    while found.takes < MOST_TAKES and (not found.takes or (found.injected < faults and found.good)):
        with TemporaryDirectory(prefix="rushes-chaos-") as folder:
            async with simulator_of(seed + found.takes, Path(folder)) as sim:
                await _Take(file, sim, Path(folder), provider, faults, found, say).play()
        found.takes += 1
    return found


class _Take:
    def __init__(
        self,
        file: Path,
        sim: str,
        folder: Path,
        provider: str,
        wanted: int,
        found: Chaos,
        say: Callable[[Chaos, str], None],
    ) -> None:
        self._dice = random.Random(f"{found.seed}/{found.takes}")  # noqa: S311  it shall be the same again
        self._home = Home(file, sim, folder, provider)
        self._wanted = wanted
        self._found = found
        self._say = say
        self._struck: Counter[str] = Counter()
        self._before = found.faults.copy()

    async def play(self) -> None:
        """Storm, calm, judgement."""
        await self._home.check()
        code = await self._storm()
        await self._home.books.set_faults([])
        code = await self._calm(code)
        if code != _DONE:
            self._found.unfinished.append(f"take {self._found.takes + 1} ended with exit code {code}")
        await self._judge()

    async def _storm(self) -> int | None:
        """Process after process, each killed or left alone, until one comes to an end."""
        for _ in range(_ROUNDS):
            if self._found.injected >= self._wanted:
                return None
            await self._home.books.set_faults(self._some_faults())
            code = await self._process(self._some_accident())
            await self._count()
            if code is not None:
                return code
        return None

    async def _calm(self, code: int | None) -> int | None:
        """Nothing goes wrong any more: what can be had is had, and the books decide the rest."""
        for _ in range(_CALM):
            if code != _DONE:
                code = await self._process(None)
            decided = await self._home.decide()
            self._found.again += decided.paid
            if decided.words:
                code = None
            elif code in (_DONE, _FAILED):
                break
        return code

    async def _process(self, accident: Child | None) -> int | None:
        """One process; its exit code, or None when it was killed."""
        code, said = await child_of(self._home.command(), self._home.environment(), accident)
        if code is None:
            self._struck[_KILLED] += 1
        elif code not in (_DONE, _FAILED, _WAITING):
            raise UserError(f"the run ended with exit code {code}: {said[-300:].strip()}")
        self._look(self._home.look())
        self._say(self._found, "running" if code is None else "calm")
        return code

    def _look(self, seen: Seen) -> None:
        found = self._found
        found.reopen = max(found.reopen, seen.seconds)
        found.damaged += seen.damaged
        found.unlisted += seen.unlisted

    async def _count(self) -> None:
        self._found.faults = self._before + self._struck + await self._home.books.struck()

    async def _judge(self) -> None:
        found, books, home = self._found, await self._home.books.report(), self._home
        await self._count()
        found.accepted += books["accepted"]
        found.duplicates += home.unmeant(books)
        found.unknown += len(home.doubted)
        held = [one for one in books["entries"] if one["ended"] == "done" and one["kept"]]
        found.held += len(held)
        found.fetched += sum(one["fetched"] for one in held)
        found.billed += Decimal(books["billed"])
        found.spent += home.spent()
        self._say(found, "judged")

    def _some_accident(self) -> Child | None:
        lot = self._dice.random()
        if lot < 0.55:
            return Child(event=self._dice.randint(1, _EARLY))
        return Child(seconds=self._dice.uniform(0.3, 3.0)) if lot < 0.95 else None

    def _some_faults(self) -> list[dict[str, Any]]:
        """A mix of what goes wrong on the way; each strikes one request twice at most, so that all comes to an end."""
        chosen = [(what, "submit") for what in self._dice.sample(_SUBMIT, 3)]
        chosen += [(what, "status") for what in self._dice.sample(_LATER, 2)]
        chosen += [(self._dice.choice(("close-mid", "500", "slow")), "download")]
        return [
            {"what": what, "place": place, "rate": self._dice.uniform(0.1, 0.3), "first": 2, "seconds": 2.0}
            for what, place in chosen
        ]
