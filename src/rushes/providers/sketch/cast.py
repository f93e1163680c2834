"""Who stands where: the figures of a scene, placed, dressed, lit and set onto the stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from rushes.providers.sketch.caption import Mouth
from rushes.providers.sketch.figures.book import BOOK, Figure, Stand
from rushes.providers.sketch.palette import mix, turned
from rushes.providers.sketch.pen import Pen, coat_of, lit
from rushes.providers.sketch.scene import Colour, Scene, Subject
from rushes.providers.sketch.stage import Stage

_SCALES = {"close": 1.75, "wide": 0.6, "aerial": 0.5, "low": 1.25}
_CLOTHES: tuple[Colour, ...] = (
    (178, 62, 58), (46, 84, 132), (212, 160, 72), (58, 108, 92), (110, 74, 118), (224, 214, 196), (66, 70, 84),
)  # fmt: skip


_MOUTHS = {"man_head": (0.54, 0.068), "woman_head": (0.54, 0.068), "man": (0.134, 0.014), "woman": (0.134, 0.014)}
"""How far below the top of a figure its mouth is, and half its width, in heights of the figure."""

_NO_SHADOW = ("bridge", "umbrella")
_GLOWING = ("lighthouse", "lamp", "house", "castle")


class Part(NamedTuple):
    """A figure and its place: its middle and its foot in pixels, its height in pixels."""

    figure: Figure
    colour: Colour | None
    x: float
    foot: float
    height: float
    mirrored: bool


def stands_on_ground(scene: Scene) -> bool:
    """Whether somebody in the scene needs ground, not water, air or a table."""
    return any(BOOK[subject.figure].stand is Stand.GROUND for subject in scene.subjects)


def place_cast(stage: Stage) -> list[Part]:
    """The figures in the order of painting: landmarks, then the sky's, then those in front."""
    parts: list[Part] = []
    front = [one for one in stage.scene.subjects if BOOK[_named(one, stage.scene)].stand is not Stand.FAR]
    far = [one for one in stage.scene.subjects if one not in front]
    for number, subject in enumerate(far):
        parts.extend(_landmark(stage, subject, number, alone=not front and len(far) == 1))
    taken = -stage.side if far and front else 0
    held = any(one.figure == "umbrella" for one in front) and any(one.figure in ("man", "woman") for one in front)
    front = [one for one in front if not (held and one.figure == "umbrella")]
    for number, subject in enumerate(front):
        parts.extend(_actor(stage, subject, number, len(front), taken))
        if held and subject.figure in ("man", "woman"):
            parts.append(_umbrella_over(parts[-1], stage.scene))
    return sorted(parts, key=lambda part: (part.figure.stand is not Stand.FAR, part.foot))  # far to near


def _named(subject: Subject, scene: Scene) -> str:
    if scene.framing == "close" and f"{subject.figure}_head" in BOOK and subject.many == 1:
        return f"{subject.figure}_head"
    return subject.figure


def _landmark(stage: Stage, subject: Subject, number: int, *, alone: bool) -> list[Part]:
    figure = BOOK[subject.figure]
    scale = _SCALES.get(stage.scene.framing or "", 1.0)
    scale = 1.2 if stage.scene.framing == "close" else scale
    side = -stage.side if number % 2 == 0 else stage.side
    parts = []
    many = min(subject.many, 4)
    for one in range(many):
        height = min(
            figure.height * stage.height * scale, 0.9 * stage.width / figure.aspect if figure.aspect < 2 else 9e9
        )
        height *= (0.9 if many == 1 else 0.62) * (1 - 0.14 * one) * (1.06 if alone else 0.85)
        x = (
            0.5
            + (0.06 if alone else 0.2) * side
            + (one - (many - 1) / 2) * 0.26
            + float(stage.dice.uniform(-0.03, 0.03))
        )
        below = stage.height - stage.horizon
        foot = stage.horizon + below * (0.2 + 0.06 * number) - one * below * 0.04
        if stage.scene.place in ("room", "studio"):
            foot = stage.ground
        elif stage.scene.place == "sea" and not figure.rocks and figure.aspect < 2:
            foot = stage.ground - below * 0.05
        parts.append(Part(figure, subject.colour, x * stage.width, foot, height, bool(side > 0)))
    return parts


