"""kill -9 at every fact that a run records and at random moments, then go on: nothing is bought twice or lost."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from tests.crash.story import PRELOAD, Stage, play, whole

from rushes.model.event import RunEnded
from rushes.testing.crash import Ending, run_killed

MOST_EVENTS = 70
"""More than the story records; what is above its end only shows that the child finishes."""


class Calm:
    """The story without any accident."""

    def __init__(self, folder: Path) -> None:
        stage = Stage(folder).set()
        assert run_killed(play, folder, "run", preload=PRELOAD) is Ending.FINISHED
        began = time.monotonic()
        other = Stage(folder.with_name("timed")).set()
        assert run_killed(play, other.folder, "run", preload=PRELOAD) is Ending.FINISHED
        self.seconds = time.monotonic() - began
        self.outputs = stage.outputs()
        self.bought = stage.bought()
        self.events = len(stage.events())


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Calm:
    calm = Calm(tmp_path_factory.mktemp("calm") / "story")
    assert set(calm.bought.values()) == {1}
    assert calm.events < MOST_EVENTS
    return calm


def _way_on(stage: Stage) -> str:
    """A run that was killed is resumed; where only the export is missing, or nothing is there, it is run again."""
    events = stage.events()
    return "resume" if events and not isinstance(events[-1], RunEnded) else "run"


def _goes_on(stage: Stage, calm: Calm) -> None:
    run_killed(play, stage.folder, _way_on(stage), preload=PRELOAD)
    assert stage.bought() == calm.bought, "a request was bought twice, or not at all"
    assert stage.outputs() == calm.outputs
    whole(stage)


@pytest.mark.parametrize("after", range(1, MOST_EVENTS))
def test_killed_after_any_event_a_run_resumes_to_the_same_end(after: int, calm: Calm, tmp_path: Path) -> None:
    if after > calm.events:
        pytest.skip("the story is over by then")
    stage = Stage(tmp_path / "story").set()
    ending = run_killed(play, stage.folder, "run", after=after, preload=PRELOAD)
    assert ending is Ending.KILLED
    _goes_on(stage, calm)


@pytest.mark.parametrize("number", range(12))
def test_killed_at_a_random_moment_a_run_resumes_to_the_same_end(number: int, calm: Calm, tmp_path: Path) -> None:
    stage = Stage(tmp_path / "story").set()
    moment = random.Random(number).uniform(0, calm.seconds)
    run_killed(play, stage.folder, "run", seconds=moment, preload=PRELOAD)
    if not stage.events():
        assert not stage.bought(), "something was bought before the run was written down"
    _goes_on(stage, calm)


@pytest.mark.parametrize("after", [20, 30])
def test_killed_again_and_again_it_still_comes_to_the_same_end(after: int, calm: Calm, tmp_path: Path) -> None:
    stage = Stage(tmp_path / "story").set()
    for _ in range(MOST_EVENTS):
        if run_killed(play, stage.folder, _way_on(stage), after=after, preload=PRELOAD) is Ending.FINISHED:
            break
    else:
        raise AssertionError("the run comes no further")
    assert stage.bought() == calm.bought
    assert stage.outputs() == calm.outputs
    whole(stage)
