"""Every mistake in a YAML file has one problem, at its line and column, with a stable code and a cure."""

from __future__ import annotations

import pytest

from rushes.model.problem import Mark, Severity
from rushes.spec.codes import CODES
from rushes.spec.load import load
from rushes.spec.native import YamlFormat

HEAD = "steps:\n  - {name: still, type: text_to_image, prompt: x}\n  - {name: film, type: image_to_video}\n"
CASES = [
    ("setings: {}\nsteps: [{type: text_to_image}]", "key-unknown", "1:1", "'settings'"),
    (HEAD + "  - {type: text_to_image, promt: x}", "key-unknown", "4:27", "'prompt'"),
    ("settings: {max_workes: 3}\n" + HEAD, "key-unknown", "1:12", "'max_workers'"),
    ("settings: {cost_management: {daily: 3}}\n" + HEAD, "key-unknown", "1:30", "'daily_limit'"),
    (HEAD + "  - {type: split_image, input_from: still, params: {gird: 2x2}}", "key-unknown", "4:53", "'grid'"),
    ("name: x", "key-missing", "1:1", "steps"),
    ("steps: []", "value-type", "1:1", "list of steps"),
    ("steps: [{name: x}]", "key-missing", "1:9", "type"),
    ("steps: [{typ: text_to_image}]", "key-unknown", "1:10", "'type'"),
    ("steps: [{type: text_to_imag}]", "type-unknown", "1:10", "'text_to_image'"),
    ("steps: [{type: lip_sync}]", "type-unsupported", "1:10", "remove"),
    ("input_image: a.png\nsteps: [{type: avatar}]", "input-missing", "2:9", "video"),
    (HEAD + "  - {type: video_to_video, input_from: film}", "prompt-missing", "4:5", "prompt"),
    (HEAD + "  - {type: transcribe, input_from: still}", "ref-mismatch", "4:24", ""),
    ("input_video: a.mp4\nsteps: [{type: transcribe, prompt: x}]", "prompt-refused", "2:28", "remove"),
    (HEAD + "  - {type: text_to_image, prompt: x, candidates: many}", "value-type", "4:38", "whole number"),
    (HEAD + "  - {type: text_to_image, prompt: x, candidates: 0}", "value-range", "4:38", "from 1"),
    (HEAD + "  - {type: text_to_image, prompt: x, timeout: 0}", "value-range", "4:38", "more than 0"),
    (HEAD + "  - {type: text_to_image, prompt: x, on_error: continu}", "value-range", "4:38", "'continue'"),
    (HEAD + "  - {type: text_to_image, prompt: x, approve: later}", "value-range", "4:38", "first-clean"),
    (HEAD + "  - {type: text_to_image, prompt: x, condition: still.faild}", "value-range", "4:38", "NAME.failed"),
    (HEAD + "  - {type: text_to_image, prompt: x, condition: stil.failed}", "ref-unknown", "4:38", "'still'"),
    (HEAD + "  - {name: film, type: text_to_image, prompt: x}", "name-doubled", "4:6", "own name"),
    (HEAD + '  - {name: "{x}", type: text_to_image, prompt: x}', "name-unusable", "4:6", "letters"),
    (HEAD + "  - {type: image_to_video, input_from: stil}", "ref-unknown", "4:28", "'still'"),
    (HEAD + "  - {type: image_to_video, input_from: film}", "ref-mismatch", "4:28", ""),
    (HEAD + "  - {type: image_to_image}", "ref-mismatch", "4:5", "input_from"),
    (HEAD + "  - {type: text_to_speech}", "prompt-missing", "4:5", "{{input}}"),
    (HEAD + "  - {type: split_image, input_from: still, prompt: x}", "prompt-refused", "4:44", "remove"),
    (HEAD + '  - {type: text_to_image, prompt: "{{inpt}}"}', "placeholder-unknown", "4:27", "'input'"),
    (HEAD + '  - {type: text_to_image, prompt: "{{stil.output}}"}', "ref-unknown", "4:27", "'still'"),
    (HEAD + '  - {type: text_to_image, prompt: "a {{b"}', "placeholder-open", "4:27", "}}"),
    (HEAD + '  - {type: text_to_image, prompt: "{{item}}"}', "item-outside-rows", "4:27", "for_each"),
    (HEAD + '  - {type: text_to_speech, prompt: "{{still.output}}"}', "ref-mismatch", "4:28", ""),
    (HEAD + '  - {type: text_to_image, prompt: x, params: {a: ["{{still.output}}"]}}', "ref-place", "4:47", "params"),
    (HEAD + "  - {type: image_to_image, prompt: x, params: {image: ./a.mp4}}", "ref-mismatch", "4:48", "kind"),
    (HEAD + "  - {type: media, source: 'ftp://x/a.png'}", "source-unusable", "4:19", "http"),
    (HEAD + "  - {type: text_to_image, prompt: x, rows: []}", "rows-empty", "4:38", "row"),
    (HEAD + "  - {type: text_to_image, prompt: x, params: {prompt: y}}", "value-conflict", "4:27", "keep one"),
    (HEAD + "  - {type: parallel_group}", "key-missing", "4:5", "steps"),
    (HEAD + "  - {type: batch, step: {type: text_to_image, prompt: x}}", "key-missing", "4:5", "for_each"),
    (
        HEAD + "  - {type: parallel_group, merge_strategy: best_quality, steps: [{type: upscale_video}]}",
        "value-range",
        "4:28",
        "approve: best",
    ),
    ("output_dir: /etc\n" + HEAD, "path-outside", "1:1", "relative"),
    ("output_dir: a/../../b\n" + HEAD, "path-outside", "1:1", "relative"),
    ("output_dir: 'C:x'\n" + HEAD, "path-outside", "1:1", "relative"),
    ("output_dir: 'a\\..\\b'\n" + HEAD, "path-outside", "1:1", "relative"),
    ("settings: {log_file: ~/x}\n" + HEAD, "path-outside", "1:12", "relative"),
    ("variables: {input: x}\n" + HEAD, "name-unusable", "1:13", "another name"),
    ("variables: {a: '{{b}}'}\n" + HEAD, "value-type", "1:13", "text"),
    ("output: fim\n" + HEAD, "ref-unknown", "1:1", "'film'"),
    ("settings: {max_cost: 3, max_budget: 4}\n" + HEAD, "value-conflict", "1:1", "keep one"),
    ("- a\n- b\n", "value-type", "1:1", "steps"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "at", "cure"), CASES, ids=[f"{n}-{case[1]}" for n, case in enumerate(CASES)])
