"""Limits: named, visible, resizable ceilings on work in flight.

A unit of work needs a token from every limit of its *lane*: the run's `--concurrency`, its provider account, the model
at it, its group and the groups around it. A limit may be told a ceiling or rates, and that of an account finds out by
itself what it takes (`finder`). Whatever holds a unit up says why, and until when if that is known.

What a provider takes it takes of all runs together: its limits are one for all runs of a process that share their
`Accounts`. Runs that find one full stand in its line. A free token is for the run of the highest priority in it, among
equals for the one that holds the fewest; the others leave it alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rushes.engine.finder import START, Finder
from rushes.engine.window import Window
from rushes.errors import StoreError
from rushes.model.limit import Allowed, Standing, Unit

Lane = tuple[str, ...]
"""Names of the limits that a unit needs, outermost first."""

Wake = Callable[[], None]
Weigh = Callable[[Unit], float]

TOGETHER = "together"
"""The limit on everything that the runs of one program have in flight."""


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


@dataclass(slots=True)
class Part:
    """This process's part of a limit that other processes share, as it was granted last (`share`).

    `held` is how many it may have in flight (None: nobody has said yet; negative: nobody else is there), until the loop
    time `until`: then others may have it. What has happened since then is told the next time, which is soon after
    `tell`; `hungry` says that the others know that more is wanted, `broken` why nothing will be granted any more.
    """

    tell: Wake
    broken: BaseException | None = None
    held: int | None = None
    until: float = math.inf
    leads: bool = False
    hungry: bool = False
    sent: dict[Unit, list[tuple[float, float]]] = field(default_factory=dict)
    taken: int = 0
    refusals: list[tuple[float, float | None]] = field(default_factory=list)

    def send(self, unit: Unit, amount: float, now: float) -> None:
        """So much goes."""
        if amount > 0:
            self.sent.setdefault(unit, []).append((now, amount))

    def want(self) -> None:
        """More is wanted than there is: the others hear of it, once."""
        if not self.hungry:
            self.hungry = True
            self.tell()


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
        self.users: dict[Limits, int] = {}
        self.held = ""
        self.paused = 0.0
        self.why_paused = ""
        self.line: dict[Limits, None] = {}
        self.waiting: dict[Limits, int] = {}
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
            raise StoreError(f"nothing can be agreed on with other processes any more: {part.broken!r}")
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

    def best(self) -> Limits | None:
        """Whose turn it is."""
        return min(self.line, key=self._turn, default=None)

    def is_others(self, run: Limits) -> bool:
        """Whether somebody in line comes before this run."""
        best = self.best()
        return best is not None and best is not run and self._turn(best) < self._turn(run)

    def call_next(self, now: float) -> None:
        """Wake the first in line, where there is something to take."""
        if self.line and self.shut(now) is None:
            best = self.best()
            assert best is not None
            best.wake()

    def _turn(self, run: Limits) -> tuple[int, int]:
        return -run.priority, self.users.get(run, 0)


def _nobody() -> None:
    """Nobody listens."""


class Accounts:
    """The limits that runs of one process keep together. Use it from one event loop at a time.

    `allowed` is what people set for an account (`fal`) or a model at it (`fal/flux_dev`), in place of what the provider
    declares.
    """

    def __init__(self, most: int | None = None, allowed: Mapping[str, Allowed] | None = None) -> None:
        self.limits: dict[str, Limit] = {}
        self.together: Lane = () if most is None else (TOGETHER,)
        self.tell: Wake = _nobody  # there is news for the other processes
        self._allowed = dict(allowed or {})
        self.limit(TOGETHER).most = most

    def limit(self, name: str) -> Limit:
        """The limit of that name, for every run the same."""
        limit = self.limits.get(name)
        if limit is None:
            limit = self.limits[name] = Limit(name)
        return limit

    def account(self, name: str, declared: Allowed, *, finds: bool) -> Limit:
        """The limit of an account or of a model at it, made when it is first asked for; `finds` out what it takes."""
        known = name in self.limits
        limit = self.limit(name)
        if not known:
            allowed = self._allowed.get(name.removeprefix("provider:"), Allowed())
            limit.declared = Allowed(allowed.in_flight or declared.in_flight, allowed.rates or declared.rates)
            limit.allow(limit.declared)
            if finds:
                limit.finder = Finder(limit.most or START)
            if self.tell is not _nobody:
                limit.part = Part(self.tell)
                self.tell()
        return limit


class Tokens:
    """What one unit holds of its lane while it is on its way, and what became of it there."""

    __slots__ = ("_counted", "_held", "_queued", "_run", "_said", "_taken")

    def __init__(self, run: Limits, limits: Sequence[Limit], now: float, weigh: Weigh) -> None:
        self._run = run
        self._said: float | None = None  # seconds that an answer asked to wait
        self._taken = False
        self._queued: bool | None = None  # whether it waits in the provider's line; None: it has not said so
        self._counted = False
        self._held: list[tuple[Limit, int]] = []
        for limit in limits:
            limit.used += 1
            limit.users[run] = limit.users.get(run, 0) + 1
            for window in limit.windows:
                window.take(weigh(window.rate.of), now)
            if limit.part is not None:
                for unit in {window.rate.of for window in limit.windows}:
                    limit.part.send(unit, weigh(unit), now)
            self._held.append((limit, limit.finder.sent(now) if limit.finder is not None else 0))

    def took(self, now: float, queued: bool | None = None) -> bool:
        """The provider has it, in a line of its own or at work (None: it has not said which). Whether that is news:
        there may be room for more.
        """
        if self._taken and self._queued is queued:
            return False
        self._count()
        self._taken, self._queued = True, queued
        for limit, ticket in self._held:
            if limit.finder is not None:
                limit.finder.took(ticket, now)
                if queued is not None:
                    limit.finder.queued(ticket, queued, now)
                limit.call_next(now)
        return True

    def refused(self, now: float, wait: float | None) -> bool:
        """It was too much; `wait` is the seconds that the provider named. Whether anybody knows now when to go on."""
        wait = self._said if wait is None else wait
        self._said, self._counted = None, True
        for limit, ticket in self._held:
            if limit.finder is not None:
                limit.finder.refused(ticket, now, None if wait is None else now + wait)
            if limit.part is not None:
                limit.part.refusals.append((now, None if wait is None else now + wait))
                limit.part.tell()
        return any(limit.finder is not None for limit, _ticket in self._held)

    def erred(self, now: float, wait: float | None) -> None:
        """The service has trouble of its own, for so many seconds if it said so."""
        for limit, _ticket in self._held:
            if limit.finder is not None:
                limit.finder.erred(now)
                if wait is not None:
                    limit.finder.pause(now + wait)

    def lost(self) -> None:
        """It was not sent after all."""
        self._counted = True
        for limit, ticket in self._held:
            if limit.finder is not None:
                limit.finder.lost(ticket)

    def heard(self, standings: Sequence[Standing]) -> None:
        """What the provider said is left. Where that is nothing, the next one waits until there is something again: a
        part of the time in which all of it is. What a refusal names of its own is better known.
        """
        spent = [said for said in standings if said.left is not None and said.left <= 0 and said.resets is not None]
        self._said = max((said.resets / max(1.0, said.most or 1.0) for said in spent if said.resets), default=None)

    def give(self, now: float) -> None:
        """Hand everything back; nothing the second time."""
        self._count()
        held, self._held = self._held, []
        for limit, ticket in held:
            if limit.finder is not None and self._said is not None:
                limit.finder.pause(now + self._said)
            limit.used -= 1
            left = limit.users[self._run] - 1
            if left:
                limit.users[self._run] = left
            else:
                del limit.users[self._run]
            if limit.finder is not None:
                limit.finder.ended(ticket, now)
        for limit, _ticket in held:
            limit.call_next(now)

    def _count(self) -> None:
        """It was taken: the other processes hear of it once."""
        if not self._counted:
            self._counted = True
            for limit, _ticket in self._held:
                if limit.part is not None:
                    limit.part.taken += 1


class Limits:
    """All limits of one run; a name that nobody `set` has no ceiling. `wake` has the run look again."""

    def __init__(self, wake: Wake = lambda: None, priority: int = 0) -> None:
        self.wake = wake
        self.priority = priority
        self._limits: dict[str, Limit] = {}
        self._shared: dict[str, Limit] = {}

    def share(self, limit: Limit) -> None:
        """From now on this is a limit that other runs have, too."""
        self._limits[limit.name] = self._shared[limit.name] = limit

    def set(self, name: str, most: int | None) -> None:
        """Make or resize a limit; work already in flight is never taken back."""
        if most is not None and most < 1:
            raise ValueError(f"limit {name!r} must be at least 1, not {most}")
        self._of(name).most = most

    def pause(self, name: str, until: float, why: str) -> None:
        """Admit nothing under this limit before `until` (loop time); a later pause extends, an earlier one does not."""
        limit = self._of(name)
        if until > limit.paused:
            limit.paused, limit.why_paused = until, why

    def hold(self, name: str, why: str) -> None:
        """Admit nothing under this limit until it is released."""
        self._of(name).held = why

    def release(self, name: str) -> None:
        """Go on admitting under a limit that was held."""
        self._of(name).held = ""

    def shut(self, lane: Sequence[str], now: float, weigh: Weigh = unknown) -> Closed | None:
        """None when a token is free in the whole lane, else why not: the first limit that is shut."""
        for name in lane:
            limit = self._limits.get(name)
            if limit is None:
                continue
            found = limit.shut(now, weigh)
            if found is None and limit.line and limit.is_others(self):
                found = Closed(name, "another run comes first")
            if found is not None:
                return found
        return None

    def take(self, lane: Sequence[str], now: float, weigh: Weigh = unknown) -> Tokens:
        """Take one token of every limit of the lane; ask `shut` first."""
        return Tokens(self, [self._of(name) for name in lane], now, weigh)

    def line_up(self, lanes: Mapping[Lane, int], now: float) -> None:
        """Stand in line for what is shut of these lanes, and in no other; call whoever waits for what is open."""
        wanted = {found.limit for lane in lanes if (found := self.shut(lane, now)) is not None}
        for name, limit in self._shared.items():
            waiting = sum(number for lane, number in lanes.items() if name in lane)
            if waiting:
                limit.waiting[self] = waiting
            else:
                limit.waiting.pop(self, None)
            if name in wanted:
                limit.line.setdefault(self)
            else:
                limit.line.pop(self, None)
        for limit in self._shared.values():
            if limit.line and limit.best() is not self:
                limit.call_next(now)

    def in_line(self) -> bool:
        """Whether somebody will wake this run when a token is handed back."""
        return any(self in limit.line for limit in self._shared.values())

    def leave(self, now: float) -> None:
        """The run is over, and wants nothing any more."""
        for limit in self._shared.values():
            limit.line.pop(self, None)
            limit.waiting.pop(self, None)
        for limit in self._shared.values():
            limit.call_next(now)

    def _of(self, name: str) -> Limit:
        limit = self._limits.get(name)
        if limit is None:
            limit = self._limits[name] = Limit(name)
        return limit
