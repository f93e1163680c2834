"""Words to subtitles: cues that can be read at an even pace, as SRT or VTT, beside the film and inside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from rushes.errors import ErrorClass, RemoteError
from rushes.model.subtitles import MOST_WORDS, Cue, as_srt, as_vtt, cues_of
from rushes.model.transcript import Word, joined, transcript_words
from rushes.model.workflow import Json
from rushes.plugin.provider import Output
from rushes.providers.local.params import SUBTITLE_TYPES, check_subtitles
from rushes.providers.media.film import facts_of
from rushes.providers.media.mux import with_subtitles
from rushes.providers.media.scratch import film_bytes

_LEAST_SECONDS = 0.7
_OVER = 0.5  # seconds by which a sound may be longer than its film


def subtitle_film(
    film: Path, media_type: str, prompt: str | None, params: Mapping[str, Json], scratch: Path, times: Path | None
) -> list[Output]:
    """The film with the words as a text track (untouched where its container takes none), and the subtitle file.

    `times` are when the words were said; they count unless a pace is asked for.
    """
    kind, pace = check_subtitles(params)
    text = next((str(params[name]) for name in ("subtitle_text", "text") if params.get(name)), prompt or "")
    seconds = facts_of(film).seconds
    words = _said(text, seconds, times) if times is not None and params.get("words_per_second") is None else ()
    cues = cues_of(words) if words else cues_for(text, pace, seconds)
    try:
        video = Output("video/mp4", data=film_bytes(scratch, lambda out: with_subtitles(film, cues, out)))
    except RemoteError as error:
        if error.kind is not ErrorClass.INVALID_INPUT:
            raise
        video = Output(media_type, data=film.read_bytes())
    return [video, Output(SUBTITLE_TYPES[kind], data=(as_vtt(cues) if kind == "vtt" else as_srt(cues)).encode())]


def _said(text: str, seconds: float, times: Path) -> tuple[Word, ...]:
    """The words with their times, where they are the very words of the text, and were said while the film lasts."""
    try:
        words = transcript_words(times.read_bytes())
    except ValueError:
        return ()
    if joined(words).split() != text.split() or any(one.end > seconds + _OVER for one in words):
        return ()
    return words


def cues_for(text: str, pace: float, seconds: float) -> list[Cue]:
    """The text in cues of a few words at `pace` words a second; pressed together where the film would end first."""
    phrases = _phrases(text)
    lengths = [max(_LEAST_SECONDS, len(phrase.split()) / pace) for phrase in phrases]
    total = sum(lengths)
    squeeze = min(1.0, seconds / total) if total and seconds > 0 else 1.0
    cues, now = [], 0.0
    for phrase, length in zip(phrases, lengths, strict=True):
        end = now + length * squeeze
        cues.append(Cue(round(now, 3), round(end, 3), phrase))
        now = end
    return cues


def _phrases(text: str) -> list[str]:
    """Sentences, cut into even pieces where they are long."""
    out: list[str] = []
    for sentence in re.split(r"(?<=[.!?…:;])\s+|\n+", text.replace("\0", " ").strip()):
        words = sentence.split()
        pieces = -(-len(words) // MOST_WORDS)
        for number in range(pieces):
            first, last = number * len(words) // pieces, (number + 1) * len(words) // pieces
            out.append(" ".join(words[first:last]))
    return out
