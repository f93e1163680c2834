"""kill -9 of a batch, at every third fact that it records and at random moments: the same call goes on, and no row is
done twice."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from tests.crash.batch_story import PRELOAD, Stage, play

from rushes.testing.crash import Ending, run_killed

MOST_EVENTS = 60
"""Of one part: the journal of each run counts anew, so that a later number dies in a later part or not at all."""


class Calm:
    """The batch without any accident."""

    def __init__(self, folder: Path) -> None:
        stage = Stage(folder).set()
        assert run_killed(play, folder, preload=PRELOAD) is Ending.FINISHED
        other = Stage(folder.with_name("timed")).set()
        began = time.monotonic()
        assert run_killed(play, other.folder, preload=PRELOAD) is Ending.FINISHED
        self.seconds = time.monotonic() - began
        self.outputs, self.bought, self.results = stage.outputs(), stage.bought(), stage.results()


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Calm:
    calm = Calm(tmp_path_factory.mktemp("calm") / "cards")
    assert set(calm.bought.values()) == {1}
    assert len(calm.bought) == 2 * 6, "equal rows are bought once"
    assert sorted(calm.results) == list(range(1, 8)), "seven records"
    return calm


def goes_on(stage: Stage, calm: Calm) -> None:
    stage.results()  # whatever was left is whole lines, no row twice
    assert run_killed(play, stage.folder, preload=PRELOAD) is Ending.FINISHED
    assert stage.bought() == calm.bought, "a row was bought twice, or not at all"
    assert stage.results() == calm.results and stage.outputs() == calm.outputs
    stage.whole()


@pytest.mark.parametrize("after", range(1, MOST_EVENTS, 3))
def test_killed_after_any_event_a_batch_goes_on_to_the_same_end(after: int, calm: Calm, tmp_path: Path) -> None:
    stage = Stage(tmp_path / "cards").set()
    run_killed(play, stage.folder, after=after, preload=PRELOAD)
    goes_on(stage, calm)


@pytest.mark.parametrize("number", range(8))
def test_killed_at_a_random_moment_a_batch_goes_on_to_the_same_end(number: int, calm: Calm, tmp_path: Path) -> None:
    stage = Stage(tmp_path / "cards").set()
    dice = random.Random(number)
    for _ in range(dice.choice([1, 2, 3])):
        run_killed(play, stage.folder, seconds=dice.uniform(0.05, calm.seconds), preload=PRELOAD)
    goes_on(stage, calm)
