"""Limits: named, visible, resizable ceilings on work in flight.

A unit of work needs a token from every limit of its *lane*: the run's `--concurrency`, its provider account, its
group and the groups around it, its own step. A limit that was told to slow down is paused, and says until when.
"""

from __future__ import annotations

from collections.abc import Sequence

Lane = tuple[str, ...]
"""Names of the limits that a unit needs, outermost first."""


class Limits:
    """All limits of one run. Unknown names have no ceiling until `set` gives them one."""

    def __init__(self) -> None:
        self._most: dict[str, int | None] = {}
        self._used: dict[str, int] = {}
        self._paused: dict[str, float] = {}

    def set(self, name: str, most: int | None) -> None:
        """Make or resize a limit; work already in flight is never taken back."""
        if most is not None and most < 1:
            raise ValueError(f"limit {name!r} must be at least 1, not {most}")
        self._most[name] = most

    def pause(self, name: str, until: float) -> None:
        """Admit nothing under this limit before `until` (loop time); a later pause extends, an earlier one does not."""
        self._paused[name] = max(until, self._paused.get(name, 0.0))

    def why_not(self, lane: Sequence[str], now: float) -> str | None:
        """None when a token is free in the whole lane, else the name of the first limit that is full or paused."""
        for name in lane:
            most = self._most.get(name)
            if most is not None and self._used.get(name, 0) >= most:
                return name
            if self._paused.get(name, 0.0) > now:
                return name
        return None

    def next_free(self, now: float) -> float | None:
        """The loop time at which the next pause ends, or None."""
        return min((until for until in self._paused.values() if until > now), default=None)

    def take(self, lane: Sequence[str]) -> None:
        """Take one token of every limit of the lane; ask `why_not` first."""
        for name in lane:
            self._used[name] = self._used.get(name, 0) + 1

    def give(self, lane: Sequence[str]) -> None:
        """Hand the tokens back."""
        for name in lane:
            self._used[name] -= 1
