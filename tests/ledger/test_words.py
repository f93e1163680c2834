"""What a run is told, over both databases: written if it makes sense, heard once, and kept by the ledger itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from tests.ledger.facts import record, reserved, stored

from rushes.errors import NotFound, UserError
from rushes.ledger.entry import Batch
from rushes.ledger.ledger import Ledger
from rushes.ledger.owner import new_owner
from rushes.ledger.words import last_word, sent
from rushes.ledger.writer import Writer
from rushes.model.claim import SHUT_OFF, WON, Claim
from rushes.model.event import CellSkipped, Place, RunEnded, RunStarted, Submitting, Told
from rushes.model.ids import AttemptId, NodeId, RunId
from rushes.model.run import Knob, RunOptions, RunState, Verb

R1 = RunId("r1")
SKIPPED = CellSkipped(place=Place(node=NodeId("a")), says="")


def word(verb: Verb = Verb.PAUSE, knob: Knob | None = None, value: int | None = None) -> Told:
    return Told(verb=verb, by="ana", knob=knob, value=value)


def intention(number: int) -> Submitting:
    return Submitting(attempt=AttemptId(f"r1/{number}"), idempotency_key=f"k{number}")


def begun(number: int) -> tuple[Batch, Batch]:
    """An attempt that is claimed ahead, and the intention to send it."""
    event = reserved(f"q{number}", attempt=f"r1/{number}")
    return Batch(1.0, (event,), claim=True), Batch(1.0, (intention(number),), sends=True)


@pytest.fixture
def driven(ledger: Ledger) -> str:
    owner = new_owner()
    ledger.create_run(record())
    ledger.take_run(R1, owner, 1.0)
    return owner


def test_a_paused_run_has_no_intention_to_buy_written_until_it_goes_on(ledger: Ledger, driven: str) -> None:
    claim, intend = begun(1)
    at_once = Batch(1.0, (reserved("q2", attempt="r1/2"), intention(2)), claim=True, sends=True)
    assert ledger.commit(R1, [claim], driven) == [WON]
    ledger.append(R1, [word()], 2.0)
    assert ledger.commit(R1, [intend, at_once, Batch(3.0, (SKIPPED,))], driven) == [SHUT_OFF, SHUT_OFF, WON]
    assert ledger.commit(R1, [intend], driven) == [SHUT_OFF]
    assert [type(one.event).__name__ for one in ledger.events(R1)] == ["Reserved", "Told", "CellSkipped"]
    assert list(ledger.holders([reserved("q1").key, reserved("q2").key], 3.0)) == [reserved("q1").key]
    ledger.append(R1, [word(Verb.RESUME)], 4.0)
    assert ledger.commit(R1, [intend, at_once], driven) == [WON, WON]


def test_a_driving_process_is_told_so_when_it_hands_an_intention_over(ledger: Ledger, driven: str) -> None:
    """Whatever else it hands over is written, and so is what finishes a call that had begun."""
    writer = Writer(ledger, R1, driven, lambda: 2.0)

    async def main() -> list[Claim]:
        won = [await writer.reserve(reserved("q1", attempt="r1/1")), await writer.intend(intention(1))]
        won.append(await writer.reserve(reserved("q2", attempt="r1/2")))
        ledger.append(R1, [word()], 2.0)
        won.append(await writer.intend(intention(2)))
        won.append(await writer.reserve(reserved("q3", attempt="r1/3"), intention(3)))
        await writer.record(intention(1))  # sent again under its key
        return won

    try:
        assert asyncio.run(main()) == [WON, WON, WON, SHUT_OFF, SHUT_OFF]
    finally:
        writer.close()
    written = [one.event.attempt for one in ledger.events(R1) if isinstance(one.event, Submitting)]
    assert written == ["r1/1", "r1/1"]


@pytest.mark.parametrize("verb", [Verb.DRAIN, Verb.CANCEL])
def test_a_run_that_is_told_to_stop_has_none_written_either(verb: Verb, ledger: Ledger, driven: str) -> None:
    claim, intend = begun(1)
    ledger.commit(R1, [claim], driven)
    ledger.append(R1, [word(verb)], 2.0)
    assert ledger.commit(R1, [intend], driven) == [SHUT_OFF]
    assert ledger.run(R1).state is RunState.STOPPING


def test_what_was_sent_before_is_written_down_to_its_end(ledger: Ledger, driven: str) -> None:
    claim, intend = begun(1)
    ledger.commit(R1, [claim, intend], driven)
    ledger.append(R1, [word()], 2.0)
    again = Batch(3.0, (intention(1),))  # the same attempt under the same key: no new call
    assert ledger.commit(R1, [again, Batch(3.0, (stored("q1"),))], driven) == [WON, WON]


def test_another_runs_pause_holds_nobody_else(ledger: Ledger, driven: str) -> None:
    ledger.create_run(record("r2"))
    ledger.append(RunId("r2"), [word()], 1.0)
    assert ledger.commit(R1, list(begun(1)), driven) == [WON, WON]


def test_whoever_takes_the_run_next_is_not_paused(ledger: Ledger, driven: str) -> None:
    ledger.append(R1, [word()], 2.0)
    ledger.leave_run(R1, driven, RunState.INTERRUPTED, 3.0)
    after = new_owner()
    ledger.take_run(R1, after, 4.0)
    ledger.append(R1, [RunStarted(owner=after)], 4.0)
    assert ledger.run(R1).state is RunState.RUNNING
    assert ledger.commit(R1, list(begun(1)), after) == [WON, WON]


def test_a_word_is_heard_once_and_in_its_order(ledger: Ledger, driven: str) -> None:
    ledger.create_run(record("r2"))
    both = {R1: 0, RunId("r2"): 0, RunId("nobody"): 0}
    assert ledger.told(both) == {}
    ledger.append(R1, [SKIPPED, word(), SKIPPED, word(Verb.RESUME)], 2.0)
    assert ledger.told(both) == {R1: (4, [word(), word(Verb.RESUME)])}
    assert ledger.told({R1: 4}) == {}
    ledger.append(R1, [word(Verb.DRAIN)], 3.0)
    ledger.append(RunId("r2"), [SKIPPED], 3.0)
    assert ledger.told({**both, R1: 4}) == {R1: (5, [word(Verb.DRAIN)]), RunId("r2"): (1, [])}


def test_whoever_tells_sees_the_state_and_the_living_owner_of_that_moment(ledger: Ledger, driven: str) -> None:
    seen: list[tuple[RunState, str | None]] = []

    def say(state: RunState, owner: str | None) -> Sequence[Told]:
        seen.append((state, owner))
        return [word()]

    assert ledger.tell(R1, say, 2.0) == [word()]
    ledger.leave_run(R1, driven, RunState.PARKED, 3.0)
    ledger.tell(R1, say, 4.0)
    ledger.take_run(R1, "elsewhere:1:2:3", 5.0)
    ledger.tell(R1, say, 500.0)  # silent for longer than an owner on another host may be
    assert seen == [(RunState.RUNNING, driven), (RunState.PARKED, None), (RunState.RUNNING, None)]
    with pytest.raises(NotFound, match="no run 'r9'"):
        ledger.tell(RunId("r9"), say, 2.0)


def test_who_says_no_writes_nothing(ledger: Ledger, driven: str) -> None:
    def no(_state: RunState, _owner: str | None) -> Sequence[Told]:
        raise UserError("it is over")

    with pytest.raises(UserError):
        ledger.tell(R1, no, 2.0)
    assert ledger.tell(R1, lambda _state, _owner: [], 2.0) == []
    assert ledger.events(R1) == [] and ledger.run(R1).state is RunState.RUNNING


def test_a_knob_that_was_turned_is_in_the_options_of_every_resume(ledger: Ledger) -> None:
    ledger.create_run(record(options=RunOptions(concurrency=2, attempts=5)))
    turned = [word(Verb.SET, Knob.CONCURRENCY, 8), word(Verb.SET, Knob.PRIORITY, -5)]
    ledger.append(R1, turned, 2.0)
    assert ledger.run(R1).options == RunOptions(concurrency=8, priority=-5, attempts=5)
    ledger.append(R1, [word(Verb.SET, Knob.CONCURRENCY), word(Verb.SET, Knob.PRIORITY)], 3.0)
    assert ledger.run(R1).options == RunOptions(attempts=5)


def test_the_last_word_is_found_behind_any_number_of_turned_knobs(ledger: Ledger, driven: str) -> None:
    assert last_word(ledger.database, R1) is None
    ledger.append(R1, [word(Verb.SET, Knob.PRIORITY, 1)] * 40, 1.0)
    assert last_word(ledger.database, R1) is None
    ledger.append(R1, [word(Verb.DRAIN)], 2.0)
    ledger.append(R1, [word(Verb.SET, Knob.PRIORITY, 1)] * 40, 3.0)
    found = last_word(ledger.database, R1)
    assert found is not None and (found.at, found.said.verb) == (2.0, Verb.DRAIN)


def test_what_its_providers_are_at_is_what_was_sent_and_has_no_end(ledger: Ledger, driven: str) -> None:
    assert sent(ledger.database, R1) == []
    for number in (1, 2, 3):
        for batch in begun(number):
            ledger.commit(R1, [batch], driven)
    ledger.commit(R1, [begun(4)[0]], driven)
    ledger.append(R1, [stored("q2", attempt="r1/2")], 2.0)
    assert [one.attempt for one in sent(ledger.database, R1)] == ["r1/1", "r1/3"]
    ledger.append(R1, [RunEnded(state="done", done=1, failed=0, reused=0)], 3.0)
    assert len(sent(ledger.database, R1)) == 2
