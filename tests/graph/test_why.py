"""Differences between two recipes, in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.graph.why import changes, sentence
from rushes.model.canonical import canonical_bytes

OLD: dict[str, Any] = {
    "op": "text_to_image",
    "provider": "fal",
    "model": "flux_dev",
    "prompt": "a red fox",
    "params": {"seed": 1},
    "inputs": {"reference": ["a", "b"]},
}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"model": "imagen4"}, "model changed from flux_dev to imagen4"),
        ({"provider": "sketch"}, "provider changed from fal to sketch"),
        ({"prompt": "a blue fox"}, "prompt changed: 'a red fox' -> 'a blue fox'"),
        ({"prompt": None}, "prompt removed: 'a red fox'"),
        ({"params": {"seed": 2}}, "seed changed from 1 to 2"),
        ({"params": {"seed": True}}, "seed changed from 1 to True"),
        ({"params": {"seed": "1"}}, "seed changed from 1 to '1'"),
        ({"params": {}}, "seed removed (was 1)"),
        ({"params": {"seed": 1, "size": "1K"}}, "size added: '1K'"),
        ({"inputs": {"reference": ["a", "c"]}}, "input reference changed"),
        ({"inputs": {"reference": ["b", "a"]}}, "input reference is in another order"),
        ({"inputs": {"reference": ["a"]}}, "input reference has 1 instead of 2"),
        ({"inputs": {}}, "input reference removed"),
        ({"inputs": {"reference": ["a", "b"], "mask": ["m"]}}, "input mask added"),
    ],
)
def test_each_difference_has_its_words(change: dict[str, Any], says: str) -> None:
    assert changes(OLD, {**OLD, **change}) == [says]


def test_a_long_prompt_is_cut_to_where_it_differs() -> None:
    old = "a very long description of a landscape with hills and rivers, " * 3 + "at dawn"
    (says,) = changes({**OLD, "prompt": old}, {**OLD, "prompt": old.replace("dawn", "dusk")})
    assert "dawn" in says and "dusk" in says and len(says) < 180


def test_only_the_first_changes_are_said_and_the_rest_counted() -> None:
    assert sentence(["one", "two", "three", "four", "five"]) == "one; two; three; and 2 more"


values = st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.lists(st.integers(), max_size=2)
recipes = st.fixed_dictionaries(
    {
        "op": st.sampled_from(["text_to_image", "image_to_video"]),
        "provider": st.sampled_from(["fal", "sketch"]),
        "model": st.sampled_from(["m1", "m2"]),
        "prompt": st.none() | st.text(max_size=5),
        "params": st.dictionaries(st.text(max_size=3), values, max_size=3),
        "inputs": st.dictionaries(
            st.sampled_from(["start_frame", "reference"]),
            st.lists(st.sampled_from("ab"), min_size=1, max_size=2),
            max_size=2,
        ),
    }
)


@given(recipes, recipes)
def test_there_is_something_to_say_exactly_when_the_keys_differ(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert bool(changes(old, new)) == (canonical_bytes(old) != canonical_bytes(new))


def test_a_change_deep_inside_a_parameter_is_named_by_its_way() -> None:
    old = {"params": {"graph": {"3": {"inputs": {"steps": 20, "cfg": 8}}}}}
    new = {"params": {"graph": {"3": {"inputs": {"steps": 21, "cfg": 8}}}}}
    assert changes(old, new) == ["graph.3.inputs.steps changed from 20 to 21"]
