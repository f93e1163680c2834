"""Hidden capacities: when each rule lets a call in, that its Retry-After is true, and the words it is written in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.errors import UserError
from rushes.model.limit import Unit
from rushes.sim.capacity import NEVER, Bucket, Course, InFlight, Line, Overload, Rule, Window, steady
from rushes.sim.capacity_text import Capacity, capacity_from_text
from rushes.sim.door import Door


def rule(text: str) -> Rule:
    return capacity_from_text(text).rule


def let_in(door: Door, *times: float) -> list[bool]:
    return [door.enter(now) is None for now in times]


def test_so_many_at_once_and_nobody_is_told_when() -> None:
    door = Door([rule("in-flight=2")])
    assert let_in(door, 0, 0, 0) == [True, True, False]
    refusal = door.enter(0)
    assert refusal is not None
    assert refusal.retry_after is None
    assert door.opens(0) == NEVER
    door.leave()
    assert let_in(door, 1, 1) == [True, False]
    assert (door.accepted, door.refused, door.most_in_flight, door.in_flight) == (3, 3, 2, 2)


def test_what_is_taken_at_once_changes_and_those_inside_stay() -> None:
    door = Door([rule("in-flight=3,1@10,2@20")])
    assert let_in(door, 0, 0, 0, 0) == [True, True, True, False]
    door.leave()
    assert door.in_flight == 2
    assert let_in(door, 10) == [False]
    door.leave()
    assert let_in(door, 15) == [False]
    assert door.opens(15) == 20
    assert let_in(door, 20, 20) == [True, False]


def test_a_course_repeats_itself() -> None:
    course = Course(((0.0, 4.0), (10.0, 1.0)), 30.0)
    assert [course.at(now) for now in (0, 9, 10, 29, 30, 39, 40)] == [4, 4, 1, 1, 4, 4, 1]
    assert course.reaches(2, 45) == 60
    assert course.reaches(5, 0) == NEVER


def test_a_bucket_is_full_at_first_and_fills_up_again() -> None:
    door = Door([rule("bucket=2/s:3")])
    assert let_in(door, 0, 0, 0, 0) == [True, True, True, False]
    assert door.opens(0) == pytest.approx(0.5)
    assert let_in(door, 0.5, 0.5) == [True, False]
    assert let_in(door, 100, 100, 100, 100) == [True, True, True, False]


def test_a_window_begins_anew_by_the_clock() -> None:
    door = Door([rule("2/min begins=15")])
    assert let_in(door, 0, 14, 14) == [True, True, False]
    assert let_in(door, 15, 16, 74) == [True, True, False]
    assert door.opens(74) == 75


def test_a_sliding_window_looks_back() -> None:
    door = Door([rule("2/min sliding")])
    assert let_in(door, 0, 30, 59) == [True, True, False]
    assert door.opens(59) == 60
    assert let_in(door, 60, 61, 90) == [True, False, True]


def test_units_are_counted_where_they_are_meant() -> None:
    door = Door([rule("10/min images"), rule("100/min")])
    assert door.enter(0, {Unit.IMAGES: 8}) is None
    assert door.enter(0, {Unit.IMAGES: 4}) is not None
    assert door.enter(0, {Unit.TOKENS: 400}) is None
    assert door.opens(0, {Unit.IMAGES: 4}) == 60
    assert door.opens(0, {Unit.IMAGES: 11}) == NEVER


def test_an_overloaded_service_refuses_one_after_the_other() -> None:
    door = Door([rule("overloaded=10-30")])
    assert let_in(door, 9) == [True]
    told = [door.enter(20) for _ in range(3)]
    assert [one and (one.held, one.retry_after) for one in told] == [(0, 89), (2, 89), (4, 89)]
    assert door.told_until == 113
    assert let_in(door, 30) == [True]


def test_a_silent_line_refuses_nobody_and_works_on_so_many() -> None:
    door = Door([rule("queue=2")])
    assert let_in(door, 0, 0, 0, 0) == [True] * 4
    assert [door.begins(0, 10) for _ in range(4)] == [0, 0, 10, 10]
    assert door.begins(25, 10) == 25
    assert Door([]).begins(3, 10) == 3


def test_a_silent_rule_refuses_without_a_word_and_so_do_all_beside_it() -> None:
    door = Door([rule("1/min silent"), rule("1/hour")])
    assert let_in(door, 0) == [True]
    refusal = door.enter(1)
    assert refusal is not None
    assert refusal.retry_after is None
    told = door.enter(61)
    assert told is not None
    assert told.retry_after == 3600 - 61


def test_several_rules_all_have_to_agree_and_a_refused_call_uses_up_nothing() -> None:
    door = Door([rule("in-flight=1"), rule("2/min")])
    assert let_in(door, 0, 0, 0, 0) == [True, False, False, False]
    door.leave()
    assert let_in(door, 1) == [True]
    door.leave()
    assert let_in(door, 2) == [False]
    assert door.opens(2) == 60


def test_who_comes_before_a_retry_after_is_over_is_counted_and_who_could_not_know_is_not() -> None:
    door = Door([rule("1/min")])
    assert let_in(door, 0, 10, 10) == [True, False, False]
    assert door.early == 0
    door.enter(59)
    assert door.early == 1
    assert door.enter(60) is None
    assert door.early == 1


def test_an_answer_on_its_way_is_not_heard_yet() -> None:
    door = Door([rule("1/min")], way=0.5)
    let_in(door, 0, 10, 10.4)
    assert door.early == 0
    door.enter(11)
    assert door.early == 1


def test_other_rules_leave_those_inside_where_they_are() -> None:
    door = Door([rule("in-flight=5")])
    let_in(door, 0, 0, 0)
    door.change([rule("in-flight=3")])
    assert (door.in_flight, door.accepted) == (3, 3)
    assert let_in(door, 1) == [False]


RATES = st.sampled_from(
    ["bucket=0.7/s:3", "7/min", "7/min sliding", "5/10s begins=3", "2/s", "9/min wait=20", "overloaded=5-9,30-31~40"]
)


@given(st.lists(RATES, min_size=1, max_size=3), st.lists(st.floats(0, 9), max_size=60))
def test_who_comes_when_it_was_told_to_is_let_in(texts: list[str], pauses: list[float]) -> None:
    door, now = Door([rule(text) for text in texts]), 0.0
    for pause in pauses:
        now += pause
        opens = door.opens(now)
        refusal = door.enter(now)
        assert (refusal is None) == (opens <= now + 1e-6)
        if refusal is not None and refusal.retry_after is not None and "overloaded" not in str(texts):
            now += refusal.held + refusal.retry_after
            assert door.enter(now) is None
    assert door.early == 0 or "overloaded" in str(texts)


@given(st.lists(RATES, min_size=1, max_size=3), st.lists(st.floats(0, 9), max_size=60))
def test_nobody_is_let_in_beyond_a_rate(texts: list[str], pauses: list[float]) -> None:
    door, now, taken = Door([rule(text) for text in texts]), 0.0, []
    for pause in pauses:
        now += pause
        if door.enter(now) is None:
            taken.append(now)
    for one in door.rules:
        if isinstance(one, Bucket):
            for number, first in enumerate(taken):
                for count, last in enumerate(taken[number:], 1):
                    assert count <= one.burst + (last - first) * one.rate + 1e-6
        if isinstance(one, Window) and one.sliding:
            assert all(
                taken[n + int(one.most)] - taken[n] >= one.seconds - 1e-6 for n in range(len(taken) - int(one.most))
            )


@pytest.mark.parametrize(
    ("text", "capacity"),
    [
        ("in-flight=5", Capacity(InFlight(most=steady(5.0)))),
        ("fal:in-flight=8,4@600~1200", Capacity(InFlight(most=Course(((0.0, 8.0), (600.0, 4.0)), 1200.0)), "fal")),
        ("60/min", Capacity(Window(most=60.0, seconds=60.0))),
        (
            "luma/0a1b2c3d:500/day silent",
            Capacity(Window(most=500.0, seconds=86400.0, silent=True), "luma", "0a1b2c3d"),
        ),
        ("30/5min sliding images", Capacity(Window(most=30.0, seconds=300.0, sliding=True, of=Unit.IMAGES))),
        ("bucket=2/s:10 wait=89", Capacity(Bucket(rate=2.0, burst=10.0, wait=89.0))),
        ("runway:queue=3", Capacity(Line(at_once=3), "runway")),
        ("overloaded=60-120", Capacity(Overload(on=Course(((0.0, 0.0), (60.0, 1.0), (120.0, 0.0)))))),
    ],
)
def test_the_words_of_a_capacity(text: str, capacity: Capacity) -> None:
    assert capacity_from_text(text) == capacity
    assert capacity_from_text(capacity.text) == capacity


@pytest.mark.parametrize(
    "text",
    [
        *("", "5", "in-flight", "in-flight=", "in-flight=-1", "in-flight=5@3", "in-flight=5,4", "in-flight=5,4@9,3@2"),
        *("60/fortnight", "0/min", "60/0min", "bucket=2/s", "queue=0", "queue=x", "overloaded=9-3", "overloaded=5"),
        *("60/min gently", "in-flight=5 images", "in-flight=5 sliding", "60/min wait=soon", "60/min wait=1e999"),
        *("in-flight=2,1@10~10", "fal:", ":60/min", "Fal 60/min", "60/min wait=nan", "in-flight=٣", "queue=²"),
    ],
)
def test_what_is_no_capacity_is_refused_by_its_own_words(text: str) -> None:
    with pytest.raises(UserError) as caught:
        capacity_from_text(text)
    assert repr(text) in caught.value.message
    assert "in-flight=5" in caught.value.next_step


@given(st.text(alphabet="inflght-=5/m:bucketsqu0.9@,~ overladws", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = capacity_from_text(text)
    except UserError:
        return
    assert capacity_from_text(found.text) == found
