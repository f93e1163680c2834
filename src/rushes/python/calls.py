"""The calls of one client: they go on in a thread with an event loop of its own.

So a client serves any number of loops and threads at once, its providers' connections live on one loop, planning and
writing files never hold up a caller's loop, and the face without `await` works where a loop is running already.

Whoever goes away, by Ctrl-C, a time-out or a cancelled task, has the run stopped as a person does: nothing new is
begun, what cannot be left is finished and kept, and only then the caller goes on. Going away twice insists.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Generic, TypeVar

from rushes.app.stopping import Stop
from rushes.errors import UserError

T = TypeVar("T")


class Call(Generic[T]):
    """One piece of work in the thread. `begun` is called when there is something that must be stopped in order."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.stop = Stop()
        self.future: Future[T] = Future()
        self._loop = loop
        self._task: asyncio.Task[T] | None = None
        self._begun = False

    def begun(self) -> None:
        """From here on it is not cancelled, but asked to stop."""
        self._begun = True

    def leave(self) -> None:
        """Have it stop, from any thread; the second time what its providers are at is called off."""
        with suppress(RuntimeError):  # the loop is closed: everything has ended
            self._loop.call_soon_threadsafe(self._leave)

    async def ended(self) -> T:
        """What it came to, in any loop. Whoever is cancelled here waits until it has stopped."""
        waiting = asyncio.wrap_future(self.future)
        left = False
        while not waiting.done():
            try:
                await asyncio.wait([waiting])
            except asyncio.CancelledError:
                self.leave()
                left = True
        if left:
            if not waiting.cancelled():
                waiting.exception()  # nobody is there any more to be told
            raise asyncio.CancelledError
        return waiting.result()

    def _start(self, work: Callable[[Call[T]], Coroutine[Any, Any, T]]) -> None:
        self._task = self._loop.create_task(work(self))
        self._task.add_done_callback(self._hand_over)

    def _leave(self) -> None:
        if self._begun:
            (self.stop.insist if self.stop.asked else self.stop.ask)()
        elif self._task is not None:
            self._task.cancel()

    def _hand_over(self, task: asyncio.Task[T]) -> None:
        if task.cancelled():
            self.future.cancel()
            self.future.set_running_or_notify_cancel()
        elif (error := task.exception()) is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(task.result())


class Calls:
    """The thread, started by the first call and ended by `close`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._open: set[Call[Any]] = set()
        self._closed = False

    def begin(self, work: Callable[[Call[T]], Coroutine[Any, Any, T]]) -> Call[T]:
        """Have some work begun in the thread. Raises UserError when the client was closed."""
        with self._lock:
            if self._closed:
                raise UserError("this client is closed", next_step="open another one")
            loop = self._running()
            call: Call[T] = Call(loop)
            self._open.add(call)
        call.future.add_done_callback(lambda _future: self._forget(call))
        loop.call_soon_threadsafe(call._start, work)
        return call

    def wait(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do some work in the thread and wait for it here. Ctrl-C stops it in order, then KeyboardInterrupt.

        Raises UserError in that very thread, where waiting would be for ever: `progress` is called there.
        """
        if threading.current_thread() is self._thread:
            says = "a client was asked from its own thread, which is waiting for this call to go on"
            raise UserError(says, next_step="keep what progress says, and ask when the call has returned")

        async def carry(_call: Call[T]) -> T:
            return await work()

        call = self.begin(carry)
        try:
            return call.future.result()
        except KeyboardInterrupt:
            _stop([call])
            raise

    def close(self, last: Callable[[], None]) -> None:
        """Have everything stop, wait for it, do the `last` thing in the thread, and end it. Twice is once."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            loop, thread, left = self._loop, self._thread, list(self._open)
        if loop is None or thread is None:
            last()
            return
        if not _stop(left):
            raise KeyboardInterrupt
        ended: Future[None] = asyncio.run_coroutine_threadsafe(_do(last), loop)
        try:
            ended.result()
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            # a daemon: a program that forgets to close its client ends all the same, and the ledger is always whole
            self._thread = threading.Thread(target=_serve, args=(self._loop,), name="rushes-client", daemon=True)
            self._thread.start()
        return self._loop

    def _forget(self, call: Call[Any]) -> None:
        with self._lock:
            self._open.discard(call)


def _stop(calls: Sequence[Call[Any]]) -> bool:
    """Have calls stop, and wait for them; Ctrl-C insists, and goes away the second time (False)."""
    for _again in range(2):
        for call in calls:
            call.leave()
        try:
            for call in calls:
                with suppress(Exception):
                    call.future.exception()
        except KeyboardInterrupt:
            continue
        return True
    return False


async def _do(last: Callable[[], None]) -> None:
    last()


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
