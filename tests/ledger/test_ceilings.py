"""A claim holds its worst case in the commit that wins it, under every ceiling of its run, or nothing is written."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from decimal import Decimal

import pytest
from tests.ledger.children import spend
from tests.ledger.facts import record, reserved, stored

from rushes.errors import ErrorClass, StoreError
from rushes.ledger.accounts import Account
from rushes.ledger.books import balance
from rushes.ledger.entry import Batch
from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.ledger.owner import new_owner
from rushes.model.claim import TAKEN, WON, Claim, Short
from rushes.model.event import Done, Failed, Place, Released, Reserved, Submitting, Unknown
from rushes.model.ids import AttemptId, NodeId, RunId
from rushes.model.run import RunState

R1, R2 = RunId("r1"), RunId("r2")
USD = Decimal
NODE, RUN, DAY = "node:r1/scene", "run:r1", "day:2026-11-21"
PLACE = Place(node=NodeId("scene"))


@pytest.fixture(scope="module")
def dead() -> str:
    program = "from rushes.ledger.owner import new_owner; print(new_owner())"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def me() -> str:
    return new_owner()


@pytest.fixture
def runs(ledger: Ledger) -> Ledger:
    ledger.create_run(record("r1"))
    ledger.create_run(record("r2"))
    return ledger


def wants(
    name: str, worst: str | None = "0.05", scopes: tuple[str, ...] = (NODE, RUN, DAY), run: str = "r1"
) -> Reserved:
    return reserved(name, attempt=f"{run}/{name}", worst=None if worst is None else USD(worst), scopes=scopes)


def sent(name: str, run: str = "r1") -> Submitting:
    return Submitting(attempt=AttemptId(f"{run}/{name}"), idempotency_key="k")


def claims(*events: Reserved) -> list[Batch]:
    return [Batch(1.0, (event,), claim=True) for event in events]


def kinds(ledger: Ledger, run: RunId) -> list[str]:
    return [f"{type(e.event).__name__} {e.event.attempt}" for e in ledger.events(run)]  # type: ignore[attr-defined]


def test_claims_of_one_group_are_decided_in_their_order(runs: Ledger, me: str) -> None:
    runs.set_ceilings(R1, {RUN: USD("0.10")})
    answers = runs.commit(R1, claims(wants("b", "0.06"), wants("a"), wants("c", "0.04")), me)
    assert [bool(one) for one in answers] == [True, False, True]
    assert answers[1] == Claim(False, Short(RUN, USD("0.10"), USD("0.00"), USD("0.10"), USD("0.05")))
    assert kinds(runs, R1) == ["Reserved r1/b", "Reserved r1/c"]
    assert runs.accounts([RUN, DAY, "day:other"]) == {
        RUN: Account(USD("0.10"), USD(0)),
        DAY: Account(USD("0.10"), USD(0)),
        "day:other": Account(),
    }
    assert list(runs.holders([wants("a").key], 1.0)) == [], "a claim that is not paid for binds nobody"


def test_the_innermost_ceiling_that_refuses_is_named(runs: Ledger, me: str) -> None:
    runs.set_ceilings(R1, {DAY: USD("0.01"), RUN: USD("0.02"), NODE: USD("9")})
    short = runs.reserve(R1, wants("a"), me, 1.0).short
    assert short is not None
    assert (short.scope, short.most, short.left, short.held) == (RUN, USD("0.02"), USD("0.02"), USD(0))
    assert short.says == "budget: $0.02 of run is used up ($0.05 needed, $0.02 left); raise with --budget"


def test_a_ceiling_on_a_kind_holds_for_each_account_of_that_kind(runs: Ledger, me: str) -> None:
    runs.set_ceilings(R1, {"day": USD("0.05")})
    assert runs.reserve(R1, wants("a"), me, 1.0)
    assert not runs.reserve(R1, wants("b"), me, 1.0)
    assert runs.reserve(R1, wants("c", scopes=(RUN, "day:2026-11-22")), me, 1.0), "a new day"


def test_an_unknown_price_is_refused_under_a_ceiling_and_free_is_always_allowed(runs: Ledger, me: str) -> None:
    runs.set_ceilings(R1, {RUN: USD(0)})
    short = runs.reserve(R1, wants("a", None), me, 1.0).short
    assert short is not None and short.needs is None
    assert runs.reserve(R1, wants("b", "0"), me, 1.0)
    runs.set_ceilings(R1, {})
    assert runs.reserve(R1, wants("a", None), me, 1.0)
    assert runs.accounts([RUN])[RUN].unpriced == 1


def test_ceilings_bind_the_run_they_are_set_for_and_count_what_every_run_spends(runs: Ledger, me: str) -> None:
    runs.set_ceilings(R1, {DAY: USD("0.10")})
    assert runs.reserve(R2, wants("a", "0.08", (DAY,), "r2"), me, 1.0)
    assert not runs.reserve(R1, wants("b"), me, 1.0)
    assert runs.reserve(R2, wants("c", "5", (DAY,), "r2"), me, 1.0)
    assert runs.ceilings(R1) == {DAY: USD("0.10")}
    assert runs.ceilings(R2) == {}


def test_what_is_charged_below_the_worst_case_is_there_for_the_next(runs: Ledger, me: str) -> None:
    runs.set_ceilings(R1, {RUN: USD("0.05")})
    assert runs.reserve(R1, wants("a"), me, 1.0)
    assert not runs.reserve(R1, wants("b", "0.02"), me, 1.0)
    runs.append(R1, [Done(attempt=AttemptId("r1/a"), billed=USD("0.03"))], 1.0)
    assert runs.reserve(R1, wants("b", "0.02"), me, 1.0)
    assert runs.accounts([RUN])[RUN] == Account(USD("0.02"), USD("0.03"))
    assert not runs.reserve(R1, wants("c", "0.000001"), me, 1.0)


def test_a_refused_claim_gets_what_comes_back_later_in_its_own_commit(runs: Ledger, me: str) -> None:
    runs.set_ceilings(R1, {RUN: USD("0.05")})
    assert runs.reserve(R1, wants("a"), me, 1.0)
    done = Batch(1.0, (Done(attempt=AttemptId("r1/a"), billed=USD(0)),))
    assert runs.commit(R1, [*claims(wants("b")), done], me) == [WON, WON]
    assert kinds(runs, R1) == ["Reserved r1/a", "Done r1/a", "Reserved r1/b"], "never two holds at once"


def test_a_request_that_somebody_else_holds_is_taken_and_not_short(runs: Ledger, me: str) -> None:
    runs.set_ceilings(R2, {"run": USD(0)})
    assert runs.reserve(R1, wants("a"), me, 1.0)
    assert runs.reserve(R2, wants("a", run="r2"), me, 1.0) == TAKEN


def test_what_only_a_person_can_free_is_not_waited_for(runs: Ledger, me: str, dead: str) -> None:
    runs.set_ceilings(R1, {DAY: USD("0.05")})
    assert runs.reserve(R2, wants("a", run="r2", scopes=(DAY,)), me, 1.0)
    held = runs.reserve(R1, wants("b"), me, 1.0).short
    assert held is not None and held.held == USD("0.05")
    runs.append(R2, [sent("a", "r2"), Unknown(attempt=AttemptId("r2/a"), place=PLACE, says="no answer")], 1.0)
    short = runs.reserve(R1, wants("b"), me, 1.0).short
    assert short is not None and (short.left, short.held) == (USD(0), USD(0))


def test_what_a_dead_process_held_for_nothing_is_had_back_before_anybody_is_refused(
    runs: Ledger, me: str, dead: str
) -> None:
    runs.set_ceilings(R1, {DAY: USD("0.10")})
    for name in ("sent", "unsent"):
        assert runs.reserve(R2, wants(name, run="r2", scopes=(DAY,)), dead, 1.0)
    runs.append(R2, [sent("sent", "r2")], 1.0)
    assert runs.reserve(R1, wants("a"), me, 1.0)
    assert kinds(runs, R2)[-1] == "Released r2/unsent"
    assert [entry.seq for entry in runs.events(R2)] == [1, 2, 3, 4]
    assert runs.accounts([DAY])[DAY].held == USD("0.10"), "what it had sent is held on"
    short = runs.reserve(R1, wants("b"), me, 1.0).short
    assert short is not None and short.held == USD("0.05"), "and nobody waits for the dead"


def test_a_claim_that_took_the_place_of_a_dead_one_gives_it_back_when_it_is_not_paid_for(
    runs: Ledger, me: str, dead: str
) -> None:
    runs.set_ceilings(R1, {RUN: USD("0.05")})
    assert runs.reserve(R1, wants("a"), dead, 1.0)
    runs.append(R1, [sent("a")], 1.0)
    again = reserved("a", attempt="r1/again", worst=USD("0.05"), scopes=(RUN,))
    assert not runs.reserve(R1, again, me, 1.0)
    (holder,) = runs.holders([again.key], 1.0).values()
    assert (holder.attempt, holder.owner, holder.sent) == ("r1/a", dead, True)


@pytest.mark.parametrize("how", ["take", "leave", "take over"])
def test_money_held_for_what_never_left_comes_back_and_the_journal_says_so(
    runs: Ledger, me: str, dead: str, how: str
) -> None:
    owner = me if how == "leave" else dead
    assert runs.take_run(R1, owner, 1.0) is None
    for name in ("sent", "unsent"):
        assert runs.reserve(R1, wants(name), owner, 1.0)
    runs.append(R1, [sent("sent")], 1.0)
    if how == "take":
        assert runs.take_run(R1, me, 2.0) is None
    elif how == "leave":
        runs.leave_run(R1, me, RunState.INTERRUPTED, 2.0)
    else:
        assert runs.reserve(R2, wants("unsent", run="r2", scopes=("run:r2",)), me, 2.0)
    entries = runs.events(R1)
    assert entries[-1].event == Released(attempt=AttemptId("r1/unsent"))
    assert [entry.seq for entry in entries] == sorted({entry.seq for entry in entries})
    assert runs.accounts([RUN])[RUN] == Account(USD("0.05"), USD(0))
    assert balance(entries).held == USD("0.05")


def test_whoever_was_taken_for_dead_does_not_send_what_was_given_back(runs: Ledger, me: str) -> None:
    asleep = "another-host/1/2:77:123456:abcd"
    runs.set_ceilings(R2, {DAY: USD("0.05")})
    assert runs.reserve(R1, wants("a"), asleep, 1.0)
    assert runs.reserve(R2, wants("b", run="r2"), me, 100.0)
    with pytest.raises(StoreError, match="given up by another process"):
        runs.commit(R1, [Batch(101.0, (sent("a"),))], asleep)
    assert kinds(runs, R1) == ["Reserved r1/a", "Released r1/a"]


def test_a_failure_gives_back_and_a_second_word_about_it_changes_nothing(runs: Ledger, me: str) -> None:
    assert runs.reserve(R1, wants("a"), me, 1.0)
    failed = Failed(attempt=AttemptId("r1/a"), place=PLACE, error=ErrorClass.TRANSIENT, says="reset")
    late = Done(attempt=AttemptId("r1/a"), billed=USD("0.04"))
    for _ in range(2):
        runs.append(R1, [failed], 1.0)
        assert runs.accounts([RUN])[RUN] == Account()
    for _ in range(3):
        runs.append(R1, [late, stored("a", attempt="r1/a")], 1.0)
        assert runs.accounts([RUN])[RUN] == Account(USD(0), USD("0.04"))


def test_processes_that_share_a_ledger_share_its_ceilings(ledger_where: str) -> None:
    """Four processes buy for cents of a dollar until they are refused: not a cent more, and less than one is left."""
    context = multiprocessing.get_context("forkserver")
    names = [RunId(f"r{number}") for number in range(3)]
    with open_ledger(ledger_where) as ledger:
        for run in names:
            ledger.create_run(record(run))
            ledger.set_ceilings(run, {"project:/films": USD("1.00")})
        pipes, children = [], []
        for seed, run in enumerate(names):
            mine, theirs = context.Pipe()
            children.append(context.Process(target=spend, args=(ledger_where, run, seed, theirs)))
            children[-1].start()
            pipes.append(mine)
        for pipe in pipes:
            assert pipe.recv() == "ready"
        for pipe in pipes:
            pipe.send("go")
        assert [pipe.recv() for pipe in pipes] == ["refused"] * len(names)
        account = ledger.accounts(["project:/films"])["project:/films"]
        assert account.held == 0
        assert USD("0.95") < account.spent <= USD("1.00")
        assert account.spent == sum((balance(ledger.events(run)).spent for run in names), USD(0))
        for pipe, child in zip(pipes, children, strict=True):
            pipe.send("end")
            child.join()
