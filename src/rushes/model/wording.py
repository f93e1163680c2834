"""Two texts, word by word: what stayed, what went, what came, and how much of it that is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

_TOKEN = re.compile(r"\s*(?:\w+(?:['’-]\w+)*|[^\w\s])")
_WORD = re.compile(r"\w")
_EXACT = 2_000
"""Tokens up to which the best comparison is looked for; of more, the most common ones hold nothing together."""


class Stretch(NamedTuple):
    """A piece of both texts. Equal when both are the same; else `old` went, `new` came."""

    old: str
    new: str

    @property
    def same(self) -> bool:
        """Whether nothing changed here."""
        return self.old == self.new


class Share(NamedTuple):
    """How many of how many words changed: of two rewritten by each other the longer one counts."""

    changed: int
    words: int

    @property
    def percent(self) -> int:
        """In whole per cent; at least 1 where anything changed."""
        return max(1, round(100 * self.changed / self.words)) if self.changed else 0

    def __add__(self, other: object) -> Share:
        """The share of two texts together."""
        if not isinstance(other, Share):
            return NotImplemented
        return Share(self.changed + other.changed, self.words + other.words)


def compared(old: str, new: str) -> list[Stretch]:
    """Both texts as stretches in order; joined they are the texts."""
    if old == new:
        return [Stretch(old, new)]
    before, after = _tokens(old), _tokens(new)
    was, now = ([one.strip() for one in many] for many in (before, after))
    matcher = SequenceMatcher(None, was, now, autojunk=max(len(was), len(now)) > _EXACT)
    return [Stretch("".join(before[a:b]), "".join(after[c:d])) for _tag, a, b, c, d in matcher.get_opcodes()]


def share(stretches: Sequence[Stretch]) -> Share:
    """How much of a text was rewritten."""
    gone = sum(_count(one.old) for one in stretches if not one.same)
    come = sum(_count(one.new) for one in stretches if not one.same)
    words = max(sum(_count(one.old) for one in stretches), sum(_count(one.new) for one in stretches))
    return Share(max(gone, come), words)


def _tokens(text: str) -> list[str]:
    found = [match[0] for match in _TOKEN.finditer(text)]
    rest = text[sum(map(len, found)) :]
    return [*found, rest] if rest else found


def _count(text: str) -> int:
    return sum(_WORD.search(match[0]) is not None for match in _TOKEN.finditer(text))
