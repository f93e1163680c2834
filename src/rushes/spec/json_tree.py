"""JSON bytes to a plain tree, fast; and, only when there is something to say, to lines and columns.

`parse` is `json.loads` with the holes closed that matter here: depth, doubled keys, NaN, numbers without end,
half characters. It keeps no positions. `locate_many` reads the text a second time and lets the C scanner skip
whatever is not asked for, so that it costs about as much as the first reading.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]  # documented in effect: every JSONDecoder uses it
from typing import Any

from rushes.model.problem import Mark, Path, Problem
from rushes.spec.codes import problem
from rushes.spec.source import MAX_BYTES, MAX_DEPTH, MAX_VALUES, fits_a_word, place, places, read_text, unsendable

_SHOWN = 20  # faults of one kind that are worth listing
_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_STRING = re.compile(rb'"[^"]*"')
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))
_SPACE = re.compile(r"[ \t\n\r]*")


class _Doubled(dict[str, Any]):
    """A mapping that had a key twice; `json.loads` cannot say where, so the tree remembers it."""

    __slots__ = ("doubled",)
    doubled: str


class _Bad(float):
    """A number that cannot be used, where it stood; `code` says why."""

    __slots__ = ("code", "written")
    code: str
    written: str


def parse(file: str, data: bytes, most: int = MAX_BYTES) -> tuple[Any, list[Problem]]:
    """The tree of a JSON file, or None and every reason why there is none. Never raises for bad input."""
    text, problems = read_text(file, data, most)
    if text is None:
        return None, problems
    if sum(map(data.count, (b",", b"[", b"{"))) > MAX_VALUES:
        says = f"the file holds more than {MAX_VALUES:,} values"
        return None, [problem("too-many-values", says, try_="split the workflow")]
    if _deeper(data, MAX_DEPTH):
        says = f"values are nested more than {MAX_DEPTH} deep"
        return None, [problem("too-deep", says, try_="check that the file is what you meant", mark=Mark(file, 1, 1))]
    loader = _Loader()
    try:
        tree = loader.decode(text)
    except json.JSONDecodeError as wrong:
        return None, [_syntax(file, text, wrong)]
    except RecursionError:  # an unbalanced file can be deeper than the count of brackets says
        return None, [problem("too-deep", "values are nested too deep", mark=Mark(file, 1, 1))]
    if loader.faulty or _ESCAPED.search(text) is not None:
        problems = _faults(file, text, tree)
        if problems:
            return None, problems
    return tree, []


def locate(file: str, data: bytes, path: Path) -> Mark | None:
    """Where a path stands in a file that `parse` read; the nearest thing above it where it does not exist."""
    return locate_many(file, data, [path]).get(path)


def locate_many(file: str, data: bytes, paths: Iterable[Path]) -> dict[Path, Mark]:
    """Where paths stand: the key of a member, the value of a list's entry. Two readings, however many paths."""
    text = data.decode("utf-8-sig")
    found: dict[Path, int] = {}
    wanted = list(dict.fromkeys(paths))
    _walk(text, skip(text, 0), _trie(wanted), (), found)
    marks = places(file, text, found.values())
    answer: dict[Path, Mark] = {}
    for path in wanted:
        known = path
        while known not in found:
            known = known[:-1]
        answer[path] = marks[found[known]]
    return answer


def _deeper(data: bytes, most: int) -> bool:
    """Whether brackets nest more than `most` deep, at the speed of `bytes.replace`: each pass peels one level."""
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    shape = data.translate(None, _NOT_STRUCTURE).replace(b'""', b"")
    if b'"' in shape:  # two quotes in a row change nothing for what comes after them; others have brackets between them
        shape = _STRING.sub(b"", shape)
    for _ in range(most):
        peeled = shape.replace(b"[]", b"").replace(b"{}", b"")
        if len(peeled) == len(shape):
            return False  # flat by now; or unbalanced, and then the parser says so
        shape = peeled
    return bool(shape)


class _Loader:
    """A decoder that notes what JSON allows and a workflow does not."""

    def __init__(self) -> None:
        self.faulty = False
        self.decode: Callable[[str], Any] = json.JSONDecoder(
            object_pairs_hook=self._pairs,
            parse_float=self._float,
            parse_int=self._int,
            parse_constant=self._constant,
        ).decode

    def _pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            self.faulty = True
            seen: set[str] = set()
            twice = _Doubled(made)
            twice.doubled = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            return twice
        return made

    def _float(self, written: str) -> float:
        value = float(written)
        return value if math.isfinite(value) else self._bad("number-not-finite", written)

    def _int(self, written: str) -> int | float:
        if len(written) < 19 or (len(written) < 24 and fits_a_word(int(written))):
            return int(written)
        return self._bad("number-huge", written)

    def _constant(self, written: str) -> float:
        return self._bad("number-not-finite", written)

    def _bad(self, code: str, written: str) -> float:
        self.faulty = True
        value = _Bad(0.0)
        value.code, value.written = code, written[:40]
        return value


