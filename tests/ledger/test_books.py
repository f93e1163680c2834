"""Where the money of an attempt is follows from its events, and nothing of it is ever lost between two places."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger.facts import record, reserved, stored

from rushes.errors import ErrorClass
from rushes.ledger.accounts import Account
from rushes.ledger.books import Balance, Books, Holds, balance, usd
from rushes.ledger.entry import Entry
from rushes.ledger.fold import fold
from rushes.ledger.ledger import Ledger
from rushes.model.event import (
    Accepted,
    Cancelled,
    Done,
    Event,
    Failed,
    Place,
    Released,
    Resolved,
    Submitting,
    Unknown,
)
from rushes.model.ids import AttemptId, NodeId, RunId

ONE = AttemptId("r1/1")
PLACE = Place(node=NodeId("scene"))
WORST = Decimal("0.05")
USD = Decimal

HELD = reserved()
SENT = Submitting(attempt=ONE, idempotency_key="k")
TOLD = Done(attempt=ONE, billed=USD("0.03"))
UNTOLD = Done(attempt=ONE)
KEPT = stored()
LOST_IN_DOUBT = Unknown(attempt=ONE, place=PLACE, says="no answer")


def failed(*, maybe: bool = False) -> Failed:
    return Failed(attempt=ONE, place=PLACE, error=ErrorClass.TIMEOUT, says="late", maybe_billed=maybe)


def resolved(outcome: str) -> Resolved:
    return Resolved(attempt=ONE, outcome=outcome, by="ana", remote="job-1" if outcome == "adopt" else None)


def of(*events: Event) -> Balance:
    return balance(Entry(number, 1.0, event) for number, event in enumerate(events, 1))


def whole(state: Balance) -> bool:
    return state.reserved + state.over == state.spent + state.released + state.held


@pytest.mark.parametrize(
    ("events", "held", "spent", "released"),
    [
        ((), "0.05", "0", "0"),
        ((SENT, Accepted(attempt=ONE, remote="j")), "0.05", "0", "0"),
        ((TOLD,), "0", "0.03", "0.02"),
        ((TOLD, KEPT), "0", "0.03", "0.02"),
        ((UNTOLD, KEPT), "0", "0.05", "0"),
        ((UNTOLD, failed()), "0", "0.05", "0"),  # the result was no picture; it was charged all the same
        ((KEPT,), "0", "0.05", "0"),
        ((failed(),), "0", "0", "0.05"),
        ((failed(maybe=True),), "0", "0.05", "0"),
        ((failed(maybe=True), TOLD), "0", "0.03", "0.02"),  # a late result that was adopted
        ((failed(), TOLD), "0", "0.03", "0.02"),
        ((failed(maybe=True), resolved("lost")), "0", "0", "0.05"),
        ((LOST_IN_DOUBT,), "0.05", "0", "0"),
        ((LOST_IN_DOUBT, resolved("paid")), "0", "0.05", "0"),
        ((LOST_IN_DOUBT, resolved("lost")), "0", "0", "0.05"),
        ((LOST_IN_DOUBT, resolved("adopt")), "0.05", "0", "0"),
        ((LOST_IN_DOUBT, resolved("adopt"), TOLD), "0", "0.03", "0.02"),
        ((Released(attempt=ONE),), "0", "0", "0.05"),
        ((Cancelled(attempt=ONE, place=PLACE, billed=USD(0)),), "0", "0", "0.05"),
        ((Cancelled(attempt=ONE, place=PLACE, billed=USD("0.01")),), "0", "0.01", "0.04"),
        ((Cancelled(attempt=ONE, place=PLACE),), "0", "0.05", "0"),
    ],
)
def test_what_happens_to_an_attempt_settles_its_hold(
    events: tuple[Event, ...], held: str, spent: str, released: str
) -> None:
    state = of(HELD, *events)
    assert (state.held, state.spent, state.released, state.over) == (USD(held), USD(spent), USD(released), 0)
    assert whole(state)
    assert of(HELD, *events, *events) == state, "nothing is settled twice"


def test_what_is_charged_beyond_the_worst_case_is_entered_as_such() -> None:
    state = of(HELD, Done(attempt=ONE, billed=USD("0.08")))
    assert (state.spent, state.released, state.over) == (USD("0.08"), 0, USD("0.03"))
    assert whole(state)


def test_an_unknown_price_is_no_zero() -> None:
    state = of(reserved(worst=None))
    assert (state.held, state.unpriced) == (0, 1)
    state = of(reserved(worst=None), UNTOLD)
    assert (state.spent, state.unpriced) == (0, 1)
    state = of(reserved(worst=None), TOLD)
    assert (state.spent, state.over, state.unpriced) == (USD("0.03"), USD("0.03"), 0)


@pytest.mark.parametrize("nonsense", ["NaN", "sNaN", "Infinity", "-Infinity", "-0.01", "1e13"])
def test_what_is_no_amount_of_money_counts_as_an_amount_that_nobody_told(nonsense: str) -> None:
    assert usd(USD(nonsense)) is None
    assert of(HELD, Done(attempt=ONE, billed=USD(nonsense))).spent == WORST


def test_amounts_are_rounded_up_where_sums_could_lose_a_digit() -> None:
    assert usd(USD("0.1") + USD("1e-20")) == USD("0.100000000001")
    assert usd(USD("0.039")) == USD("0.039")


SETTLING: Sequence[Event] = (
    SENT,
    TOLD,
    Done(attempt=ONE, billed=USD("0.09")),
    UNTOLD,
    KEPT,
    failed(),
    failed(maybe=True),
    LOST_IN_DOUBT,
    resolved("paid"),
    resolved("lost"),
    resolved("adopt"),
    Released(attempt=ONE),
    Cancelled(attempt=ONE, place=PLACE, billed=USD("0.01")),
)


@given(
    st.lists(st.sampled_from(SETTLING), max_size=6).flatmap(
        lambda many: st.tuples(st.just(many), st.permutations(many))
    )
)
def test_the_end_is_the_same_in_whatever_order_the_facts_come(pair: tuple[list[Event], list[Event]]) -> None:
    one, other = pair
    assert of(HELD, *one) == of(HELD, *other)


NAMES = ["run:r1", "run:r2", "project:/films", "day:2026-11-21", "agent:Straße\0\ud800"]
WORSTS = st.none() | st.integers(0, 5_000_000).map(lambda micros: Decimal(micros) / 1_000_000)


@st.composite
def money(draw: st.DrawFn) -> list[Event]:
    """Events of three attempts that move money, in any order, most of them after a `Reserved` of their attempt."""
    events: list[Event] = []
    for name in draw(st.lists(st.sampled_from(["r1/1", "r1/2", "r1/3"]), max_size=14)):
        attempt, billed = AttemptId(name), draw(WORSTS)
        scopes = tuple(draw(st.lists(st.sampled_from(NAMES), max_size=4)))
        choices: list[Event] = [
            reserved(attempt=name, worst=billed, scopes=scopes),
            Done(attempt=attempt, billed=billed),
            Cancelled(attempt=attempt, place=PLACE, billed=billed),
            Failed(attempt=attempt, place=PLACE, error=ErrorClass.TIMEOUT, says="", maybe_billed=billed is None),
            Resolved(attempt=attempt, outcome=draw(st.sampled_from(["paid", "lost", "adopt"])), by="ana"),
            Released(attempt=attempt),
            stored(attempt=name),
        ]
        events.append(choices[draw(st.integers(0, 6))])
    return events


@settings(max_examples=80)
@given(money())
def test_at_every_prefix_what_was_reserved_is_somewhere(events: list[Event]) -> None:
    books, holds = Books(), Holds()
    for event in events:
        assert books.take(event) == holds.take(event)
        assert whole(books.balance)
        assert books.balance == holds.balance


def scopes_of(folded: dict[str, Holds]) -> dict[str, Account]:
    """The accounts, added up from the holds of all runs."""
    found: dict[str, Account] = {name: Account() for name in NAMES}
    for holds in folded.values():
        for hold in holds.holds.values():
            for name in hold.scopes:
                was = found[name]
                found[name] = Account(was.held + hold.held, was.spent + hold.spent, was.unpriced + hold.unpriced)
    return found


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(events=money(), edges=st.lists(st.integers(0, 14), max_size=6), data=st.data())
def test_at_every_prefix_the_tables_say_what_the_events_say(
    ledger: Ledger, events: list[Event], edges: list[int], data: st.DataObject
) -> None:
    """Two runs of one ledger, in groups of any size; attempts of one run never have the names of the other's."""
    number = len(ledger.runs(limit=10_000))
    runs = [RunId(f"run-{number}-{which}") for which in "ab"]
    before = ledger.accounts(NAMES)
    for run in runs:
        ledger.create_run(record(run))
    folded = {str(run): Holds() for run in runs}
    for start, end in itertools.pairwise([0, *sorted(edges), 14]):
        run = data.draw(st.sampled_from(runs))
        group = [_renamed(event, run) for event in events[start:end]]
        ledger.append(run, group, 5.0)
        for event in group:
            folded[run].take(event)
        want = scopes_of(folded)
        for name, now in ledger.accounts(NAMES).items():
            was = before[name]
            assert (now.held - was.held, now.spent - was.spent, now.unpriced - was.unpriced) == want[name]
        assert fold(ledger.events(run)).money == folded[run].balance


def _renamed(event: Event, run: str) -> Event:
    return dataclasses.replace(event, attempt=AttemptId(f"{run}/{event.attempt}"))  # type: ignore[attr-defined,call-arg]
