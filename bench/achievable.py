"""How fast a scenario could be done by somebody who knows what is hidden: the measure that a limiter is held to.

Twice, by two ways that have nothing in common. `achievable` plays it: a sender that has the rules before it sends at
the very moment at which one more will be taken, and is never refused. `reckoned` reckons: the work, divided by
what each rule allows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from bench.scenarios import WAY, Scenario
from bench.story import play
from rushes.model.limit import Unit
from rushes.sim.capacity import Bucket, Course, InFlight, Line, Overload, Rule, Window
from rushes.sim.door import Door


class Knowing:
    """Keeps a door of its own with the same rules, and so knows when the real one opens; it hears of results as late as
    everybody.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._door = Door(scenario.hidden())
        self._weight = scenario.weight

    def opens(self, now: float) -> float:
        """When the door does."""
        return self._door.opens(now, self._weight)

    def sent(self, now: float) -> int:
        """One more has gone through the door."""
        assert self._door.enter(now, self._weight) is None
        return 0

    def took(self, ticket: int, now: float) -> None:
        """It knew."""

    def ended(self, ticket: int, now: float) -> None:
        """One has left."""
        self._door.leave()

    def refused(self, ticket: int, now: float, until: float | None) -> None:
        """It is never refused."""
        raise AssertionError(f"refused at {now:g} s, and should have known")

    def lost(self, ticket: int) -> None:
        """It never went through the door, but its turn is over."""
        self._door.leave()

    def erred(self, now: float) -> None:
        """Nothing follows from that."""


def achievable(scenario: Scenario) -> float:
    """Seconds in which whoever knows all does it; as one process, however many share the account."""
    told = play(scenario._replace(processes=1), lambda _door, one: [Knowing(one)])
    assert told.done == 1
    assert told.refused == 0
    return told.seconds


class Reckoned(NamedTuple):
    """Seconds that it takes at least, whoever does it, and about how many it should take."""

    least: float
    about: float


def reckoned(scenario: Scenario) -> Reckoned:
    """What each rule needs by itself, the largest of all. Between the two numbers lies what is still under way when an
    account begins to take less.
    """
    calls = [scenario.takes(number) + WAY for number in range(scenario.calls)]
    needs = [_of_rate(rule, scenario, min(calls)) for rule in scenario.hidden()]
    needs += [(sum(calls) - WAY * len(calls)) / rule.at_once for rule in scenario.hidden() if isinstance(rule, Line)]
    course = _in_flight(scenario.hidden())
    if course is None:
        return Reckoned(max(needs), max(needs))
    about = _done_by(course, sum(calls))
    beyond = _falls(course, about) * max(calls)
    return Reckoned(max(*needs, _done_by(course, sum(calls) - beyond)), max(*needs, about))


def _of_rate(rule: Rule, scenario: Scenario, shortest: float) -> float:
    amount = scenario.calls * (scenario.weight[Unit.IMAGES] if rule.of is Unit.IMAGES else 1.0)
    match rule:
        case Bucket():
            return max(amount - rule.burst, 0.0) / rule.rate + shortest
        case Window():
            full = -(-amount // rule.most) - 1  # windows that are over before the last one begins
            first = rule.seconds if rule.sliding else rule.begins % rule.seconds or rule.seconds
            return (first + (full - 1) * rule.seconds if full > 0 else 0.0) + shortest
        case _:
            return 0.0


def _in_flight(rules: Sequence[Rule]) -> Course | None:
    """How many calls are worked on over time: nothing is begun while a service is overloaded."""
    course = next((rule.most for rule in rules if isinstance(rule, InFlight)), None)
    overload = next((rule.on for rule in rules if isinstance(rule, Overload)), None)
    if course is None or overload is None:
        return course
    assert len(course.points) == 1, "an overload beside a number that changes is not reckoned here"
    return Course(tuple((when, course.at(0) * (1 - on)) for when, on in overload.points), overload.period)


def _done_by(course: Course, work: float) -> float:
    """When so many seconds of work are done if nothing is ever idle."""
    now, left = 0.0, work
    while left > 1e-9:
        most, then = course.at(now), _next(course, now)
        if most * (then - now) >= left:
            return now + left / most
        now, left = then, left - most * (then - now)
    return now


def _falls(course: Course, end: float) -> float:
    """By how much the number falls, all falls together."""
    now, total = 0.0, 0.0
    while (then := _next(course, now)) < end:
        total += max(course.at(now) - course.at(then), 0.0)
        now = then
    return total


def _next(course: Course, now: float) -> float:
    phase = now if course.period is None else now % course.period
    ends = [when for when, _ in course.points if when > phase + 1e-9]
    ends += [course.period] if course.period is not None else []
    return now - phase + min(ends) if ends else math.inf
