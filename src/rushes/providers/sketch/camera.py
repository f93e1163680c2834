"""A camera that moves over a still: which move the words ask for, and the frames of it.

A frame is picked from the still enlarged three times, pixel by pixel: picking is ten times as fast as resampling,
and at three times the size a step is a third of a pixel.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from rushes.providers.media.writer import Plane, Planes
from rushes.providers.sketch.painter import dice_for
from rushes.providers.sketch.scene import read_scene

_FINE = 3
_CHROMA_FINE = 2
_ZOOM = 0.16  # how much a push magnifies, beyond the margin that every move needs
_MARGIN = 0.06


class View(NamedTuple):
    """What the camera sees: magnification, and the middle's place from -1 to 1 within what it can reach."""

    zoom: float
    x: float
    y: float


class Move(NamedTuple):
    """A way from one view to another; `arc` bends it, as if the camera went around something."""

    name: str
    start: View
    end: View
    arc: float = 0.0

    def at(self, share: float) -> View:
        """The view when `share` of the time is over: it starts and ends softly."""
        eased = share * share * (3 - 2 * share) * 0.7 + share * 0.3
        view = View(*(a + (b - a) * eased for a, b in zip(self.start, self.end, strict=True)))
        bend = math.sin(math.pi * eased) * self.arc
        return View(view.zoom + abs(bend) * 0.06, view.x, view.y + bend)


def move_for(prompt: str, seed: int) -> Move:
    """The move that the prompt names, else one that the seed chooses. Every move starts on the whole still."""
    name = (
        read_scene(prompt).move
        or ("push", "right", "left", "up", "orbit")[int(dice_for("move", prompt, seed).integers(5))]
    )
    near, far = 1 + _MARGIN + _ZOOM, 1.0
    ends = {
        "push": View(near, 0.0, 0.3),
        "pull": View(far, 0.0, 0.0),
        "left": View(near - 0.05, -1.0, 0.0),
        "right": View(near - 0.05, 1.0, 0.0),
        "up": View(near - 0.05, 0.0, -1.0),
        "down": View(near - 0.05, 0.0, 1.0),
        "orbit": View(near - 0.03, 0.9, 0.0),
        "drift": View(1 + _MARGIN, 0.5, -0.3),
    }
    start = View(near, 0.0, 0.3) if name == "pull" else View(far, 0.0, 0.0)
    return Move(name, start, ends[name], 0.5 if name == "orbit" else 0.0)


class Shot:
    """A still from which frames can be picked quickly."""

    def __init__(self, picture: Image.Image) -> None:
        self.size = picture.size
        luma, blue, red = picture.convert("YCbCr").split()
        squeeze = [round(16 + v * 219 / 255) for v in range(256)]
        colour = [round(16 + v * 224 / 255) for v in range(256)]
        width, height = picture.size
        self._planes = (
            luma.point(squeeze).resize((width * _FINE, height * _FINE), Image.Resampling.BICUBIC),
            *(
                p.point(colour).resize(
                    (width // 2 * _CHROMA_FINE, height // 2 * _CHROMA_FINE), Image.Resampling.BICUBIC
                )
                for p in (blue, red)
            ),
        )

    def frame(self, view: View) -> Planes:
        """What the camera sees, as the planes of a film's frame."""
        width, height = self.size
        sizes = ((width, height), (width // 2, height // 2), (width // 2, height // 2))
        return tuple(_picked(p, size, view) for p, size in zip(self._planes, sizes, strict=True))  # type: ignore[return-value]


def _picked(plane: Image.Image, size: tuple[int, int], view: View) -> Plane:
    wide, tall = plane.width / view.zoom, plane.height / view.zoom
    left = (plane.width - wide) / 2 * (1 + max(-1.0, min(1.0, view.x)))
    top = (plane.height - tall) / 2 * (1 + max(-1.0, min(1.0, view.y)))
    data = (wide / size[0], 0.0, left, 0.0, tall / size[1], top)
    return np.asarray(plane.transform(size, Image.Transform.AFFINE, data, Image.Resampling.NEAREST))


def moving(first: Image.Image, last: Image.Image | None, move: Move, count: int) -> Iterator[Planes]:
    """`count` frames that start on `first`; with `last` they dissolve in the middle and end on it."""
    shot = Shot(first)
    steps = max(1, count - 1)
    if last is None:
        for number in range(count):
            yield shot.frame(move.at(number / steps))
        return
    goal = Shot(last)
    whole = View(1.0, 0.0, 0.0)
    arrive = Move(move.name, View(move.end.zoom, -move.end.x, -move.end.y), whole)
    for number in range(count):
        share = number / steps
        mixed = min(1.0, max(0.0, (share - 0.3) / 0.4))
        mixed = mixed * mixed * (3 - 2 * mixed)
        if mixed <= 0.0:
            yield shot.frame(move.at(share))
        elif mixed >= 1.0:
            yield goal.frame(arrive.at(share))
        else:
            yield _mixed(shot.frame(move.at(share)), goal.frame(arrive.at(share)), mixed)


def _mixed(one: Planes, other: Planes, share: float) -> Planes:
    weight = round(share * 256)
    return tuple(
        ((a.astype(np.uint16) * (256 - weight) + b.astype(np.uint16) * weight) >> 8).astype(np.uint8)
        for a, b in zip(one, other, strict=True)
    )  # type: ignore[return-value]
