"""One word of a provider holds for all requests that it cannot tell apart, and for no other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.app.alike import watched
from rushes.app.config import load_config
from rushes.app.plan import Prepared, prepare
from rushes.app.project import Project
from rushes.model.money import Quote
from rushes.model.operation import Operation
from rushes.model.problem import Problem, ProblemsError, Severity
from rushes.model.request import Recipe
from rushes.model.run import RunOptions
from rushes.testing.provider import ScriptedProvider

CENT = Decimal("0.01")


class Choosy(ScriptedProvider):
    """Charges by the picture and by `extra`, for a text by the character; minds one parameter, and one word."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Recipe] = []

    def estimate(self, recipe: Recipe) -> Quote:
        """A price that reads the prompt only where it says so."""
        self.asked.append(recipe)
        extra = CENT if recipe.params.get("extra") is True else CENT * 0
        if recipe.op is Operation.PROMPT_GENERATION:
            extra += CENT * len(recipe.prompt or "")
        return Quote(CENT + extra, CENT + extra, 1.0)

    def validate(self, recipe: Recipe) -> Sequence[Problem]:
        """No parameter `odd`, and no forbidden word in a film's prompt."""
        wrong = "odd" in recipe.params
        if recipe.op is Operation.TEXT_TO_VIDEO:
            wrong = wrong or "forbidden" in (recipe.prompt or "")
        problem = Problem(
            code="choosy", severity=Severity.ERROR, says="not with me", try_="leave it out", path=("params", "odd")
        )
        return [problem] if wrong else []


def planned(folder: Path, provider: Choosy, steps: str) -> Prepared:
    """These steps, planned with this provider."""
    file = folder / "w.yaml"
    file.write_text("steps:\n" + steps)
    with Project(load_config(folder, {"home": folder / "home"}, {}), {"scripted": provider}) as project:
        return asyncio.run(prepare(project, file, RunOptions(provider="scripted")))


def still(name: str, prompt: str, params: str = "") -> str:
    """A picture's step."""
    return f"  - {{name: {name}, type: text_to_image, prompt: {prompt}, params: {{{params}}}}}\n"


def prices(prepared: Prepared) -> list[Decimal]:
    """What each node costs."""
    return [one.money.high for one in prepared.plan.nodes]


def test_a_hundred_pictures_that_differ_in_their_prompts_are_priced_once(tmp_path: Path) -> None:
    provider = Choosy()
    found = planned(tmp_path, provider, "".join(still(f"s{n}", f"fox {n}") for n in range(100)))
    assert prices(found) == [CENT] * 100 and found.plan.money.high == CENT * 100
    assert len(provider.asked) == 1


def test_what_is_charged_by_the_character_is_priced_one_by_one(tmp_path: Path) -> None:
    steps = "".join(f"  - {{name: t{n}, type: prompt_generation, prompt: {'x' * n}}}\n" for n in (1, 5, 9))
    assert prices(planned(tmp_path, Choosy(), steps)) == [CENT * 2, CENT * 6, CENT * 10]


def test_parameters_that_python_takes_for_equal_are_two(tmp_path: Path) -> None:
    steps = (
        still("a", "fox one", "extra: 1") + still("b", "fox two", "extra: true") + still("c", "fox three", "extra: 1.0")
    )
    assert prices(planned(tmp_path, Choosy(), steps)) == [CENT, CENT * 2, CENT]


def test_a_refusal_is_said_of_every_step_that_it_concerns_and_of_no_other(tmp_path: Path) -> None:
    steps = still("a", "one") + still("b", "two", "odd: 1") + still("c", "three") + still("d", "four", "odd: 1")
    with pytest.raises(ProblemsError) as caught:
        planned(tmp_path, Choosy(), steps)
    assert [one.node for one in caught.value.problems if one.code == "choosy"] == ["b", "d"]


def test_what_the_catalogue_doubts_of_one_step_with_rows_is_doubted_of_the_next_step_too(tmp_path: Path) -> None:
    step = '  - {name: %s, type: text_to_image, prompt: "%s {{item}}", rows: [fox, owl], params: {fps_mode: 3}}\n'
    found = planned(tmp_path, Choosy(), step % ("first", "a") + step % ("second", "the"))
    assert [one.node for one in found.problems if one.code == "param-unknown"] == ["first", "second"]


def test_a_word_that_is_refused_is_found_behind_a_thousand_good_ones(tmp_path: Path) -> None:
    films = [f"  - {{name: f{n}, type: text_to_video, prompt: fox {n}}}\n" for n in range(30)]
    films.append("  - {name: last, type: text_to_video, prompt: a forbidden fox}\n")
    with pytest.raises(ProblemsError) as caught:
        planned(tmp_path, Choosy(), "".join(films))
    assert [one.node for one in caught.value.problems if one.code == "choosy"] == ["last"]


@given(st.sampled_from(["prompt", "plain", "replace", "equal", "op", "params", "inputs"]))
def test_every_way_to_look_at_a_prompt_is_noticed(way: str) -> None:
    recipe = Recipe(
        op=Operation.TEXT_TO_IMAGE, provider="p", model="m", prompt="a fox", params={"a": 1}, inputs={}, alias="n"
    )
    seen = watched(recipe)
    if way == "plain":
        assert seen.plain() == recipe.plain()
    elif way == "replace":
        assert replace(seen, params={}).prompt == "a fox"
    elif way == "equal":
        assert seen != replace(seen, model="other")
    else:
        assert getattr(seen, way) == getattr(recipe, way)
    assert seen.looked == (way not in ("op", "params", "inputs"))
