"""A comparison as one picture: a row for each model, its figures beside it, its results in a line."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from rushes.app.compared import Comparison, Contender, Taken
from rushes.app.export import write_whole
from rushes.app.report_html import Bytes, short
from rushes.app.report_pictures import small_picture
from rushes.model.media import Kind
from rushes.model.money import show_usd
from rushes.model.size import show_seconds

_TILE, _GAP, _BESIDE, _ACROSS = 300, 16, 250, 4
"""Pixels of a tile, between tiles, of the column with words; tiles in one line."""

_GROUND, _CARD, _INK, _SOFT, _BAD = "#f6f5f2", "#ffffff", "#1d1c1a", "#6b6861", "#b3261e"
_LINE = 1.35  # of the letters' height
_MOST_WORDS = 420  # letters of a text in a tile


def write_sheet(found: Comparison, store: Bytes, home: Path) -> Path:
    """Write `contact-sheet.png`, whole or not at all. StoreError."""
    path = home / "contact-sheet.png"
    raw = io.BytesIO()
    draw_sheet(found, store).save(raw, "PNG", optimize=True)
    write_whole(path, raw.getvalue())
    return path


def draw_sheet(found: Comparison, store: Bytes) -> Image.Image:
    """The picture; as wide as the longest line of results needs, as high as there are models."""
    across = min(_ACROSS, max(max(len(one.taken), 1) for one in found.contenders))
    width = 3 * _GAP + _BESIDE + across * (_TILE + _GAP)
    head = _head(found, width)
    rows = [_row(one, store, width, across) for one in found.contenders]
    sheet = Image.new("RGB", (width, head.height + sum(row.height + _GAP for row in rows)), _GROUND)
    sheet.paste(head, (0, 0))
    top = head.height
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height + _GAP
    return sheet


def _head(found: Comparison, width: int) -> Image.Image:
    words = " · ".join(
        part for part in (str(found.op).replace("_", " "), "simulated" if found.simulated else "") if part
    )
    lines = [*_wrapped(short(found.prompt, 240), 24, width - 2 * _GAP), words]
    picture = Image.new("RGB", (width, 2 * _GAP + int((len(lines) - 1) * 24 * _LINE + 16 * _LINE)), _GROUND)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines[:-1]):
        draw.text((_GAP, _GAP + number * 24 * _LINE), line, font=_font(24), fill=_INK)
    draw.text((_GAP, _GAP + (len(lines) - 1) * 24 * _LINE), words, font=_font(15), fill=_SOFT)
    return picture


def _row(one: Contender, store: Bytes, width: int, across: int) -> Image.Image:
    tiles = [_tile(taken, store) for taken in one.taken]
    lines = [tiles[first : first + across] for first in range(0, len(tiles), across)]
    heights = [max(tile.height for tile in line) for line in lines]
    beside = list(_figures(one))
    least = int(sum(size * _LINE for _text, size, _ink in beside))
    height = max(sum(heights) + _GAP * max(len(heights) - 1, 0), least) + 2 * _GAP
    row = Image.new("RGB", (width, height), _GROUND)
    draw = ImageDraw.Draw(row)
    draw.rounded_rectangle((_GAP / 2, 0, width - _GAP / 2, height - 1), 12, fill=_CARD)
    top = float(_GAP)
    for text, size, ink in beside:
        draw.text((1.5 * _GAP, top), text, font=_font(size), fill=ink)
        top += size * _LINE
    at = _GAP
    for line, tall in zip(lines, heights, strict=True):
        for number, tile in enumerate(line):
            row.paste(tile, (2 * _GAP + _BESIDE + number * (_TILE + _GAP), at))
        at += tall + _GAP
    return row


def _figures(one: Contender) -> Iterator[tuple[str, int, str]]:
    """Lines beside a row: text, height of its letters, colour."""
    for line in _wrapped(one.model, 19, _BESIDE):
        yield line, 19, _INK
    facts = [f"by {one.provider}" if one.provider else ""]
    if one.median is not None:
        spread = one.seconds
        between = f", {show_seconds(spread[0])} to {show_seconds(spread[-1])}" if len(spread) > 1 else ""
        facts.append(show_seconds(one.median) + between)
    facts.append(f"{show_usd(one.each)} each" if one.taken else "")
    if one.reused:
        facts.append(f"{one.reused} of {len(one.taken)} from before")
    for fact in facts:
        if fact:
            yield fact, 15, _SOFT
    if one.flagged:
        yield f"{one.flagged} of {len(one.taken)} flagged", 15, _BAD
    for line in _wrapped(short(one.why, 160), 15, _BESIDE):
        yield line, 15, _BAD


def _tile(one: Taken, store: Bytes) -> Image.Image:
    artifact = one.made.artifact
    picture = None
    if artifact is not None and artifact.kind in (Kind.IMAGE, Kind.VIDEO):
        picture = small_picture(artifact, store)
    if picture is None:
        return _words(one)
    picture.thumbnail((_TILE, _TILE), Image.Resampling.LANCZOS)
    if one.made.verdict.flagged:
        ImageDraw.Draw(picture).rectangle((0, 0, picture.width - 1, picture.height - 1), outline=_BAD, width=4)
    return picture


def _words(one: Taken) -> Image.Image:
    """What cannot be shown as a picture: the words themselves, or what it is."""
    artifact = one.made.artifact
    text = one.made.text
    if text is None:
        length = f", {show_seconds(artifact.seconds)}" if artifact is not None and artifact.seconds else ""
        text = f"{artifact.kind if artifact is not None else 'nothing to show'}{length}"
    lines = _wrapped(short(text, _MOST_WORDS), 15, _TILE - 2 * _GAP)
    tile = Image.new("RGB", (_TILE, int(2 * _GAP + len(lines) * 15 * _LINE)), _GROUND)
    draw = ImageDraw.Draw(tile)
    for number, line in enumerate(lines):
        draw.text((_GAP, _GAP + number * 15 * _LINE), line, font=_font(15), fill=_INK)
    return tile


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _wrapped(text: str, size: int, width: float) -> Sequence[str]:
    """Lines that fit; a word that is longer than a line is cut."""
    font, text = _font(size), text.replace("×", "x")  # which the font that comes with Pillow does not have
    fits: Callable[[str], bool] = lambda line: font.getlength(line) <= width  # noqa: E731
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if fits(longer):
            line = longer
            continue
        lines += [line] if line else []
        line = word
        while not fits(line):
            cut = next(most for most in range(len(line) - 1, 0, -1) if fits(line[:most]) or most == 1)
            lines.append(line[:cut])
            line = line[cut:]
            if len(line) <= 1:
                break
    return [*lines, line] if line else lines
