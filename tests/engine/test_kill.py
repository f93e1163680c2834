"""kill -9 at every fact and right after every purchase, over each kind of provider.

Nothing is submitted twice by itself, every request in doubt is listed, and every result that the provider holds is
adopted.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engine.paid import FILE, PRELOAD, Desk, Kind, play

from rushes.testing.crash import Ending, run_killed

FACTS = 13
"""One more than the story records."""


def desk(folder: Path, kind: Kind) -> Desk:
    one = Desk(folder, kind)
    one.file.write_text(FILE)
    return one


def goes_on(one: Desk) -> None:
    """Resume; what stays in doubt is looked up by a person; in the end everything is here and was bought once."""
    run_killed(play, one.folder, one.kind, "run", preload=PRELOAD)
    assert max(one.bought().values(), default=0) <= 1, "a request was bought twice by itself"
    doubts = one.say_what_is_true()
    assert doubts == 0 or one.kind in (Kind.QUEUE, Kind.AT_ONCE), "this provider could have been asked"
    if doubts:
        run_killed(play, one.folder, one.kind, "resume", preload=PRELOAD)
    assert sorted(one.bought().values()) == [1, 1]
    assert not one.unknown()
    assert not one.left_open()


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("die", [1, 2])
def test_killed_between_a_purchase_and_its_answer(kind: Kind, die: int, tmp_path: Path) -> None:
    one = desk(tmp_path, kind)
    assert run_killed(play, one.folder, kind, "run", die, preload=PRELOAD) is Ending.KILLED
    assert sum(one.bought().values()) == die
    doubtful = {attempt.key for attempt in one.unknown()}
    answered = {job.idempotency_key for job in one.provider().jobs.values()} - doubtful
    assert len(doubtful) >= 1, "a purchase that nobody can speak for is not listed"
    assert len(answered) < die
    goes_on(one)


@pytest.mark.parametrize("after", range(1, FACTS))
def test_killed_after_any_fact_of_a_provider_that_can_say_nothing(after: int, tmp_path: Path) -> None:
    one = desk(tmp_path, Kind.QUEUE)
    run_killed(play, one.folder, one.kind, "run", after=after, preload=PRELOAD)
    goes_on(one)


@pytest.mark.long
@pytest.mark.parametrize("after", range(1, FACTS))
@pytest.mark.parametrize("kind", [Kind.AT_ONCE, Kind.JOB_LIST, Kind.KEY])
def test_killed_after_any_fact_of_the_others(kind: Kind, after: int, tmp_path: Path) -> None:
    one = desk(tmp_path, kind)
    run_killed(play, one.folder, kind, "run", after=after, preload=PRELOAD)
    goes_on(one)


@pytest.mark.parametrize("kind", Kind)
def test_killed_again_while_it_recovers(kind: Kind, tmp_path: Path) -> None:
    one = desk(tmp_path, kind)
    run_killed(play, one.folder, kind, "run", 2, preload=PRELOAD)
    for after in (2, 3, 4):
        run_killed(play, one.folder, kind, "run", after=after, preload=PRELOAD)
        assert max(one.bought().values()) == 1
    goes_on(one)
