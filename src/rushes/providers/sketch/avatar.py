"""A portrait that speaks: its lips open with the sound, its head follows a clip or sways by itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain, repeat
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from rushes.providers.media.film import steady_frames
from rushes.providers.media.picture import covering
from rushes.providers.media.sound import FILM_RATE, Samples, fitted_to
from rushes.providers.media.writer import Plane, Planes, write_film
from rushes.providers.sketch.camera import Shot, View
from rushes.providers.sketch.caption import Mouth, mouths_of, strip_height, without_strip
from rushes.providers.sketch.clip import with_caption
from rushes.providers.sketch.painter import dice_for

_ZOOM = 1.08  # the room in which a head can move
_ONE = (Mouth(0.5, 0.62, 0.075),)  # where a portrait that was not made here has its mouth, or its two
_TWO = (Mouth(0.33, 0.62, 0.06), Mouth(0.67, 0.62, 0.06))
_LIPS, _INSIDE = (104, 118, 164), (38, 122, 146)  # luma and chroma, BT.601 limited range

Openings = npt.NDArray[np.float32]


class Speaker(NamedTuple):
    """A mouth, and how far it is open in each frame (0 to 1)."""

    mouth: Mouth
    open: Openings


def talking(
    out: Path,
    portrait: Image.Image,
    size: tuple[int, int],
    fps: Fraction,
    seconds: float,
    voices: Sequence[Samples],
    *,
    sound: Samples | None,
    motion: Path | None,
    caption: str,
    comment: str,
    seed: int,
) -> None:
    """Write a film of `portrait` to `out`: one mouth for each voice, who speak one after the other.

    `sound` (mono, film rate) becomes its track, `comment` what it says of itself. The head goes where the middle of
    `motion`'s light goes.
    """
    count = max(2, math.ceil(seconds * fps - 1e-6))  # no word is cut off for a frame
    strip = strip_height(size, caption) // 2 * 2
    inner, plain = (size[0], size[1] - strip), without_strip(portrait)
    shot = Shot(covering(plain, inner))
    views = _led(motion, fps, count) if motion is not None else _swaying(seed, fps, count)
    mouths = [_covered(one, plain.size, inner) for one in _chosen(portrait, len(voices))]
    frames = _spoken(shot, views, _speakers(mouths, voices, fps, count))
    track = fitted_to(sound) if sound is not None else None
    write_film(
        out, with_caption(frames, caption, size, strip), size, fps, sound=track, comment=comment, preset="ultrafast"
    )


def _spoken(shot: Shot, views: Iterator[View], speakers: Sequence[Speaker]) -> Iterator[Planes]:
    for number, view in enumerate(views):
        frame: Planes = tuple(plane.copy() for plane in shot.frame(view))  # type: ignore[assignment]
        for mouth, opened in speakers:
            _draw(frame, mouth, view, float(opened[number]))
        yield frame


def _chosen(portrait: Image.Image, voices: int) -> Sequence[Mouth]:
    """The mouths that speak: those that the picture tells of, the widest of them, else where mouths usually are."""
    known = sorted(mouths_of(portrait), key=lambda one: -one.half)[: max(1, voices)]
    return sorted(known) or (_TWO if voices > 1 else _ONE)


def _covered(mouth: Mouth, size: tuple[int, int], inner: tuple[int, int]) -> Mouth:
    """A mouth's place after its picture was scaled and cropped about its middle to cover a film."""
    scale = max(inner[0] / size[0], inner[1] / size[1])
    wide, tall = (part * scale / whole for part, whole in zip(size, inner, strict=True))
    return Mouth(0.5 + (mouth.x - 0.5) * wide, 0.5 + (mouth.y - 0.5) * tall, mouth.half * wide)


