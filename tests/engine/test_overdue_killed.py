"""kill -9 while a request is overdue: it is found again by its job, adopted and paid once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engine.overdue_child import FILE, play, project, provider, state
from tests.engine.paid import PRELOAD

from rushes.model.event import Slow
from rushes.model.run import RunState
from rushes.testing.crash import Ending, run_killed

OVERDUE = 5
"""The fact that says so, after RunStarted, Reserved, Submitting and Accepted."""


def bought(folder: Path) -> int:
    return sum(provider(folder).bought.values())


@pytest.mark.parametrize("after", [OVERDUE, OVERDUE + 1, OVERDUE + 2])
def test_killed_while_it_is_overdue_or_right_after_it_is_found_again_and_paid_once(after: int, tmp_path: Path) -> None:
    (tmp_path / "late.yaml").write_text(FILE)
    assert run_killed(play, tmp_path, after=after, preload=PRELOAD) is Ending.KILLED
    if after == OVERDUE:
        left = state(tmp_path)
        assert len(left.open) == 1 and left.money.held > 0
    assert run_killed(play, tmp_path, preload=PRELOAD) is Ending.FINISHED
    over = state(tmp_path)
    assert over.state is RunState.DONE
    assert not over.open and over.money.held == 0
    assert bought(tmp_path) == 1


def test_killed_by_nobody_it_is_adopted_in_the_same_run(tmp_path: Path) -> None:
    (tmp_path / "late.yaml").write_text(FILE)
    assert run_killed(play, tmp_path, preload=PRELOAD) is Ending.FINISHED
    with project(tmp_path) as one:
        (run,) = one.ledger.runs()
        said = [entry.event for entry in one.ledger.events(run.id) if isinstance(entry.event, Slow)]
    assert [slow.until for slow in said] == [30.0]
    assert bought(tmp_path) == 1
