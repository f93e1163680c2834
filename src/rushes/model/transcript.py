"""The words of a transcript with their times, and how they are kept: JSON of one closed shape, beside the text.

::

    {"words": [{"text": "Good", "start": 0.02, "end": 0.31, "speaker": "speaker_0"}, ...]}

Seconds from the start of the sound; `speaker` stands where speakers were told apart, and `"glued": true` at a word
that follows the one before it without a space, as in Japanese. Equal words are equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

MEDIA_TYPE = "application/json"


class Word(NamedTuple):
    """A word, or a noise as it is written down, from `start` to `end` in seconds. `speaker`: whose, where known.

    `glued`: no space is before it.
    """

    text: str
    start: float
    end: float
    speaker: str | None = None
    glued: bool = False


def transcript_bytes(words: Iterable[Word]) -> bytes:
    """The words as they are kept."""
    return (json.dumps({"words": [_plain(one) for one in words]}, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def transcript_words(data: bytes) -> tuple[Word, ...]:
    """The words of kept bytes. ValueError for bytes of another shape."""
    try:
        return tuple(_word(**one) for one in json.loads(data)["words"])
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("these are no words of a transcript") from error


def joined(words: Sequence[Word]) -> str:
    """The words as one line of text."""
    return "".join(f"{'' if one.glued or not number else ' '}{one.text}" for number, one in enumerate(words))


def _plain(one: Word) -> dict[str, Any]:
    plain: dict[str, Any] = {"text": one.text, "start": one.start, "end": one.end}
    if one.speaker is not None:
        plain["speaker"] = one.speaker
    return {**plain, "glued": True} if one.glued else plain


def _word(*, text: str, start: float, end: float, speaker: str | None = None, glued: bool = False) -> Word:
    return Word(str(text), float(start), float(end), speaker, glued)
