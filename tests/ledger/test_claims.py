"""One live owner at a time drives a run, and one buys a request."""

from __future__ import annotations

import dataclasses
import multiprocessing
import subprocess
import sys
import threading

import pytest
from tests.ledger.children import KEYS, claim, race
from tests.ledger.facts import record, reserved, stored

from rushes.errors import ErrorClass, StoreError
from rushes.ledger.entry import Batch
from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.ledger.owner import alive_here, new_owner
from rushes.model.claim import TAKEN, WON
from rushes.model.event import Cancelled, Event, Failed, Place, Submitting, Unknown
from rushes.model.ids import AttemptId, NodeId, RunId
from rushes.model.run import RunState

R1, R2 = RunId("r1"), RunId("r2")
PLACE = Place(node=NodeId("scene"))
ELSEWHERE = "another-host/1/2:77:123456:abcd"


@pytest.fixture(scope="module")
def dead_owner() -> str:
    """The owner name of a process of this machine that has ended."""
    program = "from rushes.ledger.owner import new_owner; print(new_owner())"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def two_runs(ledger: Ledger) -> Ledger:
    ledger.create_run(record("r1"))
    ledger.create_run(record("r2"))
    return ledger


def submitting(attempt: str) -> Submitting:
    return Submitting(attempt=AttemptId(attempt), idempotency_key="k")


def test_an_owner_lives_as_long_as_its_process(dead_owner: str) -> None:
    assert alive_here(new_owner()) is True
    assert alive_here(dead_owner) is False
    assert alive_here(ELSEWHERE) is None
    host, pid, start, _random = new_owner().split(":")
    assert alive_here(f"{host}:{pid}:{int(start) - 1}:abcd") is False, "the process id was given to another process"
    assert new_owner() != new_owner()


def test_an_owner_on_another_host_lives_by_its_heartbeat(ledger: Ledger) -> None:
    assert ledger.dead(ELSEWHERE, 100.0)
    ledger.beat(ELSEWHERE, 100.0)
    assert not ledger.dead(ELSEWHERE, 130.0)
    assert ledger.dead(ELSEWHERE, 130.5)
    ledger.beat(ELSEWHERE, 131.0)
    assert not ledger.dead(ELSEWHERE, 132.0)


def test_a_run_has_one_driver(two_runs: Ledger, dead_owner: str) -> None:
    me, other = new_owner(), new_owner()
    assert two_runs.take_run(R1, dead_owner, 1.0) is None
    assert two_runs.take_run(R1, me, 1.0) is None, "a dead driver is replaced at once"
    assert two_runs.take_run(R1, other, 1.0) == me
    assert two_runs.take_run(R1, me, 1.0) is None
    assert two_runs.run(R1).state is RunState.RUNNING
    two_runs.leave_run(R1, other, RunState.DONE, 2.0)
    assert two_runs.run(R1).state is RunState.RUNNING, "only the driver leaves"
    two_runs.leave_run(R1, me, RunState.PARKED, 2.0)
    assert two_runs.run(R1).state is RunState.PARKED
    assert two_runs.take_run(R1, other, 3.0) is None


def test_a_driver_that_was_replaced_writes_nothing_more(two_runs: Ledger) -> None:
    me = new_owner()
    assert two_runs.take_run(R1, ELSEWHERE, 100.0) is None
    assert two_runs.take_run(R1, me, 120.0) == ELSEWHERE
    assert two_runs.take_run(R1, me, 131.0) is None
    with pytest.raises(StoreError, match=f"driven by {me}"):
        two_runs.commit(R1, [Batch(132.0, (stored(),))], ELSEWHERE)
    assert two_runs.events(R1) == []


def test_a_request_is_claimed_by_one_live_owner(two_runs: Ledger) -> None:
    me, other = new_owner(), new_owner()
    assert two_runs.reserve(R1, reserved(), me, 1.0)
    assert not two_runs.reserve(R2, reserved(attempt="r2/1"), other, 1.0)
    assert not two_runs.reserve(R1, reserved(attempt="r1/2"), me, 1.0)
    assert two_runs.reserve(R2, reserved(attempt="r2/2", candidate=1), other, 1.0), (
        "another candidate is another request"
    )
    assert [entry.event for entry in two_runs.events(R1)] == [reserved()]
    assert [entry.event for entry in two_runs.events(R2)] == [reserved(attempt="r2/2", candidate=1)]
    (holder,) = two_runs.holders([reserved().key], 1.0).values()
    assert (holder.run, holder.attempt, holder.owner, holder.alive, holder.sent) == (R1, "r1/1", me, True, False)


