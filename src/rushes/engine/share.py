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
from rushes.engine.limit import Limit
from rushes.engine.limits import Accounts, is_account
from rushes.engine.part import Part
from rushes.errors import StoreError
from rushes.ledger.permit import EVERYTHING, LEASE, Refusal
from rushes.ledger.permits import Answer, Ask, Permits
from rushes.model.limit import Allowed

ALONE, TOGETHER = 0.5, 0.2
"""Seconds between two exchanges: nobody else is there; somebody is."""

_SOON = 0.02  # seconds between two exchanges at least, whatever the news
_AGAIN = 1.0  # seconds before a ledger that did not answer is tried again
_SILENT = 60.0  # seconds for which it may not answer: nothing is sent meanwhile, so nobody else finds out what is wrong
_UNHEARD = 2 * TOGETHER  # seconds for which others may not have heard of a cut: what they sent is of its episode
_FED = 500  # requests of others that the leader looks at in one exchange: more say nothing new


class Share:
    """What the runs of one process share with other processes. `names` says what a limit is called in the ledger."""

    def __init__(self, accounts: Accounts, permits: Permits, clock: Clock, names: Callable[[str], str]) -> None:
        self._accounts, self._permits, self._clock, self._names = accounts, permits, clock, names
        self._runs = 0
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._room: ThreadPoolExecutor | None = None
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
                for window in limit.windows:
                    window.budget = None
            self._room = ThreadPoolExecutor(1, "rushes-share")  # a database that is slow holds up nobody but us
            self._task = asyncio.create_task(self._go_on())
            self._task.add_done_callback(self._over)
        try:
            yield
        finally:
            self._runs -= 1
            if not self._runs:
                await asyncio.shield(self._leave())

    async def _go_on(self) -> None:
        loop = asyncio.get_running_loop()
        heard = loop.time()
        while True:
            self._news.clear()
            began, asks, seconds = loop.time(), self._asks(), _AGAIN
            if asks:
                try:
                    answers = await loop.run_in_executor(self._room, self._permits.exchange, asks, self._clock.time())
                    self._hear(asks, answers, began)
                    heard, seconds = began, TOGETHER if self._contended else ALONE
                except StoreError:
                    if began > heard + _SILENT:
                        raise
                    self._take_back(asks)
            await self._pause(seconds)
            await asyncio.sleep(began + _SOON - loop.time())

    def _over(self, task: asyncio.Task[None]) -> None:
        """Nobody waits for an agreement that will never come: the runs hear why, and end."""
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, StoreError):
            error = StoreError(f"nothing can be agreed on with other processes any more: {error!r}")
        for limit in self._limits() if error is not None else ():
            if limit.part is not None:
                limit.part.broken = error
            limit.call_all()

    async def _pause(self, seconds: float) -> None:
        timer = asyncio.get_running_loop().call_later(seconds, self._news.set)
        await self._news.wait()
        timer.cancel()

    async def _leave(self) -> None:
        assert self._task is not None and self._room is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        asks, loop = self._asks(), asyncio.get_running_loop()
        with suppress(StoreError):  # the permits end with their lease
            await loop.run_in_executor(self._room, self._permits.leave, asks, self._clock.time())
        self._room.shutdown(wait=False)

    def _limits(self) -> list[Limit]:
        return [one for name, one in self._accounts.limits.items() if is_account(name)]

    def _asks(self) -> list[Ask]:
        return [self._ask(limit) for limit in self._limits()]

    def _ask(self, limit: Limit) -> Ask:
        if limit.part is None:
            limit.part = Part(self._news.set)
        part, finder = limit.part, limit.finder
        ahead = self._clock.time() - asyncio.get_running_loop().time()
        wants = sum(limit.waiting.values())
        asked = Ask(
            name=self._names(limit.name),
            used=limit.used,
            wants=wants,
            priority=max((run.priority for run in limit.users.keys() | limit.waiting.keys()), default=0),
            allowed=limit.declared,
            holds=EVERYTHING if part.held == EVERYTHING else max(part.held or 0, limit.used),
            sent={unit: [(at + ahead, amount) for at, amount in sent] for unit, sent in part.sent.items()},
            budgets={one.rate: max(0.0, one.budget) for one in limit.windows if one.budget is not None},
            needs={one.rate: one.short for one in limit.windows},
            taken=part.taken,
            refusals=tuple(Refusal(at + ahead, until and until + ahead) for at, until in part.refusals),
            found=finder.learned._asdict() if finder is not None else None,
            paused=finder.paused + ahead if finder is not None else 0.0,
            told=finder is not None and finder.told,
            finds=finder is not None,
            adopted=part.adopted,
        )
        part.hungry = wants > 0
        part.sent, part.taken, part.refusals, part.adopted = {}, 0, [], {}
        return asked

    def _take_back(self, asks: Sequence[Ask]) -> None:
        """It was not heard: it is told again."""
        ahead = self._clock.time() - asyncio.get_running_loop().time()
        told = {ask.name: ask for ask in asks}
        for limit in self._limits():
            part, ask = limit.part, told.get(self._names(limit.name))
            if part is None or ask is None:
                continue
            part.hungry = False
            part.taken += ask.taken
            for process, number in ask.adopted.items():
                part.adopted[process] = part.adopted.get(process, 0) + number
            for unit, sent in ask.sent.items():
                part.sent[unit] = [*((at - ahead, amount) for at, amount in sent), *part.sent.get(unit, ())]
            before = [(at - ahead, until and until - ahead) for at, until in ask.refusals]
            part.refusals = [*before, *part.refusals]

    def _hear(self, asks: Sequence[Ask], answers: Mapping[str, Answer], began: float) -> None:
        now = asyncio.get_running_loop().time()
        ahead = self._clock.time() - now
        told = {ask.name: ask for ask in asks}
        self._contended = False
        for limit in self._limits():
            name = self._names(limit.name)
            answer, part = answers.get(name), limit.part
            if answer is None or part is None:
                continue
            part.until = began + LEASE
            self._contended = self._contended or not answer.alone
            self._grant(limit, part, answer, now, ahead)
            if answer.refusals or _frees(limit, told[name], answer):
                self._news.set()
            limit.call_all()

    def _grant(self, limit: Limit, part: Part, answer: Answer, now: float, ahead: float) -> None:
        joined = answer.leads and not part.leads
        part.held = answer.held
        part.leads = answer.leads
        limit.allow((answer.set or Allowed()).over(limit.declared))
        for window in limit.windows:
            budget = answer.budgets.get(window.rate)
            if budget is not None:  # what went since we asked went out of what we had then
                gone = sum(amount for _at, amount in part.sent.get(window.rate.of, ()))
                window.grant(budget.amount - gone, budget.opens - ahead)
        finder = limit.finder
        if finder is None:
            return
        finder.elsewhere = answer.elsewhere
        if answer.paused - ahead > max(finder.paused, now):
            finder.paused, finder.told = answer.paused - ahead, answer.told
        if answer.found and (joined or not answer.leads):
            learned = Learned(**answer.found)
            pace = learned.pace if answer.leads or learned.pace is None else learned.pace * answer.share
            if finder.learned != learned._replace(pace=pace):
                finder.recall(learned._replace(pace=pace))
        if answer.leads:
            _feed(limit, answer, now, ahead)


def _frees(limit: Limit, ask: Ask, answer: Answer) -> bool:
    """Whether others can have something as soon as they hear that we keep to less."""
    if answer.held == EVERYTHING:
        return False
    return ask.holds == EVERYTHING or max(answer.held, limit.used) < ask.holds


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
        ticket = finder.sent(at - ahead - _UNHEARD)
        finder.refused(ticket, now, until and until - ahead)
