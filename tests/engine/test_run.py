"""The run loop: dataflow, candidates, gates, failures, limits, stops; in virtual time over a real ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from rushes.engine.parts import Stop
from rushes.engine.retry import RetryPolicy
from rushes.errors import ErrorClass
from rushes.model.event import (
    Accepted,
    Cancelled,
    CellFailed,
    Decided,
    Event,
    Failed,
    Place,
    Released,
    Reserved,
    Submitting,
    Waiting,
)
from rushes.model.ids import NodeId
from rushes.model.media import Kind
from rushes.model.operation import Operation
from rushes.model.request import Recipe
from rushes.model.run import RunState
from rushes.model.text import Ref, Text, Var
from rushes.model.verdict import Choice, Finding, Verdict
from rushes.model.workflow import Condition, Input, LimitSpec, Mode, Pick
from rushes.testing.provider import Fault, ScriptedProvider, Stage

from .rig import Rig, film, gate, node, sent, still, workflow

SECONDS = 10.0


def rig(folder: Path, **provider: object) -> Rig:
    provider.setdefault("latency", SECONDS)
    return Rig(folder, ScriptedProvider(**provider))  # type: ignore[arg-type]


def states(end: object) -> list[str]:
    return [str(outcome.state) for outcome in end.outcomes]  # type: ignore[attr-defined]


def bought(one: Rig) -> int:
    return sum(one.provider.bought.values())  # type: ignore[attr-defined]


def elapsed(one: Rig) -> float:
    entries = one.ledger.events(one.ledger.runs()[0].id)
    return entries[-1].at - entries[0].at


def test_a_second_run_buys_nothing(tmp_path: Path) -> None:
    one = rig(tmp_path)
    flow = workflow(still("a", candidates=4), gate("g", "a", Pick.FIRST_CLEAN), film("f", "g"))
    assert one.go(flow).state is RunState.DONE
    assert bought(one) == 5
    end = one.go(flow)
    assert end.state is RunState.DONE
    assert bought(one) == 5


def test_a_diamond_takes_its_longest_path_not_the_sum(tmp_path: Path) -> None:
    one = rig(tmp_path)
    flow = workflow(
        still("base"),
        film("video", "base"),
        node("thumb", Operation.IMAGE_TO_IMAGE, needs=("base",), role="image"),
        node("look", Operation.ANALYZE_IMAGE, needs=("thumb",), role="image"),
    )
    assert one.go(flow).state is RunState.DONE
    assert elapsed(one) == pytest.approx(3 * SECONDS, abs=0.01)


def test_steps_that_need_nothing_of_each_other_take_the_time_of_one_and_one_at_a_time_the_sum(tmp_path: Path) -> None:
    flow = workflow(still("morning"), still("noon"), still("night"))
    together, in_turn = rig(tmp_path / "together", latency=5.0), rig(tmp_path / "in turn", latency=5.0)
    together.go(flow)
    in_turn.go(flow, concurrency=1)
    assert elapsed(together) == pytest.approx(5.0, abs=0.3)
    assert elapsed(in_turn) == pytest.approx(15.0, abs=0.3)


def test_each_film_starts_when_its_own_still_is_decided(tmp_path: Path) -> None:
    one = rig(tmp_path, latency=lambda request: 100.0 if "slow" in (request.recipe.prompt or "") else 1.0)
    flow = workflow(still("slow"), still("fast"), film("film-fast", "fast"), film("film-slow", "slow"))
    seen: list[tuple[str, str]] = []
    one.go(flow, watch=lambda event: seen.append((type(event).__name__, str(getattr(event, "place", "")))))
    done = [place for kind, place in seen if kind == "CellDone"]
    assert next(i for i, p in enumerate(done) if "film-fast" in p) < next(
        i for i, p in enumerate(done) if "'slow'" in p
    )


def test_asking_for_six_when_four_exist_buys_two(tmp_path: Path) -> None:
    one = rig(tmp_path)
    one.go(workflow(still("a", candidates=4)))
    one.go(workflow(still("a", candidates=6)))
    assert bought(one) == 6


def test_identical_requests_in_two_tabs_are_bought_once(tmp_path: Path) -> None:
    one = rig(tmp_path)
    same = Text(("one and the same prompt",))
    flow = workflow(node("a", prompt=same), node("b", prompt=same, tab="other"))
    end = one.go(flow)
    assert bought(one) == 1
    assert end.outcomes[0].value == end.outcomes[1].value


def test_rows_run_once_each_and_films_follow_row_by_row(tmp_path: Path) -> None:
    one = rig(tmp_path)
    rows = node("rows", Operation.PROMPT, prompt=Text((Var("item"),)), rows=("red", "green", "blue"))
    shot = node("shot", prompt=Text(("a ", Ref(NodeId("rows")), " fox")))
    end = one.go(workflow(rows, shot, film("clip", "shot")))
    assert end.state is RunState.DONE
    assert bought(one) == 6


def test_an_open_gate_parks_the_run_and_a_decision_lets_exactly_those_bytes_through(tmp_path: Path) -> None:
    one = rig(tmp_path)
    flow = workflow(still("a", candidates=2), gate("g", "a"), film("f", "g"))
    run = one.new_run()
    end = one.go(flow, run=run)
    assert end.state is RunState.PARKED
    assert states(end) == ["done", "waiting", "after"]
    waiting = next(event for event in one.events if isinstance(event, Waiting))
    choice = waiting.shown[1]
    place = Place(node=NodeId("g"))
    decided = Decided(place=place, subject=waiting.subject, artifact=choice, choice=Choice.APPROVED, by="me")
    one.ledger.append(run, [decided], 5.0)
    end = one.go(flow, run=run)
    assert end.state is RunState.DONE
    assert end.outcomes[1].value is not None
    assert end.outcomes[1].value.artifacts[0].digest == choice
    assert bought(one) == 3


def test_a_decision_made_while_other_work_runs_is_noticed(tmp_path: Path) -> None:
    one = rig(tmp_path, latency=lambda request: 500.0 if "slow" in (request.recipe.prompt or "") else 1.0)
    flow = workflow(still("slow"), still("a", candidates=2), gate("g", "a"), film("f", "g"))
    run = one.new_run()

    def approve(event: Event) -> None:
        if isinstance(event, Waiting):
            first = event.shown[0]
            decided = Decided(place=event.place, subject=event.subject, artifact=first, choice=Choice.APPROVED, by="me")
            one.ledger.append(run, [decided], 5.0)

    assert one.go(flow, run=run, watch=approve).state is RunState.DONE
    assert elapsed(one) == pytest.approx(500.0, abs=1.0)


class _Judge:
    """Flags every result whose salt is too low; a stand-in for a check that the test controls."""

    name = "judge"
    kinds = (Kind.IMAGE,)

    def __init__(self, bad: int) -> None:
        self.left = bad

    def look(self, artifact: object, path: Path, recipe: object) -> Verdict:
        self.left -= 1
        if self.left >= 0:
            return Verdict(True, 0.1, (Finding("judge.bad", "bad"),))
        return Verdict(False, 0.9)


def test_a_flagged_candidate_is_asked_again_and_the_others_are_not(tmp_path: Path) -> None:
    one = rig(tmp_path, in_flight=1)
    one.checks = [_Judge(1)]
    end = one.go(workflow(still("a", candidates=4)))
    assert bought(one) == 5
    assert [(r.candidate, r.salt) for r in end.outcomes[0].candidates] == [(0, 1), (1, 0), (2, 0), (3, 0)]


def test_a_candidate_flagged_to_the_end_stays_marked_and_is_not_bought_for_ever(tmp_path: Path) -> None:
    one = rig(tmp_path)
    one.checks = [_Judge(99)]
    end = one.go(workflow(still("a", attempts=3), gate("g", "a", Pick.FIRST_CLEAN)))
    assert bought(one) == 3
    assert end.outcomes[0].candidates[0].verdict.flagged
    assert end.state is RunState.PARKED, "a policy never approves a flagged picture"


def test_a_transient_failure_costs_one_more_attempt(tmp_path: Path) -> None:
    one = rig(tmp_path, faults=[Fault(error=ErrorClass.TRANSIENT)])
    assert one.go(workflow(still("a"))).state is RunState.DONE
    failed = [event for event in one.events if isinstance(event, Failed)]
    assert [event.final for event in failed] == [False]


def test_tries_are_bounded_and_the_failure_is_told(tmp_path: Path) -> None:
    one = rig(tmp_path, faults=[Fault(error=ErrorClass.TRANSIENT, times=None)])
    end = one.go(workflow(still("a"), film("f", "a")), retry=RetryPolicy(tries=3))
    assert end.state is RunState.FAILED
    assert states(end) == ["failed", "blocked"]
    failures = [event for event in one.events if isinstance(event, CellFailed)]
    assert [(f.error, f.attempts, f.blocked_by) for f in failures] == [
        (ErrorClass.TRANSIENT, 3, None),
        (None, 0, NodeId("a")),
    ]


@pytest.mark.parametrize("kind", [ErrorClass.CONTENT_POLICY, ErrorClass.INVALID_INPUT, ErrorClass.AUTH])
def test_a_refusal_is_never_retried_unchanged(tmp_path: Path, kind: ErrorClass) -> None:
    one = rig(tmp_path, faults=[Fault(error=kind, times=None)])
    assert one.go(workflow(still("a"))).state is RunState.FAILED
    assert sum(one.provider.posts.values()) == 1  # type: ignore[attr-defined]


def test_a_rate_limit_uses_up_no_try_and_nothing_is_sent_before_retry_after(tmp_path: Path) -> None:
    faults = [Fault(error=ErrorClass.RATE_LIMIT, times=7, retry_after=89.0)]
    one = rig(tmp_path, faults=faults, latency=1.0)
    assert one.go(workflow(still("a")), retry=RetryPolicy(tries=1)).state is RunState.DONE
    assert elapsed(one) >= 7 * 89.0


def test_rate_limits_leave_all_tries_for_failures(tmp_path: Path) -> None:
    faults = [
        Fault(error=ErrorClass.RATE_LIMIT, times=5, retry_after=1.0),
        Fault(error=ErrorClass.TRANSIENT, times=1),
    ]
    one = rig(tmp_path, faults=faults)
    assert one.go(workflow(still("a")), retry=RetryPolicy(tries=2)).state is RunState.DONE


def test_a_job_that_nobody_answers_for_any_more_is_not_bought_again(tmp_path: Path) -> None:
    fault = Fault(error=ErrorClass.RATE_LIMIT, stage=Stage.POLL, times=None)
    one = rig(tmp_path, faults=[fault], latency=5.0)
    assert one.go(workflow(still("a"))).state is RunState.FAILED
    assert sum(one.provider.bought.values()) == 1  # type: ignore[attr-defined]


def test_one_failure_leaves_independent_work_alone(tmp_path: Path) -> None:
    one = rig(tmp_path, faults=[Fault(error=ErrorClass.AUTH, when=lambda r: "bad" in (r.recipe.prompt or ""))])
    end = one.go(workflow(still("bad"), still("good"), film("f", "good")))
    assert states(end) == ["failed", "done", "done"]


def test_fail_fast_admits_nothing_after_the_first_failure(tmp_path: Path) -> None:
    one = rig(tmp_path, in_flight=1, faults=[Fault(error=ErrorClass.AUTH, at=0)])
    end = one.go(workflow(*(still(f"s{n}") for n in range(5))), fail_fast=True)
    assert end.state is RunState.FAILED
    assert sum(one.provider.posts.values()) == 1  # type: ignore[attr-defined]


def test_a_group_keeps_its_workers_and_stops_after_its_own_failure(tmp_path: Path) -> None:
    one = rig(tmp_path, faults=[Fault(error=ErrorClass.AUTH, when=lambda r: "g0" in (r.recipe.prompt or ""))])
    limits = [LimitSpec(name="group", in_flight=2, fail_fast=True)]
    members = [still(f"g{n}", limit="group") for n in range(6)]
    end = one.go(workflow(*members, still("free"), limits=limits))
    assert one.provider.most_in_flight <= 3  # type: ignore[attr-defined]
    assert str(end.outcomes[-1].state) == "done"
    assert "blocked" not in states(end)[:1]
    assert sum(one.provider.posts.values()) < 7  # type: ignore[attr-defined]


def test_a_group_that_runs_too_long_is_ended(tmp_path: Path) -> None:
    one = rig(tmp_path, latency=1000.0)
    limits = [LimitSpec(name="group", timeout=30.0)]
    end = one.go(workflow(still("a", limit="group"), still("b"), limits=limits))
    assert states(end) == ["failed", "done"]


def test_a_step_past_its_timeout_fails_and_says_so(tmp_path: Path) -> None:
    one = rig(tmp_path, latency=1000.0)
    end = one.go(workflow(still("a", timeout=60.0)))
    assert end.state is RunState.FAILED
    failed = next(event for event in one.events if isinstance(event, CellFailed))
    assert failed.error is ErrorClass.TIMEOUT
    assert any(isinstance(event, Cancelled) for event in one.events), "its provider was not told"
    assert elapsed(one) == pytest.approx(60.0, abs=0.1)


def test_concurrency_is_a_ceiling_and_all_of_it_is_used(tmp_path: Path) -> None:
    one = rig(tmp_path, latency=0.5)
    one.go(workflow(*(still(f"s{n}") for n in range(40))), concurrency=20)
    assert one.provider.most_in_flight == 20  # type: ignore[attr-defined]
    assert elapsed(one) == pytest.approx(1.0, abs=0.01)


def test_the_first_of_many_are_sent_before_the_last_are_looked_at(tmp_path: Path) -> None:
    one = rig(tmp_path, in_flight=4)
    looked: set[str] = set()
    at_first: list[int] = []
    validate = one.provider.validate  # type: ignore[attr-defined]

    def looking(recipe: Recipe) -> object:
        looked.add(str(recipe.prompt))
        return validate(recipe)

    def watch(event: Event) -> None:
        if isinstance(event, Submitting):
            at_first.append(len(looked))

    one.provider.validate = looking  # type: ignore[attr-defined]
    one.go(workflow(*(still(f"s{n}") for n in range(500))), watch=watch)
    assert at_first[0] < 200 < at_first[-1] == 500


def test_longest_remaining_path_goes_first(tmp_path: Path) -> None:
    one = rig(tmp_path, in_flight=1)
    order: list[str] = []
    flow = workflow(still("short"), still("long"), film("film", "long"))
    one.go(flow, watch=sent(order))
    assert order == ["long", "film", "short"] or order == ["long", "short", "film"]


def test_tabs_interleave(tmp_path: Path) -> None:
    one = rig(tmp_path, in_flight=1)
    order: list[str] = []
    flow = workflow(*(still(f"{tab}{n}", tab=tab) for tab in "ab" for n in range(4)))
    one.go(flow, watch=sent(order))
    assert [name[0] for name in order] == list("abababab")


def test_on_error_continue_feeds_what_is_there(tmp_path: Path) -> None:
    one = rig(tmp_path, faults=[Fault(error=ErrorClass.AUTH, when=lambda r: "bad" in (r.recipe.prompt or ""))])
    clips = [
        node("bad", Operation.TEXT_TO_VIDEO, keep_going=True),
        node("good", Operation.TEXT_TO_VIDEO, keep_going=True),
    ]
    end = one.go(
        workflow(*clips, node("all", Operation.CONCAT_VIDEOS, needs=("bad", "good"), role="video", prompt=None))
    )
    assert states(end) == ["failed", "done", "done"]
    assert end.state is RunState.DONE


def test_what_needs_a_forgiven_failure_is_left_out_of_what_gathers_it(tmp_path: Path) -> None:
    one = rig(tmp_path, faults=[Fault(error=ErrorClass.AUTH, when=lambda r: "bad" in (r.recipe.prompt or ""))])
    clips = Input("start_frame", (NodeId("bad"), NodeId("good")), Mode.ROWS)
    shots = node("shots", Operation.IMAGE_TO_VIDEO)._replace(inputs=(clips,))
    joined = node("all", Operation.CONCAT_VIDEOS, needs=("shots",), role="video", prompt=None)
    end = one.go(workflow(still("bad", keep_going=True), still("good"), shots, joined))
    assert states(end) == ["failed", "done", "blocked", "done", "done"]
    assert end.state is RunState.DONE


def test_a_run_without_a_result_for_a_forgiven_failure_has_failed(tmp_path: Path) -> None:
    one = rig(tmp_path, faults=[Fault(error=ErrorClass.AUTH, when=lambda r: "bad" in (r.recipe.prompt or ""))])
    end = one.go(workflow(still("bad", keep_going=True), film("shot", "bad"), still("good")))
    assert states(end) == ["failed", "blocked", "done"]
    assert end.state is RunState.FAILED


def test_a_or_b_takes_the_one_that_succeeded_and_a_condition_watches_a_failure(tmp_path: Path) -> None:
    one = rig(tmp_path, faults=[Fault(error=ErrorClass.AUTH, when=lambda r: "main" in (r.recipe.prompt or ""))])
    spare = still("spare", condition=Condition(NodeId("main"), "failed"))
    either = node("f", Operation.IMAGE_TO_VIDEO)
    either = either._replace(inputs=(Input("start_frame", (NodeId("main"), NodeId("spare")), Mode.FIRST),))
    end = one.go(workflow(still("main", keep_going=True), spare, either))
    assert states(end) == ["failed", "done", "done"]


def test_a_gate_of_films_that_were_left_out_fails_nothing(tmp_path: Path) -> None:
    end = rig(tmp_path).go(workflow(still("a"), film("f", "a"), gate("g", "f")), selected=frozenset({0}))
    assert states(end) == ["done", "skipped", "skipped"]
    assert end.state is RunState.DONE


def test_what_is_not_selected_is_used_but_never_bought(tmp_path: Path) -> None:
    one = rig(tmp_path)
    flow = workflow(still("a"), film("f", "a"))
    end = one.go(flow, selected=frozenset({1}))
    assert states(end) == ["skipped", "blocked"]
    assert bought(one) == 0
    one.go(workflow(still("a")))
    assert one.go(flow, selected=frozenset({1})).state is RunState.DONE
    assert bought(one) == 2


def test_a_stop_detaches_from_accepted_jobs_and_resume_adopts_them(tmp_path: Path) -> None:
    one = rig(tmp_path, latency=300.0)
    stop = Stop()
    flow = workflow(*(still(f"s{n}") for n in range(6)))
    run = one.new_run()
    seen = 0

    def stop_after_three(event: Event) -> None:
        nonlocal seen
        seen += isinstance(event, Accepted)
        if seen == 3 and not stop.asked:
            stop.ask()

    end = one.go(flow, run=run, stop=stop, watch=stop_after_three, concurrency=3)
    assert end.state is RunState.INTERRUPTED
    assert elapsed(one) < 300.0
    assert one.go(flow, run=run, concurrency=3).state is RunState.DONE
    assert bought(one) == 6
    assert max(one.provider.posts.values()) == 1  # type: ignore[attr-defined]


def test_what_was_claimed_ahead_of_its_slot_is_let_go_when_the_run_stops(tmp_path: Path) -> None:
    one = rig(tmp_path, latency=300.0)
    stop = Stop()
    run = one.new_run()

    def stop_at_once(event: Event) -> None:
        if isinstance(event, Accepted):
            stop.ask()

    end = one.go(workflow(*(still(f"s{n}") for n in range(6))), run=run, stop=stop, watch=stop_at_once, concurrency=1)
    assert end.state is RunState.INTERRUPTED
    claimed = {event.attempt for event in one.events if isinstance(event, Reserved)}
    sent_off = {event.attempt for event in one.events if isinstance(event, Submitting)}
    let_go = {event.attempt for event in one.events if isinstance(event, Released)}
    assert len(sent_off) == 1
    assert let_go == claimed - sent_off
    assert one.go(workflow(*(still(f"s{n}") for n in range(6))), run=run).state is RunState.DONE
    assert bought(one) == 6
