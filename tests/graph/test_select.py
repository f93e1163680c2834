"""Names and flags to the nodes that may run."""

from __future__ import annotations

import pytest
from tests.graph.build import film, gate, grid_of, media, node, picture

from rushes.graph.grid import Grid
from rushes.graph.select import flags_of, select
from rushes.model.ids import NodeId
from rushes.model.operation import Operation
from rushes.model.run import RunMode, RunOptions


def story() -> Grid:
    nodes = []
    for number, tab in ((1, "Ada"), (2, "Bob")):
        nodes += [
            node(f"text-{number}", Operation.PROMPT, prompt=f"scene {number}", tab=tab),
            media(f"ref-{number}", tab=tab),
            picture(f"scene-{number}", feeds={"reference": f"ref-{number}"}, title=f"Scene {number}", tab=tab),
            gate(f"pick-{number}", f"scene-{number}", tab=tab),
            film(f"clip-{number}", f"pick-{number}", tab=tab),
            node(f"tale-{number}", Operation.ANALYZE_VIDEO, prompt="what?", feeds={"video": f"clip-{number}"}, tab=tab),
            node(f"note-{number}", Operation.ANALYZE_IMAGE, prompt="what?", feeds={"image": f"ref-{number}"}, tab=tab),
        ]
    return grid_of(*nodes)


def chosen(options: RunOptions, failed: set[str] | None = None, stale: set[str] | None = None) -> set[str]:
    grid = story()
    numbers, problems = select(
        grid, options, {NodeId(one) for one in failed or ()}, {NodeId(one) for one in stale or ()}
    )
    assert numbers is not None, problems
    return {str(grid.nodes[number].id) for number in numbers}


def test_no_flag_selects_everything() -> None:
    assert select(story(), RunOptions(), frozenset(), frozenset()) == (None, [])


@pytest.mark.parametrize("name", ["scene-1", "Scene 1", "sCENE 1"])
def test_a_step_is_named_by_its_id_or_its_title(name: str) -> None:
    assert chosen(RunOptions(only=(name,))) == {"scene-1", "ref-1", "pick-1"}


def test_a_pattern_names_several_steps() -> None:
    assert chosen(RunOptions(only=("clip-*",))) == {"clip-1", "pick-1", "clip-2", "pick-2"}


def test_from_takes_everything_below_and_until_everything_above() -> None:
    assert chosen(RunOptions(start=("clip-1",))) == {"pick-1", "clip-1", "tale-1"}
    assert chosen(RunOptions(until=("clip-1",))) == {"ref-1", "scene-1", "pick-1", "clip-1"}


def test_flags_combine_by_intersection() -> None:
    assert chosen(RunOptions(start=("scene-1",), until=("clip-1",))) == {"ref-1", "scene-1", "pick-1", "clip-1"}
    assert chosen(RunOptions(tabs=("bob",), mode=RunMode.IMAGES)) == {"ref-2", "scene-2", "pick-2"}
    assert "clip-1" not in chosen(RunOptions(without=("clip-*",)))


def test_images_are_the_stills_and_what_they_need() -> None:
    assert chosen(RunOptions(mode=RunMode.IMAGES, tabs=("Ada",))) == {"ref-1", "scene-1", "pick-1"}


def test_videos_are_the_films_and_what_belongs_to_them_but_never_a_still() -> None:
    assert chosen(RunOptions(mode=RunMode.VIDEOS, tabs=("Ada",))) == {"pick-1", "clip-1", "tale-1"}


def test_failed_takes_what_failed_and_what_waited_for_it_and_stale_exactly_what_is_stale() -> None:
    assert chosen(RunOptions(failed=True), failed={"clip-2", "gone"}) == {"pick-2", "clip-2", "tale-2"}
    assert chosen(RunOptions(stale=True), stale={"scene-1"}) == {"ref-1", "scene-1", "pick-1"}


def test_an_unknown_name_is_a_problem_that_names_the_nearest() -> None:
    numbers, problems = select(story(), RunOptions(only=("scen-1",), tabs=("Adda",)), frozenset(), frozenset())
    assert numbers is None
    assert [(one.code, one.says) for one in problems] == [
        ("name-unknown", "--only 'scen-1': there is no step with this name"),
        ("name-unknown", "--tab 'Adda': there is no tab with this name"),
    ]
    assert "'scene-1'" in problems[0].try_ and "'Ada'" in problems[1].try_


def test_the_flags_are_said_as_they_were_written() -> None:
    options = RunOptions(only=("a", "b"), without=("c",), mode=RunMode.VIDEOS, failed=True)
    assert flags_of(options) == "--only a --only b --except c --mode videos --failed"
