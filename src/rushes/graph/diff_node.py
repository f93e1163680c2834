"""One node in two versions: each value that is another one. What refers to a node is compared by the node it means."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, Final, NamedTuple

from rushes.model.ids import Digest, NodeId
from rushes.model.text import Ref, Text, Var
from rushes.model.wording import Share, compared, share
from rushes.model.workflow import Node

_Called = Callable[[NodeId], str]
_VALUES: Final = ("model", "provider", "source", "candidates", "attempts", "pick", "timeout", "budget", "keep_going")
_MORE: Final = ("limit", "rows_from", "enabled")
_CALLED: Final = {"source": "reference", "keep_going": "on_error continue", "pick": "approve"}


class Change(NamedTuple):
    """A value that is another one; None where there is none. `share` is how many words of a text changed.

    `says` is what a person should know beside it.
    """

    field: str
    old: Any
    new: Any
    share: Share | None = None
    says: str = ""


class Names(NamedTuple):
    """What nodes are called, the same in both versions for the same node, and what is behind references in each."""

    before: Mapping[NodeId, str]
    after: Mapping[NodeId, str]
    old_bytes: Mapping[str, Digest]
    new_bytes: Mapping[str, Digest]

    def old(self, node: NodeId) -> str:
        """What an old node is called."""
        return self.before.get(node, str(node))

    def new(self, node: NodeId) -> str:
        """What a new node is called."""
        return self.after.get(node, str(node))


def changes_of(old: Node, new: Node, names: Names) -> Iterator[Change]:
    """Everything of a node but its name and place."""
    yield from value_change("type", str(old.op), str(new.op))
    for name in (*_VALUES, *_MORE):
        was, now = getattr(old, name), getattr(new, name)
        for change in value_change(_CALLED.get(name, name), _plain(was), _plain(now)):
            yield change._replace(says=_of_bytes(old, new, names)) if name == "source" else change
    if old.source == new.source and _of_bytes(old, new, names):
        yield Change("reference", old.source, new.source, None, _of_bytes(old, new, names))
    yield from _prompt(old, new, names)
    yield from _params(old, new, names)
    yield from _rows(old, new)
    yield from _edges(old, new, names)
    yield from value_change("condition", _condition(old, names.old), _condition(new, names.new))


def value_change(field: str, old: Any, new: Any) -> Iterator[Change]:
    """The change of a plain value, if there is one; of a text, with how much of it."""
    if isinstance(old, str) and isinstance(new, str):
        if old != new:
            words = share(compared(old, new)) if len(old.split()) > 1 and len(new.split()) > 1 else None
            yield Change(field, old, new, words)
    elif json.dumps(old, sort_keys=True, default=str) != json.dumps(new, sort_keys=True, default=str):
        yield Change(field, old, new)  # 1, 1.0 and true are three values in a request


def _of_bytes(old: Node, new: Node, names: Names) -> str:
    """What the bytes say of a reference, where both are known: names are not what counts."""
    was, now = names.old_bytes.get(old.source or ""), names.new_bytes.get(new.source or "")
    if was is None or now is None:
        return ""
    if old.source == new.source:
        return "other bytes behind the same name" if was != now else ""
    return "the same bytes under another name" if was == now else ""


def _prompt(old: Node, new: Node, names: Names) -> Iterator[Change]:
    was, now = _text(old.prompt, names.old), _text(new.prompt, names.new)
    if _is_edge(old.prompt) and _is_edge(new.prompt):
        yield from value_change("input prompt", was, now)
        return
    for change in value_change("prompt", was, now):
        yield change if was is None or now is None else change._replace(share=share(compared(was, now)))


def _text(text: Text | None, called: _Called) -> str | None:
    """A text as people write it, with what is open in braces."""
    if text is None:
        return None
    pieces = []
    for part in text.parts:
        name = called(part.node) if isinstance(part, Ref) else part.name if isinstance(part, Var) else None
        pieces.append(str(part) if name is None else f"{{{{{name}}}}}")
    return "".join(pieces)


def _is_edge(text: Text | None) -> bool:
    return text is not None and len(text.parts) == 1 and isinstance(text.parts[0], Ref)


def _params(old: Node, new: Node, names: Names) -> Iterator[Change]:
    for name in sorted({*old.params, *new.params}):
        was, now = old.params.get(name), new.params.get(name)
        yield from value_change(
            name,
            _text(was, names.old) if isinstance(was, Text) else was,
            _text(now, names.new) if isinstance(now, Text) else now,
        )


def _rows(old: Node, new: Node) -> Iterator[Change]:
    """Rows that came, went or say something else; one that only has another number says so."""
    was, now = old.rows or (), new.rows or ()
    if was == now:
        return
    if sorted(was) == sorted(now):
        yield Change("rows", list(was), list(now), None, "the same rows in another order")
        return
    for tag, a, b, c, d in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for n in range(max(b - a, d - c)):
            before = was[a + n] if a + n < b else None
            after = now[c + n] if c + n < d else None
            field = f"row {c + n + 1}" if after is not None else f"row {a + n + 1} of the old"
            words = share(compared(before or "", after or ""))
            yield Change(field, before, after, words)


def _edges(old: Node, new: Node, names: Names) -> Iterator[Change]:
    was, now = _by_role(old, names.old), _by_role(new, names.new)
    for role in dict.fromkeys([*was, *now]):
        yield from value_change(f"input {role}", was.get(role), now.get(role))
    modes = [{entry.role: str(entry.mode) for entry in node.inputs} for node in (old, new)]
    for role in sorted(modes[0].keys() & modes[1].keys()):
        yield from value_change(f"input {role} takes", modes[0][role], modes[1][role])


def _by_role(node: Node, called: _Called) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in node.inputs:
        found.setdefault(entry.role, []).extend(called(ref) for ref in entry.refs)
    return found


def _condition(node: Node, called: _Called) -> str | None:
    return None if node.condition is None else f"{called(node.condition.node)} {node.condition.wants}"


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
