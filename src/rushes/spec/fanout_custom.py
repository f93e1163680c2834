"""What a copy of a tab has of its own: titles, avatar, words, rows, values; and what it does not inherit.

Nothing here writes: a copy is a list of changes, each with the value before and after, and the fields of a node that no
change names are the source's, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any, Final

from rushes.model.problem import Path, Problem, did_you_mean
from rushes.spec.accounts import Account, Accounts
from rushes.spec.codes import Code, problem
from rushes.spec.fanout_change import Change, What
from rushes.spec.nbflow_graph import GraphNode, GraphTab
from rushes.spec.nbflow_kinds import GENERATORS, NodeKind

FANOUT_CODES: Final = {
    "fan-node": Code("an account names a node that the tab does not have", "what it says of it would be lost"),
    "fan-words": Code("the tab never says what `persona` says of it", "no copy would get the words of its account"),
    "fan-avatar": Code("which node holds the avatar is not clear", "a copy would show somebody else's face"),
    "fan-value": Code("what an account sets cannot be set there", "what it says of it would be lost"),
}
"""What a file of accounts can have wrong that only the tab shows."""

_wrong: Final = partial(problem, table=FANOUT_CODES)

_TEXTS: Final = ("text", "negativePrompt")
_LISTS: Final = (
    *("_savedImages", "_savedVideos", "_savedClips", "_savedGallerySlots"),
    *("_savedApprovalImages", "_savedApprovalVideos", "_savedGalleryImages", "_savedGalleryVideos"),
    *("galleryImages", "galleryVideos"),
)
_NUMBERS: Final = (
    *("_savedPreviewIndex", "_savedGalleryIndex", "galleryIndex"),
    *("_savedApprovalIndex", "_savedApprovalVideoIndex"),
)
_VALUES: Final = ("_savedVideoUrl", "_savedCurrentMediaType", "_lastApprovedData", "lastData")
_EMPTY: Final[Mapping[str, Any]] = {
    **{name: [] for name in _LISTS},
    **dict.fromkeys(_NUMBERS, 0),
    **dict.fromkeys(_VALUES),
    "_savedRowMapping": {},
}
"""What runs leave in generators and gates, and how it looks where none was."""

_AVATAR_WORDS: Final = re.compile(r"avatar|character", re.IGNORECASE)


def customised(tab: GraphTab, tree: Mapping[str, Any], accounts: Accounts, account: Account) -> list[Change]:
    """Every change of a copy but its numbers. The account must have been found in order (`wrong_with`)."""
    words = _words(accounts, account)
    avatars = {node.key for node in _avatar_nodes(tab, accounts)} if account.avatar else set()
    rows = {node.key: account.rows[name] for name in account.rows for node in named(tab, name)}
    values = {node.key: account.set[name] for name in account.set for node in named(tab, name)}
    found = [Change(("name",), What.TAB, tree.get("name"), account.code)]
    for node in tab.nodes.values():
        changes = [*_saved(node), *_worded(node, words)]
        if node.key in avatars and account.avatar:
            changes += _swapped(node, account.avatar)
        if node.key in rows:
            changes.append(_property(node, "dynamicRows", What.ROWS, list(rows[node.key])))
        changes += (_property(node, name, What.SET, value) for name, value in values.get(node.key, {}).items())
        changes += _titled(node, tab.name, account.code, words)
        found += _last_of_each(changes)
    return found


def _last_of_each(changes: Sequence[Change]) -> list[Change]:
    """Of two changes of one value the later; none of a value inside one that is changed as a whole; none of nothing."""
    last = {change.path: change for change in changes}
    return [
        change
        for change in last.values()
        if not _same(change.old, change.new) and not any(change.path[:n] in last for n in range(len(change.path)))
    ]


def wrong_with(tab: GraphTab, accounts: Accounts, chosen: Sequence[Account]) -> list[Problem]:
    """Everything that these accounts say of the tab and that does not fit it; paths lead into the file of accounts."""
    return [*_wrong_words(tab, accounts), *_wrong_avatar(tab, accounts, chosen), *_wrong_nodes(tab, chosen)]


def leftovers(tab: GraphTab, accounts: Accounts, changes: Sequence[Change], account: Account) -> list[str]:
    """The places of a copy that still speak of the source's account: by the tab's name, or by words of its persona."""
    after = {change.path: change.new for change in changes}
    gone = [text for name, text in accounts.persona.items() if account.persona.get(name) is not None]
    own = " ".join(text for text in account.persona.values() if text).casefold()
    words = [text for text in (tab.name, *gone) if text.casefold() not in own and account.code.casefold() != text]
    found = []
    for node in tab.nodes.values():
        said = [text for _path, text in _prompts(node, after)]
        still = [word for word in words if any(_mentions(word)(text) for text in said)]
        found += [f"{account.code}: {node.label} still says {word!r}, in other letters or as it is" for word in still]
    return found


def _prompts(node: GraphNode, after: Mapping[Path, Any]) -> Iterator[tuple[Path, str]]:
    """What a node says to a model, with the changes made."""
    at = (*node.path[2:], "properties")
    for name in _TEXTS:
        text = after.get((*at, name), node.props.get(name))
        if isinstance(text, str):
            yield (*at, name), text
    rows = after.get((*at, "dynamicRows"), node.props.get("dynamicRows"))
    for number, row in enumerate(rows if isinstance(rows, list) else ()):
        text = after.get((*at, "dynamicRows", number), row)
        if isinstance(text, str):
            yield (*at, "dynamicRows", number), text


def named(tab: GraphTab, name: str) -> list[GraphNode]:
    """The nodes of that id, else of that title, else of that variable."""
    if name in tab.nodes:
        return [tab.nodes[name]]
    by_title = [node for node in tab.nodes.values() if node.title == name]
    return by_title or [node for node in tab.nodes.values() if node.kind is NodeKind.PROMPT and node.variable == name]


# --- words ------------------------------------------------------------------------------------------------------


def _words(accounts: Accounts, account: Account) -> Callable[[str], str]:
    """Puts the account's words in the place of the source's: the longest first, and no word into another's place."""
    said = {text: account.persona.get(name) for name, text in accounts.persona.items()}
    instead = {text: new for text, new in said.items() if new is not None}
    if not instead:
        return str
    pattern = re.compile("|".join(re.escape(text) for text in sorted(instead, key=len, reverse=True)))
    return lambda text: pattern.sub(lambda match: instead[match[0]], text)


