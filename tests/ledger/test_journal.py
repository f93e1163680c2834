"""A run's entries, walked over page by page, are the run's entries: each once, in order, however many."""

from __future__ import annotations

import pytest
from tests.ledger.facts import cell_done, record

from rushes.ledger import journal
from rushes.ledger.entry import Batch
from rushes.ledger.ledger import Ledger
from rushes.model.ids import RunId

R1 = RunId("r1")


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 8, 9])
def test_every_entry_is_met_once_and_in_order(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(journal, "PAGE", 4)
    ledger.create_run(record())
    ledger.create_run(record("r2"))
    for number in range(count):
        ledger.commit(R1, [Batch(float(number), (cell_done(f"n{number}"),))])
        ledger.commit(RunId("r2"), [Batch(0.0, (cell_done("other"),))])
    walked = ledger.journal(R1)
    found = list(walked)
    assert [one.event for one in found] == [cell_done(f"n{number}") for number in range(count)]
    assert [one.seq for one in found] == sorted({one.seq for one in found})
    assert list(walked) == found == ledger.events(R1), "and the next walk meets the same"
    assert [one.seq for one in ledger.events(R1, after=2)] == [one.seq for one in found if one.seq > 2]


def test_what_is_written_while_somebody_walks_is_met_too(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "PAGE", 2)
    ledger.create_run(record())
    for name in ("a", "b", "c"):
        ledger.commit(R1, [Batch(0.0, (cell_done(name),))])
    walk = iter(ledger.journal(R1))
    first = next(walk)
    ledger.commit(R1, [Batch(0.0, (cell_done("d"),))])
    assert [first.event, *(one.event for one in walk)] == [cell_done(name) for name in "abcd"]
