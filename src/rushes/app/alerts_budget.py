"""A budget that is nearly used: said once for each ceiling, while there is still time to raise it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal

from rushes.app.alerts import Alert
from rushes.app.scopes import Ceiling
from rushes.errors import StoreError
from rushes.ledger.accounts import Account
from rushes.ledger.books import MOVES_MONEY
from rushes.model.event import Event
from rushes.model.money import show_usd

NEARLY = Decimal("0.9")
"""The share of a ceiling from which on somebody is told."""

EVERY = 2.0
"""Seconds between two looks at the accounts, while money moves."""

Accounts = Callable[[Sequence[str]], Mapping[str, Account]]


class Nearly:
    """Looks at the accounts under these ceilings when money moved. What is held counts as used: it may be."""

    def __init__(self, ceilings: Sequence[Ceiling], accounts: Accounts, tell: Callable[[Alert], None]) -> None:
        self._open = {one.scope: one for one in ceilings if one.most > 0}
        self._accounts, self._tell = accounts, tell
        self._moved = False
        self._looking: asyncio.Task[None] | None = None

    def watch(self, event: Event) -> None:
        """One event."""
        if self._open and type(event) in MOVES_MONEY:
            self._moved = True
            if self._looking is None or self._looking.done():
                self._looking = asyncio.get_running_loop().create_task(self._look())

    async def leave(self) -> None:
        """The run is over: a last look, if any money moved."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
            await self._now()

    async def _look(self) -> None:
        while self._moved:
            await asyncio.sleep(EVERY)
            self._moved = False  # what moves from here on is for the next look
            await self._now()

    async def _now(self) -> None:
        scopes = list(self._open)
        try:
            found = await asyncio.to_thread(self._accounts, scopes)
        except StoreError:
            return  # it ends the run by itself, and says why
        for scope in scopes:
            ceiling, used = self._open[scope], found[scope].spent + found[scope].held
            if used >= NEARLY * ceiling.most:
                del self._open[scope]
                says = f"{show_usd(used)} of {show_usd(ceiling.most)} used or held: {ceiling.source}"
                facts = {"scope": scope, "used_usd": str(used), "most_usd": str(ceiling.most), "source": ceiling.source}
                self._tell(Alert("budget", says, facts))