def _worded(node: GraphNode, words: Callable[[str], str]) -> Iterator[Change]:
    for path, text in _prompts(node, {}):
        yield Change(path, What.PERSONA, text, words(text))


def _wrong_words(tab: GraphTab, accounts: Accounts) -> Iterator[Problem]:
    said = [text for node in tab.nodes.values() for _path, text in _prompts(node, {})]
    said += [node.title for node in tab.nodes.values()]
    for name, text in accounts.persona.items():
        if not any(text in one for one in said):
            says = f"no prompt, row or title of {tab.name} says {text!r}, which is {name!r} of `persona`"
            yield _wrong("fan-words", says, path=("persona", name), try_="write it word for word as the tab does")


# --- titles -----------------------------------------------------------------------------------------------------


def _titled(node: GraphNode, source: str, code: str, words: Callable[[str], str]) -> Iterator[Change]:
    if node.title:
        said = words(node.title)
        what = What.PREFIX if said == node.title else What.TITLE
        yield Change((*node.path[2:], "title"), what, node.title, coded(code, source, said))


def coded(code: str, source: str, title: str) -> str:
    """The title with the account's code in the place of the source's, or before it, or as it is where it says so."""
    said = re.sub(_word(source), lambda _match: code, title)
    return said if _mentions(code)(said) else f"{code} {said}"


def _word(name: str) -> str:
    return rf"(?<!\w){re.escape(name)}(?!\w)"


def _mentions(name: str) -> Callable[[str], bool]:
    pattern = re.compile(_word(name), re.IGNORECASE)
    return lambda text: pattern.search(text) is not None


# --- avatars ----------------------------------------------------------------------------------------------------


def _avatar_nodes(tab: GraphTab, accounts: Accounts) -> list[GraphNode]:
    """The nodes that hold the source's avatar: those that are named; else those that say so; else the only reference.

    Several are meant when they hold the same picture, and are not clear when they do not.
    """
    if accounts.avatar:
        return [node for name in accounts.avatar for node in named(tab, name)]
    pictures = _pictures(tab)
    own = next((one.avatar for one in accounts.accounts if one.code == tab.name and one.avatar), None)
    told = [node for node in pictures if own is not None and node.props["imageData"] == own]
    return told or [node for node in pictures if _says_avatar(node)] or pictures


def _pictures(tab: GraphTab) -> list[GraphNode]:
    return [
        node
        for node in tab.nodes.values()
        if node.kind is NodeKind.REFERENCE and not node.feeds and isinstance(node.props.get("imageData"), str)
    ]


def _says_avatar(node: GraphNode) -> bool:
    said = (node.title, node.variable, node.props.get("filename"), node.props.get("imageData"))
    return any(isinstance(text, str) and _AVATAR_WORDS.search(text[-300:]) for text in said)


