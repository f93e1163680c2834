"""How long a request may take where nobody says so: learned from enough, within a floor and a cap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.model.operation import SIGNATURES, Operation, Where
from rushes.model.patience import AT_HOME, ENOUGH, FACTOR, SPANS, at_home, declared, undeclared

STILL, FILM, WORDS = Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_VIDEO, Operation.ANALYZE_IMAGE


def test_what_is_declared_holds_to_the_second() -> None:
    patience = declared(45.0, "step")
    assert (patience.seconds, patience.most, patience.says) == (45.0, 45.0, "the step says so")


def test_where_nothing_is_known_the_kind_of_work_has_a_cap() -> None:
    assert undeclared(STILL).seconds == undeclared(STILL).most == 1800.0
    assert undeclared(FILM).seconds > undeclared(STILL).seconds > undeclared(WORDS).seconds
    assert undeclared(STILL).source == "default"


def test_nothing_is_learned_from_few_results() -> None:
    assert undeclared(STILL, usual=90.0, known=ENOUGH - 1).source == "default"
    learned = undeclared(STILL, usual=90.0, known=ENOUGH)
    assert (learned.source, learned.seconds, learned.most) == ("learned", 90.0 * FACTOR, 1800.0)
    assert learned.says == "learned from 100 results"


def test_what_is_always_fast_has_the_floor_and_what_is_slow_the_cap() -> None:
    assert undeclared(STILL, usual=1.0, known=500).seconds == SPANS[SIGNATURES[STILL].output].floor  # type: ignore[index]
    assert undeclared(STILL, usual=5000.0, known=500).seconds == 1800.0


def test_what_was_learned_lengthens_the_catalogues_time_and_never_shortens_it() -> None:
    quick = undeclared(FILM, catalogue=600.0, usual=60.0, known=500)
    assert (quick.source, quick.seconds, quick.most) == ("catalogue", 600.0, 7200.0)
    slow = undeclared(FILM, catalogue=600.0, usual=400.0, known=500)
    assert (slow.source, slow.seconds) == ("learned", 1200.0)


def test_a_catalogue_may_allow_more_than_the_cap() -> None:
    assert undeclared(STILL, catalogue=3600.0).most == 3600.0


def test_work_on_this_machine_may_take_its_time_and_ends_all_the_same() -> None:
    assert at_home().seconds == at_home().most == AT_HOME
    assert at_home(3600.0).seconds == 3600.0


@pytest.mark.parametrize("op", [op for op in Operation if SIGNATURES[op].where is not Where.INLINE])
@given(
    catalogue=st.one_of(st.none(), st.floats(1, 1e5)),
    usual=st.one_of(st.none(), st.floats(0, 1e6)),
    known=st.integers(0, 2000),
)
def test_every_request_ends_and_never_before_its_floor(
    op: Operation, catalogue: float | None, usual: float | None, known: int
) -> None:
    patience = undeclared(op, catalogue=catalogue, usual=usual, known=known)
    assert 0 < patience.seconds <= patience.most < float("inf")
    if catalogue is not None:
        assert patience.seconds >= catalogue
    if patience.source == "learned":
        assert patience.seconds >= 60.0
    assert patience.says
