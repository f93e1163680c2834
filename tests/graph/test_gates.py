"""Gates let approved bytes through and nothing else."""

from __future__ import annotations

from tests.graph.build import Memory, artifact, base_of, film, gate, grid_of, media, node, picture, plan_of, setting

from rushes.graph.gates import shown_as
from rushes.graph.grid import Grid
from rushes.graph.planned import Plan
from rushes.graph.value import Outcome, State
from rushes.model.ids import NodeId
from rushes.model.operation import Operation
from rushes.model.result import Result, Value
from rushes.model.verdict import Choice, Verdict
from rushes.model.workflow import Pick


def at(grid: Grid, plan: Plan, name: str, row: int = 0) -> Outcome:
    return plan.outcomes[grid.first[grid.index[NodeId(name)]] + row]


def test_an_approval_is_bound_to_bytes_and_lets_exactly_them_through() -> None:
    grid, known = grid_of(picture("still", candidates=3), gate("pick", "still")), Memory()
    base = base_of(grid, known, "still")
    made = [known.add(base, number) for number in range(3)]
    known.decide(base, made[2])
    passed = at(grid, plan_of(grid, known), "pick")
    assert (passed.state, passed.value, passed.says) == (State.DONE, Value(artifacts=(made[2],)), "approved")


def test_a_policy_never_overrides_a_standing_approval() -> None:
    grid, known = grid_of(picture("still", candidates=2), gate("pick", "still")), Memory()
    base = base_of(grid, known, "still")
    worse, _better = known.add(base, 0, score=0.1), known.add(base, 1, score=0.9)
    known.decide(base, worse)
    for policy in (Pick.BEST, Pick.FIRST_CLEAN):
        under = setting(pick=policy, pick_wins=True)
        assert at(grid, plan_of(grid, known, under=under), "pick").value == Value(artifacts=(worse,))


def test_an_approval_that_was_taken_back_no_longer_stands() -> None:
    grid, known = grid_of(picture("still", candidates=2), gate("pick", "still")), Memory()
    base = base_of(grid, known, "still")
    made = [known.add(base, number) for number in range(2)]
    known.decide(base, made[0])
    known.decide(base, made[0], Choice.REJECTED)
    assert at(grid, plan_of(grid, known), "pick").state is State.WAITING


def test_the_later_approval_wins_and_an_earlier_one_does_not_come_back_when_its_bytes_go() -> None:
    grid, known = grid_of(picture("still", candidates=2), gate("pick", "still")), Memory()
    base = base_of(grid, known, "still")
    made = [known.add(base, number) for number in range(2)]
    known.decide(base, made[0])
    known.decide(base, made[1])
    assert at(grid, plan_of(grid, known), "pick").value == Value(artifacts=(made[1],))
    known.add(base, 1, 1)
    assert at(grid, plan_of(grid, known, under=setting(floors={(base, 1): 1})), "pick").state is State.WAITING


def test_an_approval_holds_while_more_candidates_are_made_so_its_film_is_reused() -> None:
    known = Memory()
    first = grid_of(picture("still", candidates=2), gate("pick", "still"), film("clip", "pick"))
    base = base_of(first, known, "still")
    made = [known.add(base, number) for number in range(2)]
    known.decide(base, made[1])
    known.add(base_of(first, known, "clip"))
    more = grid_of(picture("still", candidates=4), gate("pick", "still"), film("clip", "pick"))
    plan = plan_of(more, known)
    assert [str(one.action) for one in plan.nodes] == ["run", "reuse", "reuse"]


def test_a_changed_question_has_no_approval() -> None:
    known = Memory()
    first = grid_of(picture("still", "a fox"), gate("pick", "still"))
    base = base_of(first, known, "still")
    known.decide(base, known.add(base))
    second = grid_of(picture("still", "a hare"), gate("pick", "still"))
    known.add(base_of(second, known, "still"))
    assert at(second, plan_of(second, known), "pick").state is State.WAITING


def test_best_takes_the_highest_clean_score_and_first_clean_the_first() -> None:
    grid, known = grid_of(picture("still", candidates=3, attempts=1), gate("pick", "still")), Memory()
    base = base_of(grid, known, "still")
    known.add(base, 0, flagged=True, score=1.0)
    second, third = known.add(base, 1, score=0.2), known.add(base, 2, score=0.8)
    picks = {policy: at(grid, plan_of(grid, known, under=setting(pick=policy)), "pick").value for policy in Pick}
    assert picks == {Pick.ASK: None, Pick.BEST: Value(artifacts=(third,)), Pick.FIRST_CLEAN: Value(artifacts=(second,))}


