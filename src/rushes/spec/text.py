"""`{{...}}` in texts: where the holes are. What a hole means is decided by `refs`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from rushes.model.text import Ref, Text, Var, plain

_HOLE = re.compile(r"\{\{([^{}]*)\}\}")

RUN_VARIABLES = ("input", "item", "row", "timestamp", "random", "input_lines")
"""Names that every run can fill; `row` is another word for `item`."""


class Hole(NamedTuple):
    """What stands between two pairs of braces, without the spaces around it."""

    name: str


def split(raw: str) -> list[str | Hole]:
    """Literal pieces and holes in order. Single braces are literal."""
    pieces: list[str | Hole] = []
    at = 0
    for match in _HOLE.finditer(raw):
        if match.start() > at:
            pieces.append(raw[at : match.start()])
        pieces.append(Hole(match.group(1).strip()))
        at = match.end()
    if at < len(raw):
        pieces.append(raw[at:])
    return pieces


def has_holes(raw: str) -> bool:
    """Whether a text asks for anything to be filled in."""
    return "{{" in raw and _HOLE.search(raw) is not None


def unclosed(pieces: Iterable[str | Hole]) -> bool:
    """Whether two opening braces were left in the literal parts: a hole that was never closed."""
    return any(isinstance(piece, str) and "{{" in piece for piece in pieces)


def joined(parts: Iterable[str | Ref | Var]) -> Text:
    """A Text whose adjacent literals are one; empty literals vanish."""
    kept: list[str | Ref | Var] = []
    for part in parts:
        if isinstance(part, str) and kept and isinstance(kept[-1], str):
            kept[-1] += part
        elif part != "":
            kept.append(part)
    return Text(tuple(kept)) if kept else plain("")


def tidy(before: str, after: str) -> tuple[str, str]:
    """The literals around a hole that vanishes, without the doubled space it would leave."""
    if not before or before[-1].isspace():
        after = after.lstrip(" ")
    return before, after
