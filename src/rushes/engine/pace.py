"""When to ask about which job: so that ten thousand jobs in flight cost little, and their provider no more.

A provider says after how many seconds to ask again; nobody asks earlier. What is due then asks at a bounded rate for
each account, the job that should be finished first before the others, and with more jobs in flight each is asked more
seldom: with N jobs and R polls a second, every N/R seconds. A webhook wakes its own job at once and uses up a poll.
"""

from __future__ import annotations

import asyncio
import heapq

from rushes.engine.wakes import Wakes, settle

POLLS = 40.0
"""Polls a second for each account, where the provider does not say."""

TOGETHER = 4
"""Polls that go at one moment where many jobs share them: one by one each costs twice as much, because the processor
has forgotten meanwhile how it is done. No more than there are connections kept for them (`providers/http.py`)."""

_GATHERED = 0.25
"""Seconds that a poll waits for others at most."""


class Pace:
    """The polls of one process."""

    def __init__(self, wakes: Wakes) -> None:
        self.wakes = wakes
        self._accounts: dict[str, _Account] = {}

    async def turn(
        self, account: str, remote: str, seconds: float, *, expected: float = 0.0, rate: float | None = None
    ) -> None:
        """Return when it is this job's turn to be asked about.

        Not before `seconds` from now, unless it is woken. `expected` is the unix time at which it should be finished;
        `rate` the polls a second that the account allows (None: the default).
        """
        pool = self._accounts.get(account)
        if pool is None:
            pool = self._accounts[account] = _Account(rate or POLLS)
        woken = self.wakes.open(remote)
        pool.jobs += 1
        timer = asyncio.get_running_loop().call_later(pool.stretched(seconds), pool.due, expected, woken)
        try:
            if await woken:
                pool.spend()
        finally:
            timer.cancel()
            self.wakes.close(remote, woken)
            pool.jobs -= 1


class _Account:
    """A bucket of polls that holds one second's worth, and those who are due, in the order of their expected end."""

    def __init__(self, rate: float) -> None:
        self.jobs = 0
        self._rate = rate
        self._gather = min(TOGETHER / rate, _GATHERED)
        self._tokens = max(rate, 1.0)
        self._filled = asyncio.get_running_loop().time()
        self._due: list[tuple[float, int, asyncio.Future[bool]]] = []
        self._count = 0
        self._timer: asyncio.Handle | None = None

    def stretched(self, seconds: float) -> float:
        """The wait of one job among so many, in seconds; the first polls of few jobs are not put off."""
        return max(seconds, 0.0) if self.jobs <= self._rate else max(seconds, self.jobs / self._rate)

    def due(self, expected: float, woken: asyncio.Future[bool]) -> None:
        """A job's time has come; it goes when a poll is free."""
        self._count += 1
        heapq.heappush(self._due, (expected, self._count, woken))
        if self._timer is None:  # what comes due at one moment is looked at together, and goes in its order
            few = self.jobs <= self._rate
            self._timer = asyncio.get_running_loop().call_later(0.0 if few else self._gather, self._tick)

    def spend(self) -> None:
        """A poll out of turn: the others wait for it."""
        self._fill()
        self._tokens = max(self._tokens - 1.0, -self._rate)

    def _fill(self) -> None:
        now = asyncio.get_running_loop().time()
        self._tokens = min(max(self._rate, 1.0), self._tokens + (now - self._filled) * self._rate)
        self._filled = now

    def _tick(self) -> None:
        self._timer = None
        self._fill()
        while self._due and self._tokens >= 1.0 - 1e-9:
            _expected, _number, woken = heapq.heappop(self._due)
            if not woken.done():  # else it was woken, or given up, meanwhile
                self._tokens -= 1.0
                settle(woken, False)
        if self._due:
            wait = max((1.0 - self._tokens) / self._rate, self._gather)
            self._timer = asyncio.get_running_loop().call_later(wait, self._tick)
