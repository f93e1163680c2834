"""Rows, and every reason why a document has no grid."""

from __future__ import annotations

import pytest
from tests.graph.build import film, grid_of, media, node, picture, ref, text, workflow

from rushes.graph.critical import longest_chain, makespan
from rushes.graph.grid import MOST_CELLS, build_grid
from rushes.graph.topology import build, remaining_path
from rushes.model.ids import NodeId
from rushes.model.operation import Operation
from rushes.model.text import Var
from rushes.model.workflow import Input, Mode, Node


def codes(*nodes: Node) -> list[tuple[str, str]]:
    grid, problems = build_grid(workflow(*nodes), {})
    assert grid is None
    return [(one.code, one.says) for one in problems]


def test_an_unknown_reference_names_the_nearest_step() -> None:
    _grid, problems = build_grid(workflow(picture("still"), film("clip", "stil")), {})
    assert [(one.code, one.try_) for one in problems] == [("ref-unknown", "did you mean 'still'?")]


def test_a_cycle_is_shown_in_order() -> None:
    ring = [picture("a", text(ref("b"))), picture("b", text(ref("a")))]
    assert codes(*ring) == [("cycle", "these steps wait for each other: a -> b -> a")]


def test_a_doubled_id_is_a_problem() -> None:
    assert codes(picture("a"), picture("a"))[0][0] == "id-doubled"


def test_rows_that_disagree_are_a_problem_that_names_both() -> None:
    two = node("two", Operation.PROMPT, prompt=text(Var("item")), rows=("1", "2"))
    three = node("three", Operation.PROMPT, prompt=text(Var("item")), rows=("1", "2", "3"))
    found = codes(two, three, picture("p", text(ref("two"), ref("three"))))
    assert found == [("rows-disagree", "its inputs have different numbers of rows: 2 from two, 3 from three")]


def test_no_rows_are_a_problem() -> None:
    assert codes(node("none", Operation.PROMPT, prompt=text(Var("item")), rows=()))[0][0] == "rows-empty"


def test_a_grid_that_is_no_grid_is_a_problem() -> None:
    cut = node("cut", Operation.SPLIT_IMAGE, feeds={"image": "m"}, params={"grid": "many"})
    assert codes(media("m"), cut) == [("grid-unknown", "'many' is not a grid such as 2x2")]


def test_nodes_with_one_title_are_counted_apart_and_called_by_it() -> None:
    two = node("1", Operation.PROMPT, prompt=text(Var("item")), rows=("1", "2"), title="Rows")
    three = node("2", Operation.PROMPT, prompt=text(Var("item")), rows=("1", "2", "3"), title="Rows")
    found = codes(two, three, picture("p", text(ref("1"), ref("2"))))
    assert found == [("rows-disagree", "its inputs have different numbers of rows: 2 from 'Rows', 3 from 'Rows'")]


def test_more_rows_than_can_be_held_are_a_problem_and_take_no_memory() -> None:
    rows = node("rows", Operation.PROMPT, prompt=text(Var("item")), rows=("x",) * (MOST_CELLS // 2))
    assert codes(rows, picture("p", text(ref("rows"))), film("f", "p"))[0][0] == "rows-too-many"


def test_one_row_stretches_and_several_are_zipped() -> None:
    scene = node("scene", Operation.PROMPT, prompt=text(Var("item")), rows=("x", "y"))
    still = picture("still", text(ref("scene")), feeds={"reference": "m"})
    grid = grid_of(scene, media("m"), still, film("clip", "still", text(ref("scene"))))
    assert list(grid.count) == [2, 1, 2, 2]
    last = grid.cells[grid.first[3] + 1]
    assert [grid.cells[number].row for number in last.needs] == [1, 1]
    assert [one.item for one in grid.cells[:2]] == ["x", "y"]


def test_rows_may_come_from_the_lines_of_a_file() -> None:
    grid = grid_of(picture("p", text(Var("item")), rows_from="input_lines"), variables={"input_lines": "a\n\nb\n"})
    assert [one.item for one in grid.cells] == ["a", "b"]


def test_rows_mode_makes_a_row_of_each_input_even_when_each_has_several() -> None:
    scene = node("scene", Operation.PROMPT, prompt=text(Var("item")), rows=("x", "y"))
    feeds = {"start_frame": Input("start_frame", (NodeId("still"), NodeId("m")), Mode.ROWS)}
    clip = node("clip", Operation.IMAGE_TO_VIDEO, prompt="go", feeds=feeds)
    grid = grid_of(scene, picture("still", text(ref("scene"))), media("m"), clip)
    assert grid.count[3] == 3


def test_a_split_multiplies_rows_and_its_panels_know_their_number() -> None:
    scene = node("scene", Operation.PROMPT, prompt=text(Var("item")), rows=("x", "y"))
    cut = node("cut", Operation.SPLIT_IMAGE, feeds={"image": "still"}, params={"grid": "3x1"})
    grid = grid_of(scene, picture("still", text(ref("scene"))), cut)
    cells = [grid.cells[number] for number in grid.cells_of(2)]
    assert [(cell.row, cell.panel, grid.cells[cell.needs[0]].row) for cell in cells] == [
        (0, 0, 0),
        (1, 1, 0),
        (2, 2, 0),
        (3, 0, 1),
        (4, 1, 1),
        (5, 2, 1),
    ]


def test_equal_documents_have_equal_orders_and_parents_come_first() -> None:
    topology, _ = build([[2], [], [1, 1]])
    assert topology is not None
    assert (topology.order, topology.parents[2]) == ((1, 2, 0), (1,))
    assert remaining_path(topology, [1.0, 2.0, 4.0]) == [1.0, 7.0, 5.0]


@pytest.mark.parametrize(("hands", "seconds"), [(1, 12.0), (2, 7.0), (9, 7.0)])
def test_no_schedule_is_shorter_than_chain_or_work(hands: int, seconds: float) -> None:
    assert makespan(7.0, 12.0, hands) == seconds


def test_the_longest_chain_ignores_what_is_not_in_it() -> None:
    grid = grid_of(picture("a"), film("b", "a"), film("c", "a"))
    assert longest_chain(grid, {1: 2.0, 2: 3.0}) == (3.0, [2])
    assert longest_chain(grid, {}) == (0.0, [])
