"""The times of a transcript's words, as ElevenLabs' models answer with them: at ElevenLabs itself and at fal.

Source: the type SpeechToTextWordResponseModel of elevenlabs 2.78.0: `text`, `start` and `end` (seconds or null), `type`
(word, spacing, audio_event), `speaker_id`. fal hands the same on.

The text is what was paid for: whatever is odd about the times loses all of them, and never the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rushes.model.transcript import MEDIA_TYPE, Word, transcript_bytes
from rushes.plugin.provider import Output

MOST = 16_000_000
"""Bytes of times that are kept: a text that is larger is none to the store. That is more than a day of speech."""

_LAST = 1e6  # seconds: no sound is eleven days long
_HEARD = ("word", "audio_event")
_ALL = ("word", "spacing", "audio_event")


def times_of(said: Mapping[str, Any]) -> tuple[Output, ...]:
    """The times in an answer that has `text` and `words`, as the output beside the text; nothing where one is odd."""
    text, listed = said.get("text"), said.get("words")
    if not isinstance(text, str) or not isinstance(listed, list):
        return ()
    try:
        words = tuple(_words(text, listed))
    except (ValueError, TypeError, KeyError):
        return ()
    data = transcript_bytes(words)
    return (Output(MEDIA_TYPE, data=data),) if words and len(data) <= MOST else ()


def _words(text: str, listed: list[Any]) -> Iterator[Word]:
    at = 0
    for one in listed:
        if one["type"] not in _ALL:
            raise ValueError("it is of a kind that nobody knows")
        spelled = " ".join(str(one["text"]).split()) if one["type"] in _HEARD else ""
        if not spelled:
            continue
        start, end = _seconds(one["start"]), _seconds(one["end"])
        if end < start:
            raise ValueError("it ends before it starts")
        found = text.find(spelled, at)
        speaker = one.get("speaker_id")
        yield Word(spelled, start, end, speaker if isinstance(speaker, str) else None, 0 < found == at)
        at = at if found < 0 else found + len(spelled)


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST:
        raise ValueError(f"{value!r} is no time")
    return round(float(value), 3)
