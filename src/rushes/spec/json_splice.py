"""Changes to a JSON text that touch nothing else: spans are replaced, the rest stays byte for byte.

A file that is decoded and encoded again loses number spellings, escapes, spacing and the reader's trust. Here only
the values that an edit names are written anew, in the style of their surroundings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined]  # documented in effect: every JSONDecoder uses it
from typing import Any, NamedTuple

from rushes.model.problem import Edit
from rushes.plugin.format import Document
from rushes.spec.json_tree import over, skip

_INDENT = re.compile(r"\n([ \t]+)\S")


class _Entry(NamedTuple):
    """A member or an element: `start` is its key (or value), `value` its value."""

    key: str | int
    start: int
    value: int
    end: int


@dataclass(slots=True)
class _Wish:
    """What is wanted at a path and below it. An edit of a value makes edits inside it void."""

    edit: Edit | None = None
    inside: dict[str | int, _Wish] = field(default_factory=dict)

    def value(self) -> Any:
        """The value to write where nothing usable is there yet."""
        if self.edit is not None:
            return self.edit.value
        wishes = {key: wish for key, wish in self.inside.items() if wish.adds}
        if wishes and all(isinstance(key, int) for key in wishes):
            return [wishes[key].value() for key in sorted(wishes)]
        return {str(key): wish.value() for key, wish in wishes.items()}

    @property
    def adds(self) -> bool:
        """Whether this puts something there rather than taking it away."""
        return not self.edit.remove if self.edit is not None else any(wish.adds for wish in self.inside.values())


def apply_edits(document: Document, edits: Iterable[Edit]) -> bytes:
    """The document's bytes with the edits made; every other byte is as it was.

    All paths are those of the document as it is: removing entry 3 of a list does not move entry 4 for another edit.
    Objects on the way that are absent are made; a list index beyond the end appends; of two edits of one path the
    later holds. The document must be JSON that has been read without fault.
    """
    root = _Wish()
    for edit in edits:
        wish = root
        for part in edit.path:
            wish = wish.inside.setdefault(part, _Wish())
        wish.edit = edit
    if root.edit is None and not root.inside:
        return document.data
    text = document.data.decode("utf-8")
    writer = _Writer(text)
    writer.visit(skip(text, 1 if text.startswith("\ufeff") else 0), root)
    return writer.result().encode("utf-8")


class _Writer:
    """Collects replaced spans in the order of the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans: list[tuple[int, int, str]] = []
        indent = _INDENT.search(text)
        self.unit = indent[1] if indent else ""
        head = text[:4096]
        self.colon = ":" if '":' in head and '": ' not in head else ": "
        self.comma = "," if self.colon == ":" else ", "
        self.ascii = text.isascii()

    def result(self) -> str:
        """The text with all spans replaced."""
        pieces: list[str] = []
        at = 0
        for start, end, new in self.spans:
            pieces += (self.text[at:start], new)
            at = end
        pieces.append(self.text[at:])
        return "".join(pieces)

    def visit(self, at: int, wish: _Wish, margin: str | None = None) -> int:
        """Grant a wish for the value at `at`; its end. `margin` is the line break and indentation around it."""
        opening = self.text[at]
        if wish.edit is not None or opening not in "[{" or (opening == "[") is not _for_list(wish):
            _, end = over(self.text, at)
            if wish.adds:
                self.spans.append((at, end, self.dump(wish.value(), margin)))
            return end
        return self._container(at, wish)

    def _container(self, at: int, wish: _Wish) -> int:
        mark = len(self.spans)
        entries, close = self._entries(at, wish.inside)
        gone = [one.key in wish.inside and _removes(wish.inside[one.key]) for one in entries]
        known = {one.key for one in entries}
        more = sorted((k for k, w in wish.inside.items() if k not in known and w.adds), key=_order)
        if not any(gone) and not more:
            return close + 1
        margin = self._margin(at, entries)
        new = [self._entry(key, wish.inside[key].value(), margin) for key in more]
        if all(gone):  # nothing stays, perhaps nothing was there
            end = entries[-1].end if entries and new else close
            self.spans[mark:] = [(at + 1, end, self._join(new, margin).lstrip(" ") if new else "")]
            return close + 1
        self._remove(entries, gone)
        if new:
            end = max(one.end for one, lost in zip(entries, gone, strict=True) if not lost)
            self.spans.append((end, end, "," + self._join(new, margin)))
        self.spans[mark:] = sorted(self.spans[mark:])
        return close + 1

    def _entries(self, at: int, inside: Mapping[str | int, _Wish]) -> tuple[list[_Entry], int]:
        """The entries of the container at `at`, wishes inside them granted, and where its bracket closes."""
        text, found = self.text, []
        keyed = text[at] == "{"
        margin: str | None = None
        at = skip(text, at + 1)
        number = 0
        while text[at] not in "]}":
            start = at
            key: str | int = number
            if keyed:
                key, at = scanstring(text, at + 1, True)
                at = skip(text, skip(text, at) + 1)
            value = at
            wish = inside.get(key)
            if wish is None or _removes(wish):
                _, at = over(text, at)
            else:
                margin = _line(text, start)
                at = self.visit(at, wish, margin)
            found.append(_Entry(key, start, value, at))
            at = skip(text, at)
            if text[at] == ",":
                at = skip(text, at + 1)
            number += 1
        return found, at

    def _remove(self, entries: list[_Entry], gone: list[bool]) -> None:
        first = gone.index(False)
        for number, (one, lost) in enumerate(zip(entries, gone, strict=True)):
            if lost and number < first:
                self.spans.append((one.start, entries[number + 1].start, ""))
            elif lost:
                self.spans.append((entries[number - 1].end, one.end, ""))

    def _margin(self, at: int, entries: list[_Entry]) -> str | None:
        """What stands before each entry of the container: a line break with indentation, or None on one line."""
        return _line(self.text, entries[-1].start) if entries else None

    def _entry(self, key: str | int, value: Any, margin: str | None) -> str:
        dumped = self.dump(value, margin)
        return dumped if isinstance(key, int) else f"{self.dump(key, None)}{self.colon}{dumped}"

    def _join(self, pieces: list[str], margin: str | None) -> str:
        """Entries one after the other, each with what stands before it."""
        if margin is None:
            before = self.comma[1:]
            return before + f",{before}".join(pieces)
        return margin + f",{margin}".join(pieces)

    def dump(self, value: Any, margin: str | None) -> str:
        """A value in the style of the file; ValueError for a number that is not finite."""
        pretty = margin is not None and isinstance(value, list | dict)
        try:
            value_text = self._encode(value, self.unit if pretty else None, self.ascii)
            value_text.encode("utf-8")
        except UnicodeEncodeError:  # half a character can only be written as an escape
            value_text = self._encode(value, self.unit if pretty else None, True)
        return value_text.replace("\n", margin or "\n") if pretty else value_text

    def _encode(self, value: Any, indent: str | None, escape: bool) -> str:
        separators = (",", self.colon) if indent is not None else (self.comma, self.colon)
        return json.dumps(value, ensure_ascii=escape, allow_nan=False, indent=indent, separators=separators)


def _removes(wish: _Wish) -> bool:
    return wish.edit is not None and wish.edit.remove


def _for_list(wish: _Wish) -> bool:
    return all(isinstance(key, int) for key in wish.inside)


def _order(key: str | int) -> tuple[int, str]:
    return (key, "") if isinstance(key, int) else (0, "")  # new members keep the order of the edits: sorting is stable


def _line(text: str, start: int) -> str | None:
    """The line break and indentation right before an entry, None when it does not begin its line."""
    at = start
    while at and text[at - 1] in " \t":
        at -= 1
    return text[at - 1 : start] if at and text[at - 1] == "\n" else None


def values_at(tree: Any, edits: Iterable[Edit]) -> Iterator[tuple[Edit, Any]]:
    """Each edit with the value that is there now, None where there is none."""
    for edit in edits:
        value = tree
        for part in edit.path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                value = None
                break
        yield edit, value
