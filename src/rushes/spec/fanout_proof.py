"""The proof of a fan-out: what stands in the new file is the old file, and copies that differ as declared.

It reads what was written, and only that. The old file's own text must be there, to the byte. Of each copy, the
declared values are cut out, and out of its source the values at the same places: what is left must be the same, to the
byte, white space and unknown fields included. Each value that was cut out must be the one that was declared, each
number the source's number counted on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rushes.model.canonical import canonical_bytes
from rushes.model.problem import Path
from rushes.plugin.format import Document
from rushes.spec import json_tree
from rushes.spec.fanout import Copied, Fanned, renames
from rushes.spec.fanout_change import Change, What
from rushes.spec.fanout_custom import coded
from rushes.spec.json_spans import Span, path_at, spans

_SHOWN = 40  # characters around a difference


class Drift(NamedTuple):
    """A difference that nobody declared: `tab` of the new file (None: outside the copies), and where in it."""

    tab: int | None
    path: Path
    says: str


def drifts(document: Document, fanned: Fanned, written: bytes, name: str) -> list[Drift]:
    """What of the new file is neither the old file nor declared: the first of each copy; nothing when there is none."""
    tree, problems = json_tree.parse(document.file, written)
    if problems:
        return [Drift(None, (), f"the new file cannot be read: {problems[0].says}")]
    count = len(document.tree["tabs"]) + len(fanned.copies)
    tabs = tree.get("tabs") if isinstance(tree, dict) else None
    if not isinstance(tabs, list) or len(tabs) != count:
        return [Drift(None, ("tabs",), f"the new file has not {count} tabs")]
    old, new = document.data.decode("utf-8"), written.decode("utf-8")
    here = spans(new, [("tabs", number) for number in range(count)])
    found = list(_around(document, old, new, here, name))
    source = _part(old, spans(old, [("tabs", fanned.source)])["tabs", fanned.source])
    for copy in fanned.copies:
        found += list(_copy(source, _part(new, here["tabs", copy.number]), copy, fanned.name))[:1]
    return found


def _around(document: Document, old: str, new: str, here: Mapping[Path, Span], name: str) -> Iterator[Drift]:
    """The old file's own text, with nothing but the copies behind its last tab, and its name where it has one."""
    before = len(document.tree["tabs"])
    for number in range(before, len(here)):
        if new[here["tabs", number - 1][1] : here["tabs", number][0]].strip() != ",":
            yield Drift(None, ("tabs", number), "there is more than a comma before it")
    end = spans(old, [("tabs", before - 1)])["tabs", before - 1][1]
    mine, theirs = [(here["tabs", before - 1][1], here["tabs", len(here) - 1][1])], [(end, end)]
    if renames(document):
        called = spans(new, [("name",)]).get(("name",))
        if called is None or _value(new, called) != name:
            yield Drift(None, ("name",), "the file does not say its own name")
            return
        mine.append(called)
        theirs.append(spans(old, [("name",)])["name",])
    at = _differs(old, theirs, new, mine)
    if at is not None:
        yield Drift(None, path_at(new, at), _said(new, at))


def _copy(source: str, copy: str, told: Copied, name: str) -> Iterator[Drift]:
    """A copy against its source: what is declared is as declared, and all that is left is the same."""
    paths = [change.path for change in told.changes]
    mine, theirs = spans(copy, paths), spans(source, paths)
    for change in told.changes:
        if change.path not in mine or change.path not in theirs:
            yield Drift(told.number, change.path, "it is not there")
            return
        was, now = _value(source, theirs[change.path]), _value(copy, mine[change.path])
        if not _as_declared(change, was, now, told, name):
            said = _part(copy, mine[change.path])[:_SHOWN]
            yield Drift(told.number, change.path, f"it is {said}, not what was declared")
            return
    at = _differs(source, list(theirs.values()), copy, list(mine.values()))
    if at is not None:
        yield Drift(told.number, path_at(copy, at), _said(copy, at))


def _as_declared(change: Change, was: Any, now: Any, told: Copied, name: str) -> bool:
    if change.what is What.NUMBER:
        return now.__class__ is int and bool(now == was + told.offset)
    if change.what is What.PREFIX:
        return bool(now == coded(told.account.code, name, was))
    return canonical_bytes(now) == canonical_bytes(change.new)  # 1, 1.0 and true are three values


def _differs(old: str, theirs: Sequence[Span], new: str, mine: Sequence[Span]) -> int | None:
    """Where the new text first differs from the old one, the cuts of both left out; None where it does not."""
    before, after = _outside(old, theirs), _outside(new, mine)
    for (_, was), (start, now) in zip(before, after, strict=True):
        if was != now:
            same = next((n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
            return start + same
    return None


def _outside(text: str, cuts: Sequence[Span]) -> list[tuple[int, str]]:
    """The pieces between the cuts, each with where it begins."""
    pieces = []
    at = 0
    for start, end in sorted(cuts):
        pieces.append((at, text[at:start]))
        at = end
    return [*pieces, (at, text[at:])]


def _value(text: str, span: Span) -> Any:
    return json.loads(_part(text, span))


def _part(text: str, span: Span) -> str:
    return text[span[0] : span[1]]


def _said(text: str, at: int) -> str:
    return f"...{text[max(0, at - _SHOWN) : at + _SHOWN]!r}... is not in the source"
