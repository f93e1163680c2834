"""What a workflow would ask, were everything made: the keys that plans have, whatever a store holds."""

from __future__ import annotations

from rushes.graph.asks import asks
from rushes.graph.grid import Grid
from rushes.model.operation import Operation
from rushes.model.workflow import Pick

from .build import Memory, film, gate, grid_of, media, node, picture, plan_of, ref, setting, text


def keys(grid: Grid) -> dict[str, str]:
    """The question of each asking row."""
    found = asks(grid, setting())
    return {f"{one.question.node.id}/{grid.cells[one.cell].row}": one.question.base for one in found}


def story(prompt: str = "a fox", name: str = "still") -> Grid:
    sheet = media("sheet")
    still = picture(name, prompt, feeds={"reference": "sheet"}, candidates=2)
    return grid_of(sheet, still, gate("pick", name), film("film", "pick"), picture("owl", "an owl"))


def test_what_needs_nothing_that_is_made_is_asked_as_a_plan_asks_it() -> None:
    grid = story()
    certain = {one.question.base for one in asks(grid, setting()) if one.certain}
    assert certain == {unit.base for unit in plan_of(grid, Memory()).units} and len(certain) == 2


def test_another_question_is_another_one_for_all_that_follows() -> None:
    before, after = keys(story()), keys(story("an ox"))
    assert [name for name in before if before[name] != after[name]] == ["still/0", "film/0"]


def test_another_name_is_no_other_question() -> None:
    before, after = keys(story()), keys(story(name="renamed"))
    assert before["still/0"] == after["renamed/0"] and before["film/0"] == after["film/0"]


def test_a_gate_that_waits_for_a_person_and_one_that_picks_ask_the_same_of_what_follows() -> None:
    found = [
        keys(grid_of(picture("a"), gate("g", "a", pick=pick), film("f", "g")))["f/0"] for pick in (Pick.ASK, Pick.BEST)
    ]
    assert found[0] == found[1]


def test_rows_panels_and_words_that_are_made_have_questions_of_their_own() -> None:
    rows = node("rows", Operation.PROMPT, prompt=text("x"), rows=("one", "two"))
    grid = grid_of(
        rows,
        picture("many", text(ref("rows")), rows=("one", "two")),
        node("sheet", Operation.SPLIT_IMAGE, feeds={"image": "one"}, params={"grid": "2x2"}),
        picture("one"),
        picture("panel", "more", feeds={"reference": "sheet"}),
        node("said", Operation.PROMPT_GENERATION, prompt=text("tell")),
        picture("told", text("now ", ref("said"))),
    )
    found = keys(grid)
    panels = [found[f"panel/{n}"] for n in range(4)]
    assert len(set(panels)) == 4 and "told/0" in found
    assert not {one.question.node.id for one in asks(grid, setting()) if not one.certain} & {
        "one",
        "many",
        "said",
    }


def test_what_is_switched_off_asks_nothing_and_neither_does_what_needs_it() -> None:
    grid = grid_of(picture("a", enabled=False), film("f", "a"), picture("b"))
    assert set(keys(grid)) == {"b/0"}
