"""What a plan says: actions, reasons, calls, money, time, fingerprint."""

from __future__ import annotations

import json
from decimal import Decimal

from tests.graph.build import (
    PRICE,
    Memory,
    artifact,
    base_of,
    either,
    film,
    gate,
    grid_of,
    media,
    node,
    node_plan,
    picture,
    plan_of,
    recipes_of,
    ref,
    run,
    setting,
    text,
)

from rushes.graph.planned import Action
from rushes.graph.select import flags_of, select
from rushes.model.ids import NodeId
from rushes.model.money import Quote
from rushes.model.operation import Operation
from rushes.model.result import Result, Value
from rushes.model.run import RunMode, RunOptions
from rushes.model.text import Var
from rushes.model.verdict import Choice, Verdict
from rushes.model.workflow import Condition, Input, Mode, Pick


def actions(plan: object) -> dict[str, str]:
    return {str(one.node): str(one.action) for one in plan.nodes}  # type: ignore[attr-defined]


def test_a_first_plan_buys_what_can_be_asked_and_says_what_comes_after() -> None:
    grid = grid_of(
        media("ref"), picture("still", feeds={"reference": "ref"}, candidates=4), film("clip", "still", candidates=2)
    )
    plan = plan_of(grid, Memory())
    assert actions(plan) == {"ref": "reuse", "still": "run", "clip": "after"}
    assert (plan.calls, plan.most) == (4, 6)
    assert (plan.money.low, plan.money.high) == (Decimal("0.40"), Decimal("0.60"))
    assert node_plan(plan, "still").reason == "never run"
    assert node_plan(plan, "clip").reason == "needs the new result of still"


def test_a_plan_after_a_full_run_buys_nothing_and_reads_the_ledger_once_per_level() -> None:
    grid = grid_of(picture("still", candidates=4), film("clip", "still"))
    known = Memory()
    run(grid, known)
    known.reads = 0
    plan = plan_of(grid, known)
    assert actions(plan) == {"still": "reuse", "clip": "reuse"}
    assert (plan.calls, plan.most, plan.units) == (0, 0, ())
    assert known.reads == 2


def test_a_changed_prompt_and_model_are_named_with_old_and_new_value() -> None:
    known = Memory()
    run(grid_of(picture("still", "a red fox", model="flux_dev"), film("clip", "still")), known)
    changed = grid_of(picture("still", "a blue fox", model="imagen4"), film("clip", "still"))
    plan = plan_of(changed, known)
    reason = node_plan(plan, "still").reason
    assert reason == "model changed from flux_dev@1 to imagen4@1; prompt changed: 'a red fox' -> 'a blue fox'"
    assert plan.stale == {"still", "clip"}


def test_a_changed_reference_is_named_by_its_role() -> None:
    known = Memory()
    run(grid_of(media("m"), film("clip", "m")), known)
    plan = plan_of(grid_of(media("m", "other.png"), film("clip", "m")), known)
    assert node_plan(plan, "clip").reason == "input start_frame changed"


def test_six_candidates_when_four_exist_buys_two() -> None:
    known = Memory()
    run(grid_of(picture("still", candidates=4)), known)
    plan = plan_of(grid_of(picture("still", candidates=6)), known)
    assert node_plan(plan, "still").reason == "2 of 6 candidates missing"
    assert [(unit.candidate, unit.salt) for unit in plan.units] == [(4, 0), (5, 0)]


def test_fewer_candidates_than_exist_buys_nothing_and_uses_the_first_ones() -> None:
    known = Memory()
    run(grid_of(picture("still", candidates=4)), known)
    plan = plan_of(grid_of(picture("still", candidates=2)), known)
    assert plan.calls == 0
    assert [one.candidate for one in plan.outcomes[0].candidates] == [0, 1]


def test_a_flagged_candidate_is_asked_again_with_the_next_salt_until_its_attempts_are_used() -> None:
    grid, known = grid_of(picture("still", candidates=2)), Memory()
    base = base_of(grid, known, "still")
    known.add(base, 0)
    known.add(base, 1, flagged=True)
    plan = plan_of(grid, known)
    assert [(unit.candidate, unit.salt) for unit in plan.units] == [(1, 1)]
    assert node_plan(plan, "still").reason == "1 of 2 candidates flagged, attempt 2 of 3"
    known.add(base, 1, 1, flagged=True, score=0.9)
    known.add(base, 1, 2, flagged=True, score=0.1)
    plan = plan_of(grid, known)
    assert plan.calls == 0
    assert [one.salt for one in plan.outcomes[0].candidates] == [0, 1]


