"""The request key changes if and only if the bytes that a provider would see change."""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from tests.graph.build import (
    Memory,
    artifact,
    base_of,
    chosen,
    film,
    gate,
    grid_of,
    media,
    node,
    picture,
    plan_of,
    ref,
    run,
    setting,
    text,
)

from rushes.graph.frame import Frames, inputs_json
from rushes.graph.setting import ModelChoice
from rushes.graph.settle import Question, Settler
from rushes.model.canonical import base_key, canonical_bytes, request_key
from rushes.model.ids import BaseKey, NodeId
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.request import Recipe
from rushes.model.result import Result, Value
from rushes.model.text import Var
from rushes.model.verdict import Verdict
from rushes.model.workflow import Condition, Input, Node

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
jsons = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
params = st.dictionaries(st.text(max_size=6), jsons, max_size=4)
digests = st.sampled_from([artifact(name) for name in "abcd"])
inputs = st.dictionaries(
    st.sampled_from(["start_frame", "end_frame", "reference"]), st.lists(digests, min_size=1, max_size=3), max_size=3
)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    return Recipe(
        op=draw(st.sampled_from([Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_VIDEO])),
        provider=draw(st.sampled_from(["sketch", "fal"])),
        model=draw(st.sampled_from(["m@1", "m@2"])),
        alias=draw(st.text(max_size=3)),
        prompt=draw(st.none() | st.text(max_size=10)),
        params=draw(params),
        inputs={role: tuple(many) for role, many in draw(inputs).items()},
    )


@given(recipes())
def test_both_ways_of_writing_a_recipe_give_the_same_bytes(recipe: Recipe) -> None:
    one = Node(
        id=NodeId("n"),
        tab="a",
        op=recipe.op,
        path=(),
        model="m",
        params=recipe.params,
        prompt=None if recipe.prompt is None else text(recipe.prompt),
    )
    choice = chosen(one)._replace(provider=recipe.provider, version=recipe.model)
    frame = Frames(setting(choose=lambda _node: choice)).of(one)
    written = inputs_json(dict(recipe.inputs)) + frame.tail(frame.params, recipe.prompt)
    assert written.encode("utf-8", "surrogatepass") == canonical_bytes(recipe.plain())
    assert frame.before is not None and frame._replace(before=None).tail(frame.params, recipe.prompt) in written


@given(st.lists(st.tuples(recipes(), st.booleans(), st.integers(1, 3), st.none() | st.integers(1, 3)), max_size=6))
def test_a_frame_is_shared_by_those_alone_whose_own_would_be_the_same(many: list[Any]) -> None:
    nodes = [
        Node(
            id=NodeId(f"n{number}"),
            tab="a",
            op=recipe.op,
            path=(),
            model=recipe.model,
            provider=recipe.provider,
            params=recipe.params,
            enabled=enabled,
            candidates=candidates,
            attempts=attempts,
        )
        for number, (recipe, enabled, candidates, attempts) in enumerate(many)
    ]
    under = setting(choose=lambda one: ModelChoice(one.provider or "", "m", one.model or ""))
    together = Frames(under)
    for one in nodes:
        shared, own = together.of(one), Frames(under).of(one)
        assert shared == own and canonical_bytes(shared.params) == canonical_bytes(own.params)


@given(recipes(), recipes())
def test_keys_are_equal_exactly_when_the_plain_recipes_are_the_same_json(one: Recipe, two: Recipe) -> None:
    same = canonical_bytes(one.plain()) == canonical_bytes(two.plain())
    assert (base_key(one.plain()) == base_key(two.plain())) == same


@given(recipes(), params)
def test_a_parameter_counts_with_its_type(recipe: Recipe, other: dict[str, Any]) -> None:
    changed = dataclasses.replace(recipe, params=other)
    same = canonical_bytes(dict(recipe.params)) == canonical_bytes(other)
    assert (base_key(recipe.plain()) == base_key(changed.plain())) == same


def test_one_and_one_point_nought_and_text_and_true_are_four_questions() -> None:
    values: list[Any] = [1, 1.0, "1", True]
    keys = {base_of(grid_of(picture("p", params={"n": value})), Memory(), "p") for value in values}
    assert len(keys) == 4
    together = grid_of(*[picture(f"p{number}", params={"n": value}) for number, value in enumerate(values)])
    assert {base_of(together, Memory(), f"p{number}") for number in range(4)} == keys


