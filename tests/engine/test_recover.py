"""What an earlier process left, as a list."""

from __future__ import annotations

from decimal import Decimal

from rushes.engine.recover import past_of
from rushes.errors import ErrorClass
from rushes.ledger.entry import Entry
from rushes.ledger.fold import fold
from rushes.model.event import Accepted, Cancelled, Event, Failed, Place, Reserved, Submitting
from rushes.model.ids import AttemptId, BaseKey, NodeId, RequestKey
from rushes.model.operation import Operation

PLACE = Place(node=NodeId("a"))


def reserved(number: int) -> Reserved:
    return Reserved(
        attempt=AttemptId(f"run/{number}"),
        place=PLACE,
        key=RequestKey(f"key-{number}"),
        base=BaseKey("base"),
        candidate=0,
        salt=0,
        op=Operation.TEXT_TO_IMAGE,
        provider="scripted",
        model="m@1",
        worst=Decimal(1),
    )


def state(*events: Event) -> object:
    return past_of(fold(Entry(seq, float(seq), event) for seq, event in enumerate(events, 1)))


def test_the_next_attempt_follows_the_highest_number_whatever_is_missing_between() -> None:
    assert state(reserved(1), reserved(7)).attempts == 7  # type: ignore[attr-defined]


def test_what_was_sent_is_open_since_its_first_sending_and_what_was_not_is_named() -> None:
    sent = Submitting(attempt=AttemptId("run/1"), idempotency_key="k")
    past = state(reserved(1), sent, sent, reserved(2))
    assert past.open["key-1"].sent == 2.0  # type: ignore[attr-defined]
    assert past.unsent == ("run/2",)  # type: ignore[attr-defined]


def test_what_was_given_up_while_its_provider_had_the_job_may_still_turn_up() -> None:
    def job(number: int) -> list[Event]:
        name = AttemptId(f"run/{number}")
        sent = Submitting(attempt=name, idempotency_key="k")
        return [reserved(number), sent, Accepted(attempt=name, remote=f"job-{number}")]

    def failed(number: int, *, billed: bool) -> Failed:
        name = AttemptId(f"run/{number}")
        return Failed(attempt=name, place=PLACE, error=ErrorClass.TIMEOUT, says="", maybe_billed=billed, final=True)

    off = Cancelled(attempt=AttemptId("run/1"), place=PLACE)
    past = state(*job(1), off, *job(2), failed(2, billed=True), *job(3), failed(3, billed=False))
    assert sorted(past.late) == ["key-1", "key-2"]  # type: ignore[attr-defined]
    assert not past.open  # type: ignore[attr-defined]
