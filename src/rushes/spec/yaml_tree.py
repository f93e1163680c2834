"""YAML bytes to a plain tree: dicts with text keys, lists, texts, numbers, truth values, null.

The tree is built here, straight from libyaml's events, for three reasons. The usual loader recurses on the C stack,
so a deep file kills the process; it reads `16:9` as 969, `on` as true and `2024-01-01` as a date; and it is several
times slower. Here depth, aliases, tags, doubled keys and keys that are no texts are met as they come by, each with
its line, and words mean what the YAML 1.2 core schema says.

Aliases share what they stand for; their size counts each time, so a small file cannot become a large tree.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rushes.model.problem import Mark, Path, Problem
from rushes.spec.codes import problem
from rushes.spec.source import MAX_DEPTH, fits_a_word, place, read_text, unsendable

if TYPE_CHECKING:
    import yaml

MAX_YAML_BYTES = 32 * 1024 * 1024
"""YAML is read slower than JSON, so less of it is read: about 100,000 steps."""

MAX_YAML_VALUES = 2_000_000
"""Values in one document, aliased ones counted each time: about ten seconds of reading."""

_SHOWN = 50
_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NUMBER_STARTS = frozenset("0123456789+-.")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_ENDLESS = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufffe\uffff]")
_TEXT_TAG = "tag:yaml.org,2002:str"
_MERGE = object()  # the key `<<`
_DROP = object()  # a key that was refused; its value is read and let go
_NO_KEY = object()  # a mapping that waits for its next key
_OPEN = (None, 0, -1)  # an anchor whose value is not complete


class _Frame:
    """A collection that is being filled."""

    __slots__ = ("anchor", "before", "deep", "key", "merges", "value")

    def __init__(self, value: Any, anchor: str | None, before: int) -> None:
        self.value = value
        self.anchor = anchor
        self.before = before  # values read before this one
        self.deep = 1
        self.key: Any = _NO_KEY
        self.merges: list[Any] | None = None


class _Stop(Exception):
    """Reading on would cost too much, or mean nothing."""


def parse(file: str, data: bytes) -> tuple[Any, list[Problem]]:
    """The tree of a YAML file, or None and every reason why there is none. Never raises for bad input."""
    text, problems = read_text(file, data, MAX_YAML_BYTES)
    if text is None:
        return None, problems
    builder = _Builder(file, None)
    problem_ = builder.run(text)
    problems = builder.problems if problem_ is None else [*builder.problems, problem_]
    return (None, problems) if problems else (builder.root, [])


def locate(file: str, data: bytes, path: Path) -> Mark | None:
    """Where a path stands in a file that `parse` read; the nearest thing above it where it does not exist."""
    return locate_many(file, data, [path]).get(path)


def locate_many(file: str, data: bytes, paths: Iterable[Path]) -> dict[Path, Mark]:
    """Where paths stand: the key of a member, the value of a list's entry. One more reading, however many paths."""
    builder = _Builder(file, {})
    builder.run(data.decode("utf-8-sig"))
    return {path: builder.find(path) for path in paths}


