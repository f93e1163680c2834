"""A transparent sheet to draw a figure on, in units of its height, and the light that makes it round.

`(0, 0)` is the middle of the figure's top, `y` is 1 on its ground, `x` goes right. All is drawn at twice the size
and halved, which is what makes its edges smooth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from rushes.providers.sketch.palette import mix
from rushes.providers.sketch.scene import Colour

Point = tuple[float, float]
Points = Sequence[Point] | str
"""Points as pairs, or written as a path: `"0,.3 .15,.42"`."""

_FINE = 2
_MARGIN = 0.06


class Coat(NamedTuple):
    """What a figure is coloured with: its body, its shades, an accent, and a glow for windows and lamps."""

    main: Colour
    dark: Colour
    pale: Colour
    accent: Colour
    glow: Colour


class Pen:
    """Draws on one sheet; colours are opaque, later shapes cover earlier ones."""

    def __init__(self, aspect: float, height: int) -> None:
        self._unit = height * _FINE
        self._wide = (aspect + 2 * _MARGIN) * self._unit
        size = (_FINE * math.ceil(self._wide / _FINE), _FINE * math.ceil((1 + 2 * _MARGIN) * height))
        self._sheet = Image.new("RGBA", size, (0, 0, 0, 0))
        self._draw = ImageDraw.Draw(self._sheet)

    def _at(self, point: Point) -> Point:
        return self._wide / 2 + point[0] * self._unit, (point[1] + _MARGIN) * self._unit

    def poly(self, points: Points, colour: Colour) -> None:
        """A polygon with straight sides."""
        self._draw.polygon([self._at(point) for point in points_of(points)], fill=(*colour, 255))

    def blob(self, points: Points, colour: Colour) -> None:
        """A closed smooth curve through the points."""
        self.poly(curve(points, closed=True), colour)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """An ellipse about `(x, y)`."""
        left, top = self._at((x - rx, y - ry))
        right, bottom = self._at((x + rx, y + ry))
        self._draw.ellipse((left, top, max(left, right), max(top, bottom)), fill=(*colour, 255))

    def ring(self, x: float, y: float, radius: float, width: float, colour: Colour) -> None:
        """A circle's line."""
        left, top = self._at((x - radius, y - radius))
        right, bottom = self._at((x + radius, y + radius))
        stroke = max(1, round(width * self._unit))
        self._draw.ellipse((left, top, right, bottom), outline=(*colour, 255), width=stroke)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, radius: float = 0.0) -> None:
        """A rectangle with round corners."""
        left, top = self._at((min(x0, x1), min(y0, y1)))
        right, bottom = self._at((max(x0, x1), max(y0, y1)))
        round_by = min(radius * self._unit, (right - left) / 2, (bottom - top) / 2)
        self._draw.rounded_rectangle((left, top, right, bottom), radius=round_by, fill=(*colour, 255))

    def line(self, points: Points, width: float, colour: Colour, *, smooth: bool = True) -> None:
        """A stroke with round ends."""
        way = points_of(points)
        way = curve(way, closed=False) if smooth and len(way) > 2 else way
        stroke = max(1.0, width * self._unit)
        at = [self._at(point) for point in way]
        self._draw.line(at, fill=(*colour, 255), width=round(stroke), joint="curve")
        if stroke >= 3:
            for x, y in (at[0], at[-1]):
                r = stroke / 2
                self._draw.ellipse((x - r, y - r, x + r, y + r), fill=(*colour, 255))

    def limb(self, points: Points, widths: Sequence[float], colour: Colour) -> None:
        """A stroke that changes its width along the way: a tail, an arm, a trunk."""
        way = curve(points, closed=False)
        last = len(way) - 1
        for number, (x, y) in enumerate(way):
            place = number / last * (len(widths) - 1)
            low = min(int(place), len(widths) - 2)
            width = widths[low] + (widths[low + 1] - widths[low]) * (place - low)
            self.oval(x, y, width / 2, width / 2, colour)

    def sheet(self) -> Image.Image:
        """What was drawn, at its final size, with the margin around it."""
        return self._sheet.reduce(_FINE)


def points_of(points: Points) -> list[Point]:
    """Points however they are written."""
    if not isinstance(points, str):
        return list(points)
    pairs = (pair.partition(",") for pair in points.split())
    return [(float(x), float(y)) for x, _, y in pairs]


def curve(path: Points, *, closed: bool, steps: int = 8) -> list[Point]:
    """A Catmull-Rom curve through the points."""
    points = points_of(path)
    count = len(points)
    out: list[Point] = []
    for number in range(count if closed else count - 1):
        if closed:
            p0, p1, p2, p3 = (points[(number + k) % count] for k in (-1, 0, 1, 2))
        else:
            p0, p1, p2, p3 = (points[min(max(number + k, 0), count - 1)] for k in (-1, 0, 1, 2))
        for step in range(steps):
            t = step / steps
            out.append((_along(p0[0], p1[0], p2[0], p3[0], t), _along(p0[1], p1[1], p2[1], p3[1], t)))
    if not closed:
        out.append(points[-1])
    return out


def _along(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t)


def lit(sheet: Image.Image, side: float, light: Colour, shade: Colour, strength: float = 1.0) -> Image.Image:
    """The figure made round: its far side falls into `shade`, its near edge catches `light`.

    `side` is where the light comes from: -1 left, 1 right.
    """
    alpha = sheet.getchannel("A")
    reach = max(2, min(sheet.size) // 9)
    small = alpha.reduce(4)
    soft = small.filter(ImageFilter.BoxBlur(max(1, reach // 4))).resize(sheet.size, Image.Resampling.BILINEAR)
    body = sheet.convert("RGB")
    away = ImageChops.offset(ImageChops.invert(soft), round(-side * reach * 0.7), -reach // 3)
    away = away.point([min(255, round(v * 0.62 * strength)) for v in range(256)])
    body = Image.composite(ImageChops.multiply(body, Image.new("RGB", body.size, shade)), body, away)
    edge = ImageChops.subtract(alpha, ImageChops.offset(alpha, round(-side * reach * 0.16), max(1, reach // 9)))
    edge = edge.filter(ImageFilter.BoxBlur(1)).point([round(v * 0.55 * strength) for v in range(256)])
    body.paste(light, (0, 0), edge)
    body.putalpha(alpha)
    return body


def coat_of(main: Colour, accent: Colour, glow: Colour) -> Coat:
    """A coat from its main colour."""
    return Coat(main, mix(main, (16, 16, 28), 0.45), mix(main, (255, 250, 240), 0.55), accent, glow)
