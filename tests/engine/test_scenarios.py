"""The yardstick of the limiter is straight: what could be achieved is reckoned twice, and bad behaviour is seen."""

from __future__ import annotations

import math

import pytest

from bench.achievable import achievable, reckoned
from bench.scenarios import ALL, PICTURE, Scenario
from bench.senders import Aimd, Fixed
from bench.story import Told, play

QUICK = [one for one in ALL if one.calls <= 4500]


def told(scenario: Scenario, *senders: Fixed) -> Told:
    return play(scenario, lambda _door, _scenario: senders)


def test_there_are_fifty_and_each_is_another() -> None:
    assert len(ALL) == len({one.name for one in ALL}) == len({one._replace(name="") for one in ALL}) == 50


@pytest.mark.parametrize("scenario", QUICK, ids=lambda one: one.name)
def test_what_could_be_achieved_is_the_same_played_and_reckoned(scenario: Scenario) -> None:
    seconds, sums = achievable(scenario), reckoned(scenario)
    assert sums.least <= seconds + 1e-6
    assert seconds <= 1.05 * sums.about + scenario.seconds[1]


def test_the_right_number_achieves_it_and_a_smaller_one_does_not() -> None:
    scenario = Scenario("five", ("in-flight=5",), PICTURE, 300)
    could = achievable(scenario)
    right, small = told(scenario, Fixed(5)), told(scenario, Fixed(2))
    assert (right.done, right.refused, right.sent, right.most_in_flight) == (1, 0, 300, 5)
    assert could == pytest.approx(right.seconds, rel=0.01)
    assert could < small.seconds * 0.45


def test_refusals_are_counted_and_the_first_minute_apart() -> None:
    scenario = Scenario("two", ("in-flight=2",), PICTURE, 100)
    found = told(scenario, Fixed(4))
    assert found.done == 1
    assert found.refused == found.sent - 100 > found.late > 0
    assert found.sent_late < found.sent


class Stubborn(Fixed):
    """Hears of no Retry-After."""

    def refused(self, ticket: int, now: float, until: float | None) -> None:
        super().refused(ticket, now, None)


def test_who_comes_before_its_retry_after_is_over_is_seen() -> None:
    scenario = Scenario("minute", ("10/min",), PICTURE, 40)
    assert told(scenario, Stubborn(3)).early > 0
    assert told(scenario, Fixed(1)).early == 0


def test_a_retry_after_that_another_process_heard_is_not_held_against_one() -> None:
    scenario = Scenario("two of them", ("10/min",), PICTURE, 40, processes=2)
    assert told(scenario, Fixed(1), Fixed(1)).early == 0


class Frozen(Fixed):
    """Stands still from one moment to another."""

    def __init__(self, most: int, since: float, until: float) -> None:
        super().__init__(most)
        self._since, self._until = since, until

    def opens(self, now: float) -> float:
        opens = super().opens(now)
        return self._until if self._since < opens < self._until else opens


@pytest.mark.parametrize(("until", "freezes"), [(330.0, 0), (400.0, 1)])
def test_a_standstill_of_more_than_a_minute_is_a_freeze(until: float, freezes: int) -> None:
    found = told(Scenario("still", ("in-flight=4",), PICTURE, 200), Frozen(4, 300.0, until))
    assert found.frozen == freezes
    assert until - 300 - PICTURE[1] <= found.idle <= until - 300


def test_who_was_shut_out_for_long_may_take_its_time() -> None:
    day = Scenario("day", ("50/day silent",), PICTURE, 80)
    assert told(day, Frozen(1, 2000.0, 90_000.0)).frozen == 0
    assert told(day, Frozen(1, 2000.0, 100_000.0)).frozen == 1


def test_who_was_told_to_stay_away_does_not_stand_still() -> None:
    found = told(Scenario("told", ("5/min wait=600",), PICTURE, 30), Fixed(1))
    assert found.frozen == 0
    assert found.seconds > 600


def test_a_story_that_goes_nowhere_is_broken_off() -> None:
    scenario = Scenario("shut", ("in-flight=0",), PICTURE, 5)
    found = play(scenario, lambda _door, _scenario: [Fixed(1)], 100.0)
    assert (found.done, found.early) == (0, 0)
    assert math.isfinite(found.seconds)


def test_errors_of_the_server_reach_no_door() -> None:
    scenario = Scenario("errs", ("in-flight=5",), PICTURE, 200, errors=0.2)
    found = told(scenario, Fixed(5))
    assert found.done == 1
    assert found.refused == 0
    assert found.sent > 220


def test_the_other_way_cuts_at_a_refusal_and_grows_again() -> None:
    found = play(Scenario("ten", ("in-flight=10",), PICTURE, 600), lambda _door, _scenario: [Aimd()])
    assert found.done == 1
    assert found.most_in_flight == 10
    assert 0 < found.refused < 300
