"""The proof of a fan-out: it holds for every graph, and one byte that nobody declared is found."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rushes.model.problem import Severity
from rushes.spec.fanout import Fanned
from rushes.spec.fanout_change import What
from rushes.spec.json_spans import spans
from rushes.spec.nbflow import NbflowFormat
from rushes.spec.nbflow_graph import read_graph

from .fanouts import Fan, fan, fan_of, tabs_of
from .nbflow_files import TabBuilder, parsed, story_tab
from .test_nbflow_fuzz import broken

WORDS = st.sampled_from(["Marlow", "the ginger cat", "rain", "ünïcode “quotes”", 'a "lamp"', "\\", "\u2028", "tab\t"])
TEXTS = st.lists(WORDS, max_size=4).map(" ".join)
EXTRA = st.dictionaries(
    st.sampled_from(["pos", "note", "x y", "ünbekannt", "_spawnNum", "color"]),
    st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-1, 1) | TEXTS, st.lists, max_leaves=4),
    max_size=3,
)


@st.composite
def tabs(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A tab of any nodes, with links between them, numbers from anywhere, and fields that nobody knows."""
    tab = TabBuilder(name, draw(st.sampled_from([1, 7, 100_001, 99_999, 1_000_000])))
    prompts = [tab.prompt(f"Marlow. {draw(TEXTS)}", **draw(EXTRA))]
    pictures = [tab.reference("https://x.test/avatar.png", filename="avatar.png", lastData=draw(TEXTS))]
    for kind in draw(st.lists(st.sampled_from("pdtrigv"), max_size=8)):
        prompt, picture = draw(st.sampled_from(prompts)), draw(st.sampled_from(pictures))
        if kind == "p":
            prompts.append(tab.prompt(draw(TEXTS)))
        elif kind == "d":
            prompts.append(tab.dynamic("scene", *draw(st.lists(TEXTS, min_size=1, max_size=3))))
        elif kind == "t":
            prompts.append(tab.template("{scene}", "scene"))
            tab.link(prompt, prompts[-1], 0)
        elif kind == "r":
            tab.reference(f"assets/{draw(st.integers(0, 3))}.png")
        elif kind == "i":
            pictures.append(tab.image(prompt, picture, _savedImages=draw(st.lists(TEXTS, max_size=2))))
        elif kind == "g":
            pictures.append(tab.gate(picture, imageData=draw(st.none() | TEXTS)))
        else:
            tab.video(prompt, picture)
    for node in tab.nodes:
        node.update({key: value for key, value in draw(EXTRA).items() if key not in node})
        node["title"] = draw(st.sampled_from(["", "Scene", f"Prompt: {name}", "Marlow, the sheet", node["title"]]))
    return tab.tree() | draw(EXTRA)


@st.composite
def fans(draw: st.DrawFn) -> Fan:
    """Any file, as any editor would write it, and one to three accounts."""
    many = [draw(tabs(name)) for name in ("MARLOW", "OTHER", "THIRD")[: draw(st.integers(1, 3))]]
    tree = {"name": draw(st.sampled_from(["LIGHT-V0-1", "else"])), **draw(EXTRA), "tabs": many, "after": draw(TEXTS)}
    indent = draw(st.sampled_from([None, 0, 1, 4]))
    separators = draw(st.sampled_from([None, (",", ":"), (" , ", " : ")]))
    text = json.dumps(tree, indent=indent, separators=separators, ensure_ascii=draw(st.booleans()))
    accounts: list[dict[str, Any]] = [
        {"code": code, "avatar": f"https://x.test/{code}.png", "persona": {"name": f"Pearl{draw(WORDS)}"}}
        for code in ("PEARL", "Ünÿ", 'quo"te')[: draw(st.integers(1, 3))]
    ]
    return fan_of(parsed(text.encode()), accounts=accounts, persona={"name": "Marlow"})


