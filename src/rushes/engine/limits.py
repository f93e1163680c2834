"""Limits: named, visible, resizable ceilings on work in flight.

A unit of work needs a token from every limit of its *lane*: the run's `--concurrency`, its provider account, the model
at it, its group and the groups around it. A limit may be told a ceiling or rates, and that of an account finds out by
itself what it takes (`finder`). Whatever holds a unit up says why, and until when if that is known.

What a provider takes it takes of all runs together: its limits are one for all runs of a process that share their
`Accounts`. Runs that find one full stand in its line. A free token is for the run of the highest priority in it, among
equals for the one that holds the fewest; the others leave it alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rushes.engine.finder import START, Finder
from rushes.engine.limit import Closed, Limit, Weigh, unknown
from rushes.engine.part import Part, Wake
from rushes.engine.tokens import Tokens
from rushes.model.limit import Allowed

Lane = tuple[str, ...]
"""Names of the limits that a unit needs, outermost first."""


TOGETHER = "together"
"""The limit on everything that the runs of one program have in flight."""


def is_account(name: str) -> bool:
    """Whether a limit is that of a provider's account, or of a model at it."""
    return name.startswith("provider:")


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

    def __iter__(self) -> Iterator[Limit]:
        """All that anything was said of, in no promised order."""
        return iter(self._limits.values())

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

    def adopt(self, tokens: Tokens, lane: Sequence[str], process: str, now: float) -> None:
        """Count what is at its provider under these limits, too: `process` had sent it."""
        tokens.adopt([self._of(name) for name in lane], process, now)

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
