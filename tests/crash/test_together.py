"""Two processes at once, on one file and on one store: correct, and nothing is bought twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.crash.story import PRELOAD, Stage, play, whole

from rushes.testing.crash import Ending, run_killed


def _at_once(*stages: Stage) -> list[Ending]:
    with ThreadPoolExecutor(len(stages)) as threads:
        going = [threads.submit(run_killed, play, s.folder, "run", s.home, preload=PRELOAD) for s in stages]
        return [one.result() for one in going]


@pytest.mark.parametrize("number", range(3))
def test_two_runs_of_one_file_at_once_buy_everything_once(number: int, tmp_path: Path) -> None:
    stage = Stage(tmp_path / "story").set()
    assert _at_once(stage, stage) == [Ending.FINISHED, Ending.FINISHED]
    assert set(stage.bought().values()) == {1}
    assert stage.outputs()
    whole(stage)


@pytest.mark.parametrize("number", range(3))
def test_two_projects_on_one_store_share_what_they_buy(number: int, tmp_path: Path) -> None:
    home = tmp_path / "home"
    one, two = (Stage(tmp_path / name, home).set() for name in ("one", "two"))
    assert _at_once(one, two) == [Ending.FINISHED, Ending.FINISHED]
    assert set(one.bought().values()) == {1}
    assert one.outputs() == two.outputs()
    whole(one)
    whole(two)
