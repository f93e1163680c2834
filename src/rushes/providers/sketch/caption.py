"""The strip under a picture: the prompt, and the mark that says what this is.

The picture's metadata says how high it is, so that a later step can leave it out; and where mouths are, so that a
portrait can be made to speak.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

STRIP = "sketch:strip"
"""Metadata key: the height in pixels of the strip at the bottom, so that a later step can leave it out."""

MOUTHS = "sketch:mouths"
"""Metadata key: the mouths above the strip, each as `x,y,half of its width`."""

NOTE = {"Software": "rushes sketch", "Comment": "sketch: no model used"}
"""What every picture made here says of itself."""

_PAPER, _INK, _FAINT = (24, 26, 34), (236, 232, 222), (132, 136, 150)
_MARK = "SKETCH"
_MOST_LINES = 3
_MOST_MOUTHS = 8
_MOUTH = re.compile(r"(0\.\d{4},){2}0\.\d{4}")  # a place outside of the picture has no mouth to draw


def strip_height(size: tuple[int, int], text: str) -> int:
    """The strip's height for a picture of this size; none on pictures too small to read it."""
    if size[0] < 160 or size[1] < 120:
        return 0
    letter = _text_size(size)
    draw = ImageDraw.Draw(Image.new("L", (1, 1)))
    lines = _wrapped(draw, _printable(text), _font(round(letter)), _text_width(size, draw), _lines_for(size))
    return round(letter * (1.3 * len(lines) + 1.0))


def _text_width(size: tuple[int, int], draw: ImageDraw.ImageDraw) -> float:
    letter = _text_size(size)
    return size[0] - 3 * round(letter * 0.75) - draw.textlength(_MARK, font=_mark_font(letter))


def _mark_font(letter: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return _font(max(7, round(letter * 0.62)))


def _text_size(size: tuple[int, int]) -> float:
    return max(9.0, min(size[0] / 27, size[1] / 22))


def _lines_for(size: tuple[int, int]) -> int:
    return 1 if size[0] > size[1] * 1.2 else 2 if size[0] > size[1] * 0.8 else _MOST_LINES


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def captioned(picture: Image.Image, text: str, strip: int) -> Image.Image:
    """The picture with its lowest `strip` rows replaced by the caption."""
    if not strip:
        return picture
    width, height = picture.size
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, height - strip, width, height), fill=_PAPER)
    size = _text_size(picture.size)
    pad = round(size * 0.75)
    draw.text((width - pad, height - strip / 2), _MARK, font=_mark_font(size), fill=_FAINT, anchor="rm")
    font = _font(round(size))
    lines = _wrapped(draw, _printable(text), font, _text_width(picture.size, draw), _lines_for(picture.size))
    top = height - strip / 2 - (len(lines) - 1) * size * 0.65
    for number, line in enumerate(lines):
        draw.text((pad, top + number * size * 1.3), line, font=font, fill=_INK, anchor="lm")
    return picture


def _wrapped(draw: ImageDraw.ImageDraw, text: str, font: object, width: float, room: int) -> list[str]:
    lines = [""]
    for word in text[:400].split():
        longer = f"{lines[-1]} {word}".strip()
        if draw.textlength(longer, font=font) <= width or not lines[-1]:  # type: ignore[arg-type]
            lines[-1] = longer
        elif len(lines) < room:
            lines.append(word)
        else:
            lines[-1] += " …"
            break
    while lines[-1] and draw.textlength(lines[-1], font=font) > width:  # type: ignore[arg-type]
        lines[-1] = lines[-1].removesuffix(" …")[:-1].rstrip() + " …" if len(lines[-1]) > 3 else ""
    return lines


def _printable(text: str) -> str:
    """What the built-in font can draw: Latin letters, Greek and Cyrillic letters, common signs."""
    return "".join(one if one.isprintable() and ord(one) < 0x500 else "–" if one in "—―" else " " for one in text)


def strip_of(picture: Image.Image) -> int:
    """The strip's height in a picture that was made here; 0 for any other picture."""
    raw = picture.info.get(STRIP, "0")
    strip = int(raw) if isinstance(raw, str) and raw.isdecimal() and len(raw) < 6 else 0
    return strip if strip < picture.height // 3 else 0


def without_strip(picture: Image.Image) -> Image.Image:
    """The picture above its strip."""
    strip = strip_of(picture)
    return picture.crop((0, 0, picture.width, picture.height - strip)) if strip else picture


class Mouth(NamedTuple):
    """Where a mouth is: its middle as shares of width and height, and half its width as a share of the width."""

    x: float
    y: float
    half: float


def mouths_of(picture: Image.Image) -> tuple[Mouth, ...]:
    """The mouths in a picture that was made here, from left to right; none in any other picture."""
    found = []
    for said in str(picture.info.get(MOUTHS, "")).split(";")[:_MOST_MOUTHS]:
        if _MOUTH.fullmatch(said):
            found.append(Mouth(*(float(one) for one in said.split(","))))
    return tuple(sorted(found))


def texts_for(strip: int, mouths: Sequence[Mouth] = ()) -> Mapping[str, str]:
    """The metadata of a picture with such a strip, and such mouths."""
    said = ";".join(",".join(f"{one:.4f}" for one in mouth) for mouth in mouths[:_MOST_MOUTHS])
    return {**NOTE, STRIP: str(strip), **({MOUTHS: said} if said else {})}
