"""Files of accounts: what they may say, and that everything else is refused by name, with its place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.spec.accounts import Accounts, read_accounts

GOOD = """\
tab: MARLOW
avatar: 3
persona: {name: Marlow, wardrobe: a yellow raincoat}
accounts:
  - code: PEARL
    avatar: assets/pearl.png
    persona: {name: Pearl, wardrobe: ~}
    rows: {scene: [One., Two.]}
    set: {"Veo: scenes": {seed: 7}}
  - {code: JUNO, persona: {name: Juno, wardrobe: a red coat}}
"""


def good(text: str, file: str = "accounts.yaml") -> Accounts:
    accounts, problems = read_accounts(file, text.encode())
    assert accounts is not None and not problems, problems
    return accounts


def said(text: str, file: str = "accounts.yaml") -> list[tuple[str, int, int, str]]:
    accounts, problems = read_accounts(file, text.encode())
    assert accounts is None
    return [(one.code, one.mark.line, one.mark.column, one.says) for one in problems if one.mark is not None]


def test_all_that_a_file_of_accounts_may_say_is_read() -> None:
    accounts = good(GOOD)
    assert (accounts.tab, accounts.avatar) == ("MARLOW", ("3",))
    assert accounts.persona == {"name": "Marlow", "wardrobe": "a yellow raincoat"}
    pearl, juno = accounts.accounts
    assert (pearl.code, pearl.avatar) == ("PEARL", "assets/pearl.png")
    assert pearl.persona == {"name": "Pearl", "wardrobe": None}
    assert pearl.rows == {"scene": ("One.", "Two.")} and pearl.set == {"Veo: scenes": {"seed": 7}}
    assert juno.avatar is None and juno.persona["wardrobe"] == "a red coat"


@pytest.mark.parametrize(
    ("old", "new", "code", "place", "words"),
    [
        ("tab: MARLOW", "tabs: MARLOW", "key-unknown", (1, 1), "'tabs'"),
        ("    rows:", "    row:", "key-unknown", (8, 5), "'row'"),
        ("- code: PEARL", "- code: [1]", "name-unusable", (5, 5), "a list"),
        ("  - code: PEARL\n    avatar", "  - avatar", "key-missing", (5, 5), "no code"),
        ("code: JUNO", "code: pearl", "name-doubled", (10, 5), "'pearl'"),
        ("name: Pearl, wardrobe: ~", "name: Pearl", "key-missing", (5, 5), "'wardrobe'"),
        ("name: Pearl,", "name: Pearl, voice: low,", "key-unknown", (7, 28), "'voice'"),
        ("name: Marlow,", "name: ~,", "value-type", (3, 11), "'name'"),
        ("[One., Two.]", "One.", "value-type", (8, 12), "'scene'"),
        ("{seed: 7}", "7", "value-type", (9, 11), "'Veo: scenes'"),
        ("assets/pearl.png", "ftp://pearl.png", "source-unusable", (6, 5), "ftp://"),
        ("avatar: 3", "avatar: true", "value-type", (2, 1), "true"),
    ],
)
def test_what_is_not_read_is_refused_with_its_place(
    old: str, new: str, code: str, place: tuple[int, int], words: str
) -> None:
    found = said(GOOD.replace(old, new, 1))
    assert [one for one in found if one[0] == code and one[1:3] == place and words in one[3]], found


def test_all_that_is_wrong_is_said_at_once() -> None:
    text = GOOD.replace("tab:", "tabs:").replace("rows:", "row:").replace("code: JUNO", "code: ''")
    assert {one[0] for one in said(text)} == {"key-unknown", "name-unusable"} and len(said(text)) == 3


def test_a_registry_of_a_studio_gives_its_accounts_and_their_avatars() -> None:
    registry = {
        "brands": {},
        "products": [],
        "accounts": [
            {"code": "PEARL", "file": "pearl.md", "archetype": "calm", "avatar_r2": "https://x.test/pearl.png"},
            {"code": "JUNO", "status": "active", "platforms": ["a"], "sales_channels": []},
        ],
        "workflows": {},
    }
    accounts = good(json.dumps(registry), "version-registry.json")
    assert [(one.code, one.avatar) for one in accounts.accounts] == [
        ("PEARL", "https://x.test/pearl.png"),
        ("JUNO", None),
    ]
    registry["accounts"] = {"PEARL": {"avatar_r2": "https://x.test/pearl.png"}}
    accounts = good(json.dumps(registry), "version-registry.json")
    assert [(one.code, one.avatar) for one in accounts.accounts] == [("PEARL", "https://x.test/pearl.png")]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
_KEYS = st.sampled_from(["tab", "avatar", "persona", "accounts", "code", "rows", "set", "brands", "avatar_r2"])


@given(st.dictionaries(_KEYS, _VALUES | st.lists(st.dictionaries(_KEYS, _VALUES, max_size=5), max_size=3), max_size=5))
def test_whatever_the_file_holds_it_is_read_or_refused(tree: object) -> None:
    accounts, problems = read_accounts("accounts.json", json.dumps(tree).encode())
    assert (accounts is None) == bool(problems)
    assert all(one.mark is not None and one.says and one.try_ for one in problems)


@pytest.mark.parametrize("code", ["", " ", "A\u001b[31m", "two\nlines", "z" * 61])
def test_a_registry_names_its_accounts_as_a_list_of_them_may(code: str) -> None:
    told = said(json.dumps({"brands": [], "accounts": {code: {}}}), "version-registry.json")
    assert [one[0] for one in told] == ["name-unusable"]


def test_codes_that_a_disk_takes_for_one_name_are_one() -> None:
    told = said(json.dumps({"accounts": [{"code": "\u00c9"}, {"code": "e\u0301"}]}), "accounts.json")
    assert [one[0] for one in told] == ["name-doubled"]