def clip(start: str = "a", end: str = "b", **more: Any) -> list[Node]:
    return [media("a"), media("b", "other.png"), film("clip", start, feeds={"end_frame": end}, **more)]


def test_start_and_end_frame_never_commute() -> None:
    assert base_of(grid_of(*clip("a", "b")), Memory(), "clip") != base_of(grid_of(*clip("b", "a")), Memory(), "clip")


@given(st.permutations(["a", "b", "c"]))
def test_the_order_inside_a_role_counts(order: list[str]) -> None:
    sources = {f"{name}.png": artifact(name) for name in "abc"}
    under = setting(sources=sources)
    refs = [media(name, f"{name}.png") for name in "abc"]

    def key(names: list[str]) -> BaseKey:
        return base_of(grid_of(*refs, picture("p", feeds={"reference": names})), Memory(), "p", under=under)

    assert (key(order) == key(["a", "b", "c"])) == (order == ["a", "b", "c"])


def test_the_order_of_the_inputs_in_the_file_does_not_count() -> None:
    turned = node("clip", Operation.IMAGE_TO_VIDEO, prompt="it runs", feeds={"end_frame": "b", "start_frame": "a"})
    assert base_of(grid_of(media("a"), media("b", "other.png"), turned), Memory(), "clip") == base_of(
        grid_of(*clip()), Memory(), "clip"
    )


what_no_provider_sees = st.fixed_dictionaries(
    {},
    optional={
        "title": st.text(max_size=5),
        "tab": st.sampled_from(["a", "z"]),
        "path": st.just(("elsewhere", 7)),
        "timeout": st.floats(1, 100),
        "attempts": st.integers(1, 5),
        "limit": st.just("group"),
        "keep_going": st.booleans(),
        "candidates": st.integers(1, 6),
    },
)


@given(what_no_provider_sees, st.booleans(), st.sampled_from(["clip", "renamed"]))
def test_names_places_comments_and_limits_change_no_key(more: dict[str, Any], backwards: bool, name: str) -> None:
    still = picture("still", feeds={"reference": "ref"})
    before = base_of(grid_of(media("ref"), still), Memory(), "still")
    nodes = [media("ref2", tab="z"), picture(name, feeds={"reference": "ref2"})._replace(**more)]
    if backwards:
        nodes.reverse()
    assert base_of(grid_of(*nodes), Memory(), name) == before


def test_a_copy_in_another_tab_of_another_file_costs_nothing() -> None:
    known = Memory()
    run(grid_of(media("ref"), picture("still", feeds={"reference": "ref"}), film("clip", "still")), known)
    copy = [
        media("100001", tab="t2"),
        picture("100002", feeds={"reference": "100001"}, tab="t2"),
        film("100003", "100002", tab="t2"),
    ]
    assert plan_of(grid_of(*copy), known).most == 0


def test_changed_bytes_behind_the_same_name_run_again() -> None:
    grid, known = grid_of(media("ref"), picture("still", feeds={"reference": "ref"})), Memory()
    run(grid, known)
    changed = setting(sources={"ref.png": artifact("new bytes")})
    assert plan_of(grid, known, under=changed).calls == 1


def test_how_a_prompt_was_put_together_does_not_count() -> None:
    written = grid_of(picture("p", "a red fox at dawn"))
    words = node("words", Operation.PROMPT, prompt="red fox")
    made = grid_of(words, picture("p", text("a ", ref("words"), " at ", Var("time"))))
    assert base_of(written, Memory(), "p") == base_of(made, Memory(), "p", under=setting(variables={"time": "dawn"}))


def test_an_optional_input_that_comes_empty_is_as_if_it_were_not_there() -> None:
    told = node("told", Operation.ANALYZE_IMAGE, prompt="what?", feeds={"image": "m"}, keep_going=True)
    known = Memory()
    grid = grid_of(media("m"), film("clip", "m"))
    lost = grid_of(media("m"), media("voice", "none.wav", keep_going=True), film("clip", "m", feeds={"audio": "voice"}))
    assert told.keep_going
    assert base_of(grid, known, "clip") == base_of(lost, known, "clip")


