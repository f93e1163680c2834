"""Group commit: what waits is written together, in order, and nobody is told before it is on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.ledger.facts import cell_done, record, reserved, stored

from rushes.errors import NotFound, StoreError
from rushes.ledger.database import Database
from rushes.ledger.entry import Batch
from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.ledger.owner import new_owner
from rushes.ledger.sqlite import SqliteDatabase
from rushes.ledger.writer import Writer
from rushes.model.claim import Claim
from rushes.model.event import RunParked, Submitting
from rushes.model.ids import AttemptId, RunId

R1 = RunId("r1")


def submitting(number: int) -> Submitting:
    return Submitting(attempt=AttemptId(f"r1/{number}"), idempotency_key="k")


def now() -> float:
    return 7.0


def test_events_are_in_the_ledger_in_the_order_of_recording(ledger: Ledger) -> None:
    ledger.create_run(record())

    async def main() -> None:
        writer = Writer(ledger, R1, new_owner(), now)
        for number in range(300):
            await writer.record(RunParked(waiting=number))
        await writer.record(submitting(1), cell_done())
        assert [entry.seq for entry in ledger.events(R1)] == list(range(1, 303))
        writer.close()

    asyncio.run(main())
    entries = ledger.events(R1)
    assert [e.event.waiting for e in entries[:300] if isinstance(e.event, RunParked)] == list(range(300))
    assert [type(entry.event).__name__ for entry in entries[300:]] == ["Submitting", "CellDone"]
    assert {entry.at for entry in entries} == {7.0}


def test_a_durable_event_is_committed_when_record_returns(ledger: Ledger, ledger_where: str) -> None:
    ledger.create_run(record())

    async def main() -> None:
        writer = Writer(ledger, R1, new_owner(), now)
        with open_ledger(ledger_where) as reader:
            for number in range(20):
                await writer.record(submitting(number))
                assert len(reader.events(R1)) == number + 1
        writer.close()

    asyncio.run(main())


def test_a_reservation_tells_who_won_and_carries_what_follows(ledger: Ledger) -> None:
    ledger.create_run(record())

    async def main() -> list[Claim]:
        writer = Writer(ledger, R1, new_owner(), now)
        claims = [writer.reserve(reserved(attempt=f"r1/{number}"), submitting(number)) for number in range(5)]
        won = await asyncio.gather(*claims)
        await writer.record(stored(attempt="r1/0"))
        won.append(await writer.reserve(reserved(attempt="r1/9")))
        writer.close()
        return won

    assert [bool(one) for one in asyncio.run(main())] == [True, False, False, False, False, False]
    assert [type(entry.event).__name__ for entry in ledger.events(R1)] == ["Reserved", "Submitting", "Stored"]


class Counting(Ledger):
    """A ledger that counts its commits."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.commits = 0

    def commit(self, run_id: RunId, batches: Sequence[Batch], owner: str | None = None) -> list[bool]:
        self.commits += 1
        return super().commit(run_id, batches, owner)


def test_those_who_wait_together_share_a_commit(tmp_path: Path) -> None:
    ledger = Counting(SqliteDatabase(tmp_path / "ledger.sqlite"))
    ledger.create_run(record())

    async def main() -> None:
        writer = Writer(ledger, R1, new_owner(), now)
        await asyncio.gather(*(writer.record(submitting(number)) for number in range(200)))
        writer.close()

    asyncio.run(main())
    assert len(ledger.events(R1)) == 200
    assert ledger.commits < 20, "two hundred that wait at once are a few groups, not two hundred"
    ledger.close()


def test_flush_waits_for_what_nobody_waited_for(ledger: Ledger) -> None:
    ledger.create_run(record())

    async def main() -> None:
        writer = Writer(ledger, R1, new_owner(), now)
        writer.put(RunParked(waiting=1), RunParked(waiting=2))
        await writer.flush()
        assert len(ledger.events(R1)) == 2
        await writer.flush()
        writer.close()

    asyncio.run(main())


def test_close_writes_what_waits_and_then_takes_nothing_more(ledger: Ledger) -> None:
    ledger.create_run(record())

    async def main() -> None:
        writer = Writer(ledger, R1, new_owner(), now)
        for number in range(50):
            writer.put(RunParked(waiting=number))
        writer.close()
        writer.close()
        assert len(ledger.events(R1)) == 50
        with pytest.raises(StoreError, match="closed"):
            writer.put(RunParked(waiting=51))

    asyncio.run(main())


def test_an_error_reaches_those_who_wait_and_the_next_to_record(ledger: Ledger) -> None:
    async def main() -> None:
        writer = Writer(ledger, RunId("never made"), new_owner(), now)
        for _ in range(2):
            with pytest.raises(NotFound, match="never made"):
                await writer.record(submitting(1))
        with pytest.raises(NotFound, match="never made"):
            writer.put(RunParked(waiting=1))
        writer.close()

    asyncio.run(main())


def test_an_error_that_nobody_waited_for_is_raised_at_the_end(ledger: Ledger) -> None:
    writer = Writer(ledger, RunId("never made"), new_owner(), now)
    writer.put(RunParked(waiting=1))
    with pytest.raises(NotFound, match="never made"):
        writer.close()


def test_a_writer_whose_run_was_taken_over_stops(ledger: Ledger) -> None:
    ledger.create_run(record())
    asleep = "another-host/1/2:77:123456:abcd"
    assert ledger.take_run(R1, asleep, 7.0) is None

    async def main() -> None:
        writer = Writer(ledger, R1, asleep, now)
        await writer.record(submitting(1))
        assert ledger.take_run(R1, new_owner(), 40.0) is None
        with pytest.raises(StoreError, match="driven by"):
            await writer.record(submitting(2))
        writer.close()

    asyncio.run(main())
    assert len(ledger.events(R1)) == 1


def test_a_cancelled_wait_does_not_take_back_what_was_recorded(ledger: Ledger) -> None:
    ledger.create_run(record())

    async def main() -> None:
        writer = Writer(ledger, R1, new_owner(), now)
        task = asyncio.create_task(writer.record(submitting(1)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await writer.record(submitting(2))
        writer.close()

    asyncio.run(main())
    assert len(ledger.events(R1)) == 2


def test_a_writer_says_that_its_owner_lives(ledger: Ledger) -> None:
    ledger.create_run(record())
    elsewhere = "another-host/1/2:77:123456:abcd"

    async def main() -> None:
        writer = Writer(ledger, R1, elsewhere, now)
        await writer.record(submitting(1))
        writer.close()

    asyncio.run(main())
    assert not ledger.dead(elsewhere, 7.0)
