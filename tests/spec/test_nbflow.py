"""Reading `.nbflow` files into the workflow model."""

from __future__ import annotations

import pytest

from rushes.graph.grid import build_grid
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.model.text import Ref, Text, Var, plain
from rushes.model.workflow import Input, Mode, Node
from rushes.spec.nbflow import NbflowFormat

from .nbflow_files import TabBuilder, clean, codes, document, load, parsed, story_tab

R = Operation


def test_a_whole_story_reads_without_a_problem_and_has_rows() -> None:
    workflow, problems = load(story_tab())
    assert problems == []
    grid, faults = build_grid(workflow, {})
    assert faults == [] and grid is not None
    assert [node.op for node in workflow.nodes()] == [
        R.PROMPT, R.PROMPT, R.MEDIA, R.TEXT_TO_IMAGE, R.APPROVE, R.PROMPT, R.TEXT_TO_IMAGE, R.APPROVE, R.PROMPT,
        R.IMAGE_TO_VIDEO, R.APPROVE,
    ]  # fmt: skip
    assert grid.count[3] == 2 and grid.count[9] == 2


def test_a_dynamic_prompt_is_its_rows() -> None:
    tab = TabBuilder()
    nodes = clean_of(tab, tab.dynamic("scene", "one", "two"))
    assert nodes.rows == ("one", "two") and nodes.prompt == Text((Var("item"),))


def clean_of(tab: TabBuilder, number: int) -> Node:
    return clean(tab)[str(number)]


def test_a_plain_prompt_is_its_text_braces_and_all() -> None:
    tab = TabBuilder()
    assert clean_of(tab, tab.prompt("a {b}")).prompt == plain("a {b}")


def test_a_template_takes_each_placeholder_from_the_slot_of_that_name() -> None:
    tab = TabBuilder()
    scene, mood = tab.dynamic("scene", "x"), tab.prompt("soft", variableName="mood")
    template = tab.template("A {scene}, {mood}. {scene}", "mood", "scene")
    tab.link(mood, template, 0)
    tab.link(scene, template, 1)
    parts = ("A ", Ref("1"), ", ", Ref("2"), ". ", Ref("1"))
    assert clean_of(tab, template).prompt == Text(parts)


def test_a_placeholder_without_a_link_is_found_by_name_with_a_warning() -> None:
    tab = TabBuilder()
    tab.dynamic("scene", "x")
    template = tab.template("{scene}", "scene")
    workflow, problems = load(tab)
    assert [(p.code, p.severity) for p in problems] == [("nb-placeholder-unwired", Severity.WARNING)]
    assert next(n for n in workflow.nodes() if n.id == str(template)).prompt == Text((Ref("1"),))


def test_a_placeholder_that_nothing_fills_is_an_error_with_its_place() -> None:
    tab = TabBuilder()
    tab.template("{scene}", "scene")
    (problem,) = load(tab)[1]
    assert problem.code == "nb-placeholder-open" and problem.severity is Severity.ERROR
    assert problem.path == ("tabs", 0, "graphData", "nodes", 0, "properties", "text")
    assert (problem.tab, problem.node) == ("MARLOW", "1") and "{scene}" in problem.says


def test_two_prompts_of_one_name_fill_no_placeholder() -> None:
    tab = TabBuilder()
    tab.dynamic("scene", "x")
    tab.dynamic("scene", "y")
    tab.template("{scene}", "scene")
    assert codes(tab) == ["nb-placeholder-open"]


def test_a_row_that_is_an_object_is_refused_and_mended_when_it_holds_one_text() -> None:
    tab = TabBuilder()
    tab.dynamic("scene", "x", {"text": "y"}, 3)
    one, other = load(tab)[1]
    assert one.code == other.code == "nb-rows-shape"
    assert one.fix[0].value == "y" and other.fix == ()


def test_a_batch_prompt_is_one_row_for_each_line_and_says_so() -> None:
    tab = TabBuilder()
    number = tab.prompt("one\n\n two \n", batchMode=True)
    workflow, problems = load(tab)
    assert [p.code for p in problems] == ["nb-batch"]
    assert next(n for n in workflow.nodes() if n.id == str(number)).rows == ("one", "two")


def test_an_image_generator_has_its_references_in_the_order_of_the_slots() -> None:
    tab = TabBuilder()
    a, b = tab.reference("a.png"), tab.reference("https://x.test/b.png?v=1")
    node = clean_of(tab, tab.image(tab.prompt(), b, a, outputCount=3, repeatCount=2, aspectRatio="16:9"))
    assert node.inputs == (Input("reference", ("2", "1")),)
    assert (node.model, node.candidates, node.timeout) == ("nano_banana_2", 6, 300.0)
    assert node.params == {"aspect_ratio": "16:9", "resolution": "1K"}


