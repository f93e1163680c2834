"""A project opened for a program: how its calls are carried out, counted, stopped and closed."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack
from weakref import WeakValueDictionary

from rushes.app.consent import given
from rushes.app.hooks import Hooks
from rushes.app.project import Project
from rushes.app.spent import Costs
from rushes.model.event import Event
from rushes.python.asking import Asking, Opening, Progress, Spending, Usd, known, usd_of
from rushes.python.calls import Call, Calls
from rushes.python.explained import explained
from rushes.python.workflow import placed

T = TypeVar("T")

_AT_ONCE = 128
"""Runs of one client that are open together, each with a thread of the ledger; more wait for one to end."""


class Opened:
    """`folder` is where `rushes.toml` is looked for and outputs go; `Opening` says what else may be said.

    Raises ConfigError for a setting that cannot be used, UserError for a budget that is no amount, TypeError for an
    argument that there is not.
    """

    def __init__(self, folder: Path | str = ".", **opening: Unpack[Opening]) -> None:
        known(Opening, opening)
        near = placed(folder)
        flags = {name: value for name, value in opening.items() if name not in ("budget", "yes")}
        self._begin(Project.open(near, **flags), near, usd_of(opening.get("budget")), opening.get("yes", False))

    @classmethod
    def over(cls, project: Project, folder: Path | str = ".", *, budget: Usd | None = None, yes: bool = False) -> Self:
        """A client over a project that was opened already; closing the client closes it."""
        client = cls.__new__(cls)
        client._begin(project, placed(folder), usd_of(budget), yes)
        return client

    def _begin(self, project: Project, folder: Path, budget: Decimal | None, yes: bool) -> None:
        self.project, self.folder = project, folder
        self._yes = yes
        self._calls = Calls()
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._same: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()
        self._lock = threading.Lock()
        self._counting: tuple[Costs, ...] = ()
        self._opened = ExitStack()
        self._opened.enter_context(project)
        project.at_once = project.config.concurrency.value
        if budget is not None:
            project.limit = (secrets.token_hex(4), budget)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop what is under way, in order, and let go of the ledger."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """`close` for those who cannot await."""
        self._calls.close(self._opened.close)

    @contextmanager
    def track_costs(self) -> Iterator[Costs]:
        """Count what this client buys from here to the end of the block, whichever task or thread asks for it."""
        costs = Costs(self.project.simulated)
        with self._lock:
            self._counting = (*self._counting, costs)
        try:
            yield costs
        finally:
            with self._lock:
                self._counting = tuple(one for one in self._counting if one is not costs)

    def agreed(self, spending: Spending | Asking) -> bool:
        """Whether a call may cost what it costs."""
        return self._yes or spending.get("yes", False)

    async def carried(self, file: Path, spending: Spending | Asking, work: Callable[[Hooks], Awaitable[T]]) -> T:
        """Do what buys something, in the client's thread; `file` names the document.

        One run of a document goes after the other: the second finds what the first has made.
        """
        counting, progress = self._counting, _here(spending.get("progress"))

        def watch(event: Event) -> None:
            for costs in counting:
                costs.take(event)
            progress(event)

        async def carry(call: Call[T]) -> T:
            async with self._same.setdefault(file, asyncio.Lock()), self._room:
                call.begun()
                consent = given if self.agreed(spending) else None
                return await work(Hooks(watch=watch, stop=call.stop, consent=consent))

        with explained():
            return await self._calls.begin(carry).ended()

    async def looked_up(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do what buys nothing, in the client's thread."""

        async def carry(_call: Call[T]) -> T:
            return await work()

        with explained():
            return await self._calls.begin(carry).ended()

    def wait_for(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do some work of this client from where nobody awaits: the other face stands on this."""
        return self._calls.wait(work)


def _here(progress: Progress | None) -> Progress:
    """Tells it in the loop of whoever asked, not in the client's thread."""
    if progress is None:
        return lambda _event: None
    loop = asyncio.get_running_loop()
    return lambda event: _tell(loop, progress, event)


def _tell(loop: asyncio.AbstractEventLoop, progress: Progress, event: Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(progress, event)
