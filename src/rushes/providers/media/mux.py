"""A film's pictures untouched, with another sound track or with subtitles beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from rushes.model.subtitles import Cue
from rushes.providers.media.film import bad_film
from rushes.providers.media.sound import Samples
from rushes.providers.media.writer import bare_mp4, encode_sound, sound_stream

_MS = Fraction(1, 1000)


def add_sound(target: Any) -> Callable[[Samples], None]:
    """Give an MP4 a sound track; returns how to fill it (once, mono at the film rate)."""
    stream = sound_stream(target)

    def fill(samples: Samples) -> None:
        encode_sound(samples, stream, target)
        target.mux(stream.encode(None))

    return fill


def with_sound(film: Path, samples: Samples, out: Path) -> None:
    """Write `film` to `out` with `samples` (mono, film rate) as its only sound.

    Its pictures and subtitles are copied, not coded.
    """

    def add(target: Any) -> Callable[[], None]:
        sound = add_sound(target)
        return lambda: sound(samples)

    _copied(film, out, keep="subtitle", add=add)


def with_subtitles(film: Path, cues: Sequence[Cue], out: Path) -> None:
    """Write `film` to `out` with the cues as a text track that a player can switch on; its only one."""

    def add(target: Any) -> Callable[[], None]:
        stream = target.add_mux_stream("mov_text")
        stream.time_base = _MS
        return lambda: _write_cues(cues, stream, target)

    _copied(film, out, keep="audio", add=add)


def _copied(film: Path, out: Path, *, keep: str, add: Callable[[Any], Callable[[], None]]) -> None:
    try:
        with (
            av.open(str(film), metadata_errors="replace") as source,
            bare_mp4(out) as target,
        ):
            taken = [*source.streams.video[:1], *(stream for stream in source.streams if stream.type == keep)]
            copies = {stream.index: target.add_stream_from_template(stream) for stream in taken}
            finish = add(target)
            target.start_encoding()
            for packet in source.demux(taken):
                if packet.dts is not None:
                    packet.stream = copies[packet.stream.index]
                    target.mux(packet)
            finish()
    except (OSError, ValueError, IndexError) as error:
        raise bad_film(film, error) from error


def _write_cues(cues: Sequence[Cue], stream: Any, target: Any) -> None:
    """Text samples of `tx3g`: a length of two bytes, then UTF-8. The muxer ends each with an empty one."""
    for cue in cues:
        target.mux(_sample(cue.text, cue.start, cue.end, stream))


def _sample(text: str, start: float, end: float, stream: Any) -> Any:
    raw = text.encode()[:65_535]
    packet = av.Packet(len(raw).to_bytes(2, "big") + raw)
    packet.stream = stream
    packet.time_base = _MS
    packet.pts = packet.dts = round(start * 1000)
    packet.duration = max(1, round((end - start) * 1000))
    return packet