def test_a_clip_has_start_and_end_frame_and_its_settings() -> None:
    tab = TabBuilder()
    start, end = tab.reference("a.png"), tab.reference("b.png")
    node = clean_of(tab, tab.video(tab.prompt(), start, end, seed=7, negativePrompt="blur", timeout=600000))
    assert node.op is Operation.IMAGE_TO_VIDEO
    assert node.inputs == (Input("start_frame", ("1",)), Input("end_frame", ("2",)))
    assert node.params == {
        "aspect_ratio": "9:16", "resolution": "720p", "duration": 8, "negative_prompt": "blur", "seed": 7,
    }  # fmt: skip
    assert node.timeout == 600.0


def test_a_clip_without_frames_is_made_from_its_text() -> None:
    tab = TabBuilder()
    assert clean_of(tab, tab.video(tab.prompt())).op is Operation.TEXT_TO_VIDEO


def test_a_clip_of_components_takes_its_pictures_as_references() -> None:
    tab = TabBuilder()
    node = clean_of(tab, tab.video(tab.prompt(), tab.reference("a.png"), tab.reference("b.png"), mode="components"))
    assert node.op is Operation.TEXT_TO_VIDEO and node.inputs == (Input("reference", ("2", "3")),)


def test_an_end_frame_alone_is_refused() -> None:
    tab = TabBuilder()
    tab.video(tab.prompt(), None, tab.reference())
    assert codes(tab) == ["nb-frame-missing"]


@pytest.mark.parametrize("type_name", ["nanobanana/Approval", "Approval", "Approve", "nanobanana/Approve"])
def test_every_name_of_a_gate_is_a_gate(type_name: str) -> None:
    tab = TabBuilder()
    image = tab.image(tab.prompt())
    gate = tab.node(type_name, "Approve", "input:*")
    tab.link(image, gate, 0, "*")
    assert clean_of(tab, gate).op is Operation.APPROVE


def test_a_gate_without_an_input_hands_on_its_own_picture() -> None:
    tab = TabBuilder()
    gate = tab.gate(imageData="cat.png")
    node = clean(tab)[str(gate)] if tab.image(tab.prompt(), gate) else None
    assert node is not None and node.op is Operation.MEDIA and node.source == "cat.png"


def test_a_preview_that_nothing_takes_is_left_out() -> None:
    tab = TabBuilder()
    image = tab.image(tab.prompt())
    preview = tab.node("nanobanana/Media", "Look", "input:*", mode="preview")
    tab.link(image, preview, 0, "*")
    assert str(preview) not in clean(tab)


def test_an_empty_reference_is_refused_only_where_it_is_needed() -> None:
    tab = TabBuilder()
    tab.reference(None)
    assert codes(tab) == []
    tab.image(tab.prompt(), 1)
    assert codes(tab) == ["nb-reference-empty"]


@pytest.mark.parametrize(
    "address", ["/etc/passwd", "C:\\x.png", "file:///x.png", "data:image/png;base64,AA", 5, "~/x.png", ["x"]]
)
def test_an_address_that_is_not_for_everyone_is_refused(address: object) -> None:
    tab = TabBuilder()
    tab.image(tab.prompt(), tab.reference(address))
    assert codes(tab) == ["nb-reference-address"]


def test_a_batch_of_references_is_one_row_for_each() -> None:
    tab = TabBuilder()
    batch = tab.reference(None, batchMode=True, batchImages=["a.png", {"url": "b.png"}])
    cat = tab.reference("cat.png")
    nodes = clean_after(tab, tab.image(tab.prompt(), cat, batch))
    assert nodes["1#1"].source == "a.png" and nodes["1#2"].source == "b.png"
    image = nodes["4"]
    assert image.inputs == (Input("reference", ("2",)), Input("reference", ("1#1", "1#2"), Mode.ROWS))


def clean_after(tab: TabBuilder, _last: int) -> dict[str, Node]:
    return clean(tab)


def test_ids_are_kept_when_they_are_unique_over_the_file() -> None:
    assert {"1", "100001"} <= clean(story_tab("A"), story_tab("B", 100001)).keys()


def test_ids_that_two_tabs_share_are_told_apart_by_the_tab() -> None:
    assert {"A/1", "B/1"} <= clean(story_tab("A"), story_tab("B")).keys()


def test_tabs_of_one_name_are_told_apart() -> None:
    workflow, problems = load(story_tab("A"), story_tab("A", 1000))
    assert [tab.name for tab in workflow.tabs] == ["A", "A (2)"]
    assert [problem.code for problem in problems] == ["nb-tab-doubled"]


