"""Virtual time: an event loop that jumps to its next timer as soon as every task is idle.

Everything that asks asyncio for time (`sleep`, `timeout`, `call_later`) is virtual without knowing it,
so a test of an hour's polling takes milliseconds and has exact numbers.

Work in threads (`asyncio.to_thread`, `run_in_executor`) takes no virtual time: while some is under way
the loop waits for it instead of jumping. What the loop cannot know of (a thread of somebody's own, a socket,
a subprocess) is awaited inside `outside`; without it time would jump past the answer.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

STUCK_AFTER = 20.0
"""Real seconds without anything that could wake the loop, after which it gives up."""

EPOCH = 1_750_000_000.0
"""The unix time at which virtual time begins."""


class Stuck(Exception):
    """Every task waits, no timer is set and no thread is at work: nothing would ever happen again."""


class _Jumping(selectors.DefaultSelector):
    """Where asyncio waits for the next timer; here it does not wait but moves the loop's clock."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self.loop.threads or timeout is None:
            ready = super().select(STUCK_AFTER)
            if not ready:
                raise Stuck(f"no task, timer or thread did anything for {STUCK_AFTER:g} real seconds")
            return ready
        self.loop.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time; `now` is its clock in seconds, `threads` counts what is under way outside."""

    def __init__(self) -> None:
        self.now = 0.0
        self.threads = 0
        selector = _Jumping()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self.now

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """As asyncio does, and time stands still until the function has returned."""
        future = super().run_in_executor(executor, func, *args)
        self.threads += 1
        future.add_done_callback(self._thread_done)
        return future

    async def shutdown_default_executor(self, *timeout: Any) -> None:
        """As asyncio does; the threads that are waited for have all the time in the world."""
        with outside():
            await super().shutdown_default_executor(*timeout)

    def _thread_done(self, _: asyncio.Future[Any]) -> None:
        self.threads -= 1


class VirtualClock:
    """The engine's clock on a `VirtualLoop`; `start` is the unix time of the loop's zero."""

    def __init__(self, start: float = EPOCH) -> None:
        self.start = start

    def time(self) -> float:
        """Unix seconds, virtual."""
        return self.start + self.monotonic()

    def monotonic(self) -> float:
        """Seconds since the loop was made; 0.0 outside a loop."""
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return 0.0

    async def sleep(self, seconds: float) -> None:
        """Wait in virtual time."""
        await asyncio.sleep(seconds)


@contextmanager
def outside() -> Iterator[None]:
    """Time stands still inside the block: for a wait that something outside asyncio ends. Free on other loops."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualLoop):
        yield
        return
    loop.threads += 1
    try:
        yield
    finally:
        loop.threads -= 1


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` in virtual time. Raises `Stuck` instead of hanging."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
