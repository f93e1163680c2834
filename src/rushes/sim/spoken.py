"""The words of a transcript with their times, in the shape that ElevenLabs' models give them: there and at fal.

The times are those of the offline voice, which measures where it is heard. Of a sound that it did not speak nobody
knows the words, and none are made up.

Source: the type SpeechToTextWordResponseModel of elevenlabs 2.78.0.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from rushes.model.transcript import Word, transcript_words
from rushes.sim.paint import Made


def spoken(told: Made, *, speaker: str | None) -> list[dict[str, Any]]:
    """Every word of a transcript, and the spaces between them."""
    words = transcript_words(told.data) if told.data else ()
    if not words:
        return []
    said = [_entry("word", words[0], speaker)]
    for before, word in pairwise(words):
        said.append(_entry("spacing", Word(" ", before.end, word.start), speaker))
        said.append(_entry("word", word, speaker))
    return said


def _entry(kind: str, word: Word, speaker: str | None) -> dict[str, Any]:
    timed = {"text": word.text, "start": word.start, "end": word.end}
    return {**timed, "type": kind, "speaker_id": speaker}
