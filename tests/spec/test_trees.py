"""Both parsers: plain trees of good files, one clear problem for hostile ones, places of everything."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rushes.model.problem import Path
from rushes.spec import json_tree, yaml_tree
from rushes.spec.load import parse

BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (n + 1, n + 1, b",".join([b"*%c" % n] * 9)) for n in range(97, 115)
)
STAIRS = b"a0: &a0 [x]\n" + b"".join(b"a%d: &a%d [*a%d]\n" % (n, n, n - 1) for n in range(1, 200))
YAML_FAULTS = [
    (b"", "file-empty"),
    (b"  \n\t\n", "file-empty"),
    (b"\xff\xfea\x00", "file-encoding"),
    (b"a: \xff", "file-encoding"),
    (b"a: \x00", "file-null-byte"),
    (b'a: "\\0"', "file-null-byte"),
    (b"a: \x01", "syntax"),
    (b"a: b: c", "syntax"),
    (b"a:\n\tb: 1", "syntax"),
    (b"a: [1, 2", "syntax"),
    (b"a: 1\n---\nb: 2", "yaml-documents"),
    (b"a: 1\na: 2", "key-doubled"),
    (b"1: a", "key-not-text"),
    (b"null: a", "key-not-text"),
    (b"true: a", "key-not-text"),
    (b"? [a]\n: b", "key-not-text"),
    (b"{a: b}: c", "key-not-text"),
    (b"a: !!python/object/apply:os.system [ls]", "yaml-tag"),
    (b"a: !custom x", "yaml-tag"),
    (b"a: !!binary aGk=", "yaml-tag"),
    (b"a: *b", "yaml-alias"),
    (b"a: &a [*a]", "yaml-cycle"),
    (b"a: &a {b: *a}", "yaml-cycle"),
    (b"a: .nan", "number-not-finite"),
    (b"a: -.INF", "number-not-finite"),
    (b"a: 1e999", "number-not-finite"),
    (b"a: " + b"9" * 5000, "number-huge"),
    (b"<<: 3", "value-type"),
    (b"[" * 100_000, "too-deep"),
    (b"{a: " * 100_000, "too-deep"),
    (b"- " * 100_000, "too-deep"),
    (b"".join(b" " * n + b"a:\n" for n in range(1000)), "too-deep"),
    (BOMB, "yaml-bomb"),
    (STAIRS, "too-deep"),
    (b"a: " + b"x" * (33 << 20), "file-too-large"),
]
JSON_FAULTS = [
    (b"", "file-empty"),
    (b"\xfe\xff\x00{", "file-encoding"),
    (b'{"a": "\xff"}', "file-encoding"),
    (b'{"a": "\x00"}', "file-null-byte"),
    (b'{"a": "\\u0000"}', "file-null-byte"),
    (b'{"a": "\\ud800"}', "text-broken"),
    (b'{"\\udfff": 1}', "text-broken"),
    (b'{"a": 1', "syntax"),
    (b"{'a': 1}", "syntax"),
    (b'{"a": 1} x', "syntax"),
    (b'{"a": 01}', "syntax"),
    (b'{"a": NaN}', "number-not-finite"),
    (b'{"a": [-Infinity]}', "number-not-finite"),
    (b'{"a": 1e999}', "number-not-finite"),
    (b'{"a": ' + b"9" * 5000 + b"}", "number-huge"),
    (b'{"a": {"b": 1, "b": 2}}', "key-doubled"),
    (b"[" * 100_000, "too-deep"),
    (b'{"a":' * 100_000, "too-deep"),
    (b"[" * 65 + b"]" * 65, "too-deep"),
    (b"[" + b"1," * 7_000_000 + b"1]", "too-many-values"),
    (b'"' + b"x" * (65 << 20) + b'"', "file-too-large"),
]


@pytest.mark.parametrize(("data", "code"), YAML_FAULTS, ids=[f"{n}-{one[1]}" for n, one in enumerate(YAML_FAULTS)])
def test_a_hostile_yaml_file_is_one_clear_problem(data: bytes, code: str) -> None:
    tree, problems = yaml_tree.parse("f.yaml", data)
    assert tree is None
    assert {one.code for one in problems} == {code}
    assert all(one.says and one.why and (one.mark or code == "file-too-large") for one in problems)


@pytest.mark.parametrize(("data", "code"), JSON_FAULTS, ids=[f"{n}-{one[1]}" for n, one in enumerate(JSON_FAULTS)])
def test_a_hostile_json_file_is_one_clear_problem(data: bytes, code: str) -> None:
    tree, problems = json_tree.parse("f.json", data)
    assert tree is None
    assert {one.code for one in problems} <= {code, "syntax"}  # unbalanced brackets may be either
    assert problems and all(one.says and one.why for one in problems)


def test_a_bomb_is_found_before_it_takes_memory() -> None:
    yaml_tree.parse("f.yaml", b"a: 1")  # the library is loaded
    tracemalloc.start()
    yaml_tree.parse("f.yaml", BOMB)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_words_in_yaml_mean_what_people_mean() -> None:
    text = (
        b"ratio: 16:9\non: on\nyes: no\nday: 2024-01-01\nhex: 0x1F\nzero: 010\nt: True\nn: ~\ns: '1'\nf: 1e3\nu: 1_0\n"
    )
    tree, problems = yaml_tree.parse("f.yaml", text)
    assert problems == []
    assert tree == {
        "ratio": "16:9", "on": "on", "yes": "no", "day": "2024-01-01", "hex": 31, "zero": 10, "t": True, "n": None,
        "s": "1", "f": 1000.0, "u": "1_0",
    }  # fmt: skip


def test_anchors_share_and_merge() -> None:
    tree, problems = yaml_tree.parse("f.yaml", b"a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {<<: [*a, {z: 4}]}\nd: *a\n")
    assert problems == []
    assert tree["b"] == {"x": 1, "y": 3} and tree["c"] == {"x": 1, "y": 2, "z": 4} and tree["d"] is tree["a"]


def test_a_mark_at_the_beginning_of_the_file_is_no_text() -> None:
    assert yaml_tree.parse("f", b"\xef\xbb\xbfa: 1") == ({"a": 1}, [])
    assert json_tree.parse("f", b'\xef\xbb\xbf{"a": 1}') == ({"a": 1}, [])


def test_faults_are_all_named_at_their_places() -> None:
    _, problems = json_tree.parse("f", b'{"a": NaN,\n "b": [1, {"c": 1, "c": 2}],\n "d": "\\ud800"}')
    assert [(one.code, str(one.mark)) for one in problems] == [
        ("number-not-finite", "f:1:2"), ("key-doubled", "f:2:20"), ("text-broken", "f:3:2"),
    ]  # fmt: skip
    _, problems = yaml_tree.parse("f", b"a: .nan\nb:\n  - c: 1\n    c: !x 2\n")
    assert [(one.code, str(one.mark)) for one in problems] == [
        ("number-not-finite", "f:1:4"), ("key-doubled", "f:4:5"), ("yaml-tag", "f:4:8"),
    ]  # fmt: skip


TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def paths_of(tree: Any, path: Path = ()) -> list[Path]:
    found = [path]
    members = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in members:
        found.extend(paths_of(value, (*path, key)))
    return found


def at(tree: Any, path: Path) -> Any:
    for part in path:
        tree = tree[part]
    return tree


@given(TREES.filter(lambda tree: tree not in ("",)), st.sampled_from([None, 1, 4]))
def test_json_reads_as_json_and_every_path_is_found(tree: Any, indent: int | None) -> None:
    data = json.dumps(tree, indent=indent, ensure_ascii=False).encode()
    assert json_tree.parse("f", data) == (tree, [])
    lines = data.decode().split("\n")
    marks = json_tree.locate_many("f", data, paths_of(tree))
    for path, mark in marks.items():
        rest = "\n".join([lines[mark.line - 1][mark.column - 1 :], *lines[mark.line :]])
        found = json.JSONDecoder().raw_decode(rest)[0]
        assert found == (path[-1] if path and isinstance(path[-1], str) else at(tree, path))
        assert json_tree.locate("f", data, path) == mark


@given(TREES.filter(lambda tree: isinstance(tree, dict | list)))
def test_json_is_yaml_with_the_same_tree_and_the_same_places(tree: Any) -> None:
    data = json.dumps(tree, indent=1).encode()
    if b"\\u" in data:
        return  # escapes of two halves are JSON's own
    assert yaml_tree.parse("f", data) == (tree, [])
    paths = paths_of(tree)
    assert yaml_tree.locate_many("f", data, paths) == json_tree.locate_many("f", data, paths)


def test_a_path_that_is_not_there_is_marked_at_the_nearest_thing_above_it() -> None:
    data = b'{"a": [1,\n 2]}'
    assert str(json_tree.locate("f", data, ("a", 7, "x"))) == str(yaml_tree.locate("f", data, ("a", 7, "x"))) == "f:1:2"


@settings(max_examples=300)
@given(st.binary(max_size=200), st.sampled_from(["f.yaml", "f.json", "f"]))
def test_no_bytes_make_a_parser_raise(data: bytes, file: str) -> None:
    document, problems = parse(file, data)
    assert (document is None) == bool(problems)


@settings(max_examples=400)
@given(st.text("{}[]:,-?&*!|>'\"%@` \n\tab1<#~.", max_size=60))
def test_no_punctuation_makes_the_yaml_parser_raise(text: str) -> None:
    tree, problems = yaml_tree.parse("f.yaml", text.encode())
    assert tree is None or problems == []
