"""A film to another film: its motion stays, the words change its light and stand beneath it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from rushes.providers.media.film import bad_film, steady_frames
from rushes.providers.media.sound import Samples, fitted_to
from rushes.providers.media.writer import Plane, Planes, framed, write_film
from rushes.providers.sketch.caption import strip_height, without_strip
from rushes.providers.sketch.clip import with_caption
from rushes.providers.sketch.painter import dice_for
from rushes.providers.sketch.palette import colours_of, palette_for
from rushes.providers.sketch.scene import Colour, read_scene

_TINT = 0.55  # how far the colours go towards those of the words
_NIGHT = 0.6  # how much light is left at night


def regraded(
    out: Path,
    source: Path,
    prompt: str,
    model: str,
    seed: int,
    size: tuple[int, int],
    fps: Fraction,
    seconds: float,
    references: Sequence[Image.Image],
    *,
    sound: Samples | None,
    comment: str,
) -> None:
    """Write `source` to `out` in the light of `prompt`, or of the pictures it refers to.

    A film that is longer than its source begins again. `sound` (mono, film rate) becomes its track, `comment` what it
    says of itself.
    """
    count = max(2, round(seconds * fps))
    strip = strip_height(size, prompt) // 2 * 2
    tables = _tables(prompt, model, seed, [colours_of(without_strip(one))[0][0] for one in references])
    inner = size[1] - strip
    frames = (_graded(_planes(frame, size), tables, inner) for frame in islice(_again(source, fps), count))
    track = fitted_to(sound) if sound is not None else None
    write_film(
        out, with_caption(frames, prompt, size, strip), size, fps, sound=track, comment=comment, preset="ultrafast"
    )


def _again(source: Path, fps: Fraction) -> Iterator[Any]:
    while True:
        empty = True
        for frame in steady_frames(source, fps):
            empty = False
            yield frame
        if empty:  # a header without pictures would be asked for ever
            raise bad_film(source, "it has no pictures that can be decoded")


def _planes(frame: Any, size: tuple[int, int]) -> Planes:
    fitting = framed(frame, size)
    if isinstance(fitting, tuple):
        return fitting
    whole = fitting.reformat(*size, "yuv420p").to_ndarray()
    rest = whole[size[1] :].reshape(2, size[1] // 2, size[0] // 2)
    return whole[: size[1]], rest[0], rest[1]


def _graded(planes: Planes, tables: Sequence[Plane], inner: int) -> Planes:
    rows = (inner, inner // 2, inner // 2)
    return tuple(table[plane[:tall]] for plane, table, tall in zip(planes, tables, rows, strict=True))  # type: ignore[return-value]


def _tables(prompt: str, model: str, seed: int, shown: Sequence[Colour]) -> tuple[Plane, Plane, Plane]:
    """What each value of luma and of the two chroma planes becomes."""
    dice = dice_for("regrade", prompt, model, seed)
    palette = palette_for(read_scene(prompt), dice, shown)
    red, green, blue = palette.middle
    tint = (128 + 0.439 * blue - 0.148 * red - 0.291 * green, 128 + 0.439 * red - 0.368 * green - 0.071 * blue)
    ramp = np.arange(256, dtype=np.float32)
    light = (_NIGHT if palette.night else 1.0) * float(dice.uniform(0.88, 1.0))
    luma = _table(16 + (ramp - 16) * light)
    blues, reds = (_table(ramp + (one - ramp) * _TINT) for one in tint)
    return luma, blues, reds


def _table(values: Any) -> Plane:
    table: Plane = np.clip(np.round(values), 16, 240).astype(np.uint8)
    return table
