"""Subtitles: cues of a few words each, from words whose times are known, and as SubRip or WebVTT."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from rushes.model.transcript import Word, joined

MOST_WORDS = 8
"""In one cue: two short lines on an upright film."""

MOST_SECONDS = 4.0
"""How long one cue stands."""

_PAUSE = 0.6  # seconds of silence after which nobody reads on
_LEAST = 700  # ms: what stands for less is not read; it stands longer while nothing follows
_STOP = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")


class Cue(NamedTuple):
    """A line of text from `start` to `end`, in seconds."""

    start: float
    end: float
    text: str


def cues_of(
    words: Sequence[Word], *, most_words: int = MOST_WORDS, most_seconds: float = MOST_SECONDS
) -> tuple[Cue, ...]:
    """Cues of at most so many words and seconds, every word in one of them, in order.

    A cue ends with its sentence, before a pause, and where another speaks; never after the next has begun. Times
    that overlap or go back, as those of people who interrupt each other, are put in order. Raises ValueError for
    less than one word or a thousandth of a second.
    """
    longest = round(most_seconds * 1000)
    if most_words < 1 or longest < 1:
        raise ValueError("a cue holds at least one word, and lasts at least 0.001 seconds")
    phrases = list(_phrases(words, most_words, most_seconds))
    cues, free = [], 0
    for phrase, after in zip_longest(phrases, phrases[1:]):
        start = max(free, _ms(phrase[0].start))
        end = max(start + _LEAST, *(_ms(one.end) for one in phrase))
        if after is not None:
            end = min(end, _ms(after[0].start))
        free = min(max(end, start + 1), start + longest)
        cues.append(Cue(start / 1000, free / 1000, joined(phrase)))
    return tuple(cues)


def _phrases(words: Sequence[Word], most_words: int, most_seconds: float) -> Iterator[list[Word]]:
    phrase: list[Word] = []
    for word in words:
        if phrase and (len(phrase) == most_words or _breaks(phrase, word, most_seconds)):
            yield phrase
            phrase = []
        phrase.append(word)
    if phrase:
        yield phrase


def _breaks(phrase: Sequence[Word], word: Word, most_seconds: float) -> bool:
    first, last = phrase[0], phrase[-1]
    return (
        word.end - first.start > most_seconds
        or word.start - last.end >= _PAUSE
        or word.speaker != last.speaker
        or _STOP.search(last.text) is not None
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def as_srt(cues: Sequence[Cue]) -> str:
    """The cues as SubRip."""
    blocks = (f"{n}\n{_clock(c.start, ',')} --> {_clock(c.end, ',')}\n{c.text}\n" for n, c in enumerate(cues, 1))
    return "\n".join(blocks)


def as_vtt(cues: Sequence[Cue]) -> str:
    """The cues as WebVTT, in which `&`, `<` and `>` are written as entities."""

    def safe(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    return "WEBVTT\n\n" + "\n".join(f"{_clock(c.start, '.')} --> {_clock(c.end, '.')}\n{safe(c.text)}\n" for c in cues)


def _clock(seconds: float, point: str) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"
