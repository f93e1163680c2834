"""A tab copied for other accounts: what becomes of numbers, titles, avatars, words, rows and saved results."""

from __future__ import annotations

import json

import pytest

from rushes.spec.fanout_change import What

from .fanouts import NEW, fan, fan_of, node_of, tabs_of
from .nbflow_files import TabBuilder, parsed, story_tab


def titled(name: str = "MARLOW", first: int = 1) -> TabBuilder:
    """A tab whose nodes have titles of every kind."""
    tab = TabBuilder(name, first)
    tab.prompt("Marlow in a yellow raincoat, near marlowe.")
    for number, title in enumerate((f"Prompt: {name} scenes", "The harbour", "Marlow, the character sheet", "")):
        if number:
            tab.prompt("A harbour.")
        tab.nodes[-1]["title"] = title
    return tab


def test_the_tab_number_n_of_its_file_has_n_hundred_thousands_more() -> None:
    fanned = fan(story_tab("A"), story_tab("B", 100_001), accounts=[{"code": "C"}, {"code": "D"}]).out()
    assert [one.offset for one in fanned.copies] == [200_000, 300_000]
    tab = tabs_of(fanned)[3]
    source = tabs_of(fanned)[0]
    assert [node["id"] for node in tab["graphData"]["nodes"]] == [
        node["id"] + 300_000 for node in source["graphData"]["nodes"]
    ]
    for mine, theirs in zip(tab["graphData"]["links"], source["graphData"]["links"], strict=True):
        offset = 300_000
        assert mine == [theirs[0] + offset, theirs[1] + offset, theirs[2], theirs[3] + offset, theirs[4], theirs[5]]
    assert tab["graphData"]["last_node_id"] == source["graphData"]["last_node_id"] + 300_000
    assert node_of(tab, 2)["inputs"][0]["link"] == node_of(source, 2)["inputs"][0]["link"] + 300_000
    assert node_of(tab, 1)["outputs"][0]["links"] == [n + 300_000 for n in node_of(source, 1)["outputs"][0]["links"]]


def test_a_later_tab_is_counted_from_its_own_hundred_thousand() -> None:
    tab = TabBuilder("B", 100_001)
    tab.link_id = 100_000
    tab.image(tab.prompt())
    fanned = fan(story_tab("A"), tab, source=1).out()
    assert fanned.copies[0].offset == 100_000 and node_of(tabs_of(fanned)[2], 1)["id"] == 200_001
    assert not fanned.notes


def test_a_place_that_is_taken_is_left_alone_and_said() -> None:
    fanned = fan(story_tab("A"), story_tab("B", 200_001)).out()
    assert fanned.copies[0].offset == 300_000
    assert fanned.notes[0].startswith("PEARL: the numbers from 200,000 on are taken")


def test_numbers_that_reach_over_several_hundred_thousands_keep_their_distances() -> None:
    tab = story_tab("A")
    tab.next = 250_000
    tab.prompt("Far out.")
    fanned = fan(tab, accounts=[{"code": "B"}, {"code": "C"}]).out()
    assert [one.offset for one in fanned.copies] == [300_000, 600_000]
    assert "3 hundred thousands" in fanned.notes[0]
    ids = [node["id"] for one in tabs_of(fanned) for node in one["graphData"]["nodes"]]
    assert len(set(ids)) == len(ids)


def test_a_tab_without_links_says_so_in_the_copy() -> None:
    tab = TabBuilder("A")
    tab.prompt("Alone.")
    assert tabs_of(fan(tab).out())[1]["graphData"]["last_link_id"] == 0


def test_links_as_objects_are_counted_on_too() -> None:
    tab = story_tab("A")
    names = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    tree = tab.tree()
    tree["graphData"]["links"] = [dict(zip(names, row, strict=True)) for row in tab.links]
    whole = {"name": "x", "tabs": [tree]}
    fanned = fan_of(parsed(json.dumps(whole).encode()), accounts=[{"code": "B"}]).out()
    first = tabs_of(fanned)[1]["graphData"]["links"][0]
    assert (first["id"], first["origin_id"], first["target_id"]) == (100_001, 100_001, 100_002)


@pytest.mark.parametrize("bad", ["7", 7.0])
def test_an_id_that_is_no_whole_number_is_refused_by_name(bad: object) -> None:
    tree = story_tab("A").tree()
    tree["graphData"]["nodes"][0]["id"] = bad
    tree["graphData"]["links"][0][1] = bad
    found = fan_of(parsed(json.dumps({"tabs": [tree]}).encode()), accounts=[{"code": "B"}]).wrong()
    assert [one.path for one in found] == [
        ("tabs", 0, "graphData", "nodes", 0, "id"),
        ("tabs", 0, "graphData", "links", 0, 1),
    ]
    assert "no whole number" in found[0].says


