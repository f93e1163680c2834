"""Streets between towers."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from rushes.providers.sketch.palette import mix
from rushes.providers.sketch.places.land import depth_colour
from rushes.providers.sketch.scene import Colour
from rushes.providers.sketch.stage import Stage, vertical


def city(stage: Stage, standing: bool) -> None:
    """Towers in three rows, a street that shines when it is wet."""
    for number in range(3):
        _towers(stage, number / 2)
    road = mix(stage.palette.near, (52, 54, 66), 0.55)
    top = stage.horizon + round((stage.height - stage.horizon) * 0.16)
    flat = np.full(2, top, np.float32)
    before = stage.image.copy()
    stage.land(flat, mix(road, stage.palette.low, 0.3), road, 0.3)
    _wet_street(stage, before, top)
    _kerbs(stage, top)
    del standing


def _towers(stage: Stage, share: float) -> None:
    dice, w = stage.dice, stage.width
    colour = depth_colour(stage, 0.2 + 0.62 * share)
    base = stage.horizon + (stage.height - stage.horizon) * 0.17
    x, blocks = -0.05, []
    while x < 1.05:
        wide = float(dice.uniform(0.06, 0.15)) * (0.8 + 0.5 * share)
        lift = (
            float(dice.uniform(0.1, 0.36))
            * (1 - 0.38 * share)
            * (1.25 if abs(x + wide / 2 - 0.5) > 0.28 * share else 0.45)
        )
        blocks.append((x, x + wide, base - lift * stage.height, float(dice.random())))
        x += wide + float(dice.uniform(0.0, 0.02))
    top = max(0, int(min(block[2] for block in blocks) - stage.height * 0.05))

    def houses(draw: ImageDraw.ImageDraw, scale: float) -> None:
        for left, right, roof, kind in blocks:
            x0, x1, y = left * w * scale, right * w * scale, (roof - top) * scale
            draw.rectangle((x0, y, x1, stage.height * scale), fill=255)
            if kind > 0.6:
                draw.rectangle((x0 + (x1 - x0) * 0.25, y - (x1 - x0) * 0.2, x1 - (x1 - x0) * 0.25, y), fill=255)
            if kind > 0.8:
                draw.rectangle(((x0 + x1) / 2 - scale, y - (x1 - x0) * 0.7, (x0 + x1) / 2 + scale, y), fill=255)

    stage.draw(houses, top, round(base) + 2, colour)
    _windows(stage, blocks, base, share, colour)


def _windows(
    stage: Stage, blocks: list[tuple[float, float, float, float]], base: float, share: float, wall: Colour
) -> None:
    dusk = stage.palette.night or stage.scene.time == "dusk"
    shine = stage.palette.accent if dusk else mix(wall, stage.palette.light, 0.5)
    draw = ImageDraw.Draw(stage.image)
    cell = max(3, round(stage.width * (0.011 + 0.009 * share)))
    for left, right, roof, _ in blocks:
        glow = mix(shine, (255, 240, 200), float(stage.dice.random()) * 0.6)
        columns = int((right - left) * stage.width / cell - 1)
        rows = int((base - roof) / (cell * 1.3) - 1)
        if columns < 1 or rows < 1:
            continue
        lit = stage.dice.random((rows, columns)) < (0.42 if dusk else 0.6)
        for row, column in np.argwhere(lit).tolist():
            x, y = left * stage.width + cell * (column + 0.8), roof + cell * 1.3 * (row + 0.8)
            draw.rectangle((x, y, x + cell * 0.45, y + cell * 0.62), fill=mix(wall, glow, 0.9 if dusk else 0.45))


def _wet_street(stage: Stage, before: Image.Image, top: int) -> None:
    """The town upside down in the street: strong when it rains, a hint when it does not."""
    below = stage.height - top
    up = before.crop((0, max(0, top - below), stage.width, top)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    up = up.resize((max(2, stage.width // 12), max(2, below // 5)), Image.Resampling.BOX).resize(
        (stage.width, below), Image.Resampling.BICUBIC
    )
    fade = vertical((stage.width, below), [(0.0, (150, 150, 150)), (1.0, (30, 30, 30))]).convert("L")
    if stage.scene.weather not in ("rain", "snow"):
        fade = fade.point([v // 3 for v in range(256)])
    stage.paste(fade, up, (0, top))


def _kerbs(stage: Stage, top: int) -> None:
    centre = stage.width * float(stage.dice.uniform(0.42, 0.58))

    def lines(draw: ImageDraw.ImageDraw, scale: float) -> None:
        w, tall = stage.width * scale, (stage.height - top) * scale
        for step in range(7):
            a, b = (step / 7) ** 2, ((step + 0.5) / 7) ** 2
            wa, wb = 0.004 + 0.02 * a, 0.004 + 0.02 * b
            x = centre * scale
            draw.polygon(
                ((x - wa * w, a * tall), (x + wa * w, a * tall), (x + wb * w, b * tall), (x - wb * w, b * tall)),
                fill=255,
            )
        for side in (-1, 1):
            x = centre * scale
            draw.polygon(
                (
                    (x + side * w * 0.05, 0),
                    (x + side * w * 0.058, 0),
                    (x + side * w * 0.8, tall),
                    (x + side * w * 0.74, tall),
                ),
                fill=255,
            )

    stage.draw(lines, top, stage.height, mix(stage.palette.low, (255, 250, 236), 0.4), 0.42)
