"""What a finder promises whatever an account does, and each of its rules in a story of its own."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.achievable import achievable
from bench.scenarios import ALL, Scenario
from bench.story import Told, play
from rushes.engine.finder import BACKOFF, START, Finder
from rushes.engine.probes import WARM
from rushes.engine.savings import Least, Savings
from rushes.engine.tempo import Tempo
from rushes.engine.tickets import SILENCE
from rushes.engine.turnover import ROUND
from rushes.sim.door import Door

QUICK = [one for one in ALL if one.calls <= 4500 and one.processes == 1]


def alone(scenario: Scenario) -> Told:
    return play(scenario, lambda _door, _one: [Finder()], achievable(scenario))


@pytest.mark.parametrize("scenario", QUICK, ids=lambda one: one.name)
def test_what_an_account_takes_is_found_and_kept(scenario: Scenario) -> None:
    told, could = alone(scenario), achievable(scenario)
    assert told.done == 1
    assert could / told.seconds >= 0.95
    assert told.late_share < 0.01
    assert (told.early, told.frozen) == (0, 0)


def test_nothing_is_sent_before_the_time_that_a_refusal_named() -> None:
    finder = Finder()
    first, second = finder.sent(0.0), finder.sent(0.0)
    finder.refused(first, 0.2, 40.0)
    finder.refused(second, 0.3, 30.0)
    assert finder.opens(0.3) == 40.0
    assert finder.told
    assert finder.opens(40.0) <= 40.0


def test_where_no_time_is_named_the_waits_double_and_have_an_end() -> None:
    finder, now, waits = Finder(), 0.0, []
    for _ in range(20):
        finder.refused(finder.sent(now), now, None)
        waits.append(finder.opens(now) - now)
        now += waits[-1]
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert waits[-1] == BACKOFF
    assert not finder.told


def test_all_that_was_on_its_way_when_a_refusal_came_is_one_episode() -> None:
    finder = Finder()
    tickets = [finder.sent(0.0) for _ in range(8)]
    for ticket in tickets[:4]:
        finder.took(ticket, 0.1)
    for ticket in tickets[4:]:
        finder.refused(ticket, 0.2, None)
    assert finder.most == 4
    assert finder.paused == pytest.approx(1.2)


def test_growth_is_quick_while_nothing_was_refused() -> None:
    finder = Finder()
    while finder.flying < ROUND:
        assert finder.opens(0.0) <= 0.0
        finder.took(finder.sent(0.0), 0.0)
    assert finder.most == ROUND > START


def test_beyond_a_first_burst_being_accepted_is_no_sign_and_being_worked_on_is() -> None:
    finder, tickets = Finder(), []
    while finder.flying < ROUND:
        tickets.append(finder.sent(0.0))
        finder.took(tickets[-1], 0.0)
    assert finder.opens(10.0) == math.inf
    for ticket in tickets[-10:]:
        finder.queued(ticket, False, 10.0)
        finder.queued(ticket, False, 11.0)  # what is known is no news
    assert finder.most == ROUND + 10
    for ticket in tickets[-10:]:
        finder.ended(ticket, 12.0)
    assert finder.most == ROUND + 10
    finder.ended(tickets[-11], 12.0)
    assert finder.most == ROUND + 11


def test_an_account_that_speaks_of_a_line_is_given_what_it_works_on_and_a_little_more() -> None:
    finder = Finder()
    tickets = []
    while finder.flying < ROUND:
        tickets.append(finder.sent(0.0))
        finder.took(tickets[-1], 0.0)
    for ticket in reversed(tickets):  # whoever is asked about first
        finder.queued(ticket, ticket not in tickets[:8], 5.0)
    assert finder.most == 8 + 2 + 1
    for ticket in tickets[8:]:
        finder.queued(ticket, False, 6.0)
    assert finder.most > ROUND


def test_an_account_that_refuses_nothing_and_does_no_more_is_not_given_everything() -> None:
    silent = next(one for one in ALL if one.name == "works on 5, refuses none")
    told = play(silent, lambda _door, _one: [Finder()])
    assert told.most_in_flight < silent.calls / 5
    assert achievable(silent) / told.seconds >= 0.99


def test_an_account_that_takes_everything_is_given_everything() -> None:
    endless = Scenario("endless", ("in-flight=100000",), (20.0, 40.0), 3000)
    assert play(endless, lambda _door, _one: [Finder()]).most_in_flight > 1000


def test_silence_is_an_answer() -> None:
    finder = Finder()
    for _ in range(START):
        finder.sent(0.0)
    assert finder.opens(0.0) == SILENCE
    assert finder.opens(SILENCE) <= SILENCE
    assert finder.most > START


def test_errors_of_the_server_stop_growth_and_cut_nothing() -> None:
    finder = Finder()
    tickets = [finder.sent(0.0) for _ in range(START)]
    finder.erred(0.1)
    finder.lost(tickets.pop())
    for ticket in tickets:
        finder.took(ticket, 0.2)
    assert finder.most == START
    assert finder.flying == START - 1


def test_a_named_refusal_leaves_what_is_in_flight_alone_and_an_unnamed_one_does_not() -> None:
    for named, most in ((60.0, START), (None, START - 1)):
        finder = Finder()
        tickets = [finder.sent(0.0) for _ in range(START)]
        finder.refused(tickets[-1], 0.2, named)
        assert finder.most == most


def test_what_the_fall_of_an_account_has_cost_keeps_nobody_from_finding_it_whole_again() -> None:
    (fall,) = (one for one in ALL if one.name == "breaking down from 30 to 3")
    told, could = alone(fall), achievable(fall)
    assert could / told.seconds >= 0.95
    assert told.late_share < 0.01


def test_what_was_on_its_way_when_it_refused_is_no_recovery() -> None:
    healed: list[float] = []
    finder = Finder()
    finder.tempo.healed = lambda now, _taken: healed.append(now)  # type: ignore[method-assign]
    early, refused = finder.sent(0.0), finder.sent(0.0)
    finder.refused(refused, 0.2, 10.0)
    finder.took(early, 0.3)
    finder.took(finder.sent(0.4), 0.4)  # word of what another process had been given before
    assert not healed
    finder.took(finder.sent(10.0), 10.1)
    assert healed == [10.1]


def test_results_that_are_under_way_do_not_make_a_limit_on_what_is_in_flight_look_like_one_in_time() -> None:
    finders: list[Finder] = []

    def make(_door: Door, _one: Scenario) -> list[Finder]:
        finders.append(Finder())
        return finders

    told = play(Scenario("100 at once", ("in-flight=100",), (1.0, 6.0), 6000, sync=True), make)
    assert told.refused > 0
    assert finders[0].pace is None


@given(st.floats(20.0, 200.0), st.floats(0.1, 1.0))
def test_a_pace_whose_refusals_are_dear_is_raised_more_seldom(dear: float, cheap: float) -> None:
    assert taken_before_a_faster_one(dear) > taken_before_a_faster_one(cheap)


def taken_before_a_faster_one(cost: float) -> int:
    """So many requests at a pace of one a second that was refused and proven, before a faster one is tried."""
    tempo = Tempo()
    tempo.rate = 1.0
    tempo.refused(True, cost, 1.0, 1)
    rate, taken = tempo.rate, 0
    while tempo.rate == rate:
        taken += 1
        tempo.took(float(taken), taken)
    return taken


def test_a_pace_that_was_proven_before_the_last_step_is_the_next_when_that_is_refused() -> None:
    tempo = Tempo()
    tempo.rate = first = 1.0
    while tempo.rate == first:
        tempo.took(0.0, 1)
    faster = tempo.rate
    for _ in range(20):  # it seems to hold: the account had saved up so many
        tempo.took(0.0, 1)
    assert tempo.rate == faster
    tempo.refused(True, 1.0, 1.0, 100)
    assert tempo.rate == first
    tempo.refused(True, 1.0, 2.0, 200)
    assert tempo.rate < first


@pytest.mark.parametrize("wait", [60, 89])
def test_an_account_whose_refusals_are_dear_is_asked_seldom_and_all_the_same_used(wait: int) -> None:
    dear = Scenario("dear", (f"bucket=1/s:10 wait={wait}",), (2.0, 30.0), 16000)
    told, could = alone(dear), achievable(dear)
    assert could / told.seconds >= 0.95
    assert told.refused <= 15


def test_no_more_go_in_one_moment_than_an_account_saves() -> None:
    quick = Scenario("quick", ("bucket=3.5/s:1",), (2.0, 30.0), 4000)
    assert achievable(quick) / alone(quick).seconds >= 0.9


def test_what_is_given_at_least_follows_from_a_burst_and_a_longer_time() -> None:
    savings = Savings()
    savings.begin(0.0)
    assert savings.refused(1.0, 12, paced=False) is None  # ten were saved, and two came meanwhile
    assert savings.together(2.0) == 10
    savings.count(100.0, 12)
    assert savings.refused(121.0, 12 + 10 + 42, paced=True) == Least(2.0, 20.0)
    savings.count(200.0, 64)
    savings.distrust()
    assert savings.refused(221.0, 64 + 10 + 42, paced=True) is None


def test_a_pace_that_was_measured_and_is_refused_is_no_measure_any_more() -> None:
    tempo = Tempo()
    tempo.sent(0.0)
    tempo.refused(False, 60.0, 0.5, 10)
    tempo.rate = 4.0
    tempo.healed(100.0, 10)
    tempo.refused(True, 60.0, 200.5, 10 + 10 + 395)
    assert tempo.rate == 3.95
    tempo.healed(300.0, 415)
    tempo.refused(True, 60.0, 400.5, 415 + 10 + 394)
    assert tempo.rate < 3.9


def test_a_finder_that_remembers_begins_where_the_other_ended() -> None:
    before = Finder()
    while before.flying < 30:
        before.took(before.sent(0.0), 0.0)
    before.refused(before.sent(0.0), 0.0, None)
    after = Finder()
    after.recall(before.learned)
    assert after.learned == before.learned


def test_in_a_line_of_the_accounts_own_only_a_little_is_kept() -> None:
    finder = Finder()
    tickets = [finder.sent(0.0) for _ in range(6)]
    for number, ticket in enumerate(tickets):
        finder.took(ticket, 0.0)
        finder.queued(ticket, number >= 3, 0.0)
    assert finder.opens(0.0) == math.inf
    finder.queued(tickets[3], False, 0.0)
    assert finder.opens(0.0) <= 0.0
    finder.ended(tickets[4], 1.0)
    finder.queued(tickets[4], True, 1.0)  # word that comes late
    finder.sent(1.0)
    assert finder.opens(1.0) <= 1.0


def test_what_came_back_elsewhere_unheard_is_no_sign_of_a_limit_in_time() -> None:
    finder, now = Finder(40.0), 0.0
    for _ in range(8):
        finder.took(finder.sent(now), now)
    finder.elsewhere = 32
    for _ in range(8):
        now += 10.0
        probe = finder.sent(now)
        finder.took(probe, now + 0.2)  # there was room for it: somebody else's had ended
        finder.ended(probe, now + 1.0)
        finder.refused(finder.sent(now + 2.0), now + 2.2, None)
    assert finder.pace is None


def test_who_is_refused_again_with_less_than_all_surely_have_asked_too_much_in_a_time() -> None:
    finder, now = Finder(60.0), 0.0
    for elsewhere in (40, 36, 32):
        finder.elsewhere = elsewhere
        finder.took(finder.sent(now), now)
        for _ in range(4):
            now += 1.0
            finder.refused(finder.sent(now), now, None)
            now, finder.elsewhere = finder.paused, 2  # what the others had sent has ended meanwhile
    assert finder.pace is not None


def test_what_others_have_in_flight_counts() -> None:
    finder = Finder()
    finder.elsewhere = START
    assert finder.opens(0.0) > 0.0


STEPS = st.lists(st.tuples(st.sampled_from("sstrReEl"), st.floats(0.0, 30.0), st.integers(0, 50)), max_size=150)


@given(STEPS)
def test_whatever_happens_it_keeps_its_promises_and_never_stands_still(steps: list[tuple[str, float, int]]) -> None:
    finder, now, promised = Finder(), 0.0, 0.0
    flying: list[int] = []
    for what, pause, which in steps:
        now += pause
        opens = finder.opens(now)
        if what == "s" and opens <= now:
            assert now >= promised
            flying.append(finder.sent(now))
        elif flying and what != "s":
            ticket = flying[which % len(flying)]
            if what == "t":
                finder.took(ticket, now)
                continue
            flying.remove(ticket)
            if what == "r":
                finder.refused(ticket, now, None)
            elif what == "R":
                promised = max(promised, now + pause)
                finder.refused(ticket, now, now + pause)
            elif what == "E":
                finder.ended(ticket, now)
            else:
                finder.erred(now)
                finder.lost(ticket)
        assert finder.most >= 1
        assert finder.flying == len(flying)
        assert finder.pace is None or finder.pace > 0
        assert flying or finder.opens(now) < now + BACKOFF + WARM + 1 / (finder.pace or 1)
