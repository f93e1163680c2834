"""The accounts that a tab is copied for: a small file in YAML or JSON, or the registry that a studio keeps of its own.

::

    tab: MARLOW                       # the tab that is copied
    avatar: Marlow, the character     # the node that holds the avatar: title or id; found by itself where it is clear
    persona:                          # what the tab says of its own account, word for word, each under a name
      name: Marlow
      wardrobe: a yellow raincoat
    accounts:
      - code: PEPPER                  # the new tab's name, and what titles begin with
        avatar: assets/pepper.png     # a path beside this file, or a URL
        persona: {name: Pepper, wardrobe: a red coat}
        rows: {scene: [Wide shot. ..., Close up. ...]}
        set: {"Veo: scenes": {seed: 7}}

Every name of `persona` is to be answered by every account (`~`: as it is), so that none is forgotten.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rushes.model.problem import Path, Problem
from rushes.plugin.format import Document
from rushes.spec import json_tree, yaml_tree
from rushes.spec.load import with_marks
from rushes.spec.notes import Notes, Raw, shown

_TOP_KEYS: Final = frozenset({"tab", "avatar", "persona", "accounts"})
_KEYS: Final = frozenset({"code", "avatar", "persona", "rows", "set"})
_REGISTRY: Final = ("brands", "products", "workflows")
"""Of these a registry has at least one; its other keys are its studio's own business."""

_LONGEST_CODE = 60
MOST_BYTES = 4_000_000
"""Bytes of the largest file of accounts that is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account: `path` is its place in the file. In `persona` None means: as the source has it."""

    code: str
    path: Path
    avatar: str | None = None
    persona: Mapping[str, str | None] = field(default_factory=dict)
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    set: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """All accounts of a file. `avatar` names the nodes that hold the avatar; none: they are found by what they say."""

    document: Document
    accounts: tuple[Account, ...]
    tab: str | None = None
    avatar: tuple[str, ...] = ()
    persona: Mapping[str, str] = field(default_factory=dict)


def read_accounts(file: str, data: bytes) -> tuple[Accounts | None, list[Problem]]:
    """The accounts of a file; or None and every reason why not, with its line. Never raises."""
    json_ = file.lower().endswith(".json") or data.lstrip()[:1] in (b"{", b"[")
    tree, problems = json_tree.parse(file, data, MOST_BYTES) if json_ else yaml_tree.parse(file, data)
    document = Document(file, "json" if json_ else "yaml", data, tree)
    if problems:
        return None, problems
    notes = Notes()
    found = _read(document, notes)
    return (None if notes.problems else found), with_marks(document, notes.problems)


def _read(document: Document, notes: Notes) -> Accounts | None:
    root = document.tree
    if not isinstance(root, dict) or "accounts" not in root:
        notes.say("key-missing", "the file has no accounts", (), "write a list under `accounts:`, each with its code")
        return None
    if any(key in root for key in _REGISTRY):
        return Accounts(document=document, accounts=_unlike(_registered(root, notes), notes))
    notes.keys(root, _TOP_KEYS, (), "a file of accounts")
    persona = _persona(root, (), notes)
    for name, text in persona.items():
        if text is None:
            try_ = "write what the tab says, word for word"
            notes.say("value-type", f"{name!r} says nothing", ("persona", name), try_)
    entries = root["accounts"]
    if not isinstance(entries, list) or not entries:
        notes.wrong(root, "accounts", (), "a list of accounts, each with its code")
        return None
    accounts = [_account(raw, ("accounts", number), persona, notes) for number, raw in enumerate(entries)]
    return Accounts(
        document=document,
        accounts=_unlike([one for one in accounts if one is not None], notes),
        tab=notes.word(root, "tab", ()),
        avatar=_names(root, notes),
        persona={name: text for name, text in persona.items() if text is not None},
    )


