"""Safe repairs of `.nbflow` files, and exports of what a run made."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rushes.model.ids import NodeId
from rushes.model.media import Kind
from rushes.spec.nbflow import NbflowFormat
from rushes.spec.nbflow_export import SavedNode, export
from rushes.spec.nbflow_repair import repair

from .nbflow_files import TabBuilder, document, parsed, story_tab


def repaired(*tabs: TabBuilder) -> tuple[list[dict[str, Any]], list[str]]:
    data, changes = repair(document(*tabs))
    return [tab["graphData"] for tab in json.loads(data)["tabs"]], changes


def test_a_sound_file_is_not_touched() -> None:
    doc = document(story_tab("A"), story_tab("B", 1000))
    assert repair(doc) == (doc.data, [])


def test_stale_copies_are_written_anew_from_the_links_table() -> None:
    tab, sound = story_tab(), story_tab()
    for node in tab.nodes[2:6]:
        for slot in node["inputs"]:
            slot["link"] = 100_009
        node["outputs"][0]["links"] = [5, 100_001]
    (data,), changes = repaired(tab)
    assert data["nodes"] == sound.nodes
    assert any("inputs[0].link 100009 -> 2" in change and change.startswith("MARLOW / ") for change in changes)


def test_the_highest_ids_are_put_right() -> None:
    tree = story_tab().tree()
    tree["graphData"] |= {"last_node_id": 3, "last_link_id": 900}
    doc = parsed(json.dumps({"tabs": [tree]}).encode())
    data = json.loads(repair(doc)[0])["tabs"][0]["graphData"]
    assert data["last_node_id"] == 11 and data["last_link_id"] == len(data["links"])


def test_a_missing_slot_of_a_clip_is_added_with_its_link() -> None:
    tab = TabBuilder()
    clip = tab.video(tab.prompt(), tab.reference("a.png"), tab.reference("b.png"))
    end = tab[clip]["inputs"].pop()
    (data,), _ = repaired(tab)
    assert data["nodes"][3]["inputs"][2] == end | {"label": " "}


def test_a_reference_beyond_the_last_slot_gets_its_slot_and_is_counted() -> None:
    tab = TabBuilder()
    image = tab.image(tab.prompt(), tab.reference())
    extra = tab.reference("b.png")
    tab.link(extra, image, 2, "image")
    (data,), _ = repaired(tab)
    node = next(node for node in data["nodes"] if node["id"] == image)
    assert [slot["name"] for slot in node["inputs"]] == ["prompt", "image 1", "image 2"]
    assert node["inputs"][2]["link"] == 3 and node["properties"]["imageCount"] == 2


def test_a_negative_prompt_becomes_a_text() -> None:
    tab = TabBuilder()
    clip = tab.video(tab.prompt(), negativePrompt=None)
    (data,), changes = repaired(tab)
    assert data["nodes"][clip - 1 if clip < 2 else 1]["properties"]["negativePrompt"] == "" and len(changes) == 1


def test_a_slot_is_renamed_after_the_prompt_that_feeds_it() -> None:
    tab = TabBuilder()
    rows = tab.dynamic("scene", "x")
    template = tab.template("{scene} {mood}", "Scene 1")
    tab.link(rows, template, 0)
    (data,), _ = repaired(tab)
    assert [slot["name"] for slot in data["nodes"][1]["inputs"]] == ["scene", "mood"]


def test_a_link_to_nowhere_is_taken_out_with_its_copies() -> None:
    tab = TabBuilder()
    prompt = tab.prompt()
    tab.image(prompt)
    tab.links.append([2, prompt, 0, 99, 0, "string"])
    tab[prompt]["outputs"][0]["links"].append(2)
    (data,), _ = repaired(tab)
    assert len(data["links"]) == 1 and data["nodes"][0]["outputs"][0]["links"] == [1]


SAVED = {
    NodeId("5"): SavedNode(("a", "b", "c", "d"), Kind.IMAGE, (1, 2)),
    NodeId("4"): SavedNode(("a", "b", "c", "d"), Kind.IMAGE),
    NodeId("10"): SavedNode(("v", "w"), Kind.VIDEO, (0, 1)),
    NodeId("11"): SavedNode(("v", "w"), Kind.VIDEO, (-1, 1)),
}


def exported(tab: TabBuilder) -> dict[int, dict[str, Any]]:
    tree = json.loads(export(document(tab), SAVED))
    return {node["id"]: node["properties"] for node in tree["tabs"][0]["graphData"]["nodes"]}


def test_an_export_fills_what_an_editor_reads() -> None:
    nodes = exported(story_tab())
    assert nodes[4]["_savedImages"] == ["a", "b", "c", "d"]
    assert nodes[10]["_savedVideos"] == nodes[10]["_savedClips"] == ["v", "w"] and nodes[10]["_savedVideoUrl"] == "v"
    gate = nodes[5]
    assert gate["_savedApprovalImages"] == ["a", "b", "c", "d"] and gate["_savedApprovalIndex"] == 1
    assert gate["imageData"] == gate["lastData"] == gate["_lastApprovedData"] == "b"
    assert nodes[11]["_savedApprovalVideos"] == ["v", "w"] and nodes[11]["_savedApprovalVideoIndex"] == 1


def test_an_export_means_the_same_workflow() -> None:
    doc = document(story_tab())
    again = parsed(export(doc, SAVED))
    assert NbflowFormat().structure(again) == NbflowFormat().structure(doc)
    assert export(again, SAVED) == again.data


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4)


def test_references_are_found_from_where_the_export_lies() -> None:
    tab = story_tab()
    tab.reference("far.png")
    batch = tab.reference(None, batchMode=True, batchImages=["b.png", {"url": "b.png", "x": 1}])
    moved = {"assets/cat.png": "../assets/cat.png", "b.png": "../b.png"}
    tree = json.loads(export(document(tab), SAVED, moved=moved))
    nodes = {node["id"]: node["properties"] for node in tree["tabs"][0]["graphData"]["nodes"]}
    assert nodes[3]["imageData"] == "../assets/cat.png" and nodes[12]["imageData"] == "far.png"
    assert nodes[batch]["batchImages"] == ["../b.png", {"url": "../b.png", "x": 1}]
    assert nodes[5]["imageData"] == "b"


EXTRA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**59), 2**59) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
)


@settings(max_examples=100)
@given(EXTRA, st.sampled_from([None, 2, "\t"]), st.booleans())
def test_unknown_fields_survive_byte_for_byte(extra: Any, indent: Any, escape: bool) -> None:
    tab = story_tab()
    tab.node("vendor/Strange", "?", strange=extra)
    tree = {"tabs": [tab.tree() | {"canvasState": {"scale": 0.5}}], "zz_vendor": extra}
    text = json.dumps(tree, indent=indent, ensure_ascii=escape).replace("0.5", "5.0E-1")
    after = export(parsed(text.encode()), SAVED).decode()
    strange = json.dumps(tab.nodes[-1], indent=indent, ensure_ascii=escape)
    if indent is None:
        assert strange in after
    assert "5.0E-1" in after
    assert after[after.index('"zz_vendor"') :] == text[text.index('"zz_vendor"') :]
    assert after[: after.index('"_savedImages"') - 40] == text[: after.index('"_savedImages"') - 40]