def _actor(stage: Stage, subject: Subject, number: int, count: int, taken: int) -> list[Part]:
    name = _named(subject, stage.scene)
    figure = BOOK[name]
    head = name.endswith("_head")
    scale = 1.0 if head else _SCALES.get(stage.scene.framing or "", 1.0)
    many = min(subject.many, 4)
    crowd = 1.0 if many * count == 1 else 0.84 if many * count == 2 else 0.66
    if taken and not head:
        crowd *= 0.78  # somebody before a landmark must not dwarf it
    height = figure.height * stage.height * scale * crowd
    most = (1.02 if head else 0.8 if count * many == 1 else 1.15 / (count * many)) * stage.width
    height = min(height, most / figure.aspect, stage.height * 0.86)
    parts = []
    for one in range(many):
        spread = (number * many + one - (count * many - 1) / 2) / max(1, count * many)
        x = 0.5 - 0.17 * taken + spread * 0.78 + float(stage.dice.uniform(-0.035, 0.035))
        if count * many == 1 and not head and not taken:
            x += float(stage.dice.choice([-0.07, 0.0, 0.07]))
        foot = _foot(stage, figure, height, head) + float(stage.dice.uniform(-0.015, 0.02)) * stage.height * (many > 1)
        parts.append(
            Part(
                figure,
                _shade_of(subject.colour, one),
                x * stage.width,
                foot,
                height * (1 - 0.06 * one),
                bool(one % 2) ^ bool(taken < 0),
            )
        )
    return parts


def _umbrella_over(holder: Part, scene: Scene) -> Part:
    """The umbrella that goes with somebody, held over the head."""
    colour = next((one.colour for one in scene.subjects if one.figure == "umbrella"), None)
    head = holder.figure.aspect > 0.9
    tall = holder.height * (0.9 if head else 0.58)
    x = holder.x + holder.height * (0.0 if head else 0.13) * (-1 if holder.mirrored else 1)
    foot = holder.foot - holder.height * (0.55 if head else 0.56)
    return Part(BOOK["umbrella"], colour, x, foot, tall, holder.mirrored)


def _shade_of(colour: Colour | None, number: int) -> Colour | None:
    return turned(colour, hue=0.02 * number, light=1 - 0.05 * number) if colour is not None else None


def _foot(stage: Stage, figure: Figure, height: float, head: bool) -> float:
    below = stage.height - stage.horizon
    if head:
        return stage.height * 1.015
    if stage.scene.place in ("room", "studio") or figure.stand is Stand.TABLE:
        return float(stage.ground)
    if figure.stand is Stand.AIR:
        return max(height * 1.08, stage.height * float(stage.dice.uniform(0.36, 0.6)))
    if figure.stand is Stand.WATER:
        return stage.horizon + below * 0.34 if stage.scene.place == "sea" else float(stage.ground)
    return float(stage.ground)


def mouths(stage: Stage, parts: Sequence[Part]) -> tuple[Mouth, ...]:
    """Where the people among the figures have their mouths, the one in front first."""
    found = []
    for part in reversed(parts):
        if (place := _MOUTHS.get(part.figure.draw.__name__)) is not None:
            y = part.foot - part.height * (1 - place[0])
            found.append(Mouth(part.x / stage.width, y / stage.height, place[1] * part.height / stage.width))
    return tuple(found)


def set_part(stage: Stage, part: Part) -> None:
    """Draw one figure into the picture with its shadow or its reflection."""
    far = part.figure.stand is Stand.FAR
    sheet = _dressed(stage, part)
    if part.mirrored:
        sheet = sheet.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    pad = round(part.height * 0.06)
    at = (round(part.x - sheet.width / 2), round(part.foot + pad - sheet.height))
    half = part.height * part.figure.aspect / 2
    afloat = part.figure.stand is Stand.WATER and stage.scene.place == "sea"
    if afloat or (far and stage.scene.place == "sea" and part.figure.rocks):
        _reflect(stage, sheet, at, round(part.foot - part.height * (0.045 if afloat else 0.0)))
    elif part.figure.stand is not Stand.AIR and not part.figure.rocks and part.figure.draw.__name__ not in _NO_SHADOW:
        strength = 0.34 if stage.scene.weather in ("rain", "fog", "cloud") else 0.5
        slide = -stage.side * half * 0.16
        stage.soft_oval(
            (part.x + slide, part.foot - part.height * 0.004),
            half * 0.98,
            max(3.0, part.height * 0.045),
            (14, 14, 28),
            strength,
        )
    if (stage.palette.night or stage.scene.time == "dusk") and part.figure.draw.__name__ in _GLOWING:
        stage.glow(
            (part.x, part.foot - part.height * (0.84 if part.figure.rocks else 0.45)),
            part.height * 0.5,
            (255, 214, 130),
            0.5,
        )
    if part.figure.rocks and stage.scene.time not in ("day", "dawn") and (stage.palette.night or stage.scene.weather):
        _beams(stage, part)
    stage.image.paste(sheet, at, sheet)