def test_a_step_that_may_fail_is_left_out_of_a_list_and_others_stay() -> None:
    known = Memory()
    refs = [media("a"), media("gone", "none.png", keep_going=True)]
    some = grid_of(*refs, picture("p", feeds={"reference": ["a", "gone"]}))
    assert base_of(some, known, "p") == base_of(grid_of(media("a"), picture("p", feeds={"reference": "a"})), known, "p")


def test_a_step_that_may_fail_but_was_only_not_selected_still_blocks() -> None:
    voice = node("voice", Operation.TEXT_TO_SPEECH, prompt="hello", keep_going=True)
    grid = grid_of(media("m"), voice, film("clip", "m", feeds={"audio": "voice"}))
    plan = plan_of(grid, Memory(), selected=frozenset({grid.index[NodeId("clip")]}), selection="--only clip")
    assert str(plan.nodes[-1].action) == "blocked" and plan.calls == 0


def test_a_required_input_that_comes_empty_blocks() -> None:
    told = node("told", Operation.ANALYZE_IMAGE, prompt="what?", feeds={"image": "m"})
    grid, known = grid_of(media("m"), told, film("clip", "told")), Memory()
    known.held[base_of(grid, known, "told")] = [Result(0, 0, Value(text="a fox"), Verdict())]
    assert plan_of(grid, known).nodes[-1].reason == "its start_frame brings no picture, clip or sound"


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_request_keys_differ_by_candidate_and_salt(c1: int, s1: int, c2: int, s2: int) -> None:
    base = BaseKey("bk1:0")
    assert (request_key(base, c1, s1) == request_key(base, c2, s2)) == ((c1, s1) == (c2, s2))


@given(st.text(max_size=30), st.text(max_size=30))
def test_the_prompt_is_the_question(one: str, two: str) -> None:
    assume(one != two)
    known = Memory()
    assert base_of(grid_of(picture("p", one)), known, "p") != base_of(grid_of(picture("p", two)), known, "p")


def test_settle_gives_a_recipe_whose_key_is_the_base() -> None:
    grid = grid_of(media("ref"), picture("p", text("a ", Var("item")), rows=("x", "y"), feeds={"reference": "ref"}))
    plan = plan_of(grid, Memory())
    for number in grid.cells_of(1):
        asked = Settler(grid, setting()).settle(number, plan.outcomes)
        assert isinstance(asked, Question)
        assert asked.base == base_key(asked.recipe().plain()) == plan.outcomes[number].base


def test_a_condition_on_a_failed_step_is_not_part_of_the_key() -> None:
    spare = picture("spare", "a spare", condition=Condition(NodeId("lost"), "failed"))
    grid = grid_of(media("lost", "none.png"), spare)
    assert base_of(grid, Memory(), "spare") == base_of(grid_of(picture("x", "a spare")), Memory(), "x")


def test_an_artifact_is_its_bytes_so_its_other_facts_change_no_key() -> None:
    one = artifact("ref")
    wide: Artifact = one._replace(width=9, height=9, media_type="image/jpeg")
    grid = grid_of(media("ref"), picture("still", feeds={"reference": "ref"}))
    keys = {base_of(grid, Memory(), "still", under=setting(sources={"ref.png": which})) for which in (one, wide)}
    assert len(keys) == 1


def test_a_gate_is_not_part_of_the_key() -> None:
    known = Memory()
    run(grid_of(picture("still"), film("clip", "still")), known)
    gated = grid_of(picture("still"), gate("pick", "still"), film("clip", "pick"))
    still = base_of(gated, known, "still")
    known.decide(still, known.held[still][0].value.artifacts[0])
    assert plan_of(gated, known).most == 0


def test_several_entries_of_one_role_add_up_in_order() -> None:
    two = (Input("reference", (NodeId("a"),)), Input("reference", (NodeId("b"),)))
    split = picture("p")._replace(inputs=two)
    refs = [media("a"), media("b", "other.png")]
    assert base_of(grid_of(*refs, split), Memory(), "p") == base_of(
        grid_of(*refs, picture("p", feeds={"reference": ["a", "b"]})), Memory(), "p"
    )