@pytest.mark.parametrize(
    "end",
    [
        Failed(attempt=AttemptId("r1/1"), place=PLACE, error=ErrorClass.TRANSIENT, says="reset"),
        Cancelled(attempt=AttemptId("r1/1"), place=PLACE),
    ],
)
def test_an_attempt_that_ended_lets_go_of_its_request(two_runs: Ledger, end: Event) -> None:
    assert two_runs.reserve(R1, reserved(), new_owner(), 1.0)
    two_runs.append(R1, [submitting("r1/1"), end], 2.0)
    assert two_runs.holders([reserved().key], 2.0) == {}
    assert two_runs.reserve(R2, reserved(attempt="r2/1"), new_owner(), 3.0)


def test_a_request_that_was_answered_is_not_bought_again(two_runs: Ledger) -> None:
    """Whoever planned before the answer came finds out when it reserves."""
    assert two_runs.reserve(R1, reserved(), new_owner(), 1.0)
    two_runs.append(R1, [stored()], 2.0)
    assert not two_runs.reserve(R2, reserved(attempt="r2/1"), new_owner(), 3.0)
    assert two_runs.events(R2) == []
    assert two_runs.holders([reserved().key], 3.0) == {}


def test_events_in_one_commit_let_go_before_theyclaim(two_runs: Ledger) -> None:
    """A retry reserves the request that its own failure, still on its way to the disk, lets go."""
    me = new_owner()
    failed = Failed(attempt=AttemptId("r1/1"), place=PLACE, error=ErrorClass.TRANSIENT, says="reset")
    assert two_runs.reserve(R1, reserved(), me, 1.0)
    retry = Batch(2.0, (reserved(attempt="r1/2"), submitting("r1/2")), claim=True)
    assert two_runs.commit(R1, [Batch(2.0, (failed,)), retry], me) == [WON, WON]
    (holder,) = two_runs.holders([reserved().key], 2.0).values()
    assert (holder.attempt, holder.sent) == ("r1/2", True)


def test_what_follows_a_lost_claim_is_not_written(two_runs: Ledger) -> None:
    assert two_runs.reserve(R1, reserved(), new_owner(), 1.0)
    batch = Batch(1.0, (reserved(attempt="r2/1"), submitting("r2/1")), claim=True)
    assert two_runs.commit(R2, [batch], new_owner()) == [TAKEN]
    assert two_runs.events(R2) == []


def test_a_dead_owners_claim_is_taken_over_at_once(two_runs: Ledger, dead_owner: str) -> None:
    assert two_runs.reserve(R1, reserved(), dead_owner, 1.0)
    assert two_runs.reserve(R2, reserved(attempt="r2/1"), new_owner(), 1.0)
    (holder,) = two_runs.holders([reserved().key], 1.0).values()
    assert (holder.run, holder.alive) == (R2, True)


def test_what_a_dead_owner_had_sent_is_for_its_own_run_to_find(two_runs: Ledger, dead_owner: str) -> None:
    me = new_owner()
    assert two_runs.reserve(R1, reserved(), dead_owner, 1.0)
    two_runs.append(R1, [submitting("r1/1")], 1.0)
    assert not two_runs.reserve(R2, reserved(attempt="r2/1"), me, 1.0)
    (holder,) = two_runs.holders([reserved().key], 1.0).values()
    assert (holder.run, holder.sent, holder.alive) == (R1, True, False)
    harmless = dataclasses.replace(reserved(attempt="r2/1"), harmless=True)
    assert two_runs.reserve(R2, harmless, me, 1.0), "asking twice costs nothing"


def test_a_request_in_doubt_is_held_until_somebody_decides(two_runs: Ledger, dead_owner: str) -> None:
    assert two_runs.reserve(R1, reserved(), dead_owner, 1.0)
    two_runs.append(R1, [submitting("r1/1"), Unknown(attempt=AttemptId("r1/1"), place=PLACE, says="no answer")], 1.0)
    harmless = dataclasses.replace(reserved(attempt="r2/1"), harmless=True)
    assert not two_runs.reserve(R2, harmless, new_owner(), 9e9)
    assert not two_runs.reserve(R1, reserved(attempt="r1/2"), new_owner(), 9e9)
    assert two_runs.holders([reserved().key], 1.0)[reserved().key].unknown
    two_runs.append(R1, [Cancelled(attempt=AttemptId("r1/1"), place=PLACE)], 2.0)
    assert two_runs.reserve(R1, reserved(attempt="r1/2"), new_owner(), 3.0)


