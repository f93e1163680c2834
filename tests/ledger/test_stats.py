"""What statistics read of the ledger is what happened, however little of each entry they look at."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger.facts import event_of, record, reserved, stored

from rushes.ledger import skimmed
from rushes.ledger.ledger import Ledger
from rushes.ledger.project import to_json
from rushes.ledger.skimmed import attempt_of, head_of
from rushes.ledger.stats import _ENOUGH, _RICH, _plain, moment_of
from rushes.model.event import EVENTS, Done, Event, Failed, Submitting, to_plain
from rushes.model.ids import AttemptId, RunId
from rushes.model.run import RunOptions

R1 = RunId("r1")


@pytest.mark.parametrize("cls", EVENTS.values(), ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_an_event_says_the_same_live_and_from_its_text(cls: type[Event], data: st.DataObject) -> None:
    event = data.draw(event_of(cls))
    kind, body = cls.__name__, to_json(to_plain(event))
    read = _RICH.get(kind)
    kept = read(3.0, head_of(body, _ENOUGH.get(kind))) if read is not None else _plain(kind, 3.0, body)
    assert kept == moment_of(event, 3.0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=8))
def test_an_attempt_of_any_name_is_found_without_reading_the_rest(name: str) -> None:
    event = Submitting(attempt=AttemptId(name), idempotency_key='"attempt":"another"')
    assert attempt_of(to_json(to_plain(event))) == name


@pytest.mark.parametrize("page", [1, 2, 3, 4, 100])
def test_a_run_is_read_in_pages_and_whole(ledger: Ledger, page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skimmed, "PAGE", page)
    ledger.create_run(record())
    events: list[Event] = [
        reserved(),
        Submitting(attempt=AttemptId("r1/1"), idempotency_key="k"),
        Done(attempt=AttemptId("r1/1"), billed=Decimal("0.03")),
        stored(),
    ]
    for number, event in enumerate(events):
        ledger.append(R1, [event], float(number))
    ((run, moments),) = ledger.moments(0.0)
    assert (run.id, run.simulated) == ("r1", False)
    assert list(moments) == [moment_of(event, float(number)) for number, event in enumerate(events)]


def test_only_runs_of_the_period_are_read_and_a_simulator_is_named(ledger: Ledger) -> None:
    ledger.create_run(record("old", updated=50.0))
    ledger.create_run(record("new", updated=200.0))
    ledger.create_run(record("sim", updated=300.0, options=RunOptions(sim="http://127.0.0.1:8787")))
    assert [(run.id, run.simulated) for run, _moments in ledger.moments(100.0)] == [("new", False), ("sim", True)]


def test_what_attempts_were_charged_is_what_the_books_say(ledger: Ledger) -> None:
    ledger.create_run(record())
    place = reserved().place
    ledger.append(R1, [reserved(), Done(attempt=AttemptId("r1/1"), billed=Decimal("0.03")), stored()], 1.0)
    ledger.append(R1, [reserved("b", "r1/2"), stored("b", "r1/2")], 2.0)
    failed = Failed(attempt=AttemptId("r1/3"), place=place, error="transient", says="no")  # type: ignore[arg-type]
    ledger.append(R1, [reserved("c", "r1/3"), failed], 3.0)
    spent = ledger.spent_by(["r1/1", "r1/2", "r1/3", "r1/9"])
    assert spent == {"r1/1": Decimal("0.03"), "r1/2": Decimal("0.05"), "r1/3": Decimal(0)}
