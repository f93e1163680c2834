"""Where the values of a JSON text begin and end, and which value an offset lies in. The text must have been read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]  # documented in effect: every JSONDecoder uses it
from typing import Any

from rushes.model.problem import Path
from rushes.spec.json_tree import over, skip

Span = tuple[int, int]
"""The offsets of a value's first character and of the one after its last."""


def spans(text: str, paths: Iterable[Path]) -> dict[Path, Span]:
    """The span of each path's value; paths that lead nowhere are absent. One walk, however many."""
    root: dict[str | int, Any] = {}
    for path in paths:
        level = root
        for part in path:
            level = level.setdefault(part, {})
        level[_HERE] = True
    found: dict[Path, Span] = {}
    _walk(text, _start(text), root, (), found)
    return found


def path_at(text: str, offset: int) -> Path:
    """The path of the innermost value that an offset lies in; of a container for what lies between its entries."""
    path: Path = ()
    at = _start(text)
    while True:
        for key, value, end in _entries(text, at):
            if value <= offset < end:
                path, at = (*path, key), value
                break
        else:
            return path


_HERE = -1  # no entry has this number: the path ends here


def _start(text: str) -> int:
    return skip(text, 1 if text.startswith("\ufeff") else 0)


def _walk(text: str, at: int, wanted: dict[str | int, Any], path: Path, found: dict[Path, Span]) -> int:
    """Note what is wanted of the value at `at`; its end. What is not wanted is stepped over, once."""
    if text[at] not in "[{" or wanted.keys() <= {_HERE}:
        end = over(text, at)[1]
    else:
        end = _inside(text, at, wanted, path, found)
    if _HERE in wanted:
        found[path] = (at, end)
    return end


def _inside(text: str, at: int, wanted: dict[str | int, Any], path: Path, found: dict[Path, Span]) -> int:
    keyed = text[at] == "{"
    number = 0
    at = skip(text, at + 1)
    while text[at] not in "]}":
        key: str | int = number
        if keyed:
            key, at = scanstring(text, at + 1, True)
            at = skip(text, skip(text, at) + 1)
        if key in wanted:
            at = _walk(text, at, wanted[key], (*path, key), found)
        else:
            at = over(text, at)[1]
        at = skip(text, at)
        if text[at] == ",":
            at = skip(text, at + 1)
        number += 1
    return at + 1


def _entries(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
    """For each entry of a container: its key or number, where its value begins, and where it ends."""
    opening = text[at]
    if opening not in "[{":
        return
    number = 0
    at = skip(text, at + 1)
    while text[at] not in "]}":
        key: str | int = number
        if opening == "{":
            key, at = scanstring(text, at + 1, True)
            at = skip(text, skip(text, at) + 1)
        _, end = over(text, at)
        yield key, at, end
        at = skip(text, end)
        if text[at] == ",":
            at = skip(text, at + 1)
        number += 1