def test_a_floor_asks_again_and_keeps_the_other_candidates() -> None:
    grid, known = grid_of(picture("still", candidates=3)), Memory()
    run(grid, known)
    base = base_of(grid, known, "still")
    plan = plan_of(grid, known, under=setting(floors={(base, 1): 1}))
    assert [(unit.candidate, unit.salt) for unit in plan.units] == [(1, 1)]
    assert node_plan(plan, "still").reason == "asked again"
    known.add(base, 1, 1)
    assert plan_of(grid, known, under=setting(floors={(base, 1): 1})).calls == 0


def test_an_answer_that_is_gone_is_bought_again_and_the_plan_says_so() -> None:
    grid, known = grid_of(picture("still")), Memory()
    run(grid, known)
    known.held.clear()
    assert node_plan(plan_of(grid, known), "still").reason == "asked before, without a result that is still held"


def test_equal_requests_in_several_places_are_counted_and_bought_once() -> None:
    grid = grid_of(picture("one", candidates=2), picture("two", candidates=3, tab="b"))
    plan = plan_of(grid, Memory())
    assert plan.calls == 3
    assert plan.money.high == Decimal("0.30")
    assert node_plan(plan, "two").reason == "asks the same as one"
    assert node_plan(plan, "two").calls == 1
    assert "2 requests are equal to another one and are asked once" in plan.warnings


def test_reasons_speak_in_titles_and_name_the_tab_of_another_tabs_node() -> None:
    still, twin = picture("5", title="Generate: door"), picture("100005", title="Generate: door", tab="b")
    grid = grid_of(still, gate("6", "5", title="Approve: door"), film("7", "6", title="Veo: door"), twin)
    known = Memory()
    plan = plan_of(grid, known)
    assert node_plan(plan, "6").reason == "needs the new result of 'Generate: door'"
    assert node_plan(plan, "7").reason == "needs the pick at 'Approve: door'"
    assert node_plan(plan, "100005").reason == "asks the same as 'Generate: door' of tab a"
    run(grid, known)
    plan = plan_of(grid, known)
    assert node_plan(plan, "7").reason == "waits for the approval at 'Approve: door'"
    assert "a person must approve at 'Approve: door'" in plan.warnings


def test_the_same_new_output_stops_the_cascade() -> None:
    known = Memory()
    first = grid_of(picture("still", "a fox"), film("clip", "still"))
    run(first, known)
    second = grid_of(picture("still", "a fox!"), film("clip", "still"))
    base = plan_of(second, known).units[0].base
    known.add(base, name=f"{base_of(first, known, 'still')}/0/0")
    assert actions(plan_of(second, known)) == {"still": "reuse", "clip": "reuse"}


def test_not_selected_nodes_give_what_they_have_and_block_with_the_flag_when_they_have_nothing() -> None:
    grid, known = grid_of(picture("still"), film("clip", "still")), Memory()
    options = RunOptions(only=("clip",))
    selected, _ = select(grid, options, frozenset(), frozenset())
    plan = plan_of(grid, known, selected=selected, selection=flags_of(options))
    assert actions(plan) == {"still": "skip", "clip": "blocked"}
    assert node_plan(plan, "clip").reason == "needs still, which has no result: not selected (--only clip)"
    known.add(base_of(grid, known, "still"))
    plan = plan_of(grid, known, selected=selected, selection=flags_of(options))
    assert actions(plan) == {"still": "reuse", "clip": "run"}


def test_images_first_then_full_buys_only_the_films() -> None:
    grid = grid_of(picture("still"), gate("pick", "still", Pick.BEST), film("clip", "pick"))
    known = Memory()
    options = RunOptions(mode=RunMode.IMAGES)
    selected, _ = select(grid, options, frozenset(), frozenset())
    first = plan_of(grid, known, selected=selected, selection=flags_of(options))
    assert actions(first) == {"still": "run", "pick": "after", "clip": "skip"}
    known.add(first.units[0].base)
    full = plan_of(grid, known)
    assert actions(full) == {"still": "reuse", "pick": "reuse", "clip": "run"}


def test_a_gate_of_films_that_were_left_out_is_left_out_and_not_blocked() -> None:
    grid = grid_of(picture("still"), film("clip", "still"), gate("pick", "clip"))
    selected, _ = select(grid, RunOptions(mode=RunMode.IMAGES), frozenset(), frozenset())
    plan = plan_of(grid, Memory(), selected=selected, selection="--mode images")
    assert actions(plan) == {"still": "run", "clip": "skip", "pick": "skip"}