def test_the_new_driver_of_a_run_holds_what_the_dead_one_had_sent(two_runs: Ledger, dead_owner: str) -> None:
    me = new_owner()
    assert two_runs.take_run(R1, dead_owner, 1.0) is None
    for name in ("sent", "unsent"):
        assert two_runs.reserve(R1, reserved(name, attempt=f"r1/{name}"), dead_owner, 1.0)
    two_runs.append(R1, [submitting("r1/sent")], 1.0)
    assert two_runs.take_run(R1, me, 1.0) is None
    holders = two_runs.holders([reserved("sent").key, reserved("unsent").key], 1.0)
    assert [(holder.owner, holder.alive) for holder in holders.values()] == [(me, True)]


def test_leaving_a_run_frees_what_was_never_sent(two_runs: Ledger) -> None:
    me = new_owner()
    assert two_runs.take_run(R1, me, 1.0) is None
    for name in ("sent", "unsent"):
        assert two_runs.reserve(R1, reserved(name, attempt=f"r1/{name}"), me, 1.0)
    two_runs.append(R1, [submitting("r1/sent")], 1.0)
    two_runs.leave_run(R1, me, RunState.CANCELLED, 2.0)
    assert list(two_runs.holders([reserved("sent").key, reserved("unsent").key], 2.0)) == [reserved("sent").key]


def test_what_was_sent_and_left_is_nobodys_though_its_process_lives(two_runs: Ledger) -> None:
    """Whoever waited for it would wait as long as that process: a program may live for days."""
    me, other = new_owner(), new_owner()
    assert two_runs.take_run(R1, me, 1.0) is None and two_runs.take_run(R2, other, 1.0) is None
    sent, at_work = reserved("sent", attempt="r1/1"), reserved("other", attempt="r2/1")
    assert two_runs.reserve(R1, sent, me, 1.0)
    two_runs.append(R1, [submitting("r1/1")], 1.0)
    assert two_runs.reserve(R2, at_work, other, 1.0)
    two_runs.leave_run(R1, me, RunState.INTERRUPTED, 2.0)
    left = two_runs.holders([sent.key], 2.0)[sent.key]
    assert (left.run, left.sent, left.alive) == (R1, True, False)
    assert two_runs.reserve(R2, reserved("sent", attempt="r2/2"), other, 2.0) == TAKEN, "it is for its own run to find"
    assert two_runs.holders([at_work.key], 2.0)[at_work.key].alive, "another run's claim is as it was"
    assert two_runs.take_run(R1, me, 3.0) is None
    assert two_runs.holders([sent.key], 3.0)[sent.key].alive


def test_of_processes_that_race_for_a_request_exactly_one_wins(ledger_where: str) -> None:
    """Four processes want the same sixty requests; a dead winner's claims are free at once."""
    context = multiprocessing.get_context("forkserver")
    runs = [RunId(f"r{number}") for number in range(4)]
    with open_ledger(ledger_where) as ledger:
        for run in runs:
            ledger.create_run(record(run))
        pipes, children = [], []
        for seed, run in enumerate(runs):
            mine, theirs = context.Pipe()
            children.append(context.Process(target=race, args=(ledger_where, run, seed, theirs)))
            children[-1].start()
            pipes.append(mine)
        assert [pipe.recv() for pipe in pipes] == ["ready"] * 4
        for pipe in pipes:
            pipe.send("go")
        won = [pipe.recv() for pipe in pipes]
        assert sorted(key for keys in won for key in keys) == sorted(KEYS)
        for run, keys in zip(runs, won, strict=True):
            assert sorted(entry.event.attempt for entry in ledger.events(run)) == sorted(  # type: ignore[attr-defined]
                f"{run}/{key}" for key in keys
            )
        ledger.create_run(record("after"))
        me, after = new_owner(), RunId("after")
        assert not any(ledger.reserve(after, claim(after, key), me, 1.0) for key in KEYS[:5])
        for pipe, child in zip(pipes, children, strict=True):
            pipe.send("end")
            child.join()
        assert all(ledger.reserve(after, claim(after, key), me, 1.0) for key in KEYS)


def test_threads_with_crossing_claims_never_lock_each_other_out(two_runs: Ledger) -> None:
    """Two writers reserve the same requests in opposite orders, in whole commits."""
    failures: list[BaseException] = []
    won: list[str] = []
    keys = [f"crossing {number}" for number in range(120)]

    def work(run: RunId, mine: list[str]) -> None:
        try:
            owner = new_owner()
            for start in range(0, len(mine), 30):
                group = mine[start : start + 30]
                claims = [Batch(1.0, (claim(run, key),), claim=True) for key in group]
                won.extend(key for key, had in zip(group, two_runs.commit(run, claims, owner), strict=True) if had)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=args) for args in ((R1, keys), (R2, keys[::-1]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(won) == sorted(keys)
