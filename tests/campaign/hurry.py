"""Time that passes faster: every wait of a loop is shortened by the same factor, on real sockets."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from rushes.engine.clock import SystemClock

T = TypeVar("T")


class _Hurried(selectors.DefaultSelector):
    speed = 1.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout if timeout is None or timeout <= 0 else timeout / self.speed)


class HurriedLoop(asyncio.SelectorEventLoop):
    """An event loop on which a second takes 1/`speed` of one: the waits of retries and polls, time-outs too."""

    def __init__(self, speed: float) -> None:
        selector = _Hurried()
        self.speed = selector.speed = speed
        super().__init__(selector)

    def time(self) -> float:
        """Seconds since some moment, hurried."""
        return super().time() * self.speed


class HurriedClock(SystemClock):
    """Unix time that has passed as fast as such a loop's since the moment `began`."""

    def __init__(self, speed: float, began: float) -> None:
        self._speed, self._began = speed, began

    def time(self) -> float:
        """In seconds."""
        return self._began + (super().time() - self._began) * self._speed


def run_hurried(main: Coroutine[Any, Any, T], speed: float) -> T:
    """`asyncio.run` on a hurried loop."""
    with asyncio.Runner(loop_factory=lambda: HurriedLoop(speed)) as runner:
        return runner.run(main)
