"""The door of one account: its hidden rules, who is inside, and the books about how callers behave before it."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rushes.model.limit import Standing, Unit
from rushes.sim.capacity import NEVER, Gate, Line, Rule

_ONE: Mapping[Unit, float] = {}
_HAIR = 1e-6


class Refusal(NamedTuple):
    """A call that was not let in. `retry_after` is in seconds from the answer (None: nothing is said).

    `held` is for how many seconds the answer itself is held back.
    """

    retry_after: float | None
    held: float = 0.0


class Door:
    """Lets calls in while every rule agrees. All times are seconds from the beginning of the story.

    `way` is how long an answer may be on its way: a call that was sent before a Retry-After can have been heard is not
    held against its sender.
    """

    def __init__(self, rules: Sequence[Rule] = (), *, way: float = 0.0) -> None:
        self.accepted = 0
        self.refused = 0
        self.early = 0
        """Calls that came although a Retry-After that had been given to this account was not over."""
        self.in_flight = 0
        self.most_in_flight = 0
        self.told_until = 0.0
        """When the last Retry-After that was given is over."""
        self._way = way
        self._promises: deque[tuple[float, float]] = deque()
        self._heard_until = 0.0
        self._answered = -NEVER
        self._ends: list[float] = []
        self.change(rules)

    def change(self, rules: Sequence[Rule]) -> None:
        """Other rules from now on; who is inside stays inside, and the books go on."""
        self.rules = tuple(rules)
        self._gates: list[tuple[Rule, Gate]] = [(rule, rule.gate()) for rule in self.rules]

    @property
    def at_once(self) -> int | None:
        """How many calls are worked on at once, the others in a silent line; None without such a rule."""
        return min((rule.at_once for rule in self.rules if isinstance(rule, Line)), default=None)

    @property
    def weighs(self) -> bool:
        """Whether a rule counts anything but requests."""
        return any(rule.of is not Unit.REQUESTS for rule in self.rules)

    def opens(self, now: float, units: Mapping[Unit, float] = _ONE) -> float:
        """When such a call would be let in if nobody came or went; `NEVER` when somebody has to go first."""
        return max((opens for _, opens in self._asked(now, units)), default=now)

    def enter(self, now: float, units: Mapping[Unit, float] = _ONE) -> Refusal | None:
        """One call; None when it is let in, and then `leave` is owed. `units` is what it weighs beside one request."""
        self._watch(now)
        shut = [(rule, opens) for rule, opens in self._asked(now, units) if opens > now + _HAIR]
        if shut:
            return self._refuse(now, shut)
        for rule, gate in self._gates:
            gate.take(now, _amount(rule, units))
        self.accepted += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        return None

    def leave(self) -> None:
        """A call that was let in has ended."""
        self.in_flight -= 1

    def begins(self, now: float, seconds: float) -> float:
        """When a call that was let in now, and takes so many seconds, is worked on: at once, or when its turn comes."""
        at_once = self.at_once
        if at_once is None:
            return now
        while len(self._ends) >= at_once:
            now = max(now, heapq.heappop(self._ends))
        heapq.heappush(self._ends, now + seconds)
        return now

    def stands(self, now: float) -> tuple[Standing, ...]:
        """What is left of each rule of which a service tells its callers: of silent ones it never does."""
        told = [gate.stands(now) for rule, gate in self._gates if not rule.silent]
        return tuple(one for one in told if one is not None)

    def plain(self) -> dict[str, Any]:
        """The books as JSON."""
        return {
            "accepted": self.accepted,
            "refused": self.refused,
            "early": self.early,
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
        }

    def _asked(self, now: float, units: Mapping[Unit, float]) -> list[tuple[Rule, float]]:
        return [(rule, gate.opens(now, _amount(rule, units), self.in_flight)) for rule, gate in self._gates]

    def _watch(self, now: float) -> None:
        while self._promises and self._promises[0][0] + self._way < now - _HAIR:
            self._heard_until = max(self._heard_until, self._promises.popleft()[1])
        self.early += now < self._heard_until - _HAIR

    def _refuse(self, now: float, shut: Sequence[tuple[Rule, float]]) -> Refusal:
        self.refused += 1
        late = max(rule.late for rule, _ in shut)
        given = max(now, self._answered + late) if late else now
        self._answered = given
        # whoever is told a time is let in then, as far as this account can know: a rule that cannot know says nothing
        if any(rule.silent or opens == NEVER for rule, opens in shut):
            return Refusal(None, given - now)
        until = max(max(opens, given + rule.wait) for rule, opens in shut)
        self._promises.append((given, until))
        self.told_until = max(self.told_until, until)
        return Refusal(max(until - given, 0.0), given - now)


def _amount(rule: Rule, units: Mapping[Unit, float]) -> float:
    return 1.0 if rule.of is Unit.REQUESTS else units.get(rule.of, 0.0)