@given(fans())
def test_the_proof_holds_for_every_graph(one: Fan) -> None:
    fanned = one.out()
    assert one.drifts(fanned) == []
    for told in fanned.copies:  # the same once more, by another way: as plain values
        theirs = copy.deepcopy(one.document.tree["tabs"][fanned.source])
        for change in told.changes:
            at = theirs
            for part in change.path[:-1]:
                at = at[part]
            assert at[change.path[-1]] == change.old
            at[change.path[-1]] = change.new
        assert tabs_of(fanned)[told.number] == theirs
    ids = [
        node["id"] for tab in tabs_of(fanned)[len(one.document.tree["tabs"]) :] for node in tab["graphData"]["nodes"]
    ]
    others = [node["id"] for tab in one.document.tree["tabs"] for node in tab["graphData"]["nodes"]]
    assert len(set(ids)) == len(ids) and not {*ids} & {*others}


@settings(max_examples=150)
@given(fans(), st.floats(0, 1, exclude_max=True), st.sampled_from('x0 "{\n'))
def test_one_byte_that_nobody_declared_is_found(one: Fan, where: float, planted: str) -> None:
    fanned = one.out()
    text = fanned.data.decode()
    at = int(where * len(text))
    assume(text[at] != planted and not any(start <= at < end for start, end in declared(fanned)))
    assert one.drifts(fanned, (text[:at] + planted + text[at + 1 :]).encode())


def declared(fanned: Fanned) -> list[tuple[int, int]]:
    """Where the new file may differ."""
    text = fanned.data.decode()
    inside = [("tabs", told.number, *change.path) for told in fanned.copies for change in told.changes]
    return [*spans(text, [*inside, ("name",)]).values()]


def test_a_value_that_is_not_what_was_declared_is_found() -> None:
    one = fan(story_tab("MARLOW"), accounts=[{"code": "PEARL", "avatar": "https://x.test/p.png"}])
    fanned = one.out()
    for what, old, new in (
        (What.NUMBER, b'"id": 100004', b'"id": 100005'),
        (What.TAB, b'"name": "PEARL"', b'"name": "PEARK"'),
        (What.AVATAR, b"https://x.test/p.png", b"https://x.test/q.png"),
        (What.PREFIX, b'"PEARL Template"', b'"PEARL Templete"'),
    ):
        assert fanned.data.count(old) == 1
        (found,) = one.drifts(fanned, fanned.data.replace(old, new))
        assert found.tab == 1 and "not what was declared" in found.says, what


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b'"outputCount": 4', b'"outputCount": 3', "outputCount"),
        (b'"nanobanana/Veo3"', b'"nanobanana/Veo4"', "type"),
        (b"The camera sweeps left.", b"The camera sweeps lett.", "text"),
    ],
)
def test_what_drifted_is_said_with_its_place(old: bytes, new: bytes, says: str) -> None:
    one = fan(story_tab("MARLOW"))
    fanned = one.out()
    head, found, tail = fanned.data.rpartition(old)
    (drift,) = one.drifts(fanned, head + new + tail)
    assert found and drift.tab == 1 and drift.path[-1] == says and "is not in the source" in drift.says


def test_the_source_itself_and_what_stands_between_the_tabs_are_proven_too() -> None:
    one = fan(story_tab("MARLOW"))
    fanned = one.out()
    (source,) = one.drifts(fanned, fanned.data.replace(b'"outputCount": 4', b'"outputCount": 3', 1))
    assert source.tab is None and source.path[-1] == "outputCount"
    assert one.drifts(fanned, fanned.data.replace(b'"LIGHT-V1"', b'"LIGHT-V2"'))[0].path == ("name",)
    assert one.drifts(fanned, fanned.data + b" ")
    assert one.drifts(fanned, one.document.data) and one.drifts(fanned, b"{")


@settings(max_examples=200)
@given(broken(), st.integers(0, 1))
def test_whatever_is_broken_in_a_file_is_refused_or_copied_and_proven(tree: Any, source: int) -> None:
    told = parsed(json.dumps(tree).encode())
    _, problems = NbflowFormat().structure(told)
    graph, _ = read_graph(told.tree, told.file)
    if any(one.severity is Severity.ERROR for one in problems) or graph is None or len(graph.tabs) <= source:
        return
    accounts = [{"code": "PEARL", "avatar": "https://x.test/p.png", "persona": {"cat": "dog"}}]
    one = fan_of(told, accounts=accounts, source=source, persona={"cat": "cat"})
    if not one.wrong():
        fanned = one.out()
        assert one.drifts(fanned) == []
