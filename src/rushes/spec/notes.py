"""What a reader writes down while it reads: problems, and values of the right type."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from itertools import islice
from typing import Any

from rushes.model.problem import Edit, Path, Problem, did_you_mean
from rushes.spec.codes import problem

Raw = Mapping[str, Any]
"""A mapping of the document as it was parsed."""

_SUGGESTIONS = 200  # looking for the nearest name costs more than the rest of a step; people read fewer
_NAMES = 2_000
_LONGEST = 80
_TRUTH = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}
_DRIVE = re.compile(r"[A-Za-z]:")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


def shown(value: object) -> str:
    """A value for people: short, whatever it is."""
    if value is None:
        return "nothing"
    if value is True or value is False:
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value[:_LONGEST]) if isinstance(value, str) else str(value)[:_LONGEST]
    return text + "…" if isinstance(value, str) and len(value) > _LONGEST else text


class Notes:
    """Problems in the order they were met; `tab` and `node` are where the reader stands."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.tab: str | None = None
        self.node: str | None = None
        self._asked = 0

    def say(self, code: str, says: str, path: Path, try_: str = "", fix: tuple[Edit, ...] = ()) -> None:
        """Write a problem down."""
        self.problems.append(problem(code, says, path=path, try_=try_, tab=self.tab, node=self.node, fix=fix))

    def nearest(self, word: str, options: Iterable[str]) -> list[str]:
        """The option that a misspelt word most likely means, if there is one."""
        self._asked += 1
        if self._asked > _SUGGESTIONS or len(word) > _LONGEST:
            return []
        near = (one for one in options if abs(len(one) - len(word)) <= 6)
        return get_close_matches(word, list(islice(near, _NAMES)), n=1)

    def keys(self, raw: Raw, known: Collection[str], path: Path, what: str) -> None:
        """Refuse every key that has no meaning here, with the nearest right one."""
        for key in raw:
            if key not in known:
                near = self.nearest(key, sorted(known))
                try_ = did_you_mean(near, f"{what} takes {', '.join(sorted(known))}")
                fix: tuple[Edit, ...] = ()
                if near and near[0] not in raw:
                    fix = (Edit((*path, key), None, remove=True), Edit((*path, near[0]), raw[key]))
                self.say("key-unknown", f"{what} has no key {shown(key)}", (*path, key), try_, fix)

    def wrong(self, raw: Raw, key: str, path: Path, wants: str) -> None:
        """Refuse a value of the wrong type."""
        self.say("value-type", f"{key!r} is {shown(raw[key])}, and it takes {wants}", (*path, key), f"write {wants}")

    def mapping(self, raw: Raw, key: str, path: Path) -> Raw:
        """A mapping, or an empty one."""
        value = raw.get(key)
        if value is None:
            return {}
        if isinstance(value, dict):
            return value
        self.wrong(raw, key, path, "a mapping")
        return {}

    def word(self, raw: Raw, key: str, path: Path) -> str | None:
        """A text that is not empty; braces are refused, because nothing here can fill them in."""
        value = raw.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            self.wrong(raw, key, path, "a text")
            return None
        if "{{" in value:
            says = f"{key!r} is {shown(value)}, and nothing is filled in here"
            self.say("ref-place", says, (*path, key), "write the value itself")
            return None
        return value

    def one_of(self, raw: Raw, key: str, path: Path, options: Collection[str]) -> str | None:
        """One of a few words, in any case."""
        value = raw.get(key)
        if value is None:
            return None
        if isinstance(value, str) and value.lower() in options:
            return value.lower()
        near = self.nearest(value, sorted(options)) if isinstance(value, str) else []
        wants = "one of " + ", ".join(sorted(options))
        try_ = did_you_mean(near, f"write {wants}")
        self.say("value-range", f"{key!r} is {shown(value)}, and it takes {wants}", (*path, key), try_)
        return None

    def flag(self, raw: Raw, key: str, path: Path) -> bool | None:
        """True or false; also yes, no, on, off, which other readers of YAML take for them."""
        value = raw.get(key)
        if value is None or value is True or value is False:
            return value
        if isinstance(value, str) and value.lower() in _TRUTH:
            return _TRUTH[value.lower()]
        self.wrong(raw, key, path, "true or false")
        return None

    def whole(self, raw: Raw, key: str, path: Path, least: int = 1, most: int = 1_000_000) -> int | None:
        """A whole number within bounds."""
        value = raw.get(key)
        if value is None:
            return None
        if value.__class__ is float and value.is_integer():
            value = int(value)
        if value.__class__ is not int:
            self.wrong(raw, key, path, "a whole number")
            return None
        return value if self._within(key, value, path, least, most) else None

    def number(self, raw: Raw, key: str, path: Path, above: float = 0.0, most: float = 1e9) -> float | None:
        """A number above a bound (`above=-1` lets zero in)."""
        value = raw.get(key)
        if value is None:
            return None
        if value.__class__ not in (int, float):
            self.wrong(raw, key, path, "a number")
            return None
        least = 0 if above < 0 else above
        if value > most or value < least or (above >= 0 and value == above):
            self._within(key, value, path, least, most, open_=above >= 0)
            return None
        return float(value)

    def _within(self, key: str, value: float, path: Path, least: float, most: float, open_: bool = False) -> bool:
        if least <= value <= most and not (open_ and value == least):
            return True
        bound = f"more than {least:g}" if open_ else f"from {least:g} to {most:,.0f}"
        self.say("value-range", f"{key!r} is {shown(value)}, and it can be {bound}", (*path, key), f"write {bound}")
        return False

    def output_path(self, raw: Raw, key: str, path: Path) -> str | None:
        """A relative path that stays below where the workflow is."""
        value = self.word(raw, key, path)
        if value is None:
            return None
        parts = value.replace("\\", "/").split("/")
        bad = value[0] in "/\\~" or ".." in [part.strip() for part in parts] or _DRIVE.match(value) or "\\" in value
        if bad or any(ord(char) < 32 for char in value):
            says = f"{key!r} is {shown(value)}, which leads out of the project"
            try_ = "write a relative path with / and without .., or give --output-dir when you run it"
            self.say("path-outside", says, (*path, key), try_)
            return None
        return value

    def source(self, value: object, path: Path) -> str | None:
        """A path or an http(s) URL of a picture, clip or sound."""
        if not isinstance(value, str) or not value.strip():
            self.say("value-type", f"{shown(value)} is no path or URL", path, "write a path or an http(s) URL")
            return None
        if "{{" in value:
            self.say("ref-place", f"{shown(value)}: nothing is filled in here", path, "write the path itself")
            return None
        scheme = _SCHEME.match(value)
        if scheme and len(scheme.group(1)) > 1 and scheme.group(1).lower() not in ("http", "https"):
            says = f"{shown(value)} is neither a path nor an http(s) URL"
            self.say("source-unusable", says, path, "save it as a file, or give an http(s) URL")
            return None
        if any(ord(char) < 32 for char in value):
            self.say("source-unusable", f"{shown(value)} holds control characters", path, "write a plain path")
            return None
        return value