def test_a_waiting_gate_makes_its_films_wait_and_is_named() -> None:
    grid, known = grid_of(picture("still"), gate("pick", "still"), film("clip", "pick")), Memory()
    known.add(base_of(grid, known, "still"))
    plan = plan_of(grid, known)
    assert actions(plan) == {"still": "reuse", "pick": "wait", "clip": "after"}
    assert node_plan(plan, "clip").reason == "waits for the approval at pick"
    assert "a person must approve at pick" in plan.warnings


def test_rows_are_counted_and_only_the_changed_row_runs() -> None:
    known = Memory()

    def of(*rows: str) -> object:
        return grid_of(
            node("scene", Operation.PROMPT, prompt=text(Var("item")), rows=rows),
            picture("still", text("wide: ", ref("scene")), candidates=2),
            film("clip", "still"),
        )

    run(of("dawn", "noon", "dusk"), known)  # type: ignore[arg-type]
    plan = plan_of(of("dawn", "night", "dusk"), known)  # type: ignore[arg-type]
    still = node_plan(plan, "still")
    assert (still.calls, still.rows) == (2, 3)
    assert still.reason == "prompt changed: 'wide: noon' -> 'wide: night' (1 of 3 rows)"
    assert node_plan(plan, "clip").most == 1


def test_an_unknown_price_is_counted_beside_the_money_and_warned_about() -> None:
    unknown = Quote(None, None, 1.0)
    grid = grid_of(picture("a", "x"), picture("b", "y"))
    plan = plan_of(grid, Memory(), quote=lambda one, recipe: unknown if one.id == "a" else PRICE)
    assert (plan.money.high, plan.money.unknown) == (Decimal("0.10"), 1)
    assert "1 request has no known price" in plan.warnings


def test_time_is_the_longest_chain_or_the_work_over_the_hands() -> None:
    grid = grid_of(picture("s1", "1"), picture("s2", "2"), picture("s3", "3"), film("clip", "s1"))
    plan = plan_of(grid, Memory(), parallel=8)
    assert (plan.chain, plan.seconds, plan.critical) == (20.0, 20.0, ("s1", "clip"))
    assert plan_of(grid, Memory(), parallel=1).seconds == 40.0


def test_the_longest_chain_passes_through_gates_and_texts() -> None:
    grid = grid_of(
        picture("s1"),
        gate("g", "s1"),
        node("said", Operation.ANALYZE_IMAGE, prompt="what?", feeds={"image": "g"}),
        picture("s2", text("again: ", ref("said"))),
    )
    assert plan_of(grid, Memory()).critical == ("s1", "g", "said", "s2")


def test_a_fingerprint_changes_with_anything_that_would_change_the_run_and_with_nothing_else() -> None:
    def print_of(*nodes: object, **more: object) -> str:
        return plan_of(grid_of(*nodes), Memory(), **more).fingerprint  # type: ignore[arg-type]

    still, clip = picture("still"), film("clip", "still")
    same = print_of(still, clip)
    assert print_of(still._replace(title="Opening", timeout=9.0), clip, parallel=1) == same
    assert print_of(still._replace(candidates=2), clip) != same
    assert print_of(still, film("clip", "still", "it sleeps")) != same, "also what is asked only later"
    assert print_of(still, clip._replace(model="kling")) != same
    assert print_of(still, clip, quote=lambda one, recipe: Quote(Decimal(1), Decimal(1), 10.0)) != same
    assert print_of(still, clip, selected=frozenset({0})) != same
    assert print_of(still, clip, under=setting(prompts={"clip": "new"})) != same


def test_a_fingerprint_changes_when_a_stored_answer_or_a_decision_appears() -> None:
    grid, known = grid_of(picture("still", candidates=2), gate("pick", "still")), Memory()
    seen = [plan_of(grid, known).fingerprint]
    base = base_of(grid, known, "still")
    known.add(base, 0)
    seen.append(plan_of(grid, known).fingerprint)
    second = known.add(base, 1)
    seen.append(plan_of(grid, known).fingerprint)
    known.decide(base, second)
    seen.append(plan_of(grid, known).fingerprint)
    assert len(set(seen)) == 4


def test_a_variable_in_a_later_prompt_is_part_of_the_fingerprint() -> None:
    grid = grid_of(picture("still"), film("clip", "still", text("in ", Var("town"))))
    one, two = (plan_of(grid, Memory(), under=setting(variables={"town": town})) for town in ("Rome", "Oslo"))
    assert one.fingerprint != two.fingerprint


def test_a_missing_variable_blocks_with_the_flag_that_gives_it() -> None:
    plan = plan_of(grid_of(picture("still", text("in ", Var("town")))), Memory())
    assert node_plan(plan, "still").reason == "it needs a value for town: give --set town=VALUE"


