"""kill -9 at a chosen fact."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rushes.model.claim import WON, Claim
from rushes.model.event import CellSkipped, Event, Place, Reserved, Submitting
from rushes.model.ids import NodeId
from rushes.testing.crash import Ending, Wrap, run_killed


class _FileJournal:
    """One line for each event."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, *events: Event) -> None:
        with self._path.open("a") as file:
            file.writelines("event\n" for _ in events)

    async def record(self, *events: Event) -> None:
        self.put(*events)

    async def intend(self, event: Submitting) -> Claim:
        self.put(event)
        return WON

    async def reserve(self, event: Reserved, *then: Submitting) -> Claim:
        self.put(event, *then)
        return WON


def five_events(wrap: Wrap, path: Path) -> None:
    journal = wrap(_FileJournal(path))
    event = CellSkipped(place=Place(node=NodeId("a")), says="")

    async def main() -> None:
        journal.put(event)
        await journal.record(event, event)
        await journal.record(event)
        journal.put(event)

    asyncio.run(main())


def fails(wrap: Wrap) -> None:
    raise SystemExit(3)


def waits(wrap: Wrap) -> None:
    asyncio.run(asyncio.Event().wait())


@pytest.mark.parametrize("after", [1, 2, 3, 4, 5])
def test_the_child_dies_right_after_the_event(after: int, tmp_path: Path) -> None:
    assert run_killed(five_events, tmp_path / "log", after=after) is Ending.KILLED
    assert (tmp_path / "log").read_text() == "event\n" * after


def test_a_child_that_is_done_before_its_end_says_so(tmp_path: Path) -> None:
    assert run_killed(five_events, tmp_path / "log", after=6) is Ending.FINISHED


def test_the_child_dies_when_its_time_is_over() -> None:
    assert run_killed(waits, seconds=0.05) is Ending.KILLED


def test_a_child_that_fails_by_itself_is_an_error() -> None:
    with pytest.raises(AssertionError, match="exit code 3"):
        run_killed(fails)
