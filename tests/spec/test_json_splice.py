"""Edits of a JSON text touch nothing but what they name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rushes.model.problem import Edit, Path
from rushes.plugin.format import Document
from rushes.spec.json_splice import apply_edits

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
SPACE = st.text(" \t\r\n", max_size=3)
NUMBERS = st.sampled_from(["0", "-0", "1.0", "1e5", "1E+2", "0.10", "12345678901234567890", "-1.50e-3"])


@st.composite
def spelt_string(draw: st.DrawFn, value: str) -> str:
    """A JSON string in any of its spellings."""
    pieces = []
    for char in value:
        plain = json.dumps(char, ensure_ascii=False)[1:-1]
        pieces.append(draw(st.sampled_from([plain, json.dumps(char)[1:-1], "\\/" if char == "/" else plain])))
    return '"' + "".join(pieces) + '"'


@st.composite
def spelt(draw: st.DrawFn, depth: int = 3) -> tuple[str, list[tuple[Path, int, int]]]:
    """A JSON text in a wild style, and for each value its path and span."""
    kind = draw(st.integers(0, 4 if depth else 2))
    if kind == 0:
        text = draw(NUMBERS | st.sampled_from(["true", "false", "null"]))
        return text, [((), 0, len(text))]
    if kind <= 2:
        text = draw(spelt_string(draw(TEXT)))
        return text, [((), 0, len(text))]
    keys = draw(st.lists(TEXT, max_size=4, unique=True)) if kind == 3 else list(range(draw(st.integers(0, 4))))
    text, spans = "{" if kind == 3 else "[", []
    for number, key in enumerate(keys):
        text += ("," if number else "") + draw(SPACE)
        if isinstance(key, str):
            text += draw(spelt_string(key)) + draw(SPACE) + ":" + draw(SPACE)
        inner, found = draw(spelt(depth - 1))
        spans += [((key, *path), start + len(text), end + len(text)) for path, start, end in found]
        text += inner + draw(SPACE)
    text += "}" if kind == 3 else "]"
    return text, [((), 0, len(text)), *spans]


def of(text: str) -> Document:
    return Document("x.json", "json", text.encode(), json.loads(text))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
)


@settings(max_examples=150)
@given(spelt(), VALUES, st.data())
def test_a_replaced_value_leaves_every_other_byte(made: Any, value: Any, data: st.DataObject) -> None:
    text, spans = made
    path, start, end = data.draw(st.sampled_from(spans))
    new = apply_edits(of(text), [Edit(path, value)]).decode()
    assert new.startswith(text[:start]) and new.endswith(text[end:])
    assert json.loads(new[start : len(new) - len(text) + end]) == value


def changed(tree: Any, edits: list[Edit]) -> Any:
    """What the edits mean, done to the tree, children before parents and later entries first."""
    last = {edit.path: edit for edit in edits}
    kept = [e for e in last.values() if not any(e.path[:n] in last for n in range(len(e.path)))]
    for edit in sorted(kept, key=lambda e: (len(e.path), tuple(map(str, e.path[:-1])), order(e)), reverse=True):
        at = tree
        for part in edit.path[:-1]:
            at = at[part]
        if edit.remove:
            del at[edit.path[-1]]
        else:
            at[edit.path[-1]] = edit.value
    return tree


def order(edit: Edit) -> tuple[int, str]:
    part = edit.path[-1]
    return (part, "") if isinstance(part, int) else (0, part)


@settings(max_examples=150)
@given(spelt(), st.data())
def test_many_edits_mean_what_they_mean_one_by_one(made: Any, data: st.DataObject) -> None:
    text, spans = made
    paths = [path for path, _, _ in spans if path]
    if not paths:
        return
    edits = data.draw(
        st.lists(st.builds(Edit, st.sampled_from(paths), VALUES, st.booleans()), max_size=5, unique_by=lambda e: e.path)
    )
    assert json.loads(apply_edits(of(text), edits)) == changed(json.loads(text), edits)


@settings(max_examples=50)
@given(spelt())
def test_no_edits_are_no_change(made: Any) -> None:
    assert apply_edits(of(made[0]), []) == made[0].encode()


@pytest.mark.parametrize(
    ("text", "edit", "after"),
    [
        ('{"a": 1}', Edit(("b",), 2), '{"a": 1, "b": 2}'),
        ('{"a":1}', Edit(("b",), 2), '{"a":1,"b":2}'),
        ("{}", Edit(("b",), 2), '{"b": 2}'),
        ("[ ]", Edit((0,), 2), "[2 ]".replace(" ", "")),
        ("[1, 2]", Edit((2,), 3), "[1, 2, 3]"),
        ("[1, 2, 3]", Edit((0,), None, True), "[2, 3]"),
        ("[1, 2, 3]", Edit((2,), None, True), "[1, 2]"),
        ("[1]", Edit((0,), None, True), "[]"),
        ('{"a": 1}', Edit(("x",), None, True), '{"a": 1}'),
        ('{"a": 1}', Edit(("p", "q"), 2), '{"a": 1, "p": {"q": 2}}'),
        ('{"p": null}', Edit(("p", "q"), 2), '{"p": {"q": 2}}'),
        ('{\n  "a": 1\n}', Edit(("b",), [1]), '{\n  "a": 1,\n  "b": [\n    1\n  ]\n}'),
        ('{\n  "a": {\n    "b": 1\n  }\n}', Edit(("a",), []), '{\n  "a": []\n}'),
        ('"x"', Edit((), "é"), '"\\u00e9"'),
        ('"é"', Edit((), "è"), '"è"'),
    ],
)
def test_edits_follow_the_style_of_the_file(text: str, edit: Edit, after: str) -> None:
    assert apply_edits(of(text), [edit]).decode() == after


def test_the_byte_order_mark_stays() -> None:
    assert (
        apply_edits(Document("x", "json", b'\xef\xbb\xbf{"a": 1}', {"a": 1}), [Edit(("a",), 2)])
        == b'\xef\xbb\xbf{"a": 2}'
    )
