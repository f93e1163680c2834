"""Random native documents: mostly right, now and then slightly wrong."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from rushes.spec.words import ROLE_NAMES, TYPES, UNSUPPORTED

NAMES = ["base", "still", "story", "clip", "final", "Scene 1", "7"]
TEXTS = [
    "a fox", "", "{{input}}", "{{base.output}}", "{{step_still.output}} at {{ input }}", "{{nobody.output}}",
    "{{item}}", "{{env.KEY}}", "{{style}}", "{{random}}{{timestamp}}", "{one} {{open", "x: # y", "16:9",
]  # fmt: skip
WEIRD = [
    " ", "on", "Yes", "file:///etc/passwd", "best", "continue", "base OR still", "base.failed", "..failed", ".done",
    "{{base.succeeded}}", "{{ .failed}}", "3x3", "17x1", "../up", "a\\b", "{{input_lines}}", None, True, False, 0, 1,
    -1, 2.0, 0.5, 1e12, 10**30, [], {}, ["a"], {"a": "{{b}}"}, [1, None], [""],
]  # fmt: skip
RARELY = 40


def some(*good: Any) -> st.SearchStrategy[Any]:
    """One of the good values; once in a while anything."""
    right = st.sampled_from(good)
    wrong = st.one_of(st.sampled_from(WEIRD), st.text(max_size=4))
    return st.integers(0, RARELY).flatmap(lambda n: wrong if n == RARELY else right)


def mapping(of: dict[str, st.SearchStrategy[Any]], most: int) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the keys with values of theirs."""
    return st.lists(st.sampled_from(sorted(of)), max_size=most, unique=True).flatmap(
        lambda keys: st.fixed_dictionaries({key: of[key] for key in keys})
    )


FLAG = some(True, False, "yes", "OFF", None)
WHOLE = some(1, 2, 4, 3.0)
AMOUNT = some(0, 1, 2.5)
SECONDS = some(1, 0.5, 300)
MEDIA = some(
    "./b.png", "https://example.org/a.mp4?x=1", "{{base.output}}", "{{input}}", "still", "a.wav", "{{clip.path}}"
)
ON_ERROR = some("continue", "stop", "Fail")
CONDITION = some("base.failed", "{{base.succeeded}}", "still.done", None)
INPUT_FROM = some(*NAMES, "base OR still", ["base", "clip"], ["base or still"], "{{base.output}}", None)

PARAMS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(ROLE_NAMES, MEDIA),
    "reference_images": some(["./a.png", "{{base.output}}"], [], "b.png"),
    "prompt": some(*TEXTS, 7),
    "prompts": some(["a", "b"], ["{{item}}"]),
    "text": some(*TEXTS),
    "question": some("what?", 3),
    "num_images": WHOLE,
    "grid": some("2x2", "3X3"),
    "grid_type": some("2x2"),
    "seed": some(1, 42),
    "duration": some(5, "6"),
    "style": some(*TEXTS),
    "format": some("srt", "vtt"),
    "output_filename": some("all.mp4"),
    "path": some("./b.png"),
    "parallel": FLAG,
    "max_workers": WHOLE,
    "camera": some({"pan": [1, 2]}, None),
}
STEP: dict[str, st.SearchStrategy[Any]] = {
    "name": some(*NAMES, 3),
    "prompt": some(*TEXTS, None),
    "params": mapping(PARAMS, 2),
    "input_from": INPUT_FROM,
    "description": some("words", 1),
    "model": some("flux_dev", "auto"),
    "on_error": ON_ERROR,
    "condition": CONDITION,
    "enabled": FLAG,
    "retry_count": some(0, 2),
    "attempts": some(1, 3),
    "timeout": SECONDS,
    "candidates": WHOLE,
    "approve": some("ask", "best", "first-clean", "First_Clean", True, False),
    "limit": WHOLE,
    "budget": AMOUNT,
    "provider": some("sketch"),
    "rows": some(["a", 1, True], "{{input_lines}}", "{{style}}"),
}
GROUP: dict[str, st.SearchStrategy[Any]] = {
    "name": some(*NAMES),
    "max_workers": WHOLE,
    "fail_fast": FLAG,
    "timeout": SECONDS,
    "merge_strategy": some("collect_all", "first_success"),
    "on_error": ON_ERROR,
    "condition": CONDITION,
    "input_from": INPUT_FROM,
    "enabled": FLAG,
}
TOP: dict[str, st.SearchStrategy[Any]] = {
    "name": some("demo", 3),
    "description": some("words"),
    "version": some("1.0", 1.0),
    "output": some(*NAMES, "{{base.output}}"),
    "output_dir": some("out/put"),
    "input_image": some("./a.png"),
    "input_video": some("https://example.org/v.mp4"),
    "prompt": some("a fox"),
    "save_intermediates": FLAG,
    "temp_dir": some("tmp"),
    "cleanup_temp": FLAG,
    "input_type": some("auto", "Text"),
}
SETTINGS: dict[str, st.SearchStrategy[Any]] = {
    "parallel": FLAG,
    "max_workers": WHOLE,
    "output_dir": some("out/put"),
    "log_level": some("info", "WARNING"),
    "log_file": some("run.log"),
    "max_cost": AMOUNT,
    "max_budget": AMOUNT,
    "timeout": SECONDS,
    "rate_limit_delay": AMOUNT,
    "request_delay": AMOUNT,
    "max_retries": some(0, 3),
    "approve": some("best"),
    "cost_management": some({"daily_limit": 3, "require_confirmation": True}),
}


@st.composite
def steps(draw: st.DrawFn, depth: int = 2) -> Any:
    kind = draw(st.sampled_from([*TYPES, "text_to_image", "image_to_video", "parallel_group", "batch"]))
    if kind == "parallel_group" and depth:
        step = draw(mapping(GROUP, 2))
        members = draw(st.lists(steps(depth - 1), min_size=1, max_size=2))
        if draw(st.booleans()):
            step["steps"] = members
        else:
            step["params"] = {"parallel_steps": members, "max_workers": draw(WHOLE)}
    elif kind == "batch" and depth:
        step = draw(mapping({"name": GROUP["name"], "enabled": FLAG, "max_workers": WHOLE}, 2))
        step["for_each"] = draw(some("{{input_lines}}", ["a", "b"]))
        step["step"] = draw(steps(0))
    else:
        step = draw(mapping(STEP, 3))
    step["type"] = kind
    if draw(st.integers(0, RARELY)) == 0:
        step["type"] = draw(st.sampled_from(["text_to_imag", 3, None, *UNSUPPORTED]))
    if draw(st.integers(0, RARELY)) == 0:
        step[draw(st.sampled_from(["nmae", "source", "x"]))] = draw(st.sampled_from(["a.png", 3]))
    return step


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    document: dict[str, Any] = draw(mapping(TOP, 2))
    many = draw(st.lists(steps(), min_size=1, max_size=3))
    if draw(st.integers(0, 4)):
        document["steps"] = many
    else:
        document["tabs"] = [{"name": "one", "steps": many}, {"name": "two", "steps": many}]
    if draw(st.booleans()):
        document["settings"] = draw(mapping(SETTINGS, 2))
    if draw(st.booleans()):
        document["variables"] = draw(mapping({"style": some("ink", 3, ["a", "b"]), "b": some("c")}, 2))
    return document