def _speakers(mouths: Sequence[Mouth], voices: Sequence[Samples], fps: Fraction, count: int) -> list[Speaker]:
    """One mouth for each voice, which is still while another speaks; or one for all, where there is no other."""
    if voices and len(mouths) < len(voices):
        voices = [np.concatenate(voices)]
    speakers, start = [], 0.0
    for mouth, voice in zip(mouths, voices, strict=False):
        speakers.append(Speaker(mouth, _openings(voice, fps, start, count)))
        start += len(voice) / FILM_RATE
    return speakers


def _openings(voice: Samples, fps: Fraction, start: float, count: int) -> Openings:
    """How loud the voice is in each frame of a film in which it begins at `start` seconds; 1 is its loudest."""
    found = np.zeros(count, np.float32)
    for number in range(count):
        first = round((number / float(fps) - start) * FILM_RATE)
        piece = voice[max(0, first) : max(0, first + round(FILM_RATE / fps))]
        if len(piece):
            found[number] = math.sqrt(float(np.mean(np.square(piece))))
    peak = float(found.max())
    opened: Openings = found / peak if peak > 1e-4 else found
    return opened


def _swaying(seed: int, fps: Fraction, count: int) -> Iterator[View]:
    """A head that is never quite still; where it begins is the seed's."""
    begin = float(dice_for("sway", seed).uniform(0, math.tau))
    for number in range(count):
        turn = begin + math.tau * number / float(fps)
        yield View(_ZOOM, 0.7 * math.sin(turn / 4.1), 0.7 * math.sin(turn / 2.9))


def _led(motion: Path, fps: Fraction, count: int) -> Iterator[View]:
    """The way of a clip's light across its frames, from where it began; at its end the head stays."""
    first: tuple[float, float] | None = None
    view = View(_ZOOM, 0.0, 0.0)
    for _, frame in zip(range(count), chain(steady_frames(motion, fps), repeat(None)), strict=False):
        if frame is not None:
            place = _middle(frame.reformat(64, 64, "gray8").to_ndarray())
            first = place if first is None else first
            view = View(_ZOOM, *(max(-1.0, min(1.0, (a - b) * 8)) for a, b in zip(place, first, strict=True)))
        yield view


def _middle(grey: Plane) -> tuple[float, float]:
    """The middle of a picture's light, as shares of its width and height."""
    light = grey.astype(np.float64) + 1.0
    ramp = (np.arange(64) + 0.5) / 64
    return float((light.sum(0) * ramp).sum() / light.sum()), float((light.sum(1) * ramp).sum() / light.sum())


def _draw(frame: Planes, mouth: Mouth, view: View, opened: float) -> None:
    """Lips around a dark opening, where the view has the mouth's place."""
    x, y = (_seen(place, view.zoom, at) for place, at in ((mouth.x, view.x), (mouth.y, view.y)))
    for plane, lips, inside in zip(frame, _LIPS, _INSIDE, strict=True):
        tall, wide = plane.shape
        half = mouth.half * view.zoom * wide
        _ellipse(plane, x * wide, y * tall, half * 1.15, half * (0.3 + 0.75 * opened), lips)
        if opened > 0.05:
            _ellipse(plane, x * wide, y * tall, half * 0.8, half * 0.75 * opened, inside)


def _seen(place: float, zoom: float, at: float) -> float:
    """Where a place of the picture (a share of its side) is in what the camera sees."""
    wide = 1 / zoom
    return (place - (1 - wide) / 2 * (1 + at)) / wide


def _ellipse(plane: Plane, x: float, y: float, half_wide: float, half_tall: float, value: int) -> None:
    top, left = max(0, int(y - half_tall)), max(0, int(x - half_wide))
    box = plane[top : int(y + half_tall) + 2, left : int(x + half_wide) + 2]
    rows = (np.arange(box.shape[0]) + top + 0.5 - y) / max(half_tall, 0.5)
    columns = (np.arange(box.shape[1]) + left + 0.5 - x) / max(half_wide, 0.5)
    box[np.square(rows)[:, None] + np.square(columns)[None, :] <= 1.0] = value
