"""A tab of a node graph, copied for other accounts, at the end of a copy of its file.

What is written is put together from the file's own bytes; a copy differs from its tab by declared changes and nothing
else, and `fanout_proof` says so of what was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from rushes.model.problem import Edit, Problem
from rushes.plugin.format import Document
from rushes.spec.accounts import Account, Accounts
from rushes.spec.fanout_change import Change, What
from rushes.spec.fanout_custom import customised, leftovers
from rushes.spec.fanout_numbers import Blocks, is_whole, numbers
from rushes.spec.json_spans import spans
from rushes.spec.json_splice import apply_edits
from rushes.spec.nbflow_graph import GraphTab, fault


class Copied(NamedTuple):
    """A copy: tab `number` (from 0) of the new file, its ids `offset` above the source's, and all its changes."""

    account: Account
    number: int
    offset: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fanned:
    """A new file: tab number `source` of the old one, which is called `name`, and a copy of it for each account."""

    data: bytes
    source: int
    name: str
    copies: tuple[Copied, ...]
    notes: tuple[str, ...] = ()


def wrong_in(document: Document, tab: GraphTab) -> list[Problem]:
    """Why the tab cannot be copied at all: it has no name, or a number that is none."""
    at = tab.path[1]
    if not isinstance(document.tree["tabs"][at].get("name"), str):
        says = f"tab {int(at) + 1} has no name"
        return [fault("nb-shape", says, path=("tabs", at), try_="give it the code of its account as `name`")]
    return [
        fault(
            "nb-shape",
            f"the id {one.value!r} is no whole number, so a copy cannot count on from it",
            path=("tabs", at, *one.path),
            try_="number the nodes and links of this tab, in its editor",
            tab=tab.name,
        )
        for one in numbers(document.tree["tabs"][at])
        if not is_whole(one.value)
    ]


def fan_out(document: Document, tab: GraphTab, accounts: Accounts, chosen: Sequence[Account], name: str) -> Fanned:
    """The file with a copy of `tab` for each chosen account. `name` is the new file's, where the old one has its own.

    Everything must have been found in order before. ValueError where no numbers are left for a copy.
    """
    tabs = document.tree["tabs"]
    source = int(tab.path[1])
    text = document.data.decode("utf-8")
    blocks = Blocks(tabs)
    copies: list[Copied] = []
    pieces: list[str] = []
    notes: list[str] = []
    start, end = spans(text, [("tabs", source)])["tabs", source]
    piece = Document(document.file, document.format, text[start:end].encode(), tabs[source])
    for number, account in enumerate(chosen):
        place = blocks.place(tabs[source], len(tabs) + number)
        if place is None:
            raise ValueError(f"the numbers of {tab.name} are too large for another copy")
        changes = (*_renumbered(tabs[source], place.offset), *customised(tab, tabs[source], accounts, account))
        copies.append(Copied(account, len(tabs) + number, place.offset, changes))
        pieces.append(apply_edits(piece, [Edit(one.path, one.new) for one in changes]).decode("utf-8"))
        notes += [f"{account.code}: {place.says}"] if place.says else []
        notes += leftovers(tab, accounts, changes, account)
    extra = tabs[source]["graphData"].get("extra")
    if isinstance(extra, dict) and extra.get("nodeGroups"):
        notes.append(f"`extra.nodeGroups` of {tab.name} is copied as it is: ids in it stay those of the source")
    return Fanned(
        data=_joined(document, text, pieces, name),
        source=source,
        name=tab.name,
        copies=tuple(copies),
        notes=tuple(notes),
    )


def _renumbered(tab: Mapping[str, Any], offset: int) -> list[Change]:
    return [Change(one.path, What.NUMBER, one.value, one.value + offset) for one in numbers(tab)]


def _joined(document: Document, text: str, pieces: Sequence[str], name: str) -> bytes:
    """The file with the pieces behind its last tab, parted from it as its tabs are from each other."""
    count = len(document.tree["tabs"])
    found = spans(text, [("tabs",), *(("tabs", number) for number in range(count))])
    last = found["tabs", count - 1]
    if count > 1:
        between = text[found["tabs", count - 2][1] : last[0]]
    else:
        between = "," + text[found["tabs",][0] + 1 : last[0]]
    text = text[: last[1]] + "".join(between + piece for piece in pieces) + text[last[1] :]
    if not renames(document):
        return text.encode()
    whole = Document(document.file, document.format, text.encode(), None)
    return apply_edits(whole, [Edit(("name",), name)])


def renames(document: Document) -> bool:
    """Whether the file says its own name, which a new file is to say as well."""
    stem = document.file.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
    return bool(stem) and document.tree.get("name") == stem
