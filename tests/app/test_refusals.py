"""What a provider or the catalogue would refuse is said with step, parameter and line before anything is bought."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from rushes.app.asked import doubts
from rushes.app.check import check_files
from rushes.app.config import load_config
from rushes.app.plan import prepare
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.catalogue.load import Catalogue
from rushes.model.ids import NodeId
from rushes.model.operation import Operation
from rushes.model.problem import Problem, ProblemsError, Severity
from rushes.model.request import Recipe
from rushes.model.run import RunOptions
from rushes.model.text import Ref, Text, Var
from rushes.model.workflow import Node
from rushes.testing.provider import ScriptedProvider

STILL = "  - {name: still, type: text_to_image, prompt: a fox, params: {resolution: 512px}}\n"


def project_in(folder: Path) -> Project:
    """A project whose home is below the folder."""
    return Project(load_config(folder, {"home": folder / "home"}, {}), {"scripted": ScriptedProvider()})


def file_of(folder: Path, steps: str) -> Path:
    """A workflow file with these steps, the first on line 2."""
    file = folder / "w.yaml"
    file.write_text("steps:\n" + steps)
    return file


def refused(folder: Path, steps: str, **variables: str) -> Sequence[Problem]:
    """What a run of these steps is refused for."""
    with project_in(folder) as project, pytest.raises(ProblemsError) as caught:
        asyncio.run(run_file(project, file_of(folder, steps), RunOptions(variables=variables)))
    assert not list((folder / "home").rglob("*.png")), "nothing was made"
    return caught.value.problems


def said(folder: Path, steps: str) -> Sequence[Problem]:
    """What a plan of these steps warns of."""
    with project_in(folder) as project:
        return asyncio.run(prepare(project, file_of(folder, steps), RunOptions())).problems


def test_every_value_that_cannot_be_made_is_named_at_once_with_step_parameter_and_line(tmp_path: Path) -> None:
    steps = (
        "  - {name: still, type: text_to_image, prompt: a fox, params: {resolution: 256px}}\n"
        "  - {name: film, type: image_to_video, prompt: it runs, params: {duration: long, fps: 900}}\n"
        "  - {name: told, type: generate_subtitles, prompt: hello, params: {format: ass}}\n"
    )
    errors = [one for one in refused(tmp_path, steps) if one.severity is Severity.ERROR]
    found = [(one.node, one.path[-1], one.mark and one.mark.line) for one in errors]
    assert found == [("still", "resolution", 2), ("film", "duration", 3), ("film", "fps", 3), ("told", "format", 4)]
    assert all(one.says.startswith(f"{one.node}: ") and one.try_ for one in errors)


def test_a_step_that_waits_for_another_is_judged_by_what_its_file_says(tmp_path: Path) -> None:
    steps = STILL + "  - {name: large, type: upscale_image, params: {factor: 20}}\n"
    assert [(one.node, one.path[-1]) for one in refused(tmp_path, steps)] == [("large", "factor")]


def test_a_value_from_a_variable_is_judged_too(tmp_path: Path) -> None:
    steps = STILL + "  - {name: film, type: image_to_video, prompt: x, params: {resolution: '{{size}}'}}\n"
    steps += "variables: {size: 720p}\n"
    assert [one.node for one in refused(tmp_path, steps, size="17p")] == ["film"]
    assert not said(tmp_path, steps)


def test_what_is_there_already_is_not_judged_again(tmp_path: Path) -> None:
    steps = "  - {name: film, type: text_to_video, model: sora_2, prompt: x, params: {duration: 4, resolution: 360p}}\n"
    with project_in(tmp_path) as project:
        file = file_of(tmp_path, steps)
        asyncio.run(run_file(project, file, RunOptions()))
        assert not asyncio.run(prepare(project, file, RunOptions())).problems


def test_a_retired_model_is_said_with_what_to_use_instead(tmp_path: Path) -> None:
    steps = "  - {name: film, type: text_to_video, model: sora_2, prompt: x, params: {duration: 4, resolution: 360p}}\n"
    (warning,) = said(tmp_path, steps)
    assert (warning.code, warning.severity, warning.path[-1]) == ("model-retired", Severity.WARNING, "model")
    assert "2026-09-24" in warning.says and "veo_3_1_fast" in warning.try_ and "sora" not in warning.try_


@pytest.mark.parametrize(("provider", "severity"), [("sketch", Severity.WARNING), ("fal", Severity.ERROR)])
def test_a_retired_model_names_its_successor_and_stops_what_is_paid_for(provider: str, severity: Severity) -> None:
    node = Node(id=NodeId("n"), tab="t", op=Operation.TEXT_TO_IMAGE, path=(), model="gpt_image_1_5")
    recipe = Recipe(op=node.op, provider=provider, model="1", prompt="x", params={}, inputs={})
    (problem,) = doubts(Catalogue.default(), node, recipe, date(2026, 12, 1))
    assert problem.severity is severity and "gpt_image_2_5" in problem.try_
    (before,) = doubts(Catalogue.default(), node, recipe, date(2026, 11, 30))
    assert (before.code, before.severity) == ("model-retiring", Severity.WARNING)


def test_a_length_that_the_model_does_not_make_is_said_in_rehearsal(tmp_path: Path) -> None:
    steps = "  - {name: film, type: text_to_video, model: hailuo_pro, prompt: x, params: {duration: 4s}}\n"
    (warning,) = said(tmp_path, steps)
    assert (warning.code, warning.severity) == ("param-value", Severity.WARNING)
    assert "6 seconds" in warning.try_
    assert not said(tmp_path, steps.replace("4s", "'6'"))


def test_a_misspelt_parameter_is_an_error_with_the_right_one_beside_it(tmp_path: Path) -> None:
    steps = "  - {name: still, type: text_to_image, prompt: a fox, params: {aspect_ration: '16:9'}}\n"
    (problem,) = refused(tmp_path, steps)
    assert (problem.code, problem.try_) == ("param-unknown", "did you mean 'aspect_ratio'?")


def test_a_parameter_of_other_work_or_of_no_known_work_is_a_warning(tmp_path: Path) -> None:
    other, strange = said(tmp_path, STILL.replace("512px}", "512px, duration: 8, flux_capacity: 3}"))
    assert "text_to_video" in other.try_ and "flux_capacity" in strange.says
    assert {other.severity, strange.severity} == {Severity.WARNING}


def test_check_says_the_same_without_a_plan(tmp_path: Path) -> None:
    with project_in(tmp_path) as project:
        (found,) = check_files(project, [file_of(tmp_path, STILL.replace("512px", "256px"))])
    assert [(one.code, one.node) for one in found.problems] == [("sketch-parameter", "still")]
    assert not found.ok


def test_a_provider_that_is_not_there_is_named_with_its_line_unless_a_flag_takes_its_place(tmp_path: Path) -> None:
    steps = STILL.replace("prompt", "provider: skech, prompt") + "settings: {provider: fall}\n"
    found = [(one.code, one.mark and one.mark.line) for one in refused(tmp_path, steps)]
    assert found == [("provider-unknown", 3), ("provider-unknown", 2)]
    with project_in(tmp_path) as project:
        (checked,) = check_files(project, [file_of(tmp_path, steps)])
        assert [one.code for one in checked.problems] == ["provider-unknown"] * 2
        assert asyncio.run(prepare(project, file_of(tmp_path, steps), RunOptions(provider="sketch"))).plan.calls == 1


def test_a_text_is_filled_only_where_everything_open_in_it_is_known() -> None:
    assert Text(("a ", Var("x"), "!")).filled({"x": "fox"}) == "a fox!"
    assert Text((Var("y"),)).filled({"x": "fox"}) is None
    assert Text((Ref(NodeId("n")),)).filled({"n": "fox"}) is None


def test_a_flag_that_sets_what_nothing_knows_is_refused_and_one_that_changes_nothing_is_said(tmp_path: Path) -> None:
    steps = STILL.replace("a fox", "'a fox, {{style}}'") + "variables: {style: oil, spare: x}\n"
    (problem,) = refused(tmp_path, steps, stile="ink")
    assert problem.code == "variable-unknown" and "'style'" in problem.try_
    with project_in(tmp_path) as project:
        options = RunOptions(variables={"style": "ink", "spare": "y", "input": "a hare"})
        found = asyncio.run(prepare(project, file_of(tmp_path, steps), options)).problems
    assert [(one.severity, one.says.partition(" changes")[0]) for one in found] == [
        (Severity.WARNING, "--set spare"),
        (Severity.WARNING, "--input"),
    ]


def test_a_value_that_cannot_be_had_is_said_once(tmp_path: Path) -> None:
    file = tmp_path / "w.yaml"
    film = "{name: f, type: text_to_video, model: kling_2_6_pro, prompt: x, params: {duration: 7, aspect_ratio: '7:4'}}"
    file.write_text(f"steps:\n  - {film}\n")
    config = load_config(tmp_path, {"home": str(tmp_path / "home")}, {})
    with Project(config) as project, pytest.raises(ProblemsError) as caught:
        asyncio.run(prepare(project, file, RunOptions(provider="fal")))
    assert sorted(str(one.path[-1]) for one in caught.value.problems) == ["aspect_ratio", "duration"]