def _syntax(file: str, text: str, wrong: json.JSONDecodeError) -> Problem:
    try_ = "correct it at this place; a missing comma, quote or bracket just before is the usual cause"
    at = min(wrong.pos, len(text))
    return problem("syntax", f"this is not JSON: {wrong.msg}", try_=try_, mark=place(file, text, at))


def _faults(file: str, text: str, tree: Any) -> list[Problem]:
    faults: list[tuple[Path, str, str]] = []
    for path, value in _values(tree):
        if isinstance(value, _Doubled):
            faults.append((path, "key-doubled", value.doubled))
        elif isinstance(value, _Bad):
            faults.append((path, value.code, value.written))
        elif isinstance(value, str) and (code := unsendable(value)) is not None:
            faults.append((path, code, ""))
        if len(faults) >= _SHOWN:
            break
    marks = locate_many(file, text.encode("utf-8"), [path for path, _, _ in faults])
    return [_fault(file, text, path, code, detail, marks[path]) for path, code, detail in faults]


def _fault(file: str, text: str, path: Path, code: str, detail: str, mark: Mark) -> Problem:
    if code == "key-doubled":
        says, try_ = f"the key {detail!r} is there twice in one object", "keep one of them"
        offset = _second(text, path, detail)
        return problem(code, says, try_=try_, path=(*path, detail), mark=place(file, text, offset))
    says = {
        "number-not-finite": f"{detail} is not a finite number",
        "number-huge": f"the number {detail} has too many digits",
        "file-null-byte": "a text or key holds a null character",
        "text-broken": "a text or key holds half a character (a lone surrogate)",
    }[code]
    return problem(code, says, try_="write a plain value", path=path, mark=mark)


def _values(tree: Any) -> Iterator[tuple[Path, Any]]:
    """Every value with its path, keys counted as texts; without recursion."""
    yield (), tree
    path: list[str | int] = []
    stack: list[Iterator[tuple[str | int, Any]]] = [_members(tree)]
    while stack:
        step = next(stack[-1], None)
        if step is None:
            stack.pop()
            if path:
                path.pop()
            continue
        key, value = step
        if isinstance(key, str) and unsendable(key) is not None:
            yield (*path, key), key
        if isinstance(value, str | float):
            yield (*path, key), value
        elif isinstance(value, dict | list):
            if isinstance(value, _Doubled):
                yield (*path, key), value
            path.append(key)
            stack.append(_members(value))


def _members(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return iter(value.items())
    return iter(enumerate(value)) if isinstance(value, list) else iter(())


def _trie(paths: Iterable[Path]) -> dict[str | int, Any]:
    root: dict[str | int, Any] = {}
    for path in paths:
        level = root
        for part in path:
            level = level.setdefault(part, {})
    return root


over = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=len).raw_decode
"""Where the value at an offset ends, found in C: `(value, end)`, whose numbers are not worth reading."""


def skip(text: str, at: int) -> int:
    """The first offset from `at` on that is no white space."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _walk(text: str, at: int, wanted: dict[str | int, Any], path: Path, found: dict[Path, int]) -> None:
    """Note the offset of the value at `at` and of the wanted parts in it; the rest is skipped in C."""
    found.setdefault(path, at)
    if not wanted:
        return
    left = set(wanted)
    for key, start, value in _entries(text, at):
        if key in left:
            found[(*path, key)] = start
            _walk(text, value, wanted[key], (*path, key), found)
            left.discard(key)
            if not left:
                return


def _entries(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
    """For each entry of a container: its key or number, where the entry and where its value begins."""
    opening = text[at]
    if opening not in "[{":
        return
    number = 0
    at = skip(text, at + 1)
    while text[at] not in "]}":
        start = at
        key: str | int = number
        if opening == "{":
            key, at = scanstring(text, at + 1, True)
            at = skip(text, skip(text, at) + 1)
        yield key, start, at
        _, at = over(text, at)
        at = skip(text, at)
        if text[at] == ",":
            at = skip(text, at + 1)
        number += 1


def _second(text: str, path: Path, key: str) -> int:
    """The offset of the second occurrence of a key in the object at a path."""
    at = skip(text, 0)
    for part in path:
        at = next(value for name, _, value in _entries(text, at) if name == part)
    starts = [start for name, start, _ in _entries(text, at) if name == key]
    return starts[1] if len(starts) > 1 else at