def test_one_mistake_is_one_error_at_its_place(text: str, code: str, at: str, cure: str) -> None:
    errors = [one for one in load("w.yaml", text.encode()).problems if one.severity is Severity.ERROR]
    assert [(one.code, str(one.mark)) for one in errors] == [(code, f"w.yaml:{at}")], errors
    assert cure in errors[0].try_ and errors[0].why and errors[0].says


@pytest.mark.parametrize(
    "text",
    [
        "temp_dir: tmp\n" + HEAD,
        "save_intermediates: no\n" + HEAD,
        "cleanup_temp: false\n" + HEAD,
        "input_type: image\n" + HEAD,
        HEAD + "  - {type: concat_videos, params: {output_filename: a.mp4}}",
        HEAD + "  - {type: approve, candidates: 3}",
        HEAD + "  - {type: prompt, prompt: x, approve: best}",
        HEAD + "  - {type: parallel_group, model: x, steps: [{type: upscale_video}]}",
    ],
)
def test_a_key_that_changes_nothing_is_named(text: str) -> None:
    assert [one.code for one in load("w.yaml", text.encode()).problems] == ["no-effect"]


def test_all_mistakes_are_said_at_once_in_the_order_of_the_lines() -> None:
    text = "nam: x\nsteps:\n  - {type: text_to_imag}\n  - {type: image_to_video, input_from: x}\noutput: y\n"
    problems = load("w.yaml", text.encode()).problems
    assert [one.code for one in problems] == ["key-unknown", "type-unknown", "ref-unknown", "ref-unknown"]
    assert [one.mark.line for one in problems if one.mark] == [1, 3, 4, 5]


def test_a_misspelt_key_can_be_renamed_by_a_machine() -> None:
    [one] = load("w.yaml", b"steps: [{type: text_to_image, promt: x}]").problems
    assert [(edit.path[-1], edit.value, edit.remove) for edit in one.fix] == [
        ("promt", None, True),
        ("prompt", "x", False),
    ]


def test_a_wrong_word_on_a_group_is_one_problem_for_all_its_members() -> None:
    members = "[{type: text_to_image}, {type: text_to_image}]"
    text = f"steps: [{{type: parallel_group, on_error: x, condition: y.failed, steps: {members}}}]"
    assert sorted(one.code for one in load("w.yaml", text.encode()).problems) == ["ref-unknown", "value-range"]


def test_a_step_that_is_switched_off_may_be_half_wired() -> None:
    assert load("w.yaml", HEAD.encode() + b"  - {type: image_to_image, enabled: false}").problems == []


def test_a_place_is_found_one_by_one_too() -> None:
    document, _ = YamlFormat().parse("w.yaml", HEAD.encode())
    assert document is not None
    assert YamlFormat().locate(document, ("steps", 1, "type")) == Mark("w.yaml", 3, 18)


def test_every_code_says_what_and_why() -> None:
    assert all(code.what and code.why for code in CODES.values())
