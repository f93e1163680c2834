"""A provider's own line: what stands in it is not out of its time, whether the provider speaks of the line or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.engine.rig import still
from tests.engine.test_overdue import LEARNED, Timed, Unstoppable, long_for

from rushes.engine.turns import Turns
from rushes.model.event import Cancelled, Failed, Slow, Stored
from rushes.model.patience import LINE, declared
from rushes.model.run import RunState
from rushes.plugin.provider import Context, Pending
from rushes.sim.capacity import Line
from rushes.sim.door import Door
from rushes.testing.clock import run_virtual
from rushes.testing.provider import ScriptedProvider

NAMES = "abcdefgh"


class Mute(Unstoppable):
    """Says nothing of its line."""

    async def poll(self, remote: str, context: Context) -> Any:
        answer = await super().poll(remote, context)
        return answer._replace(queued=False) if isinstance(answer, Pending) else answer


def door() -> Door:
    return Door((Line(at_once=1),))


@pytest.mark.parametrize("kind", [Unstoppable, Mute])
def test_what_stands_in_a_line_is_not_overdue(tmp_path: Path, kind: type[Unstoppable]) -> None:
    one = Timed(tmp_path, kind(50.0, door=door()))
    assert one.run(*map(still, NAMES)).state is RunState.DONE
    assert one.posts == len(NAMES)
    assert not one.of(Slow)


def test_a_line_that_is_longer_than_all_patience_is_waited_for_all_the_same(tmp_path: Path) -> None:
    one = Timed(tmp_path, Mute(50.0, door=door()))
    assert one.run(*map(still, NAMES), patience=LEARNED._replace(most=100.0)).state is RunState.DONE
    assert one.posts == len(NAMES)


def test_a_job_that_hangs_in_a_line_is_named_and_the_others_are_not(tmp_path: Path) -> None:
    one = Timed(tmp_path, Mute(long_for("d", 900.0, otherwise=50.0), door=Door((Line(at_once=2),))))
    assert one.run(*map(still, NAMES)).state is RunState.DONE
    (slow,) = one.of(Slow)
    assert slow.place.node == "d"
    assert one.when(Slow, "d") == pytest.approx(2 * 50 + 60, abs=5)


def test_what_is_learned_of_a_line_that_is_told_is_the_work_alone(tmp_path: Path) -> None:
    one = Timed(tmp_path, ScriptedProvider(latency=50.0, door=door()))
    assert one.run(*map(still, NAMES)).state is RunState.DONE
    assert [stored.seconds for stored in one.of(Stored)] == [pytest.approx(50.0, abs=5.1)] * len(NAMES)


def test_a_time_that_a_person_named_begins_when_the_line_is_over(tmp_path: Path) -> None:
    told = Timed(tmp_path / "told", Unstoppable(50.0, door=door()))
    assert told.run(*map(still, "abc"), patience=declared(60.0, "step")).state is RunState.DONE
    mute = Timed(tmp_path / "mute", Mute(50.0, door=door()))
    assert mute.run(*map(still, "abc"), patience=declared(60.0, "step")).state is RunState.FAILED
    assert [mute.when(Failed, node) for node in "bc"] == [pytest.approx(60.0)] * 2


def test_nobody_stands_in_a_line_for_ever(tmp_path: Path) -> None:
    one = Timed(tmp_path, ScriptedProvider(latency=long_for("a", 1e5), door=door()))
    end = one.run(still("a"), still("b"), patience=LEARNED._replace(most=60.0))
    assert end.state is RunState.FAILED
    assert len(one.of(Cancelled)) == 2
    assert one.when(Cancelled, "b") == pytest.approx(LINE + 60.0, abs=1)
    assert end.outcomes[1].says == "not begun within 21660 s: it stands in the provider's own line"


def test_only_what_was_sent_before_says_that_a_turn_has_not_come() -> None:
    async def story() -> list[float]:
        turns = Turns()
        first, mine, later, other = (turns.take("p", model) for model in ("m", "m", "m", "n"))
        found = [mine.came]
        later.over()
        other.over()
        found.append(mine.came)
        first.over()
        return [*found, mine.came, later.came]

    assert run_virtual(story()) == [float("-inf"), float("-inf"), 0.0, 0.0]