@pytest.mark.parametrize("off", [{"_disabled": True}, 2, 4])
def test_a_node_that_is_switched_off_is_not_judged(off: object) -> None:
    tab = TabBuilder()
    number = tab.image(None, outputCount="many")
    if isinstance(off, dict):
        tab[number]["properties"] |= off
    else:
        tab[number]["mode"] = off
    assert clean_of(tab, number).enabled is False


def test_an_unknown_type_is_kept_out_with_a_warning_and_refused_where_it_is_needed() -> None:
    tab = TabBuilder()
    strange = tab.node("nanobanana/Seedance", "New", "", "video:video")
    assert [(p.code, p.severity) for p in load(tab)[1]] == [("nb-type-unknown", Severity.WARNING)]
    tab.gate(strange)
    assert codes(tab) == ["nb-type-unknown", "nb-type-needed"] or set(codes(tab)) == {
        "nb-type-unknown",
        "nb-type-needed",
    }


def test_the_wrong_kind_is_refused() -> None:
    tab = TabBuilder()
    clip = tab.gate(tab.video(tab.prompt()))
    tab.image(tab.prompt(), clip)
    (problem,) = load(tab)[1]
    assert problem.code == "nb-kind" and "wants an image and gets a video" in problem.says


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ([9, 1, 0, 99, 0, "string"], "nb-link-target"),
        ([9, 99, 0, 2, 1, "image"], "nb-link-source"),
        ([9, 1, 0, 2, 7, "image"], "nb-link-slot"),
        ([9, 1, 0, 2, -1, "image"], "nb-link-slot"),
        (["x"], "nb-link-shape"),
        (None, "nb-link-shape"),
        ([9, 1, 0, 2, 0, "string"], "nb-link-doubled"),
    ],
)
def test_a_broken_link_is_named(row: object, code: str) -> None:
    tab = TabBuilder()
    tab.image(tab.prompt())
    tab.links.append(row)  # type: ignore[arg-type]
    problem = load(tab)[1][0]
    assert problem.code == code and problem.path == ("tabs", 0, "graphData", "links", 1)


def test_of_two_links_of_one_input_the_one_that_the_input_names_counts() -> None:
    tab = TabBuilder()
    first, second = tab.prompt("first"), tab.prompt("second")
    image = tab.image(first)
    tab.links.append([9, second, 0, image, 0, "string"])
    assert next(n for n in load(tab)[0].nodes() if n.id == str(image)).prompt == Text((Ref(str(first)),))
    tab[image]["inputs"][0]["link"] = 9
    assert next(n for n in load(tab)[0].nodes() if n.id == str(image)).prompt == Text((Ref(str(second)),))


def test_links_in_object_form_are_read() -> None:
    tab = story_tab()
    whole = clean(tab)
    names = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    tab.links = [dict(zip(names, row, strict=True)) for row in tab.links]  # type: ignore[misc]
    assert clean(tab) == whole


def test_stale_copies_do_not_change_what_is_read() -> None:
    tab = story_tab()
    whole = clean(tab)
    for node in tab.nodes:
        for slot in node["inputs"]:
            slot["link"] = 77
        node["outputs"][0]["links"] = []
    assert clean(tab) == whole


def test_a_file_without_slots_is_read_by_their_numbers() -> None:
    tab = story_tab()
    whole = clean(tab)
    for node in tab.nodes:
        del node["inputs"], node["outputs"]
    assert clean(tab) == whole


@pytest.mark.parametrize("value", ["many", 0, -1, 1.5, 1000, [], True, "1e3"])
def test_a_count_that_is_none_is_refused(value: object) -> None:
    tab = TabBuilder()
    tab.image(tab.prompt(), outputCount=value)
    assert codes(tab) == ["nb-value"]


def test_what_earlier_runs_saved_is_never_read() -> None:
    tab = story_tab()
    whole = clean(tab)
    for node in tab.nodes:
        node["properties"] |= {"_savedImages": ["https://x.test/1.png"], "_savedApprovalIndex": 2}
    assert clean(tab) == whole


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"tabs": []}', b"3", b'{"tabs": {}}'])
def test_a_file_that_is_no_graph_says_so(data: bytes) -> None:
    workflow, problems = NbflowFormat().structure(parsed(data))
    assert workflow is None and [problem.code for problem in problems] == ["nb-shape"]


def test_a_problem_has_a_line_in_the_file() -> None:
    tab = TabBuilder()
    tab.template("{scene}", "scene")
    doc = document(tab, indent=1)
    (problem,) = NbflowFormat().structure(doc)[1]
    mark = NbflowFormat().locate(doc, problem.path)
    assert mark is not None and b'"text": "{scene}"' in doc.data.splitlines()[mark.line - 1]
