"""What does not move, in words: how many requests wait, for what, why, and how long."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from rushes.model.size import show_seconds
from rushes.model.wait import Wait

BEGIN = "begin"
"""What a paused run's requests wait for, as the engine calls it: the word to go on."""

_CLOCK = 3600.0  # seconds from which on a time of day says more
_DAY = 86_400.0
_AGAIN = 60.0  # seconds for which a reason has to be gone before it is news
_NUMBER = re.compile(r"\d[\d.,e+]*")


def waiting_lines(waits: Mapping[str, Wait], now: float) -> list[str]:
    """A line for each limit, that for which most wait first; `now` is in unix seconds."""
    most_first = sorted(waits.items(), key=lambda one: -one[1].number)
    return [waiting_line(name, wait, now) for name, wait in most_first]


def waiting_line(name: str, wait: Wait, now: float) -> str:
    """`12 for fal (it was found to take 5 at once)`, `3 for fal (it said to wait so long, 41 s left)`."""
    if name == BEGIN:
        return f"{wait.number:,} {wait.why}"
    why = wait.why if wait.seconds is None else f"{wait.why}, {_left(wait.seconds, now)}"
    return f"{wait.number:,} for {_what(name)} ({why})"


def _what(name: str) -> str:
    """What a limit is called in flags, files and conversation."""
    kind, _colon, of = name.partition(":")
    match kind:
        case "run":
            return "--concurrency"
        case "together":
            return "a free slot of all runs together"
        case "group":
            return f"the group {of}"
        case _ if name.startswith("budget of "):
            return f"money of {name.removeprefix('budget of ')}"
        case _:
            return of or name


def _left(seconds: float, now: float) -> str:
    if seconds < _CLOCK:
        return f"{show_seconds(max(0.0, seconds))} left"
    at = time.localtime(now + seconds)
    return "until " + time.strftime("%H:%M" if seconds < _DAY else "%Y-%m-%d %H:%M", at)


class News:
    """Which waits are news: for another reason than a minute ago. That a number has changed is none."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], float] = {}  # when a reason was there last

    def of(self, waits: Mapping[str, Wait], now: float) -> dict[str, Wait]:
        """Those of them that are new; `now` is in seconds of any one clock."""
        fresh = {}
        for name, wait in waits.items():
            reason = name, _NUMBER.sub("", wait.why)
            if now - self._last.get(reason, -_AGAIN) >= _AGAIN:
                fresh[name] = wait
            self._last[reason] = now
        return fresh