def test_a_plan_is_json() -> None:
    plan = plan_of(grid_of(picture("still"), film("clip", "still")), Memory())
    told = json.loads(json.dumps(plan.plain()))
    assert told["counts"] == {"run": 1, "after": 1, "wait": 0, "blocked": 0, "skip": 0, "reuse": 0}
    assert told["nodes"][0]["money"] == {"low": "0.10", "high": "0.10", "unknown": 0}


def test_a_disabled_step_is_skipped_and_blocks_what_needs_it() -> None:
    plan = plan_of(grid_of(picture("still", enabled=False), film("clip", "still")), Memory())
    assert actions(plan) == {"still": "skip", "clip": "blocked"}
    assert node_plan(plan, "clip").reason == "needs still, which has no result: disabled in the file"


def test_a_fallback_that_is_not_needed_is_skipped_and_a_or_b_takes_the_first() -> None:
    spare = picture("spare", "a spare", condition=Condition(NodeId("main"), "failed"))
    clip = node(
        "clip", Operation.IMAGE_TO_VIDEO, prompt="runs", feeds={"start_frame": either("start_frame", "main", "spare")}
    )
    grid, known = grid_of(picture("main"), spare, clip), Memory()
    assert actions(plan_of(grid, known)) == {"main": "run", "spare": "after", "clip": "after"}
    made = known.add(base_of(grid, known, "main"))
    plan = plan_of(grid, known)
    assert actions(plan) == {"main": "reuse", "spare": "skip", "clip": "run"}
    assert node_plan(plan, "spare").reason == "its condition does not hold: main did not fail"
    assert recipes_of(grid, setting(), plan)[2].inputs == {"start_frame": (made,)}


def test_one_request_cuts_all_panels_and_each_panel_is_a_row() -> None:
    cut = node("cut", Operation.SPLIT_IMAGE, feeds={"image": "sheet"}, params={"grid": "2x2"})
    grid, known = grid_of(picture("sheet"), cut, film("clip", "cut")), Memory()
    assert node_plan(plan_of(grid, known), "cut").most == 1
    known.add(base_of(grid, known, "sheet"))
    plan = plan_of(grid, known)
    assert (plan.calls, node_plan(plan, "cut").rows, node_plan(plan, "clip").most) == (1, 4, 4)
    panels = tuple(artifact(f"panel{n}") for n in range(4))
    known.held[plan.units[0].base] = [Result(0, 0, Value(artifacts=panels), Verdict())]
    plan = plan_of(grid, known)
    first = grid.first[grid.index[NodeId("cut")]]
    assert [one.value.artifacts for one in plan.outcomes[first : first + 4] if one.value] == [(p,) for p in panels]
    assert plan.calls == 4


def test_a_gather_takes_all_rows_of_all_inputs_in_order() -> None:
    join = node("join", Operation.CONCAT_VIDEOS, feeds={"video": ["clip", "outro"]})
    scene = node("scene", Operation.PROMPT, prompt=text(Var("item")), rows=("x", "y"))
    grid = grid_of(scene, film("clip", "m", text(ref("scene"))), film("outro", "m", "bye"), media("m"), join)
    cell = grid.cells[grid.first[grid.index[NodeId("join")]]]
    names = [(str(grid.nodes[grid.cells[n].node].id), grid.cells[n].row) for n in cell.inputs[0][2]]
    assert names == [("clip", 0), ("clip", 1), ("outro", 0)]


def test_rerolls_are_the_most_that_checks_can_add() -> None:
    plan = plan_of(grid_of(picture("still", candidates=2, attempts=4)), Memory())
    assert plan.rerolls == 6


def test_nothing_selected_is_said() -> None:
    plan = plan_of(grid_of(picture("still")), Memory(), selected=frozenset())
    assert plan.warnings == ("nothing is selected",)
    assert plan.nodes[0].action is Action.SKIP


def test_rejections_leave_a_policy_only_what_is_open() -> None:
    grid, known = grid_of(picture("still", candidates=2), gate("pick", "still", Pick.FIRST_CLEAN)), Memory()
    base = base_of(grid, known, "still")
    first, second = known.add(base, 0), known.add(base, 1)
    known.decide(base, first, Choice.REJECTED)
    assert plan_of(grid, known).outcomes[1].value == Value(artifacts=(second,))
    known.decide(base, second, Choice.REJECTED)
    assert actions(plan_of(grid, known))["pick"] == "wait"


def test_one_row_for_each_of_several_inputs() -> None:
    feeds = {"start_frame": Input("start_frame", (NodeId("a"), NodeId("b")), Mode.ROWS)}
    grid = grid_of(
        media("a"), media("b", "other.png"), node("clip", Operation.IMAGE_TO_VIDEO, prompt="go", feeds=feeds)
    )
    assert plan_of(grid, Memory()).calls == 2
