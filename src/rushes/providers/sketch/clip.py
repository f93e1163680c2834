"""Films from stills: the camera moves, the caption stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from rushes.providers.media.picture import covering
from rushes.providers.media.sound import FILM_RATE, Samples, fitted_to
from rushes.providers.media.writer import Planes, write_film
from rushes.providers.sketch.camera import Shot, View, move_for, moving
from rushes.providers.sketch.caption import captioned, strip_height, without_strip
from rushes.providers.sketch.sound import chord_bed


def film(
    out: Path,
    prompt: str,
    seed: int,
    size: tuple[int, int],
    seconds: float,
    fps: Fraction,
    start: Image.Image,
    end: Image.Image | None = None,
    *,
    sound: Samples | None = None,
    hum: bool = False,
) -> None:
    """Write a film to `out` that starts on `start` and, where there is one, ends on `end`.

    `sound` (mono, film rate) becomes its track; else `hum` gives it a soft chord.
    """
    strip = strip_height(size, prompt) // 2 * 2
    inner = (size[0], size[1] - strip)
    first = covering(without_strip(start), inner)
    last = covering(without_strip(end), inner) if end is not None else None
    count = max(2, round(seconds * fps))
    move = move_for(prompt, seed)
    frames = with_caption(moving(first, last, move, count), prompt, size, strip)
    track: Callable[[float], Samples] | None = None
    if sound is not None:
        track = fitted_to(sound)
    elif hum:
        track = partial(chord_bed, prompt, seed, rate=FILM_RATE)
    write_film(out, frames, size, fps, sound=track, preset="ultrafast")


def with_caption(frames: Iterator[Planes], prompt: str, size: tuple[int, int], strip: int) -> Iterator[Planes]:
    """The frames, which are `strip` rows lower than `size`, above a caption that stands still."""
    if not strip:
        yield from frames
        return
    card = captioned(Image.new("RGB", size), prompt, strip).crop((0, size[1] - strip, *size))
    still = Shot(card).frame(View(1.0, 0.0, 0.0))
    whole: Planes = tuple(  # type: ignore[assignment]
        np.empty((size[1] // part, size[0] // part), np.uint8) for part in (1, 2, 2)
    )
    for plane, under in zip(whole, still, strict=True):
        plane[plane.shape[0] - under.shape[0] :] = under
    for frame in frames:
        for plane, part in zip(whole, frame, strict=True):
            plane[: part.shape[0]] = part
        yield whole
