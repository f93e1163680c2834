"""Films to one film: in order, at the first one's size and speed, with every one's sound.

Films that were coded alike (as all clips of one model are) have their pictures copied, which is exact and takes no
time; others are coded anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from rushes.providers.media.film import FilmFacts, facts_of, sound_of, steady_frames
from rushes.providers.media.mux import add_sound
from rushes.providers.media.sound import FILM_RATE, Samples, fitted
from rushes.providers.media.writer import FilmWriter, bare_mp4, even, framed


def join_films(films: Sequence[Path], out: Path) -> None:
    """Write all films to `out`. Other sizes are fitted in with bars; a film without sound is silent where others
    have sound."""
    facts = [facts_of(one) for one in films]
    if len({_coding(one) for one in films}) == 1 and _coding(films[0]) is not None:
        _copy(films, facts, out)
    else:
        _code_anew(films, facts, out)


def _coding(film: Path) -> tuple[object, ...] | None:
    """What must be equal for pictures of two films to be decoded by one decoder; None where that is not known."""
    with av.open(str(film), metadata_errors="replace") as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        if context.name not in ("h264", "hevc") or not context.extradata or "mp4" not in container.format.name:
            return None
        return (context.name, context.extradata, stream.width, stream.height, stream.average_rate, stream.time_base)


def _copy(films: Sequence[Path], facts: Sequence[FilmFacts], out: Path) -> None:
    lengths: list[float] = []
    with bare_mp4(out) as target:
        copy = None
        sound = None
        after = 0
        for path in films:
            with av.open(str(path), metadata_errors="replace") as source:
                stream = source.streams.video[0]
                assert stream.time_base is not None
                if copy is None:
                    copy = target.add_stream_from_template(stream)
                    if any(one.sound for one in facts):
                        sound = add_sound(target)
                start, end = None, 0
                for packet in source.demux(stream):
                    if packet.dts is None or packet.pts is None:
                        continue
                    start = packet.pts if start is None else start
                    end = max(end, packet.pts + (packet.duration or 0) - start)
                    packet.pts, packet.dts = packet.pts - start + after, packet.dts - start + after
                    packet.stream = copy
                    target.mux(packet)
                lengths.append(float(end * stream.time_base))
                after += end
        if sound is not None:
            sound(_track(films, lengths))


def _code_anew(films: Sequence[Path], facts: Sequence[FilmFacts], out: Path) -> None:
    first = facts[0]
    size = (even(first.width), even(first.height))
    sound = any(one.sound for one in facts)
    writer = FilmWriter(out, size, first.fps, sound=sound)
    try:
        lengths = [_add(writer, path, size, first.fps) for path in films]
        if sound:
            writer.sound(_track(films, lengths))
    except BaseException:
        writer.discard()
        raise
    writer.close()


def _add(writer: FilmWriter, film: Path, size: tuple[int, int], fps: Fraction) -> float:
    before = writer.seconds
    for frame in steady_frames(film, fps):
        writer.add(framed(frame, size))
    return writer.seconds - before


def _track(films: Sequence[Path], lengths: Sequence[float]) -> Samples:
    """The sound of all films, each as long as its pictures."""
    silence = np.zeros(0, np.float32)
    pieces = []
    for path, seconds in zip(films, lengths, strict=True):
        sound = sound_of(path)
        pieces.append(fitted(silence if sound is None else sound, round(seconds * FILM_RATE)))
    return np.concatenate(pieces)
