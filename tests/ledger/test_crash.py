"""kill -9 while the writer is busy: what was reported durable is there, and nothing is there by half."""

from __future__ import annotations

import multiprocessing
import random

import pytest
from tests.ledger.children import drive
from tests.ledger.facts import base, record

from rushes.ledger.fold import fold
from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.model.event import CellDone, Stored
from rushes.model.ids import AttemptId, RunId

R1 = RunId("r1")


def _killed_after(where: str, first: int, messages: int) -> list[tuple[str, int]]:
    """Start the child, read so many messages, kill it, and return all it managed to send."""
    context = multiprocessing.get_context("forkserver")
    mine, theirs = context.Pipe()
    child = context.Process(target=drive, args=(where, first, theirs))
    child.start()
    theirs.close()
    told = [mine.recv() for _ in range(messages)]
    child.kill()
    child.join()
    while True:
        try:
            told.append(mine.recv())
        except EOFError:  # a last message may be cut off, as everything may
            return told


def _check(ledger: Ledger, told: list[tuple[str, int]]) -> None:
    entries = ledger.events(R1)
    state = fold(entries)
    for word, number in told:
        stage = state.attempts[AttemptId(f"r1/{number}")].stage
        assert stage == "Stored" or (word, stage) == ("submitting", "Submitting")
    results = {event.attempt for _, _, event in entries if isinstance(event, Stored)}
    cells = {f"r1/{event.place.node[1:]}" for _, _, event in entries if isinstance(event, CellDone)}
    assert results == cells, "events that were recorded together are there together"
    bases = [base(f"q{attempt[3:]}") for attempt in state.attempts]
    assert {many[0].attempt for many in ledger.results(bases).values()} == results
    assert {one.stage for one in state.attempts.values()} <= {"Submitting", "Stored"}, "never Reserved alone"


@pytest.mark.parametrize("seed", range(3))
def test_what_was_reported_durable_survives_kill_9(ledger_where: str, seed: int) -> None:
    luck = random.Random(seed)
    with open_ledger(ledger_where) as ledger:
        ledger.create_run(record())
    told: list[tuple[str, int]] = []
    for round_ in range(3):
        told += _killed_after(ledger_where, round_ * 1_000_000, luck.randrange(1, 400))
        with open_ledger(ledger_where) as ledger:
            _check(ledger, told)
