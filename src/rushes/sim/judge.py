"""A JSON answer that fits a schema and follows from what was measured on the pictures. It judges nothing: it says so.

Only the words of JSON Schema that shape an answer are read; the schemas of requests are untrusted, so depth and size
are bounded.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from rushes.sim.chance import Chance

MARK = "simulated: "
"""Begins every text of an answer."""

_DEEPEST = 24
_MOST_ITEMS = 8
_MOST_VALUES = 2000
"""Values of one answer, so that a schema that names itself ten times does not grow without end."""


def fitting(schema: Mapping[str, Any], words: str, chance: Chance, key: object) -> Any:
    """A value for `schema`. Texts are `words`, marked; numbers and choices follow from `words`, `key` and the seed."""
    return _Writer(schema, words, chance, key).value(schema, "$", 0)


def in_words(schema: Mapping[str, Any] | None, words: str, chance: Chance, key: object) -> str:
    """The text of an answer: the words as they are, marked, or JSON that fits a schema."""
    if schema is None:
        return MARK + words
    return json.dumps(fitting(schema, words, chance, key), sort_keys=True, separators=(",", ":"))


class _Writer:
    def __init__(self, root: Mapping[str, Any], words: str, chance: Chance, key: object) -> None:
        self._root = root
        self._words = words
        self._chance = chance
        self._key = key
        self._left = _MOST_VALUES

    def value(self, schema: Any, at: str, deep: int) -> Any:
        self._left -= 1
        if not isinstance(schema, Mapping) or deep > _DEEPEST or self._left < 0:
            return None
        schema = self._followed(schema)
        if "const" in schema:
            return schema["const"]
        if isinstance(choices := schema.get("enum"), list) and choices:
            return choices[self._number(at) % len(choices)]
        for several in ("anyOf", "oneOf", "allOf"):
            if isinstance(options := schema.get(several), list) and options:
                return self.value(self._first(options), at, deep + 1)
        return self._of(self._kind(schema), schema, at, deep)

    def _followed(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        for _ in range(_DEEPEST):
            reference = schema.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#"):
                break
            found: Any = self._root
            for name in filter(None, reference[1:].split("/")):
                found = found.get(name, {}) if isinstance(found, Mapping) else {}
            schema = found if isinstance(found, Mapping) else {}
        return schema

    @staticmethod
    def _first(options: list[Any]) -> Any:
        """The first option that is something: `null` is chosen when nothing else is offered."""
        return next((one for one in options if isinstance(one, Mapping) and one.get("type") != "null"), options[0])

    @staticmethod
    def _kind(schema: Mapping[str, Any]) -> str:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        if isinstance(kind, str):
            return kind.lower()  # responseSchema has OBJECT where JSON Schema has object
        return "object" if "properties" in schema else "array" if "items" in schema else "string"

    def _of(self, kind: str, schema: Mapping[str, Any], at: str, deep: int) -> Any:
        if kind == "object":
            fields = schema.get("properties")
            named = list(fields.items())[:_MOST_VALUES] if isinstance(fields, Mapping) else []
            return {str(name): self.value(inner, f"{at}.{name}", deep + 1) for name, inner in named}
        if kind == "array":
            least = min(_whole(schema.get("minItems"), 1), _MOST_ITEMS)
            return [self.value(schema.get("items", {}), f"{at}[{index}]", deep + 1) for index in range(least)]
        if kind == "boolean":
            return self._number(at) % 2 == 0
        if kind in ("integer", "number"):
            return self._between(schema, at, whole=kind == "integer")
        return None if kind == "null" else self._text(schema)

    def _between(self, schema: Mapping[str, Any], at: str, *, whole: bool) -> int | float:
        least = _real(schema.get("minimum"), 0.0)
        most = max(least, _real(schema.get("maximum"), least + (10.0 if whole else 1.0)))
        lot = self._chance.lot("judge", self._words, self._key, at)
        if whole:
            first = math.ceil(least)
            return first + int(lot * (max(math.floor(most), first) - first + 1))
        found = least + (most - least) * lot
        return rounded if least <= (rounded := round(found, 3)) <= most else found

    def _text(self, schema: Mapping[str, Any]) -> str:
        text = MARK + self._words
        longest = _whole(schema.get("maxLength"), 2000)
        return text[:longest].ljust(min(_whole(schema.get("minLength"), 0), 2000), ".")

    def _number(self, at: str) -> int:
        return self._chance.number("judge", self._words, self._key, at)


def _whole(value: Any, otherwise: int) -> int:
    try:
        return max(0, int(value)) if value is not None else otherwise
    except (TypeError, ValueError, OverflowError):
        return otherwise


def _real(value: Any, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) and abs(value) < 1e15 else otherwise
