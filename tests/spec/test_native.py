"""What the documented shapes of YAML files mean."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from rushes.graph.grid import build_grid
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.model.text import Ref, Text, Var
from rushes.model.workflow import Condition, LimitSpec, Mode, Node, Pick, Workflow
from rushes.spec import yaml_tree
from rushes.spec.load import load

SAMPLES = Path(__file__).parent / "samples"


def sample(name: str) -> Workflow:
    path = SAMPLES / f"{name}.yaml"
    found = load(path.name, path.read_bytes())
    assert found.workflow is not None
    assert [one for one in found.problems if one.severity is Severity.ERROR] == []
    return found.workflow


def nodes(workflow: Workflow) -> dict[str, Node]:
    return {str(node.id): node for node in workflow.nodes()}


def wires(node: Node) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for entry in node.inputs:
        found[entry.role] = found.get(entry.role, ()) + entry.refs
    return found


def read(text: str) -> dict[str, Node]:
    found = load("w.yaml", text.encode())
    assert found.workflow is not None
    assert [one for one in found.problems if one.severity is Severity.ERROR] == []
    return nodes(found.workflow)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_sample_has_a_grid_and_the_same_meaning_as_json(path: Path) -> None:
    workflow = sample(path.stem)
    variables = {"input": "x", "input_lines": "one\ntwo", **workflow.variables}
    grid, problems = build_grid(workflow, variables)
    assert problems == [] and grid is not None
    tree, _ = yaml_tree.parse(path.name, path.read_bytes())
    twin = load(f"{path.stem}.json", json.dumps(tree).encode()).workflow
    assert twin is not None and twin.tabs == workflow.tabs and twin.format == "json"


def test_steps_without_references_continue_from_the_step_before() -> None:
    found = nodes(sample("chain"))
    assert found["step-1"].prompt == Text((Var("input"),))
    assert found["step-1"].params == {"aspect_ratio": "16:9", "seed": 42, "guidance_scale": 3.5}
    assert wires(found["step-2"]) == {"image": ("step-1",)}
    assert wires(found["step-3"]) == {"start_frame": ("step-2",)}
    assert wires(found["step-4"]) == {"video": ("step-3",)}
    assert wires(found["step-5"]) == {"video": ("step-4",)} and found["step-5"].prompt is None


def test_references_order_the_work_and_not_the_file() -> None:
    workflow = sample("diamond")
    found = nodes(workflow)
    assert wires(found["film"]) == {"start_frame": ("base",)}
    assert wires(found["thumbnail"]) == {"image": ("base",)}
    assert found["base"].prompt is not None
    assert found["base"].prompt.vars == ("input", "style", "count")
    assert found["base"].prompt.parts[-1] == " of them, {single} braces"
    assert found["poster"].prompt == Text(
        ("say: ", Ref(found["look"].id), ", key ", Var("env.POSTER_KEY"), ", ", Var("timestamp"), "-", Var("random"))
    )
    assert found["poster"].params["style"] == Text((Ref(found["look"].id),))
    assert workflow.variables == {"style": "watercolour", "count": "3"}
    assert workflow.result == "film"


def test_a_group_is_a_ceiling_and_its_name_means_all_members() -> None:
    workflow = sample("group")
    found = nodes(workflow)
    members = ("a", "b", "sketches/step-3")
    assert workflow.limits == (LimitSpec(name="sketches", in_flight=4, fail_fast=True, timeout=300.0),)
    assert {found[name].limit for name in members} == {"sketches"}
    assert found["films"].inputs[0].refs == members and found["films"].inputs[0].mode is Mode.ROWS
    assert found["compare"].inputs[0].refs == members and found["compare"].inputs[0].mode is Mode.ALL
    assert wires(found["only_b"]) == {"image": ("b",)}


def test_the_older_shape_of_a_group_works_too() -> None:
    workflow = sample("parallel_steps")
    entry = nodes(workflow)["step-2"].inputs[0]
    assert entry.refs == ("step-1/step-1", "step-1/step-2") and entry.mode is Mode.FIRST
    assert workflow.limits[0].in_flight == 3


def test_groups_nest_and_members_refer_outwards() -> None:
    workflow = sample("nested")
    found = nodes(workflow)
    assert [(one.name, one.in_flight, one.parent) for one in workflow.limits] == [
        ("outer", 6, None),
        ("inner", 2, "outer"),
        ("day", 1, "inner"),
    ]
    assert wires(found["inner/step-1"]) == {"image": ("base",)}
    assert found["inner/step-1"].keep_going and not found["day"].keep_going
    assert wires(found["all"]) == {"video": ("film", "film2")}


def test_a_batch_is_a_step_with_rows() -> None:
    workflow = sample("batch")
    found = nodes(workflow)
    assert found["pictures"].rows_from == "input_lines" and found["pictures"].limit == "pictures"
    assert found["voices"].rows == ("one", "two") and found["voices"].prompt == Text((Var("item"),))
    assert found["themed"].rows == ("sea", "wood", "3")
    assert workflow.settings.input_file == "prompts.txt"


def test_panels_are_animated_with_a_prompt_each() -> None:
    workflow = sample("panels")
    found = nodes(workflow)
    assert found["step-2"].params == {"grid": "2x2", "output_format": "png"}
    assert found["step-3"].rows == ("he wakes", "he runs", "he falls", "he laughs")
    assert found["step-3"].prompt == Text((Var("item"),)) and found["step-3"].limit == "step-3"
    assert found["step-5"].prompt == Text(("the end",))


def test_prompt_generation_hands_the_picture_on_and_its_text_is_the_prompt_that_is_missing() -> None:
    found = nodes(sample("story"))
    assert found["input_image"].op is Operation.MEDIA and found["input_image"].source == "./hero.png"
    assert wires(found["film"]) == {"start_frame": ("input_image",)}
    idea = Text((Ref(found["idea"].id),))
    assert found["film"].prompt == idea and found["step-3"].prompt == idea and found["voice"].prompt == idea
    assert wires(found["step-5"]) == {"video": ("film",), "audio": ("voice",)}


def test_alternatives_conditions_and_failures_that_are_allowed() -> None:
    found = nodes(sample("rescue"))
    assert found["primary"].keep_going and found["primary"].attempts == 3 and found["primary"].timeout == 60
    assert found["spare"].condition == Condition(found["primary"].id, "failed")
    assert found["words"].condition == Condition(found["primary"].id, "done")
    assert found["film"].inputs[0].mode is Mode.FIRST and found["film"].inputs[0].refs == ("primary", "spare")
    assert found["voice.input"].inputs[0].mode is Mode.FIRST
    assert not found["off"].enabled
    assert found["step-8"].budget == Decimal("1.25") and found["step-8"].provider == "sketch"


def test_an_approved_step_is_followed_by_a_gate_that_all_others_refer_to() -> None:
    workflow = sample("gates")
    found = nodes(workflow)
    assert found["still"].candidates == 4 and found["still"].attempts == 5
    assert found["still.approve"].pick is Pick.ASK and found["more.approve"].pick is None
    assert wires(found["film"]) == {"start_frame": ("still.approve",)}
    assert wires(found["more"]) == {"image": ("still.approve",)} and found["more"].candidates == 2
    assert found["more"].prompt == Text(("like but blue",))
    assert found["gate"].pick is Pick.FIRST_CLEAN and wires(found["big"]) == {"video": ("gate",)}
    assert workflow.result == "still.approve"


def test_parameters_that_name_media_are_inputs_by_role() -> None:
    found = nodes(sample("media"))
    assert found["face"].source == "https://example.org/face"
    assert wires(found["still"]) == {
        "reference": ("hero", "still.reference_images.2", "still.reference_images.3", "face")
    }
    assert found["still.reference_images.3"].source == "assets/logo.png"
    assert wires(found["film"]) == {"start_frame": ("still",), "end_frame": ("film.end_frame",)}
    assert found["film"].params == {"audio": True} and found["film.end_frame"].source == "./end.png"
    assert wires(found["intro"]) == {"video": ("input_video",)}
    assert wires(found["edit"]) == {"image": ("input_image",), "mask": ("edit.mask",)}


def test_tabs_have_names_of_their_own() -> None:
    workflow = sample("two_tabs")
    found = nodes(workflow)
    assert [tab.name for tab in workflow.tabs] == ["A", "B"]
    assert wires(found["A/film"]) == {"start_frame": ("A/still",)}
    assert wires(found["B/film"]) == {"start_frame": ("B/still",), "reference": ("A/still",)}
    assert found["B/film"].title == "film" and found["B/film"].tab == "B"


def test_every_setting_arrives() -> None:
    got = sample("settings").settings
    assert (got.parallel, got.max_workers, got.fail_fast, got.output_dir) == (False, 3, True, "out")
    assert got.input_file == "lines.txt"
    assert (got.max_cost, got.warn_cost, got.daily_limit, got.confirm) == (5, Decimal("2.5"), 20, True)
    assert (got.request_delay, got.timeout) == (0.5, 600)
    assert (got.max_retries, got.retry_delay, got.provider) == (3, 2, "sketch")
    assert (got.attempts, got.candidates, got.pick) == (2, 4, Pick.BEST)


def test_a_switched_off_step_is_not_in_the_chain() -> None:
    found = read(
        "steps: [{type: text_to_image, prompt: x}, {type: image_to_image, enabled: no}, {type: image_to_video}]"
    )
    assert wires(found["step-3"]) == {"start_frame": ("step-1",)}


def test_a_group_can_say_where_its_members_continue_from() -> None:
    found = read(
        "steps: [{name: a, type: text_to_image, prompt: x}, {name: b, type: text_to_image, prompt: y},"
        " {type: parallel_group, input_from: a, steps: [{name: c, type: image_to_image},"
        " {name: d, type: image_to_video, params: {image: '{{b.output}}'}}]}]"
    )
    assert wires(found["c"]) == {"image": ("a",)} and wires(found["d"]) == {"start_frame": ("b",)}


def test_a_text_after_a_group_of_texts_is_all_of_them() -> None:
    found = read(
        "input_image: a.png\nsteps: [{type: parallel_group, name: g, steps: [{name: a, type: analyze_image},"
        " {name: b, type: analyze_image}]}, {type: text_to_image}]"
    )
    assert found["step-2"].prompt == Text((Ref(found["a"].id), "\n\n", Ref(found["b"].id)))


def test_a_workflow_that_lacks_its_picture_says_so_and_can_still_be_looked_at() -> None:
    found = load("w.yaml", b"steps: [{type: image_to_video}]")
    assert [(one.code, one.severity) for one in found.problems] == [("input-needed", Severity.WARNING)]
    assert found.usable and found.workflow is not None
    assert nodes(found.workflow)["input_image"].source is None


def test_the_name_of_a_workflow_without_one_is_that_of_its_file() -> None:
    found = load("dir/my film.yml", b"steps: [{type: text_to_image}]")
    assert found.workflow is not None and found.workflow.name == "my film"


@pytest.mark.parametrize(
    ("file", "data", "name"),
    [
        ("a.yaml", b"steps: [{type: text_to_image}]", "yaml"),
        ("a.JSON", b'{"steps": [{"type": "text_to_image"}]}', "json"),
        ("a", b' {"steps": [{"type": "text_to_image"}]}', "json"),
        ("a.txt", b"steps: [{type: text_to_image}]", "yaml"),
        ("a.json", b'{"name": "x", "tabs": [{"graphData": {"nodes": [], "links": []}}]}', "nbflow"),
    ],
)
def test_the_format_is_told_by_the_suffix_and_else_by_the_content(file: str, data: bytes, name: str) -> None:
    document = load(file, data).document
    assert document is not None and document.format == name


def test_a_portrait_gets_its_voices_its_words_or_its_motion() -> None:
    found = nodes(sample("host"))
    assert wires(found["host"]) == {"image": ("face",), "audio": ("voice",)}
    assert wires(found["pair"]) == {"image": ("face",), "audio": ("voice",), "second_audio": ("answer",)}
    assert found["pair"].op is Operation.AVATAR and found["pair"].prompt == Text(("They talk",))
    assert wires(found["told"]) == {"image": ("face",)} and found["told"].prompt == Text(("Good evening",))
    assert wires(found["led"]) == {"image": ("face",), "video": ("input_video",)} and found["led"].prompt is None
    assert found["led"].params == {"character_orientation": "image"}
    assert wires(found["night"]) == {"video": ("led",), "reference": ("face",)}
    assert found["night"].params == {"keep_audio": False}
    assert wires(found["words"]) == {"audio": ("voice",)} and wires(found["heard"]) == {"audio": ("night",)}
    assert found["heard"].op is Operation.SPEECH_TO_TEXT and found["heard"].prompt is None
    assert (
        wires(found["seen"]) == {"audio": ("seen.video_url",)} and found["seen.video_url"].source == "./clips/talk.mp4"
    )


def test_two_voices_that_are_only_named_are_two_films_and_never_one_person_after_the_other() -> None:
    found = read(
        "steps:\n"
        "  - {name: face, type: text_to_image, prompt: x}\n"
        "  - {name: one, type: text_to_speech, prompt: x}\n"
        "  - {name: two, type: text_to_speech, prompt: y}\n"
        "  - {name: host, type: avatar, input_from: [face, one, two]}\n"
    )
    entry = next(one for one in found["host"].inputs if one.role == "audio")
    assert (entry.refs, entry.mode) == (("one", "two"), Mode.ROWS)


def test_a_picture_that_is_only_named_is_never_a_mask() -> None:
    found = load(
        "w.yaml",
        b"steps:\n"
        b"  - {name: a, type: text_to_image, prompt: x}\n"
        b"  - {name: b, type: text_to_image, prompt: x}\n"
        b"  - {type: avatar, prompt: hello, input_from: b, params: {image: a}}\n",
    )
    assert [one.code for one in found.problems] == ["input-unused"]
