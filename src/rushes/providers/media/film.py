"""Films as they come: their facts, their frames in time, their sound. A film that cannot be read is refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from rushes.errors import ErrorClass, RemoteError
from rushes.providers.media.sound import FILM_RATE, Samples, read_samples


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmFacts:
    """What a film says of itself: pixels, frames per second, seconds, and whether it has sound."""

    width: int
    height: int
    fps: Fraction
    seconds: float
    sound: bool


def facts_of(path: Path) -> FilmFacts:
    """The facts of a film; RemoteError when it is none."""
    with _opened(path) as container:
        stream = container.streams.video[0]
        fps = Fraction(stream.average_rate or 24)
        seconds = container.duration / av.time_base if container.duration else float(stream.frames / fps)
        return FilmFacts(
            width=stream.width,
            height=stream.height,
            fps=fps if 1 <= fps <= 120 else Fraction(24),
            seconds=seconds,
            sound=bool(container.streams.audio),
        )


def _opened(path: Path) -> Any:
    try:
        container = av.open(str(path), metadata_errors="replace")
    except (OSError, ValueError) as error:
        raise bad_film(path, error) from error
    # a stream whose header is cut off has no size at all
    if not container.streams.video or not getattr(container.streams.video[0], "width", 0):
        container.close()
        raise bad_film(path, "it has no pictures that can be decoded")
    return container


def bad_film(path: Path, why: object) -> RemoteError:
    """The error for an input film that cannot be used."""
    return RemoteError(
        ErrorClass.INVALID_INPUT,
        f"input film {path.name} cannot be read: {why}",
        next_step="give another film to this step",
    )


def film_frames(path: Path) -> Iterator[tuple[float, Any]]:
    """Every decoded frame with its time in seconds, from 0. RemoteError for a broken film."""
    with _opened(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        start: float | None = None
        try:
            for frame in container.decode(stream):
                now = float(frame.time or 0.0)
                start = now if start is None else start
                yield now - start, frame
        except (OSError, ValueError) as error:
            raise bad_film(path, error) from error


def steady_frames(path: Path, fps: Fraction) -> Iterator[Any]:
    """The frames a viewer would see every `1/fps` seconds: repeated or left out as needed."""
    number = 0
    last: Any = None
    for time, frame in film_frames(path):
        while last is not None and number / fps < time - 1e-4:
            yield last
            number += 1
        last = frame
    if last is not None:
        for _ in range(max(1, round(_length_of(path) * float(fps)) - number)):
            yield last


def _length_of(path: Path) -> float:
    with _opened(path) as container:
        stream = container.streams.video[0]
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        return container.duration / av.time_base if container.duration else 0.0


def sound_of(path: Path) -> Samples | None:
    """A film's or a sound file's track as mono at the film rate; None when it has none. RemoteError if broken."""
    try:
        return read_samples(path, FILM_RATE)
    except (OSError, ValueError) as error:
        raise bad_film(path, error) from error
