"""Which requests are out for too long: a line for each length of time, and one timer for the head of each line.

Requests with one limit come due in the order in which they began, so nothing is sorted, and ten thousand of them under
way cost ten thousand entries and one timer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

N = TypeVar("N", bound=Hashable)


@dataclass(slots=True)
class _Line(Generic[N]):
    waiting: deque[tuple[float, N]] = field(default_factory=deque)  # loop time, name
    timer: asyncio.TimerHandle | None = None


class Due(Generic[N]):
    """Calls `say` with the name of everything that began, did not end, and is out for as long as was said."""

    def __init__(self, say: Callable[[N], None]) -> None:
        self._say = say
        self._out: set[N] = set()
        self._lines: dict[float, _Line[N]] = {}

    def began(self, name: N, seconds: float, already: float = 0.0) -> None:
        """It is out, and may be for so many seconds, of which some are over. Of several the longest out come first."""
        if name in self._out:
            return
        self._out.add(name)
        line = self._lines.get(seconds)
        if line is None:
            line = self._lines[seconds] = _Line()
        line.waiting.append((asyncio.get_running_loop().time() + max(seconds - already, 0.0), name))
        if line.timer is None:
            self._arm(line)

    def ended(self, name: N) -> None:
        """It is not out any more."""
        self._out.discard(name)

    def close(self) -> None:
        """Nothing more is said."""
        for line in self._lines.values():
            if line.timer is not None:
                line.timer.cancel()

    def _arm(self, line: _Line[N]) -> None:
        while line.waiting and line.waiting[0][1] not in self._out:
            line.waiting.popleft()
        line.timer = None
        if line.waiting:
            line.timer = asyncio.get_running_loop().call_at(line.waiting[0][0], self._ring, line)

    def _ring(self, line: _Line[N]) -> None:
        _at, name = line.waiting.popleft()
        if name in self._out:
            self._out.discard(name)
            self._say(name)
        self._arm(line)
