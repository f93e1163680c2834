"""What one unit of work holds while it is on its way, and what every limit of its lane hears of it."""

from __future__ import annotations

from collections.abc import Sequence

from rushes.engine.limit import Limit, Waiter, Weigh
from rushes.model.limit import Standing


class Tokens:
    """A token of each limit."""

    __slots__ = ("_counted", "_held", "_queued", "_run", "_said", "_taken")

    def __init__(self, run: Waiter, limits: Sequence[Limit], now: float, weigh: Weigh) -> None:
        self._run = run
        self._said: float | None = None  # seconds that an answer asked to wait
        self._taken = False
        self._queued: bool | None = None  # whether it waits in the provider's line; None: it has not said so
        self._counted = False
        self._held: list[tuple[Limit, int]] = []
        for limit in limits:
            for window in limit.windows:
                window.take(weigh(window.rate.of), now)
            if limit.part is not None:
                for unit in {window.rate.of for window in limit.windows}:
                    limit.part.send(unit, weigh(unit), now)
            self._hold(limit, limit.finder.sent(now) if limit.finder is not None else 0)

    def adopt(self, limits: Sequence[Limit], process: str, now: float) -> None:
        """What an earlier process had sent is at its provider, and asks nobody for room: it is counted, and holds the
        place that was that process's.
        """
        self._taken = self._counted = True
        for limit in limits:
            if limit.part is not None:
                limit.part.adopted[process] = limit.part.adopted.get(process, 0) + 1
            self._hold(limit, limit.finder.adopted(now) if limit.finder is not None else 0)

    def took(self, now: float, queued: bool | None = None) -> bool:
        """The provider has it, in a line of its own or at work (None: it has not said which). Whether that is news:
        there may be room for more.
        """
        if self._taken and self._queued is queued:
            return False
        self._count()
        self._taken, self._queued = True, queued
        for limit, ticket in self._held:
            if limit.finder is not None:
                limit.finder.took(ticket, now)
                if queued is not None:
                    limit.finder.queued(ticket, queued, now)
                limit.call_next(now)
        return True

    def refused(self, now: float, wait: float | None) -> bool:
        """It was too much; `wait` is the seconds that the provider named. Whether anybody knows now when to go on."""
        wait = self._said if wait is None else wait
        self._said, self._counted = None, True
        for limit, ticket in self._held:
            if limit.finder is not None:
                limit.finder.refused(ticket, now, None if wait is None else now + wait)
            if limit.part is not None:
                limit.part.refusals.append((now, None if wait is None else now + wait))
                limit.part.tell()
        return any(limit.finder is not None for limit, _ticket in self._held)

    def erred(self, now: float, wait: float | None) -> None:
        """The service has trouble of its own, for so many seconds if it said so."""
        for limit, _ticket in self._held:
            if limit.finder is not None:
                limit.finder.erred(now)
                if wait is not None:
                    limit.finder.pause(now + wait)

    def lost(self) -> None:
        """It was not sent after all."""
        self._counted = True
        for limit, ticket in self._held:
            if limit.finder is not None:
                limit.finder.lost(ticket)

    def heard(self, standings: Sequence[Standing]) -> None:
        """What the provider said is left. Where that is nothing, the next one waits until there is something again: a
        part of the time in which all of it is. What a refusal names of its own is better known.
        """
        spent = [said for said in standings if said.left is not None and said.left <= 0 and said.resets is not None]
        self._said = max((said.resets / max(1.0, said.most or 1.0) for said in spent if said.resets), default=None)

    def give(self, now: float) -> None:
        """Hand everything back; nothing the second time."""
        self._count()
        held, self._held = self._held, []
        for limit, ticket in held:
            if limit.finder is not None and self._said is not None:
                limit.finder.pause(now + self._said)
            limit.used -= 1
            left = limit.users[self._run] - 1
            if left:
                limit.users[self._run] = left
            else:
                del limit.users[self._run]
            if limit.finder is not None:
                limit.finder.ended(ticket, now)
        for limit, _ticket in held:
            limit.call_next(now)

    def _hold(self, limit: Limit, ticket: int) -> None:
        limit.used += 1
        limit.users[self._run] = limit.users.get(self._run, 0) + 1
        self._held.append((limit, ticket))

    def _count(self) -> None:
        """It was taken: the other processes hear of it once."""
        if not self._counted:
            self._counted = True
            for limit, _ticket in self._held:
                if limit.part is not None:
                    limit.part.taken += 1