def _registered(root: Raw, notes: Notes) -> list[Account]:
    """The accounts of a registry, a list or a mapping by code; of each its code and where its avatar lies."""
    entries = root["accounts"]
    if isinstance(entries, dict):
        named = [(code, raw, ("accounts", code)) for code, raw in entries.items()]
    elif isinstance(entries, list):
        named = [(None, raw, ("accounts", number)) for number, raw in enumerate(entries)]
    else:
        notes.wrong(root, "accounts", (), "a list of accounts, or a mapping by their codes")
        return []
    found = []
    for said, raw, path in named:
        if not isinstance(raw, dict):
            notes.say("value-type", f"the account is {shown(raw)}", path, "write a mapping")
            continue
        code = _code({"code": said, **raw}, path, notes)
        avatar = notes.source(raw["avatar_r2"], (*path, "avatar_r2")) if raw.get("avatar_r2") else None
        if code is not None:
            found.append(Account(code=code, path=path, avatar=avatar))
    return found


def _account(raw: Any, path: Path, persona: Mapping[str, str | None], notes: Notes) -> Account | None:
    if not isinstance(raw, dict):
        notes.say("value-type", f"the account is {shown(raw)}", path, "write a mapping with `code:`")
        return None
    notes.keys(raw, _KEYS, path, "an account")
    code = _code(raw, path, notes)
    own = _persona(raw, path, notes)
    for name in own:
        if name not in persona:
            says = f"{name!r} is not in `persona` at the top of the file"
            notes.say("key-unknown", says, (*path, "persona", name), "say there what the tab says, word for word")
    lacking = [name for name in persona if name not in own]
    if lacking and code is not None:
        says = f"{code} does not say its {' and its '.join(map(repr, lacking))}"
        notes.say("key-missing", says, path, "say it under `persona:` (`~`: as the source has it)")
    avatar = notes.source(raw["avatar"], (*path, "avatar")) if raw.get("avatar") is not None else None
    rows, values = _rows(raw, path, notes), _set(raw, path, notes)
    return Account(code=code or "", path=path, avatar=avatar, persona=own, rows=rows, set=values)


def _code(raw: Raw, path: Path, notes: Notes) -> str | None:
    code = raw.get("code")
    if code is None:
        notes.say("key-missing", "the account has no code", path, "write `code:`, such as PEPPER")
    elif not isinstance(code, str) or not code.strip() or not code.isprintable() or len(code) > _LONGEST_CODE:
        notes.say("name-unusable", f"{shown(code)} cannot be a code", (*path, "code"), "write a short text")
    else:
        return code.strip()
    return None


def _unlike(accounts: list[Account], notes: Notes) -> tuple[Account, ...]:
    seen: set[str] = set()
    for one in accounts:
        name = unicodedata.normalize("NFC", one.code).casefold()  # for some file systems one name, as some are for all
        if one.code and name in seen:
            says = f"two accounts have the code {one.code!r}"
            notes.say("name-doubled", says, one.path, "give each its own code: tabs and folders go by it")
        seen.add(name)
    return tuple(accounts)


def _names(raw: Raw, notes: Notes) -> tuple[str, ...]:
    """Nodes by title or id: one, or a list of them."""
    value = raw.get("avatar")
    many = value if isinstance(value, list) else [] if value is None else [value]
    if any(isinstance(one, bool) or not isinstance(one, str | int) or one == "" for one in many):
        notes.wrong(raw, "avatar", (), "the title or the id of a node, or a list of them")
        return ()
    return tuple(str(one) for one in many)


def _persona(raw: Raw, path: Path, notes: Notes) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name, text in notes.mapping(raw, "persona", path).items():
        if text is None or (isinstance(text, str) and text.strip()):
            found[name] = text
        else:
            says = f"{name!r} is {shown(text)}, and it takes a text"
            notes.say("value-type", says, (*path, "persona", name), "write the words, in quotes where they need them")
            found[name] = None
    return found


def _rows(raw: Raw, path: Path, notes: Notes) -> dict[str, tuple[str, ...]]:
    found = {}
    for name, rows in notes.mapping(raw, "rows", path).items():
        if isinstance(rows, list) and rows and all(isinstance(row, str) and row.strip() for row in rows):
            found[name] = tuple(rows)
        else:
            says = f"the rows {name!r} are {shown(rows)}, and they take a list of texts"
            notes.say("value-type", says, (*path, "rows", name), "write one text for each row")
    return found


def _set(raw: Raw, path: Path, notes: Notes) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for name, values in notes.mapping(raw, "set", path).items():
        if isinstance(values, dict) and values:
            found[name] = values
        else:
            says = f"{name!r} is {shown(values)}, and it takes a mapping of properties"
            notes.say("value-type", says, (*path, "set", name), "write `property: value`")
    return found
