"""This process's part of what accounts take, where other processes use them too.

Every so often all is told at once: what is in flight here, what waits, what was refused; and what holds from then on is
heard (`ledger/permits.py`). Between two exchanges a process keeps to what it was granted, so that nobody waits for a
disk before a request, and all of them together still send no more than the account takes.

Of the processes at an account one leads: its `Finder` is fed with what all of them met. The others go by what it found.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

from rushes.engine.clock import Clock
from rushes.engine.finder import Learned
from rushes.engine.limits import Accounts, Limit, Part
from rushes.engine.window import Window
from rushes.errors import StoreError
from rushes.ledger.permits import EVERYTHING, Answer, Ask, Permits, Refusal

ALONE, TOGETHER = 0.5, 0.2
"""Seconds between two exchanges: nobody else is there; somebody is."""

_SOON = 0.02  # seconds that news waits for more of it
_AGAIN = 1.0  # seconds before a ledger that did not answer is tried again
_FED = 500  # requests of others that the leader looks at in one exchange: more say nothing new


class Share:
    """What the runs of one process share with other processes. `names` says what a limit is called in the ledger."""

    def __init__(self, accounts: Accounts, permits: Permits, clock: Clock, names: Callable[[str], str]) -> None:
        self._accounts, self._permits, self._clock, self._names = accounts, permits, clock, names
        self._runs = 0
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._contended = False

    @asynccontextmanager
    async def taking_part(self) -> AsyncIterator[None]:
        """Take part while the block drives a run; the last one to leave hands everything back."""
        self._runs += 1
        if self._runs == 1:
            self._news = asyncio.Event()
            self._accounts.tell = self._news.set
            for limit in self._limits():
                limit.part = Part(self._news.set)
            self._task = asyncio.create_task(self._go_on())
        try:
            yield
        finally:
            self._runs -= 1
            if not self._runs:
                await asyncio.shield(self._leave())

    async def _go_on(self) -> None:
        room = ThreadPoolExecutor(1, "rushes-share")  # a database that is slow to answer holds up nobody but us
        loop = asyncio.get_running_loop()
        try:
            while True:
                asks = self._asks()
                seconds = _AGAIN
                if asks:
                    try:
                        answers = await loop.run_in_executor(room, self._permits.exchange, asks, self._clock.time())
                        self._hear(asks, answers)
                        seconds = TOGETHER if self._contended else ALONE
                    except StoreError:
                        self._take_back(asks)  # whoever writes to the ledger says what is wrong with it
                await self._pause(seconds)
        finally:
            room.shutdown(wait=False)

    async def _pause(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(seconds, self._news.set)
        await self._news.wait()
        timer.cancel()
        await asyncio.sleep(_SOON)
        self._news.clear()

    async def _leave(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        asks = self._asks()
        if asks:
            with suppress(StoreError):  # the permits end with their lease
                await asyncio.to_thread(self._permits.leave, asks, self._clock.time())

    def _limits(self) -> list[Limit]:
        return [one for name, one in self._accounts.limits.items() if name.startswith("provider:") and one.is_shared]

    def _asks(self) -> list[Ask]:
        return [self._ask(limit) for limit in self._limits()]

    def _ask(self, limit: Limit) -> Ask:
        if limit.part is None:
            limit.part = Part(self._news.set)
        part, ahead = limit.part, self._clock.time() - asyncio.get_running_loop().time()
        refusals = tuple(Refusal(at + ahead, None if until is None else until + ahead) for at, until in part.refusals)
        asked = Ask(
            name=self._names(limit.name),
            used=limit.used,
            wants=sum(limit.waiting.values()),
            priority=max((run.priority for run in limit.users.keys() | limit.waiting.keys()), default=0),
            allowed=limit.declared,
            sent=dict(part.sent),
            taken=part.taken,
            refusals=refusals,
            found=limit.finder.learned._asdict() if limit.finder is not None and part.leads else None,
            finds=limit.finder is not None,
        )
        part.sent.clear()
        part.taken, part.refusals = 0, []
        return asked

    def _take_back(self, asks: Sequence[Ask]) -> None:
        """It was not heard: it is told again."""
        for limit, ask in zip(self._limits(), asks, strict=False):
            part = limit.part
            if part is not None:
                part.taken += ask.taken
                for unit, amount in ask.sent.items():
                    part.sent[unit] = part.sent.get(unit, 0.0) + amount

    def _hear(self, asks: Sequence[Ask], answers: Mapping[str, Answer]) -> None:
        now = asyncio.get_running_loop().time()
        ahead = self._clock.time() - now
        self._contended = False
        for limit in self._limits():
            answer = answers.get(self._names(limit.name))
            if answer is None or limit.part is None:
                continue
            self._contended = self._contended or answer.held != EVERYTHING
            self._grant(limit, limit.part, answer, now, ahead)
            limit.call_all()

    def _grant(self, limit: Limit, part: Part, answer: Answer, now: float, ahead: float) -> None:
        first, alone = part.held is None, answer.held == EVERYTHING
        joined = answer.leads and not part.leads
        part.held = answer.held
        part.leads = answer.leads
        limit.allow(answer.set or limit.declared)
        for window, left in zip(limit.windows, answer.left, strict=False):
            _open(window, left, now, alone=alone, first=first)
        finder = limit.finder
        if finder is None:
            return
        finder.elsewhere = 0 if alone else answer.elsewhere
        if answer.paused - ahead > now and answer.told:
            finder.pause(answer.paused - ahead)
        if answer.found and (joined or not answer.leads):
            learned = Learned(**answer.found)
            pace = learned.pace if answer.leads or learned.pace is None else learned.pace * answer.share
            if finder.learned != learned._replace(pace=pace):
                finder.recall(learned._replace(pace=pace))
        if answer.leads:
            _feed(limit, answer, now, ahead)


def _open(window: Window, left: float, now: float, *, alone: bool, first: bool) -> None:
    """What may be sent of a rate: alone all of it, together what was granted."""
    window.budget = None if alone else left
    if alone and first:
        window.take(max(0.0, window.rate.most - left - window.sum(now)), now)


def _feed(limit: Limit, answer: Answer, now: float, ahead: float) -> None:
    """What the others met is as good as what was met here."""
    finder = limit.finder
    assert finder is not None
    for _ in range(min(answer.taken, _FED)):
        finder.elsewhere -= 1
        ticket = finder.sent(now)
        finder.took(ticket, now)
        finder.ended(ticket, now)
        finder.elsewhere += 1
    for at, until in answer.refusals:
        finder.elsewhere -= 1
        ticket = finder.sent(at - ahead)
        finder.refused(ticket, now, None if until is None else until - ahead)
        finder.elsewhere += 1
