"""Limits: named, visible, resizable ceilings on work in flight.

A unit of work needs a token from every limit of its *lane*: the run's `--concurrency`, its provider account, its
group and the groups around it, its own step. A limit that was told to slow down is paused, and says until when.

What a provider takes at once it takes of all runs together: its limit is one for all runs of a process that share
their `Accounts`. Runs that find it full stand in line, and whoever hands a token back wakes the first of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

Lane = tuple[str, ...]
"""Names of the limits that a unit needs, outermost first."""

Wake = Callable[[], None]

TOGETHER = "together"
"""The limit on everything that the runs of one program have in flight."""


class Limit:
    """One ceiling. `line` are the runs that wait for a token which another run has, first come first; `held` says why
    nothing is admitted until somebody lets it go on.
    """

    __slots__ = ("held", "line", "most", "paused", "used")

    def __init__(self) -> None:
        self.most: int | None = None
        self.used = 0
        self.paused = 0.0
        self.held = ""
        self.line: dict[Wake, None] = {}

    @property
    def full(self) -> bool:
        """Whether no token is left."""
        return self.most is not None and self.used >= self.most

    def call_next(self) -> None:
        """Wake the first in line; who finds nothing to take calls the next one (`Limits.line_up`)."""
        if self.line:
            wake = next(iter(self.line))
            del self.line[wake]
            wake()


class Accounts:
    """The limits that runs of one process keep together. Use it from one event loop at a time."""

    def __init__(self, most: int | None = None) -> None:
        self._limits: dict[str, Limit] = {}
        self.together: Lane = () if most is None else (TOGETHER,)
        self.limit(TOGETHER).most = most

    def limit(self, name: str) -> Limit:
        """The limit of that name, for every run the same."""
        return self._limits.setdefault(name, Limit())


class Limits:
    """All limits of one run. Unknown names have no ceiling until `set` gives them one."""

    def __init__(self) -> None:
        self._limits: dict[str, Limit] = {}
        self._shared: dict[str, Limit] = {}

    def share(self, name: str, limit: Limit) -> None:
        """From now on this name is a limit that other runs have, too."""
        self._limits[name] = self._shared[name] = limit

    def set(self, name: str, most: int | None) -> None:
        """Make or resize a limit; work already in flight is never taken back."""
        if most is not None and most < 1:
            raise ValueError(f"limit {name!r} must be at least 1, not {most}")
        self._of(name).most = most

    def pause(self, name: str, until: float) -> None:
        """Admit nothing under this limit before `until` (loop time); a later pause extends, an earlier one does not."""
        limit = self._of(name)
        limit.paused = max(until, limit.paused)

    def hold(self, name: str, why: str) -> None:
        """Admit nothing under this limit until it is released."""
        self._of(name).held = why

    def release(self, name: str) -> None:
        """Go on admitting under a limit that was held."""
        self._of(name).held = ""

    def why_not(self, lane: Sequence[str], now: float) -> str | None:
        """None when a token is free in the whole lane, else the name of the first limit that is full or paused."""
        for name in lane:
            limit = self._limits.get(name)
            if limit is not None and (limit.held or limit.paused > now or limit.full):
                return name
        return None

    def next_free(self, now: float) -> float | None:
        """The loop time at which the next pause ends, or None."""
        return min((one.paused for one in self._limits.values() if one.paused > now), default=None)

    def take(self, lane: Sequence[str]) -> None:
        """Take one token of every limit of the lane; ask `why_not` first."""
        for name in lane:
            self._of(name).used += 1

    def give(self, lane: Sequence[str]) -> None:
        """Hand the tokens back."""
        for name in lane:
            limit = self._limits[name]
            limit.used -= 1
            limit.call_next()

    def line_up(self, lanes: Iterable[Lane], wake: Wake, now: float) -> None:
        """Stand in line for what other runs have of these lanes; call whoever waits for what nobody has."""
        for lane in lanes:
            name = self.why_not(lane, now)
            if name in self._shared and self._shared[name].full:
                self._shared[name].line.setdefault(wake)
        for limit in self._shared.values():
            if limit.line and not limit.full:
                limit.call_next()

    def in_line(self, wake: Wake) -> bool:
        """Whether somebody will wake this run when a token is handed back."""
        return any(wake in limit.line for limit in self._shared.values())

    def leave(self, wake: Wake) -> None:
        """The run is over, and wants nothing any more."""
        for limit in self._shared.values():
            limit.line.pop(wake, None)
        self.line_up((), wake, 0.0)

    def _of(self, name: str) -> Limit:
        limit = self._limits.get(name)
        if limit is None:
            limit = self._limits[name] = Limit()
        return limit