def _beams(stage: Stage, part: Part) -> None:
    """A lighthouse's two beams."""
    w, h = stage.width // 4, stage.height // 4
    x, y = part.x / 4, (part.foot - part.height * 0.84) / 4
    mask = Image.new("L", (w, h), 0)
    draw = ImageDraw.Draw(mask)
    for way, tilt in ((-1, 0.1), (1, -0.16)):
        for spread, tone in ((0.13, 60), (0.08, 96), (0.04, 130)):
            reach = way * w * 1.1
            draw.polygon(
                ((x, y), (x + reach, y + w * (tilt - spread)), (x + reach, y + w * (tilt + spread))), fill=tone
            )
    mask = mask.filter(ImageFilter.GaussianBlur(max(1.5, w * 0.018)))
    stage.paste(mask.resize((stage.width, stage.height), Image.Resampling.BICUBIC), (255, 236, 186))


def _dressed(stage: Stage, part: Part) -> Image.Image:
    palette, scene = stage.palette, stage.scene
    chosen = part.colour or part.figure.colour or _CLOTHES[int(stage.dice.integers(len(_CLOTHES)))]
    if part.colour is None:
        chosen = turned(chosen, hue=float(stage.dice.uniform(-0.02, 0.02)), light=float(stage.dice.uniform(0.9, 1.08)))
    dim = 0.36 if palette.night else 0.1
    coat = coat_of(mix(chosen, palette.far, dim * 0.5), palette.accent, (255, 214, 122))
    pen = Pen(part.figure.aspect, max(8, round(part.height)))
    part.figure.draw(pen, coat)
    shade = mix(palette.near, (96, 92, 142), 0.5) if palette.night else mix(palette.high, (96, 84, 120), 0.5)
    # light and shade are drawn for light from the left or the right; a mirrored figure is lit from the other side first
    side = -stage.side if part.mirrored else stage.side
    sheet = lit(pen.sheet(), side, mix(palette.light, (255, 255, 255), 0.2), shade)
    veil = 0.0
    if part.figure.stand is Stand.FAR:
        veil = {"fog": 0.5, "rain": 0.26, "snow": 0.2}.get(scene.weather or "", 0.1)
    tint = dim * 0.8 if palette.night else 0.06
    return _tinted(sheet, mix(palette.far, palette.high, 0.5) if palette.night else palette.low, max(veil, tint), stage)


def _tinted(sheet: Image.Image, colour: Colour, share: float, stage: Stage) -> Image.Image:
    alpha = sheet.getchannel("A")
    body = Image.blend(sheet.convert("RGB"), Image.new("RGB", sheet.size, colour), share)
    if stage.scene.mood == "grey":
        body = body.convert("L").convert("RGB")
    body.putalpha(alpha)
    return body


def _reflect(stage: Stage, sheet: Image.Image, at: tuple[int, int], line: int) -> None:
    """The figure upside down in the water below `line`, broken by waves."""
    tall = min(stage.height - line, round(sheet.height * 0.8))
    if tall < 4:
        return
    seen = sheet.crop((0, 0, sheet.width, max(1, min(sheet.height, line - at[1])))).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    seen = seen.resize((seen.width, max(4, round(seen.height * 0.7))), Image.Resampling.BILINEAR)
    seen = seen.crop((0, 0, seen.width, min(seen.height, tall)))
    pixels = np.asarray(seen)
    rows = np.arange(seen.height)
    shift = np.sin(rows / max(2.0, stage.height * 0.006) + stage.dice.uniform(0, 6)) * rows * 0.06
    columns = np.clip(np.arange(seen.width)[None] + shift[:, None].astype(int), 0, seen.width - 1)
    waved = Image.fromarray(pixels[rows[:, None], columns])
    fade = np.linspace(0.5, 0.08, seen.height, dtype=np.float32)[:, None]
    alpha = (np.asarray(waved.getchannel("A"), np.float32) * fade).astype(np.uint8)
    mask = Image.fromarray(alpha).filter(ImageFilter.BoxBlur(1))
    stage.image.paste(
        Image.blend(waved.convert("RGB"), Image.new("RGB", seen.size, stage.palette.high), 0.35), (at[0], line), mask
    )
