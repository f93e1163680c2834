"""Old recipes are looked up a page at a time, and each is the right one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rushes.app.report_words import Recipes, shown_of
from rushes.model.ids import BaseKey

COUNT = 1200
BASES = [BaseKey(f"b{number}") for number in range(COUNT)]


def test_in_the_order_of_the_file_each_page_is_looked_up_once() -> None:
    asked: list[int] = []
    recipes = Recipes(BASES, lambda page: asked.append(len(page)) or {base: {"prompt": base} for base in page})
    assert [recipes[base]["prompt"] for base in BASES] == BASES
    assert asked == [500, 500, 200], "and no more than a page is held"


@given(st.lists(st.integers(0, COUNT + 5), max_size=30), st.sets(st.integers(0, COUNT), max_size=200))
def test_in_any_order_a_question_has_its_own_recipe_or_none(order: list[int], lost: set[int]) -> None:
    kept = {base: {"prompt": base} for number, base in enumerate(BASES) if number not in lost}

    def look_up(page: Sequence[BaseKey]) -> Mapping[BaseKey, Mapping[str, Any]]:
        return {base: kept[base] for base in page if base in kept}

    recipes = Recipes(BASES, look_up)
    for number in order:
        base = BaseKey(f"b{number}")
        assert recipes.get(base) == kept.get(base)


def test_a_report_keeps_what_it_shows_of_a_recipe() -> None:
    assert shown_of({"prompt": None, "params": {"a": 1}, "model": "m"}) == {"prompt": None, "model": "m"}
