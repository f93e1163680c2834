"""What an account really takes, hidden from whoever calls it: rules as values, and the gate that keeps each.

A rule is frozen; its gate counts. Time comes from outside, in seconds from the beginning of the story, so the same
rules stand before a simulator in simulated time, a scripted provider in virtual time and a plain loop over events.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from rushes.model.limit import Standing, Unit

NEVER = math.inf
"""When a gate opens that only a call that ends can open, or nothing."""

_HAIR = 1e-9


class Course(NamedTuple):
    """A number that changes in steps: `points` are (seconds, value) in order, the first at 0; `period` repeats them."""

    points: tuple[tuple[float, float], ...]
    period: float | None = None

    def at(self, now: float) -> float:
        """The number at this moment."""
        return self._last(self._phase(now))[1]

    def reaches(self, least: float, now: float) -> float:
        """The first moment from `now` on at which it is at least this much; NEVER where it will not be."""
        if self.at(now) >= least:
            return now
        phase = self._phase(now)
        later = [point[0] - phase for point in self.points if point[0] > phase and point[1] >= least]
        if self.period is not None:
            later += [self.period - phase + point[0] for point in self.points if point[1] >= least]
        return now + min(later) if later else NEVER

    def _phase(self, now: float) -> float:
        return now if self.period is None else now % self.period

    def _last(self, phase: float) -> tuple[float, float]:
        found = self.points[0]
        for point in self.points:
            if point[0] > phase + _HAIR:
                break
            found = point
        return found


def steady(value: float) -> Course:
    """A number that never changes."""
    return Course(((0.0, value),))


class Gate(Protocol):
    """One rule at work before one account."""

    def opens(self, now: float, amount: float, in_flight: int) -> float:
        """The first moment from `now` on at which so much would be let in, if nothing else came or went meanwhile."""
        ...

    def take(self, now: float, amount: float) -> None:
        """So much was let in."""
        ...

    def stands(self, now: float) -> Standing | None:
        """What is left, as a service tells it; None for a rule of which nothing is told."""
        ...


class Rule(Protocol):
    """One limit. `of` is what it counts; `silent` ones refuse without a word of when to come back.

    `wait` is the least that a Retry-After of this rule says, in seconds; `late` for how many seconds a refusal is the
    only one that is answered: those that were refused at the same time are told one after the other.
    """

    @property
    def of(self) -> Unit:
        """What is counted."""
        ...

    @property
    def silent(self) -> bool:
        """Whether refusals say nothing of when to come back."""
        ...

    @property
    def wait(self) -> float:
        """The least Retry-After, in seconds."""
        ...

    @property
    def late(self) -> float:
        """Seconds between two refusals that were earned at the same moment."""
        ...

    def gate(self) -> Gate:
        """A new gate, with nothing counted."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight:
    """At most so many calls at once, now and later. It cannot know when one will end, so it never says when to come."""

    most: Course
    of: Unit = Unit.REQUESTS
    silent: bool = True
    wait: float = 0.0
    late: float = 0.0

    def gate(self) -> Gate:
        """Counts nothing of its own."""
        return _InFlight(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """`rate` units a second, of which `burst` can be saved up; it begins full."""

    rate: float
    burst: float
    of: Unit = Unit.REQUESTS
    silent: bool = False
    wait: float = 0.0
    late: float = 0.0

    def gate(self) -> Gate:
        """A full bucket."""
        return _Bucket(self, self.burst)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """`most` units in each stretch of `seconds`: of the clock, beginning at `begins`, or in any (`sliding`)."""

    most: float
    seconds: float
    sliding: bool = False
    begins: float = 0.0
    of: Unit = Unit.REQUESTS
    silent: bool = False
    wait: float = 0.0
    late: float = 0.0

    def gate(self) -> Gate:
        """An empty window."""
        return _Sliding(self) if self.sliding else _Fixed(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload:
    """While `on` is 1 everything is refused, one call every `late` seconds, and told to come back after `wait`."""

    on: Course
    wait: float = 89.0
    late: float = 2.0
    of: Unit = Unit.REQUESTS
    silent: bool = False

    def gate(self) -> Gate:
        """Counts nothing."""
        return _Overload(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Nothing is refused: `at_once` are worked on, and the others wait in a line of which nobody is told."""

    at_once: int
    of: Unit = Unit.REQUESTS
    silent: bool = True
    wait: float = 0.0
    late: float = 0.0

    def gate(self) -> Gate:
        """Always open."""
        return _Open()


class _Uncounted:
    """A gate that counts nothing of its own, and has nothing to tell."""

    __slots__ = ()

    def take(self, now: float, amount: float) -> None:
        pass

    def stands(self, now: float) -> Standing | None:
        return None


class _Open(_Uncounted):
    def opens(self, now: float, amount: float, in_flight: int) -> float:
        return now


@dataclass(slots=True)
class _InFlight(_Uncounted):
    rule: InFlight

    def opens(self, now: float, amount: float, in_flight: int) -> float:
        return self.rule.most.reaches(in_flight + 1, now)


@dataclass(slots=True)
class _Bucket:
    rule: Bucket
    tokens: float
    filled: float = 0.0

    def opens(self, now: float, amount: float, in_flight: int) -> float:
        if amount > self.rule.burst + _HAIR:
            return NEVER
        missing = amount - self._full(now)
        return now if missing <= _HAIR else now + missing / self.rule.rate

    def take(self, now: float, amount: float) -> None:
        self.tokens, self.filled = self._full(now) - amount, now

    def stands(self, now: float) -> Standing | None:
        full, burst = self._full(now), self.rule.burst
        return Standing(self.rule.of, burst, full, (burst - full) / self.rule.rate)

    def _full(self, now: float) -> float:
        return min(self.rule.burst, self.tokens + max(now - self.filled, 0.0) * self.rule.rate)


@dataclass(slots=True)
class _Fixed:
    rule: Window
    window: float = -NEVER
    used: float = 0.0

    def opens(self, now: float, amount: float, in_flight: int) -> float:
        if amount > self.rule.most + _HAIR:
            return NEVER
        window = self._window(now)
        used = self.used if window == self.window else 0.0
        return now if used + amount <= self.rule.most + _HAIR else (window + 1) * self.rule.seconds + self.rule.begins

    def take(self, now: float, amount: float) -> None:
        window = self._window(now)
        self.used = amount + (self.used if window == self.window else 0.0)
        self.window = window

    def stands(self, now: float) -> Standing | None:
        window = self._window(now)
        used = self.used if window == self.window else 0.0
        over = (window + 1) * self.rule.seconds + self.rule.begins - now if used else 0.0
        return Standing(self.rule.of, self.rule.most, self.rule.most - used, over)

    def _window(self, now: float) -> float:
        return math.floor((now - self.rule.begins) / self.rule.seconds + _HAIR)


@dataclass(slots=True)
class _Sliding:
    rule: Window
    used: float = 0.0
    taken: deque[tuple[float, float]] = field(default_factory=deque)

    def opens(self, now: float, amount: float, in_flight: int) -> float:
        if amount > self.rule.most + _HAIR:
            return NEVER
        self._forget(now)
        over = self.used + amount - self.rule.most
        if over <= _HAIR:
            return now
        for when, gone in self.taken:
            over -= gone
            if over <= _HAIR:
                return when + self.rule.seconds
        raise AssertionError("what was taken is less than what is used")

    def take(self, now: float, amount: float) -> None:
        self._forget(now)
        self.taken.append((now, amount))
        self.used += amount

    def stands(self, now: float) -> Standing | None:
        self._forget(now)
        over = self.taken[-1][0] + self.rule.seconds - now if self.taken else 0.0
        return Standing(self.rule.of, self.rule.most, self.rule.most - self.used, over)

    def _forget(self, now: float) -> None:
        while self.taken and self.taken[0][0] + self.rule.seconds <= now + _HAIR:
            self.used -= self.taken.popleft()[1]


@dataclass(slots=True)
class _Overload(_Uncounted):
    rule: Overload

    def opens(self, now: float, amount: float, in_flight: int) -> float:
        if not self.rule.on.at(now):
            return now
        ends = [one[0] for one in self.rule.on.points if not one[1]]
        period = self.rule.on.period
        if period is None:
            return min((one for one in ends if one > now), default=NEVER)
        phase = now % period
        return now + min(((one - phase) % period for one in ends), default=NEVER)