def _swapped(node: GraphNode, avatar: str) -> Iterator[Change]:
    old = node.props.get("imageData")
    yield _property(node, "imageData", What.AVATAR, avatar)
    if node.props.get("filename"):
        yield _property(node, "filename", What.AVATAR, re.split(r"[/\\]", avatar.partition("?")[0])[-1])
    if node.props.get("_imageAssetId") is not None:  # the editor's own copy of the old picture
        yield _property(node, "_imageAssetId", What.AVATAR, None)
    if old is not None and node.props.get("lastData") == old:
        yield _property(node, "lastData", What.AVATAR, avatar)


def _wrong_avatar(tab: GraphTab, accounts: Accounts, chosen: Sequence[Account]) -> Iterator[Problem]:
    for number, name in enumerate(accounts.avatar):
        holds = named(tab, name)
        at: Path = ("avatar", number) if isinstance(accounts.document.tree["avatar"], list) else ("avatar",)
        if not holds:
            yield _unknown(tab, name, at, "fan-node")
        elif any(node.kind is not NodeKind.REFERENCE for node in holds):
            says = f"{holds[0].label} is no reference, so it holds no avatar"
            yield _wrong("fan-avatar", says, path=at, try_=f"name one of {_list(_pictures(tab))}")
        elif any("imageData" not in node.props for node in holds):
            says = f"{holds[0].label} has no `imageData` that an avatar could stand in"
            yield _wrong("fan-avatar", says, path=at, try_="give it a picture in its editor, or name another")
    wants = [one for one in chosen if one.avatar]
    if not wants or accounts.avatar:
        return
    holds = _avatar_nodes(tab, accounts)
    if len({node.props["imageData"] for node in holds}) > 1 or not holds:
        may = f"it could be {_list(holds)}" if holds else "it has no reference with a picture"
        says = f"{wants[0].code} has an avatar, and where {tab.name} has its own is not clear: {may}"
        try_ = "say which: `avatar: TITLE or ID`, at the top of a file of accounts"
        yield _wrong("fan-avatar", says, path=wants[0].path, try_=try_)


def _list(nodes: Sequence[GraphNode]) -> str:
    return ", ".join(node.label for node in nodes[:8]) + (" ..." if len(nodes) > 8 else "")


# --- rows and values --------------------------------------------------------------------------------------------


def _wrong_nodes(tab: GraphTab, chosen: Sequence[Account]) -> Iterator[Problem]:
    for account in chosen:
        for name in account.rows:
            at: Path = (*account.path, "rows", name)
            holds = named(tab, name)
            if not holds:
                yield _unknown(tab, name, at, "fan-node")
            elif any(node.props.get("dynamicMode") is not True for node in holds):
                says = f"{holds[0].label} is no dynamic prompt, so it has no rows"
                yield _wrong("fan-value", says, path=at, try_="name a dynamic prompt, by variable, title or id")
        for name, values in account.set.items():
            holds = named(tab, name)
            if not holds:
                yield _unknown(tab, name, (*account.path, "set", name), "fan-node")
            for node in holds:
                yield from _wrong_values(node, values, (*account.path, "set", name))


def _wrong_values(node: GraphNode, values: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    for name in values:
        if name not in node.props:
            near = get_close_matches(name, [str(one) for one in node.props], n=1)
            says = f"{node.label} has no property {name!r}"
            yield _wrong("fan-value", says, path=(*path, name), try_=did_you_mean(near, "set one that it has"))


def _unknown(tab: GraphTab, name: str, path: Path, code: str) -> Problem:
    known = [*(node.title for node in tab.nodes.values() if node.title), *tab.nodes]
    known += [node.variable for node in tab.nodes.values() if node.variable]
    near = get_close_matches(name, known, n=1)
    says = f"{tab.name} has no node {name!r}"
    return _wrong(code, says, path=path, try_=did_you_mean(near, "name a node by its id, its title or its variable"))


# --- what a copy does not inherit ---------------------------------------------------------------------------------


def _saved(node: GraphNode) -> Iterator[Change]:
    """What an earlier run left in the source would pass for the copy's own: pictures of another face."""
    passes = node.kind in (NodeKind.APPROVE, NodeKind.PREVIEW) and node.feeds
    if node.kind not in GENERATORS and not passes:
        return
    for name, empty in _EMPTY.items():
        if node.props.get(name):
            yield _property(node, name, What.SAVED, empty)
    if passes and node.props.get("imageData"):
        yield _property(node, "imageData", What.SAVED, None)


def _property(node: GraphNode, name: str, what: What, new: Any) -> Change:
    return Change((*node.path[2:], "properties", name), what, node.props.get(name), new)


def _same(old: Any, new: Any) -> bool:
    return old is new or (type(old) is type(new) and bool(old == new))