class _Builder:
    """One reading of one file."""

    def __init__(self, file: str, where: dict[int, dict[Any, tuple[int, int]]] | None) -> None:
        self.file = file
        self.where = where
        self.root: Any = None
        self.start = (0, 0)
        self.problems: list[Problem] = []
        self.count = 0
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Any, int, int]] = {}

    def run(self, text: str) -> Problem | None:
        """Read everything; returns the fault that ended the reading early, if one did."""
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text.encode("utf-8"))
        try:
            self._events(yaml, loader.get_event)
        except _Stop:
            return self.problems.pop()
        except yaml.YAMLError as wrong:
            return self._syntax(text, wrong)
        finally:
            loader.dispose()
        return None

    def find(self, path: Path) -> Mark:
        """The mark of a path, or of the nearest thing above it."""
        assert self.where is not None
        at, value = self.start, self.root
        for part in path:
            spots = self.where.get(id(value))
            if spots is None or part not in spots:
                break
            at = spots[part]
            value = value[part]
        return Mark(self.file, at[0] + 1, at[1] + 1)

    def _events(self, yaml: Any, get: Any) -> None:
        scalar, alias = yaml.ScalarEvent, yaml.AliasEvent
        mapping, sequence = yaml.MappingStartEvent, yaml.SequenceStartEvent
        ends = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
        documents = 0
        while True:
            event = get()
            kind = event.__class__
            if kind is scalar:
                self._scalar(event)
            elif kind is mapping or kind is sequence:
                self._open(event, {} if kind is mapping else [])
            elif kind in ends:
                self._close(event)
            elif kind is alias:
                self._alias(event)
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self._fault("yaml-documents", "a second document begins here", event, "keep one file per workflow")
                    raise _Stop
            elif kind is yaml.StreamEndEvent:
                return

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self.count += 1
        if self.count > MAX_YAML_VALUES:
            self._too_many(event)
        value: Any = event.value
        plain = event.implicit[0]
        if event.tag is not None and event.tag != "!":
            if event.tag != _TEXT_TAG:
                self._tag(event)
        elif plain:
            if value in _WORDS:
                value = _WORDS[value]
            elif value[0] in _NUMBER_STARTS:
                value = self._number(value, event)
            elif value == "<<" and self._at_key():
                value = _MERGE
        elif event.style == '"' and (code := unsendable(value)) is not None:
            self._fault(code, "a text holds a character that cannot be stored", event, "write a plain text")
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1, 0)
        self._add(value, event)

    def _at_key(self) -> bool:
        return bool(self.stack) and self.stack[-1].key is _NO_KEY and self.stack[-1].value.__class__ is dict

    def _number(self, written: str, event: Any) -> Any:
        if _INT.fullmatch(written):
            base = {"0x": 16, "0o": 8}.get(written[:2], 10)
            whole = int(written[2:] if base != 10 else written, base) if len(written) < 32 else 1 << 64
            if fits_a_word(whole):
                return whole
            self._fault("number-huge", f"the number {written[:40]} has too many digits", event, "put it in quotes")
            return 0
        if _FLOAT.fullmatch(written):
            value = float(written)
            if math.isfinite(value):
                return value
        elif not _ENDLESS.fullmatch(written):
            return written
        self._fault("number-not-finite", f"{written[:40]} is not a finite number", event, "write a plain number")
        return 0

    def _open(self, event: Any, value: Any) -> None:
        self.count += 1
        if len(self.stack) >= MAX_DEPTH:
            self._too_deep(event)
        if event.tag is not None and event.tag != "!":
            self._tag(event)
        frame = _Frame(value, event.anchor, self.count)
        if event.anchor is not None:
            self.anchors[event.anchor] = _OPEN
        self._add(value, event)  # in its place at once, so that keys and order are those of the file
        if self.where is not None:
            self.where[id(value)] = {}
        self.stack.append(frame)

    def _close(self, event: Any) -> None:
        frame = self.stack.pop()
        if frame.merges:
            self._merge(frame)
        if frame.anchor is not None:
            self.anchors[frame.anchor] = (frame.value, self.count - frame.before + 1, frame.deep)
        if self.stack and self.stack[-1].deep <= frame.deep:
            self.stack[-1].deep = frame.deep + 1

    def _alias(self, event: Any) -> None:
        known = self.anchors.get(event.anchor)
        if known is None:
            self._fault("yaml-alias", f"*{event.anchor[:80]} has no anchor", event, "define it before it is used")
            known = (None, 1, 0)
        elif known is _OPEN:
            self._fault("yaml-cycle", f"*{event.anchor[:80]} stands inside its own anchor", event, "remove the alias")
            known = (None, 1, 0)
        value, size, deep = known
        self.count += size
        if self.count > MAX_YAML_VALUES:
            says = f"aliases multiply to more than {MAX_YAML_VALUES:,} values"
            self._fault("yaml-bomb", says, event, "write fewer aliases of aliases")
            raise _Stop
        if len(self.stack) + deep > MAX_DEPTH:
            self._too_deep(event)
        if self.stack and self.stack[-1].deep <= deep:
            self.stack[-1].deep = deep + 1
        self._add(value, event)

    def _add(self, value: Any, event: Any) -> None:
        """Put a value where it belongs: the root, a list's end, a mapping's next key, or the value of that key."""
        if not self.stack:
            self.root = value
            if self.where is not None:
                self.start = (event.start_mark.line, event.start_mark.column)
            return
        frame = self.stack[-1]
        key: Any
        if frame.value.__class__ is list:
            key = len(frame.value)
            frame.value.append(value)
        elif frame.key is _NO_KEY:
            self._key(frame, value, event)
            return
        else:
            key, frame.key = frame.key, _NO_KEY
            if key is _DROP:
                return
            if key is _MERGE:
                self._note_merge(frame, value, event)
                return
            frame.value[key] = value
            return
        if self.where is not None:
            self.where[id(frame.value)][key] = (event.start_mark.line, event.start_mark.column)

    def _key(self, frame: _Frame, key: Any, event: Any) -> None:
        if key.__class__ is not str:
            if key is not _MERGE:
                says = f"the key {_shown(key)} is not a text"
                self._fault("key-not-text", says, event, "put the key in quotes")
                key = _DROP
        elif key in frame.value:
            self._fault("key-doubled", f"the key {key[:80]!r} is there twice in one mapping", event, "keep one of them")
            key = _DROP
        elif self.where is not None:
            self.where[id(frame.value)][key] = (event.start_mark.line, event.start_mark.column)
        frame.key = key

    def _note_merge(self, frame: _Frame, value: Any, event: Any) -> None:
        many = value if value.__class__ is list else [value]
        if any(one.__class__ is not dict for one in many) or frame.merges is not None:
            says = "<< takes one mapping or a list of mappings, once"
            self._fault("value-type", says, event, "write `<<: *name`, or `<<: [*one, *other]`")
            return
        frame.merges = many

    def _merge(self, frame: _Frame) -> None:
        """What `<<` brings: the mapping's own keys win, then the first mapping that has the key."""
        into = frame.value
        for one in frame.merges or ():
            for key, value in one.items():
                if key not in into:
                    into[key] = value
                    if self.where is not None:
                        spot = self.where.get(id(one), {}).get(key)
                        if spot is not None:
                            self.where[id(into)][key] = spot

    def _fault(self, code: str, says: str, event: Any, try_: str) -> None:
        at = event.start_mark
        self.problems.append(problem(code, says, try_=try_, mark=Mark(self.file, at.line + 1, at.column + 1)))
        if len(self.problems) > _SHOWN:
            raise _Stop

    def _tag(self, event: Any) -> None:
        says = f"the tag {event.tag[:80]!r} is not read"
        self._fault("yaml-tag", says, event, "remove the tag; write texts, numbers, lists and mappings only")

    def _too_deep(self, event: Any) -> None:
        says = f"values are nested more than {MAX_DEPTH} deep"
        self._fault("too-deep", says, event, "check that the file is what you meant")
        raise _Stop

    def _too_many(self, event: Any) -> None:
        says = f"the file holds more than {MAX_YAML_VALUES:,} values"
        self._fault("too-many-values", says, event, "split the workflow, or write it as JSON")
        raise _Stop

    def _syntax(self, text: str, wrong: Any) -> Problem:
        mark = getattr(wrong, "problem_mark", None) or getattr(wrong, "context_mark", None)
        says = " ".join(
            str(part) for part in (getattr(wrong, "problem", None), getattr(wrong, "context", None)) if part
        )
        try_ = "correct it at this place; check the indentation, and put texts with `: ` or `#` in quotes"
        if mark is not None:
            if "'\\t'" in says or text[mark.index : mark.index + 1] == "\t":
                try_ = "indent with spaces, not with tabs"
            where = Mark(self.file, mark.line + 1, mark.column + 1)
        else:  # libyaml's reader speaks of bytes, not of lines
            control = _CONTROL.search(text)
            where = place(self.file, text, control.start() if control else 0)
            says = f"control character {control.group()!r}" if control else (says or "unreadable")
            try_ = "remove the character"
        return problem("syntax", f"this is not YAML: {says}", try_=try_, mark=where)


def _shown(key: Any) -> str:
    if key.__class__ is dict or key.__class__ is list:
        return "(a list or mapping)"
    if key is None or key.__class__ is bool:
        return str(key).lower().replace("none", "null")
    return str(key)[:40]
