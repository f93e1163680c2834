"""A submission whose answer was lost, under each kind of provider and each policy."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from rushes.errors import ErrorClass, RemoteError
from rushes.graph.value import State
from rushes.model.event import Accepted, Event, Failed, Reserved, Resolved, Stored, Submitting, Unknown
from rushes.model.ids import RunId
from rushes.model.request import Request
from rushes.model.run import OnUnknown, RunState
from rushes.plugin.provider import Absent, Context, Duplicates, Found, Unknowable
from rushes.testing.provider import Fault, ScriptedProvider, Stage

from .rig import Rig, film, still, workflow

PRICE = Decimal("0.04")


def lost_answer(times: int | None = 1) -> Fault:
    return Fault(error=ErrorClass.UNKNOWN_OUTCOME, stage=Stage.REPLY, times=times, maybe_billed=True)


def rig(folder: Path, duplicates: Duplicates, faults: list[Fault] | None = None, **more: object) -> Rig:
    many = [lost_answer()] if faults is None else faults
    return Rig(folder, ScriptedProvider(latency=5.0, duplicates=duplicates, faults=many, price=PRICE, **more))  # type: ignore[arg-type]


def bought(one: Rig) -> int:
    return sum(one.provider.bought.values())  # type: ignore[attr-defined]


def posts(one: Rig) -> int:
    return sum(one.provider.posts.values())  # type: ignore[attr-defined]


def kinds(one: Rig, run: RunId) -> list[str]:
    return [type(entry.event).__name__ for entry in one.ledger.events(run)]


def found(one: Rig, run: RunId, kind: type[Event]) -> list[Event]:
    return [entry.event for entry in one.ledger.events(run) if isinstance(entry.event, kind)]


def test_asked_about_and_found_in_the_job_list_the_run_goes_on(tmp_path: Path) -> None:
    one = rig(tmp_path, Duplicates.JOB_LIST)
    run = one.new_run()
    assert one.go(workflow(still("a")), run=run).state is RunState.DONE
    assert (bought(one), posts(one)) == (1, 1)
    assert not found(one, run, Unknown)


def test_certainly_not_accepted_is_an_ordinary_failure_and_tried_again(tmp_path: Path) -> None:
    never = Fault(error=ErrorClass.UNKNOWN_OUTCOME, stage=Stage.SUBMIT, maybe_billed=True)
    one = rig(tmp_path, Duplicates.JOB_LIST, [never])
    run = one.new_run()
    assert one.go(workflow(still("a")), run=run).state is RunState.DONE
    assert bought(one) == 1
    assert [event.error for event in found(one, run, Failed)] == [ErrorClass.TRANSIENT]  # type: ignore[attr-defined]


def test_ask_holds_the_step_names_the_attempt_and_lets_the_rest_go_on(tmp_path: Path) -> None:
    one = rig(tmp_path, Duplicates.NEVER, [Fault(**{**_strike("doubt"), "stage": Stage.REPLY})])
    run = one.new_run()
    end = one.go(workflow(still("doubt"), film("after", "doubt"), still("free"), film("film", "free")), run=run)
    assert end.state is RunState.PARKED
    assert [outcome.state for outcome in end.outcomes] == [State.WAITING, State.AFTER, State.DONE, State.DONE]
    says = end.outcomes[0].says
    assert f"rushes resolve {run}/" in says
    assert "$0.04" in says
    assert bought(one) == 3


def test_ask_never_sends_again_however_often_the_run_is_resumed(tmp_path: Path) -> None:
    one = rig(tmp_path, Duplicates.NEVER)
    run = one.new_run()
    for _ in range(4):
        assert one.go(workflow(still("a")), run=run).state is RunState.PARKED
    assert (bought(one), posts(one)) == (1, 1)
    other = one.new_run()
    assert one.go(workflow(still("a")), run=other).state is RunState.PARKED, "another run may not buy it either"
    assert posts(one) == 1


def test_fail_gives_the_step_up_and_the_attempt_stays_listed(tmp_path: Path) -> None:
    one = rig(tmp_path, Duplicates.NEVER)
    run = one.new_run()
    assert one.go(workflow(still("a")), run=run, on_unknown=OnUnknown.FAIL).state is RunState.FAILED
    assert posts(one) == 1
    assert kinds(one, run).count("Unknown") == 1
    assert not found(one, run, Resolved)


def test_resubmit_writes_down_that_the_first_counts_as_paid_and_buys_once_more(tmp_path: Path) -> None:
    one = rig(tmp_path, Duplicates.NEVER)
    run = one.new_run()
    assert one.go(workflow(still("a")), run=run, on_unknown=OnUnknown.RESUBMIT).state is RunState.DONE
    assert bought(one) == 2
    order = [kind for kind in kinds(one, run) if kind in ("Reserved", "Submitting", "Unknown", "Resolved")]
    assert order == ["Reserved", "Submitting", "Unknown", "Resolved", "Reserved", "Submitting"]
    (word,) = found(one, run, Resolved)
    assert isinstance(word, Resolved)
    assert (word.outcome, word.by) == ("paid", "policy")
    assert "$0.04" in word.note
    attempts = {event.attempt for event in found(one, run, Reserved)}  # type: ignore[attr-defined]
    assert len(attempts) == 2


def test_resubmit_is_bounded_like_every_other_try(tmp_path: Path) -> None:
    one = rig(tmp_path, Duplicates.NEVER, [lost_answer(None)])
    assert one.go(workflow(still("a")), on_unknown=OnUnknown.RESUBMIT).state is RunState.FAILED
    assert posts(one) == 3


@pytest.mark.parametrize("policy", OnUnknown)
def test_under_an_idempotency_key_the_same_attempt_is_sent_again_and_bought_once(
    tmp_path: Path, policy: OnUnknown
) -> None:
    one = rig(tmp_path, Duplicates.IDEMPOTENCY_KEY)
    run = one.new_run()
    assert one.go(workflow(still("a")), run=run, on_unknown=policy).state is RunState.DONE
    assert (bought(one), posts(one)) == (1, 2)
    sent = found(one, run, Submitting)
    assert len(sent) == 2, "a sending that nobody wrote down"
    assert len({(event.attempt, event.idempotency_key) for event in sent}) == 1  # type: ignore[attr-defined]


def test_a_key_that_the_provider_has_forgotten_is_not_sent_again(tmp_path: Path) -> None:
    one = rig(tmp_path, Duplicates.IDEMPOTENCY_KEY, [lost_answer(None)])
    run = one.new_run()
    assert one.go(workflow(still("a")), run=run).state is RunState.PARKED
    before = posts(one)
    assert before > 1
    one.provider.facts = one.provider.facts._replace(remembers=30.0)  # type: ignore[attr-defined]
    assert one.go(workflow(still("a")), run=run).state is RunState.PARKED
    assert posts(one) == before
    assert bought(one) == 1


def test_a_second_sending_that_is_turned_away_says_nothing_about_the_first(tmp_path: Path) -> None:
    provider = ScriptedProvider(latency=5.0, duplicates=Duplicates.IDEMPOTENCY_KEY, price=PRICE)
    busy = Fault(error=ErrorClass.RATE_LIMIT, when=lambda request: provider.posts[request.key] == 2, times=None)
    provider._faults = [lost_answer(), busy]
    one = Rig(tmp_path, provider)
    run = one.new_run()
    assert one.go(workflow(still("a")), run=run).state is RunState.DONE
    assert (bought(one), posts(one)) == (1, 3)
    assert not found(one, run, Failed)


def test_a_provider_that_cannot_be_reached_to_ask_leaves_the_outcome_unknown_and_is_asked_by_a_resume(
    tmp_path: Path,
) -> None:
    class Away(ScriptedProvider):
        away = True

        async def reconcile(self, request: Request, context: Context) -> Found | Absent | Unknowable:
            if self.away:
                raise RemoteError(ErrorClass.TRANSIENT, "nobody answers")
            return await super().reconcile(request, context)

    provider = Away(latency=5.0, faults=[lost_answer()], price=PRICE)
    one = Rig(tmp_path, provider)
    run = one.new_run()
    assert one.go(workflow(still("a")), run=run).state is RunState.PARKED
    assert found(one, run, Unknown)
    provider.away = False
    assert one.go(workflow(still("a")), run=run).state is RunState.DONE
    assert (bought(one), posts(one)) == (1, 1)
    assert [type(event) for event in (found(one, run, Accepted)[-1], found(one, run, Stored)[-1])] == [Accepted, Stored]


@pytest.mark.parametrize(("outcome", "times"), [("paid", 2), ("lost", 2)])
def test_a_persons_word_lets_the_next_run_buy(tmp_path: Path, outcome: str, times: int) -> None:
    one = rig(tmp_path, Duplicates.NEVER)
    run = one.new_run()
    one.go(workflow(still("a")), run=run)
    (doubt,) = found(one, run, Unknown)
    one.ledger.append(run, [Resolved(attempt=doubt.attempt, outcome=outcome, by="me")], 9.0)  # type: ignore[attr-defined]
    assert one.go(workflow(still("a")), run=run).state is RunState.DONE
    assert posts(one) == times


def test_what_a_person_adopts_is_fetched_and_not_bought(tmp_path: Path) -> None:
    one = rig(tmp_path, Duplicates.NEVER)
    run = one.new_run()
    one.go(workflow(still("a")), run=run)
    (doubt,) = found(one, run, Unknown)
    one.ledger.append(run, [Resolved(attempt=doubt.attempt, outcome="adopt", by="me", remote="job-0")], 9.0)  # type: ignore[attr-defined]
    assert one.go(workflow(still("a")), run=run).state is RunState.DONE
    assert posts(one) == 1


def test_an_adopted_job_that_the_provider_does_not_know_is_in_doubt_again(tmp_path: Path) -> None:
    one = rig(tmp_path, Duplicates.NEVER)
    run = one.new_run()
    one.go(workflow(still("a")), run=run)
    (doubt,) = found(one, run, Unknown)
    one.ledger.append(run, [Resolved(attempt=doubt.attempt, outcome="adopt", by="me", remote="typo")], 9.0)  # type: ignore[attr-defined]
    end = one.go(workflow(still("a")), run=run)
    assert end.state is RunState.PARKED
    assert "typo" in end.outcomes[0].says
    assert posts(one) == 1


def test_a_time_out_before_the_answer_is_asked_about_and_never_sent_again(tmp_path: Path) -> None:
    provider = ScriptedProvider(latency=500.0, polls=False, duplicates=Duplicates.NEVER, price=PRICE)
    one = Rig(tmp_path, provider)
    run = one.new_run()
    assert one.go(workflow(still("a", timeout=60.0)), run=run).state is RunState.PARKED
    assert one.go(workflow(still("a", timeout=60.0)), run=run).state is RunState.PARKED
    assert posts(one) == 1


def _strike(name: str) -> dict[str, object]:
    when: Callable[[Request], bool] = lambda request: f"for {name}" in (request.recipe.prompt or "")  # noqa: E731
    return {"error": ErrorClass.UNKNOWN_OUTCOME, "when": when, "maybe_billed": True}
