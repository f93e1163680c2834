"""`{{...}}` in texts: where the holes are. What a hole means is decided by `refs`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from rushes.model.text import Ref, Text, Var, plain

_HOLE = re.compile(r"\{\{([^{}]*)\}\}")

RUN_VARIABLES = ("input", "item", "row", "timestamp", "random", "input_lines")
"""Names that every run can fill; `row` is another word for `item`."""


ITEM = Text((Var("item"),))
"""The prompt of a step that has rows and no prompt."""


class Hole(NamedTuple):
    """What stands between two pairs of braces, without the spaces around it."""

    name: str


def halves(raw: str) -> list[str]:
    """Literal pieces at even places, the names in the holes at odd ones. Single braces are literal."""
    return _HOLE.split(raw)


def split(raw: str) -> list[str | Hole]:
    """The same, told apart by type; empty literals left out."""
    pieces = [Hole(piece.strip()) if number % 2 else piece for number, piece in enumerate(_HOLE.split(raw))]
    return [piece for piece in pieces if piece != ""]


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