def test_numbers_that_an_editor_cannot_count_to_are_refused() -> None:
    tab = story_tab("A", (1 << 53) - 100)
    with pytest.raises(ValueError, match="too large"):
        fan(tab).out()


def test_titles_say_the_account() -> None:
    accounts = [{"code": "PEARL", "persona": {"name": "Pearl"}}]
    fanned = fan(titled(), accounts=accounts, persona={"name": "Marlow"}).out()
    titles = [node.get("title") for node in tabs_of(fanned)[1]["graphData"]["nodes"]]
    assert titles == ["Prompt: PEARL scenes", "PEARL The harbour", "Pearl, the character sheet", ""]
    kinds = [change.what for change in fanned.copies[0].changes if change.path[-1] == "title"]
    assert kinds == [What.PREFIX, What.PREFIX, What.TITLE], "a code for a code is no wording of its own"


def test_the_file_says_its_new_name_only_where_it_said_its_old_one() -> None:
    assert parsed(fan(story_tab("A")).out().data).tree["name"] == NEW
    other = parsed(json.dumps({"name": "else", "tabs": [story_tab("A").tree()]}).encode())
    assert parsed(fan_of(other, accounts=[{"code": "B"}]).out().data).tree["name"] == "else"


def test_words_of_the_persona_are_replaced_once_and_the_longest_first() -> None:
    tab = TabBuilder("A")
    tab.prompt("The ginger cat Marlow. Marlow sees the ginger dog.", negativePrompt="no Marlow")
    persona = {"who": "ginger cat Marlow", "name": "Marlow", "coat": "ginger"}
    mine = {"who": "black cat", "name": "ginger", "coat": "Marlow"}
    fanned = fan(tab, accounts=[{"code": "B", "persona": mine}], persona=persona).out()
    props = node_of(tabs_of(fanned)[1], 1)["properties"]
    assert props["text"] == "The black cat. ginger sees the Marlow dog."
    assert props["negativePrompt"] == "no ginger"


def test_words_that_the_tab_never_says_are_an_error_and_none_is_left_out_silently() -> None:
    found = fan(
        titled(), accounts=[{"code": "B", "persona": {"x": "y", "z": None}}], persona={"x": "yelow", "z": "Marlow"}
    ).wrong()
    assert [(one.code, one.path) for one in found] == [("fan-words", ("persona", "x"))]


def test_rows_and_values_of_an_account_stand_in_the_place_of_the_sources() -> None:
    tab = story_tab("A")
    accounts = [
        {
            "code": "B",
            "persona": {"cat": "dog"},
            "rows": {"scene": ["Aerial view. A cat.", "Close up. Rain."]},
            "set": {"Veo": {"seed": 7}, "4": {"filename": "x.png"}},
        }
    ]
    tab.nodes[3]["properties"]["filename"] = "cat.png"
    fanned = fan(tab, accounts=accounts, persona={"cat": "cat"}).out()
    copy = tabs_of(fanned)[1]
    assert node_of(copy, 1)["properties"]["dynamicRows"] == ["Aerial view. A cat.", "Close up. Rain."]
    assert node_of(copy, 4)["properties"]["filename"] == "x.png"
    assert [n["properties"]["seed"] for n in copy["graphData"]["nodes"] if n["type"].endswith("Veo3")] == [7]
    assert node_of(tabs_of(fanned)[0], 1)["properties"]["dynamicRows"][0] == "Wide shot. The cat."


def test_nodes_and_properties_that_the_tab_does_not_have_are_refused_with_what_is_near() -> None:
    accounts = [{"code": "B", "rows": {"scen": ["x"], "Template": ["x"]}, "set": {"Veo": {"sed": 1}, "Vio": {"a": 1}}}]
    found = {one.path[-1]: (one.code, one.try_) for one in fan(story_tab("A"), accounts=accounts).wrong()}
    assert found == {
        "scen": ("fan-node", "did you mean 'scene'?"),
        "Template": ("fan-value", "name a dynamic prompt, by variable, title or id"),
        "sed": ("fan-value", "did you mean 'seed'?"),
        "Vio": ("fan-node", "did you mean 'Veo'?"),
    }


# --- avatars ----------------------------------------------------------------------------------------------------


def references(*addresses: str) -> TabBuilder:
    tab = TabBuilder("A")
    many = [tab.reference(address, filename=address.rpartition("/")[2]) for address in addresses]
    for number in many:
        tab[number]["title"] = f"Reference {number}"
    tab.image(tab.prompt(), *many)
    return tab