def test_a_policy_asks_a_person_when_everything_is_flagged() -> None:
    grid, known = grid_of(picture("still", attempts=1), gate("pick", "still", Pick.BEST)), Memory()
    known.add(base_of(grid, known, "still"), flagged=True)
    outcome = at(grid, plan_of(grid, known), "pick")
    assert (outcome.state, outcome.says) == (State.WAITING, "every candidate is flagged: a person must decide")


def test_a_gate_behind_a_gate_decides_again() -> None:
    grid = grid_of(picture("still", candidates=2), gate("machine", "still", Pick.BEST), gate("person", "machine"))
    known = Memory()
    base = base_of(grid, known, "still")
    known.add(base, 0)
    best = known.add(base, 1, score=1.0)
    plan = plan_of(grid, known)
    assert at(grid, plan, "machine").value == Value(artifacts=(best,))
    waiting = at(grid, plan, "person")
    assert waiting.state is State.WAITING and [one.candidate for one in waiting.candidates] == [1]
    known.decide(base, best)
    assert at(grid, plan_of(grid, known), "person").state is State.DONE


def test_a_gate_behind_a_preview_is_not_walked_around() -> None:
    preview = node("look", Operation.MEDIA, feeds={"input": "still"})
    grid, known = grid_of(picture("still"), preview, gate("pick", "look")), Memory()
    base = base_of(grid, known, "still")
    made = known.add(base)
    assert at(grid, plan_of(grid, known), "pick").state is State.WAITING
    known.decide(base, made)
    assert at(grid, plan_of(grid, known), "pick").value == Value(artifacts=(made,))


def test_a_gate_on_split_panels_decides_about_each_panel() -> None:
    cut = node("cut", Operation.SPLIT_IMAGE, feeds={"image": "m"}, params={"grid": "2x1"})
    grid, known = grid_of(media("m"), cut, gate("pick", "cut"), film("clip", "pick")), Memory()
    base = base_of(grid, known, "cut")
    panels = (artifact("left"), artifact("right"))
    known.held[base] = [Result(0, 0, Value(artifacts=panels), Verdict())]
    known.decide(base, panels[0])
    known.decide(base, panels[1])
    plan = plan_of(grid, known)
    assert [at(grid, plan, "pick", row).value for row in (0, 1)] == [Value(artifacts=(one,)) for one in panels]
    known.decide(base, panels[0], Choice.REJECTED)
    plan = plan_of(grid, known)
    assert [at(grid, plan, "pick", row).state for row in (0, 1)] == [State.WAITING, State.DONE]


def test_a_text_can_be_approved_by_its_own_digest() -> None:
    told = node("told", Operation.ANALYZE_IMAGE, prompt="what?", feeds={"image": "m"}, candidates=2)
    grid, known = grid_of(media("m"), told, gate("pick", "told")), Memory()
    base = base_of(grid, known, "told")
    known.held[base] = [Result(n, 0, Value(text=words), Verdict()) for n, words in enumerate(("a fox", "a dog"))]
    assert at(grid, plan_of(grid, known), "pick").state is State.WAITING
    known.decide(base, shown_as(Value(text="a dog")))
    assert at(grid, plan_of(grid, known), "pick").value == Value(text="a dog")


def test_a_reference_of_the_person_needs_no_approval() -> None:
    grid = grid_of(media("m"), gate("pick", "m"))
    assert at(grid, plan_of(grid, Memory()), "pick").value == Value(artifacts=(artifact("ref"),))


def test_a_split_with_too_few_panels_fails_its_missing_rows() -> None:
    cut = node("cut", Operation.SPLIT_IMAGE, feeds={"image": "m"}, params={"grid": "2x1"})
    grid, known = grid_of(media("m"), cut, film("clip", "cut")), Memory()
    known.held[base_of(grid, known, "cut")] = [Result(0, 0, Value(artifacts=(artifact("left"),)), Verdict())]
    plan = plan_of(grid, known)
    assert at(grid, plan, "cut", 1).says == "the picture was cut into fewer than 2 panels"
    assert at(grid, plan, "clip", 1).says == "needs cut, which failed"
