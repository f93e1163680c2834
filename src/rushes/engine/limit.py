"""One limit: a ceiling on what is in flight under it, told, found out or shared, and who waits for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol

from rushes.engine.finder import Finder
from rushes.engine.part import Part, Wake
from rushes.engine.window import Window
from rushes.model.limit import Allowed, Unit

Weigh = Callable[[Unit], float]
"""What a unit of work counts for, of each unit that limits count in."""


class Waiter(Protocol):
    """A run that waits for a token: `wake` has it look again, the highest `priority` comes first."""

    wake: Wake
    priority: int


def unknown(unit: Unit) -> float:
    """The weight of a request of which nothing is known."""
    return 1.0 if unit is Unit.REQUESTS else 0.0


class Closed(NamedTuple):
    """Why nothing goes: the limit's name, the reason in words, the loop time until which (None: nobody can say)."""

    limit: str
    why: str
    until: float | None = None


def _found(finder: Finder, now: float) -> str:
    """Why an account that finds out for itself what it takes takes no more."""
    if finder.paused > now:
        return "it said to wait so long" if finder.told else "it refuses, and did not say for how long"
    if finder.pace is not None and finder.flying < finder.most:
        return f"it was found to take {finder.pace * 60:.3g} a minute"
    return f"it was found to take {math.floor(finder.most)} at once"


class Limit:
    """One ceiling. `most` is what it was told, `finder` finds out the rest; `held` says why nothing is admitted until
    somebody lets it go on. `line` are the runs that wait for what others have of it, `waiting` how much waits in each.
    `declared` is what it was made with, `part` what is this process's, where others use it too.
    """

    __slots__ = (
        "declared",
        "finder",
        "held",
        "line",
        "most",
        "name",
        "part",
        "paused",
        "used",
        "users",
        "waiting",
        "why_paused",
        "windows",
    )

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.most: int | None = None
        self.windows: tuple[Window, ...] = ()
        self.finder: Finder | None = None
        self.used = 0
        self.users: dict[Waiter, int] = {}
        self.held = ""
        self.paused = 0.0
        self.why_paused = ""
        self.line: dict[Waiter, None] = {}
        self.waiting: dict[Waiter, int] = {}
        self.declared = Allowed()
        self.part: Part | None = None

    def allow(self, allowed: Allowed) -> None:
        """What it may be asked from now on; what is in flight stays."""
        self.most = allowed.in_flight
        if tuple(window.rate for window in self.windows) != allowed.rates:
            self.windows = tuple(Window(rate) for rate in allowed.rates)

    def shut(self, now: float, weigh: Weigh = unknown) -> Closed | None:
        """Why not one more; None when it may go."""
        if self.held:
            return Closed(self.name, self.held)
        if self.paused > now:
            return Closed(self.name, self.why_paused, self.paused)
        if self.most is not None and self.used >= self.most:
            return Closed(self.name, f"all {self.most} at once are in flight")
        elsewhere = self._elsewhere(now)
        if elsewhere is not None:
            return elsewhere
        for window in self.windows:
            opens = window.opens(weigh(window.rate.of), now)
            if opens > now:
                if self.part is not None and window.is_open(now):
                    self.part.tell()
                return Closed(self.name, f"no more than {window.rate.says}", None if opens == math.inf else opens)
        opens = self.finder.opens(now) if self.finder is not None else now
        if opens <= now:
            return None
        assert self.finder is not None
        return Closed(self.name, _found(self.finder, now), None if opens == math.inf else opens)

    def _elsewhere(self, now: float) -> Closed | None:
        """Why not one more, because of other processes."""
        part = self.part
        if part is None:
            return None
        if part.broken is not None:
            raise part.broken
        if part.held is None:
            return Closed(self.name, "it is being agreed on with other processes")
        if now >= part.until:
            return Closed(self.name, "the ledger does not say what other processes send")
        if part.held < 0 or self.used < part.held:
            return None
        if part.leads and self.used == part.held and self._may_try(now):
            return None  # who leads is the one that asks for more than there was
        part.want()
        return Closed(self.name, f"other processes use it: {part.held} at once are ours")

    def _may_try(self, now: float) -> bool:
        """Whether one more than all hold may go, to find out: where all that there is is in flight."""
        finder = self.finder
        if finder is None or (self.most is not None and finder.most >= self.most):
            return False
        return finder.flying >= math.floor(finder.most) and finder.opens(now) <= now

    def call_all(self) -> None:
        """Have every run look again: something has changed for all of them."""
        for run in {**self.line, **self.waiting}:
            run.wake()

    def best(self) -> Waiter | None:
        """Whose turn it is."""
        return min(self.line, key=self._turn, default=None)

    def is_others(self, run: Waiter) -> bool:
        """Whether somebody in line comes before this run."""
        best = self.best()
        return best is not None and best is not run and self._turn(best) < self._turn(run)

    def call_next(self, now: float) -> None:
        """Wake the first in line, where there is something to take."""
        if self.line and self.shut(now) is None:
            best = self.best()
            assert best is not None
            best.wake()

    def _turn(self, run: Waiter) -> tuple[int, int]:
        return -run.priority, self.users.get(run, 0)