def swapped(tab: TabBuilder, accounts: list[dict[str, object]], **top: object) -> list[str]:
    copy = tabs_of(fan(tab, accounts=accounts, **top).out())[1]
    return [n["properties"]["imageData"] for n in copy["graphData"]["nodes"] if "imageData" in n["properties"]]


PEARL: list[dict[str, object]] = [{"code": "PEARL", "avatar": "https://x.test/pearl.png"}]


def test_the_avatar_is_found_by_what_it_says_or_because_it_is_the_only_reference() -> None:
    said = references("assets/hat.png", "https://x.test/avatar-sheets/a.png")
    assert swapped(said, PEARL) == ["assets/hat.png", "https://x.test/pearl.png"]
    titled_ = references("assets/hat.png", "assets/cat.png")
    titled_[2]["title"] = "The character sheet"
    assert swapped(titled_, PEARL) == ["assets/hat.png", "https://x.test/pearl.png"]
    assert swapped(references("assets/cat.png"), PEARL) == ["https://x.test/pearl.png"]
    own: list[dict[str, object]] = [{"code": "A", "avatar": "assets/cat.png"}, *PEARL]
    assert swapped(references("assets/avatar.png", "assets/cat.png"), own) == [
        "assets/avatar.png",
        "https://x.test/pearl.png",
    ]


def test_an_avatar_that_stands_in_several_nodes_is_swapped_in_all_of_them() -> None:
    tab = references("avatars/a.png", "avatars/a.png", "assets/hat.png")
    assert swapped(tab, PEARL) == ["https://x.test/pearl.png", "https://x.test/pearl.png", "assets/hat.png"]


def test_an_avatar_that_is_not_clear_is_an_error_that_names_what_it_could_be() -> None:
    (found,) = fan(references("a.png", "b.png"), accounts=PEARL).wrong()
    assert found.code == "fan-avatar" and "'Reference 1' (1), 'Reference 2' (2)" in found.says
    assert swapped(references("a.png", "b.png"), PEARL, avatar=2) == ["a.png", "https://x.test/pearl.png"]
    assert swapped(references("a.png", "b.png"), PEARL, avatar=["Reference 1"]) == ["https://x.test/pearl.png", "b.png"]


def test_a_named_avatar_must_be_a_reference_that_is_there() -> None:
    (found,) = fan(references("a.png"), accounts=PEARL, avatar="Reference 9").wrong()
    assert (found.code, found.try_) == ("fan-node", "did you mean 'Reference 1'?")
    (found,) = fan(references("a.png"), accounts=PEARL, avatar="Generate").wrong()
    assert found.code == "fan-avatar" and "no reference" in found.says


def test_an_account_without_an_avatar_keeps_the_sources_and_asks_nothing_of_it() -> None:
    tab = references("a.png", "b.png")
    assert not fan(tab).wrong() and swapped(tab, [{"code": "PEARL"}]) == ["a.png", "b.png"]


# --- what a copy does not inherit -----------------------------------------------------------------------------


def test_a_copy_begins_without_the_results_that_the_source_has_saved() -> None:
    tab = story_tab("A")
    image = next(node for node in tab.nodes if node["type"].endswith("NanobananaAPI"))
    image["properties"] |= {"_savedImages": ["https://x.test/1.png"], "_savedPreviewIndex": 2, "_pinned": True}
    gate = next(node for node in tab.nodes if node["properties"].get("mode") == "approve")
    gate["properties"] |= {
        "imageData": "https://x.test/1.png",
        "_lastApprovedData": "https://x.test/1.png",
        "_savedApprovalImages": ["https://x.test/1.png"],
    }
    fanned = fan(tab).out()
    copy = {node["id"] - 100_000: node["properties"] for node in tabs_of(fanned)[1]["graphData"]["nodes"]}
    assert copy[image["id"]]["_savedImages"] == [] and copy[image["id"]]["_savedPreviewIndex"] == 0
    assert copy[image["id"]]["_pinned"] is True
    assert copy[gate["id"]]["imageData"] is None and copy[gate["id"]]["_lastApprovedData"] is None
    assert copy[gate["id"]]["_savedApprovalImages"] == []
    kept = tabs_of(fanned)[0]["graphData"]["nodes"][image["id"] - 1]["properties"]["_savedImages"]
    assert kept == ["https://x.test/1.png"]


def test_a_copy_that_still_speaks_of_the_source_is_said() -> None:
    tab = TabBuilder("MARLOW")
    tab.prompt("The Ginger cat Marlow and marlow.")
    tab.prompt("The ginger cat.")
    accounts = [{"code": "B", "persona": {"coat": "black cat"}}]
    notes = fan(tab, accounts=accounts, persona={"coat": "ginger cat"}).out().notes
    assert [note.partition(" still says ")[2].partition(",")[0] for note in notes] == ["'MARLOW'", "'ginger cat'"]
