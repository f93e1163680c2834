"""One scenario from its first call to its last, as a plain loop over events: no engine, no tasks, a second for an hour.

Whoever decides when to send (`Sender`) is asked; calls are refused at the same door that stands before the simulator.
What is measured is the door's, not the sender's word.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from bench.scenarios import WAY, Scenario
from rushes.sim.capacity import InFlight, Overload
from rushes.sim.door import Door

WARM = 60.0
"""Simulated seconds in which a limiter may be refused as often as it likes: somewhere it has to begin."""

_MOST_TIMES = 12.0  # a story is broken off when it takes so many times as long as it could


class Sender(Protocol):
    """Decides when calls are sent. `engine.finder.Finder` is one."""

    def opens(self, now: float) -> float:
        """When the next call may be sent; infinity: when something has come back."""
        ...

    def sent(self, now: float) -> int:
        """One is sent; its ticket."""
        ...

    def took(self, ticket: int, now: float) -> None:
        """It was accepted, and the service has said so."""
        ...

    def ended(self, ticket: int, now: float) -> None:
        """Its result has come."""
        ...

    def refused(self, ticket: int, now: float, until: float | None) -> None:
        """It was refused; `until` is when to come back, where that was said."""
        ...

    def lost(self, ticket: int) -> None:
        """The server had an error, and has not taken it."""
        ...

    def erred(self, now: float) -> None:
        """The server had an error."""
        ...


class Told(NamedTuple):
    """How a story went. `seconds` is until the last result; `done` the share of calls that came to one.

    `refused` and `late` count refusals, in all and of calls that were sent after `WARM`; `sent` and `sent_late` the
    calls. `early` were sent before a Retry-After was over that their own process had heard. `idle` is the longest time
    for which the account would have taken a call, one waited, nothing forbade it, and none was sent; `frozen` how often
    that was longer than it may be.
    """

    seconds: float
    done: float
    sent: int
    sent_late: int
    refused: int
    late: int
    early: int
    most_in_flight: int
    idle: float
    frozen: int

    @property
    def late_share(self) -> float:
        """The share of calls after `WARM` that was refused."""
        return self.late / self.sent_late if self.sent_late else 0.0


class Idle:
    """Watches for a standstill: the door is open, work waits, no promise forbids it, and nothing is sent.

    A freeze is one that lasts longer than a minute, than the longest call, and than a tenth of the time for which the
    account had let nobody in before: whoever is shut out for a day and told nothing cannot ask each minute.
    """

    def __init__(self, door: Door, scenario: Scenario) -> None:
        self.longest = 0.0
        self.freezes = 0
        self._door = door
        self._weight = scenario.weight
        self._least = max(60.0, scenario.seconds[1])
        self._open_since: float | None = 0.0
        self.forbidden = 0.0  # until when everybody who has work was told to stay away
        self._shut = (0.0, 0.0)  # from when to when nobody was let in
        self._accepted = 0

    def looked(self, now: float, sent: int, waits: int) -> None:
        """So many were sent at this moment, and so many wait."""
        if sent and self._open_since is not None:
            self._stood(now)
        opens = self._door.opens(now, self._weight) if waits else math.inf
        if self._door.accepted > self._accepted:
            self._accepted = self._door.accepted
            self._shut = (now, now)
        if opens > now + 1e-6:
            self._open_since = None
        elif self._open_since is None or sent:
            self._open_since = now
            self._shut = (self._shut[0], now)

    def opens(self, now: float) -> float:
        """When the door opens of itself, so that it is looked at then."""
        opens = self._door.opens(now, self._weight)
        return opens if self._open_since is None and opens > now else math.inf

    def _stood(self, now: float) -> None:
        assert self._open_since is not None
        stood = now - max(self._open_since, self.forbidden)
        self.longest = max(self.longest, stood)
        shut = self._shut[1] - self._shut[0]
        self.freezes += stood > max(self._least, shut / 10)


def play(scenario: Scenario, make: Callable[[Door, Scenario], Sequence[Sender]], could: float = math.inf) -> Told:
    """Play a scenario with one sender for each process; `could` is the shortest time in which it can be done."""
    return _Story(scenario, make, could).told()


class _Story:
    def __init__(
        self, scenario: Scenario, make: Callable[[Door, Scenario], Sequence[Sender]], could: float = math.inf
    ) -> None:
        self.scenario = scenario
        self.door = Door(scenario.hidden(), way=WAY)
        self.senders = make(self.door, scenario)
        self.work = deque(range(scenario.calls))  # whoever may send takes the next
        self.events: list[tuple[float, int, Callable[[float], None]]] = []
        self.number = 0
        self.done = self.sent = self.sent_late = self.late = 0
        self.last = 0.0
        self.times: dict[int, int] = {}
        self.heard = [0.0] * len(self.senders)  # until when each was told to stay away
        self.early = 0
        self.wakes = [math.inf] * len(self.senders)
        self.idle = Idle(self.door, scenario)
        self.until = could * _MOST_TIMES

    def told(self) -> Told:
        """Play it to its end."""
        now = 0.0
        self._ticks()
        while True:
            self.idle.forbidden = min(self.heard)
            sent = sum(self._send(index, now) for index in range(len(self.senders)))
            self.idle.looked(now, sent, len(self.work))
            if self.done == self.scenario.calls or not self.events or now > self.until:
                break
            opens = self.idle.opens(now)
            if opens < self.events[0][0]:
                now = opens
                continue
            now = self.events[0][0]
            while self.events and self.events[0][0] <= now:
                heapq.heappop(self.events)[2](now)
        door, count = self.door, self.scenario.calls
        done = self.done / count
        seconds = self.last if done == 1 else now
        return Told(
            seconds=seconds,
            done=done,
            sent=self.sent,
            sent_late=self.sent_late,
            refused=door.refused,
            late=self.late,
            early=self.early,
            most_in_flight=door.most_in_flight,
            idle=self.idle.longest,
            frozen=self.idle.freezes,
        )

    def _at(self, when: float, what: Callable[[float], None]) -> None:
        self.number += 1
        heapq.heappush(self.events, (when, self.number, what))

    def _ticks(self) -> None:
        """The door is looked at whenever what it hides changes; each change brings the next."""
        for rule in self.door.rules:
            course = rule.most if isinstance(rule, InFlight) else rule.on if isinstance(rule, Overload) else None
            if course is None:
                continue
            for when, _ in course.points[1:]:
                self._tick(when, course.period)
            if course.period is not None:
                self._tick(course.period, course.period)

    def _tick(self, when: float, period: float | None) -> None:
        def tick(now: float) -> None:
            if period is not None and self.done < self.scenario.calls:
                self._tick(now + period, period)

        self._at(when, tick)

    def _send(self, index: int, now: float) -> int:
        sender, work, sent = self.senders[index], self.work, 0
        while work:
            opens = sender.opens(now)
            if opens > now + 1e-9:
                if opens < self.wakes[index] or self.wakes[index] <= now:
                    self.wakes[index] = opens
                    if opens < math.inf:
                        self._at(opens, lambda _now: None)
                break
            self._one(index, work.popleft(), now)
            sent += 1
        return sent

    def _one(self, index: int, number: int, now: float) -> None:
        sender, scenario = self.senders[index], self.scenario
        ticket = sender.sent(now)
        self.sent += 1
        self.sent_late += now > WARM
        self.early += now < self.heard[index] - 1e-6
        nth = self.times[number] = self.times.get(number, -1) + 1
        if scenario.breaks(number, nth):
            self._at(now + WAY, lambda then: self._erred(index, number, ticket, then))
            return
        refused = self.door.enter(now, scenario.weight)
        if refused is not None:
            self.late += now > WARM
            wait = refused.retry_after
            heard = now + refused.held + WAY
            until = None if wait is None else now + refused.held + wait
            self._at(heard, lambda then: self._refused(index, number, ticket, then, until))
            return
        seconds = scenario.takes(number)
        ends = self.door.begins(now, seconds) + seconds
        self._at(ends, lambda _then: self.door.leave())
        if not scenario.sync:
            self._at(now + WAY, lambda then: sender.took(ticket, then))
        self._at(ends + WAY, lambda then: self._ended(index, ticket, then))

    def _ended(self, index: int, ticket: int, now: float) -> None:
        self.senders[index].ended(ticket, now)
        self.done += 1
        self.last = now

    def _refused(self, index: int, number: int, ticket: int, now: float, until: float | None) -> None:
        self.heard[index] = max(self.heard[index], until or 0.0)
        self.senders[index].refused(ticket, now, until)
        self.work.appendleft(number)

    def _erred(self, index: int, number: int, ticket: int, now: float) -> None:
        self.senders[index].erred(now)
        self.senders[index].lost(ticket)
        self.work.appendleft(number)
