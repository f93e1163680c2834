"""Prompts that are nearly the same, and the words in which they differ. Pure; loaded by those who ask for it.

How alike two prompts are is the share of characters that both have in the same order (normalized indel similarity). It
says nothing about what a picture of them shows: one word makes a fox blue, and moves the score by a hundredth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


class Span(NamedTuple):
    """A piece of two prompts: `same` in both, only in the `old` one, or only in the `new` one."""

    what: str
    text: str


def nearest(prompt: str, prompts: Sequence[str], *, least: float, most: int) -> list[tuple[int, float]]:
    """Numbers and scores (0 to 1) of the most alike prompts, the best first; none below `least`."""
    found = process.extract(prompt, prompts, scorer=fuzz.ratio, processor=None, score_cutoff=least * 100, limit=most)
    return [(number, score / 100) for _text, score, number in found]


def spans(old: str, new: str) -> list[Span]:
    """Both prompts word by word: together the `same` and `old` pieces are the old one, `same` and `new` the new one."""
    return list(_joined(_pieces(_WORDS.findall(old), _WORDS.findall(new))))


def _pieces(old: list[str], new: list[str]) -> Iterator[Span]:
    for step in Levenshtein.opcodes(old, new):
        before, after = "".join(old[step.src_start : step.src_end]), "".join(new[step.dest_start : step.dest_end])
        yield from [Span("same", before)] if step.tag == "equal" else _changed(before, after)


def _joined(pieces: Iterator[Span]) -> Iterator[Span]:
    """A blank between two changed words belongs to the change: `[-red fox-]{+blue owl+}`, not word by word."""
    many = list(pieces)
    old = new = ""
    for number, (what, text) in enumerate(many):
        glue = what == "same" and text.isspace() and (old or new) and number + 1 < len(many)
        if what == "same" and not glue:
            yield from _changed(old, new)
            old = new = ""
            yield Span("same", text)
        else:
            old += text if what != "new" else ""
            new += text if what != "old" else ""
    yield from _changed(old, new)


def _changed(old: str, new: str) -> Iterator[Span]:
    if old:
        yield Span("old", old)
    if new:
        yield Span("new", new)
