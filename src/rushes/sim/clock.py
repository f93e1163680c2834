"""Simulated time: it begins at a fixed moment, runs faster or slower than the loop's, and can be made to jump."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from datetime import UTC, datetime

EPOCH = 1_900_000_000.0
"""Unix time at which every simulation begins, in March 2030: answers never show the real time, so equal requests get
equal answers; and it lies ahead, so that no client takes what the simulator hands out for expired."""

_DAY = 86_400.0


class SimClock:
    """`scale` real seconds pass for one simulated second: 0.01 makes a minute of rendering 0.6 seconds."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self._began: float | None = None
        self._passed = 0.0
        self._jumped = 0.0

    def now(self) -> float:
        """Unix seconds, simulated."""
        with suppress(RuntimeError):  # after the end, when no loop is left, it stands still
            loop_time = asyncio.get_running_loop().time()
            if self._began is None:
                self._began = loop_time
            self._passed = (loop_time - self._began) / self.scale if self.scale else 0.0
        return EPOCH + self._passed + self._jumped

    def passed(self) -> float:
        """Simulated seconds since the beginning, whatever the clocks show."""
        return self.now() - EPOCH - self._jumped

    def stamp(self, ahead: float = 0.0) -> str:
        """The moment `ahead` simulated seconds from now, ISO 8601 in UTC."""
        return datetime.fromtimestamp(round(self.now() + ahead, 3), UTC).isoformat()

    def stamp_of_day(self, ahead: float) -> str:
        """The end of the day in which the moment `ahead` lies: so coarse that equal requests get equal answers."""
        days = math.ceil((self.now() + ahead) / _DAY)
        return datetime.fromtimestamp(days * _DAY, UTC).isoformat()

    async def sleep(self, seconds: float) -> None:
        """Wait simulated seconds. What is waited for is not moved by a jump: only what clocks show is."""
        await asyncio.sleep(seconds * self.scale)

    def jump(self, seconds: float) -> None:
        """Set the clock forward, or back."""
        self._jumped += seconds
