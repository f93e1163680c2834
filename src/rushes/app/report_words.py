"""The words that were asked, for the report: no more of each question than it shows, of old ones a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rushes.model.ids import BaseKey

Recipe = Mapping[str, Any]

_PAGE = 500
_SHOWN = ("prompt", "model", "stands_in")


def shown_of(recipe: Recipe) -> Recipe:
    """What a report shows of a recipe."""
    return {name: recipe[name] for name in _SHOWN if name in recipe}


class Recipes(Mapping[BaseKey, Recipe]):
    """The recipes of many questions, looked up a page at a time in the order in which they will be asked for."""

    def __init__(self, bases: Sequence[BaseKey], look_up: Callable[[Sequence[BaseKey]], Mapping[BaseKey, Recipe]]):
        self._bases, self._look_up = bases, look_up
        self._numbers = {base: number for number, base in enumerate(bases)}
        self._first, self._page = 0, dict[BaseKey, Recipe]()

    def __getitem__(self, base: BaseKey) -> Recipe:
        number = self._numbers[base]
        if not self._page or not self._first <= number < self._first + _PAGE:
            self._first = number
            self._page = dict(self._look_up(self._bases[number : number + _PAGE]))
        return self._page[base]

    def __iter__(self) -> Iterator[BaseKey]:
        return iter(self._bases)

    def __len__(self) -> int:
        return len(self._bases)
