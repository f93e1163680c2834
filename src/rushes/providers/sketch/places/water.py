"""The sea and every other water."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from rushes.providers.sketch.palette import mix, turned
from rushes.providers.sketch.places.land import depth_colour
from rushes.providers.sketch.stage import Stage, ridge, vertical


def sea(stage: Stage, standing: bool) -> None:
    """Water that mirrors the sky, waves, the sun's path; a shore if somebody stands there."""
    tall = stage.height
    tops = ridge(stage.dice, 120, stage.horizon, tall * 0.018, waves=0.8, sharp=0.5)
    stage.land(np.minimum(tops, stage.horizon).astype(np.float32), depth_colour(stage, 0.2), depth_colour(stage, 0.3))
    below = tall - stage.horizon
    mirror = stage.image.crop((0, max(0, stage.horizon - below), stage.width, stage.horizon)).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    mirror = mirror.resize((stage.width, below), Image.Resampling.BILINEAR).filter(ImageFilter.BoxBlur(2))
    deep = vertical(
        (stage.width, below),
        [
            (0.0, mix(stage.palette.low, stage.palette.middle, 0.5)),
            (0.35, stage.palette.middle),
            (1.0, mix(stage.palette.high, stage.palette.near, 0.35)),
        ],
    )
    water = Image.blend(mirror, deep, 0.6)
    stage.image.paste(water, (0, stage.horizon))
    _waves(stage)
    _glitter(stage)
    if standing:
        _shore(stage)


def _waves(stage: Stage) -> None:
    """Short strokes, closer together towards the horizon."""
    below = stage.height - stage.horizon
    dice = stage.dice
    count = 240
    depth = dice.random(count) ** 1.8
    xs, long, light = dice.random(count), dice.random(count), dice.random(count) < 0.5
    for bright in (True, False):

        def strokes(draw: ImageDraw.ImageDraw, scale: float, bright: bool = bright) -> None:
            for d, x, wide, is_light in zip(depth, xs, long, light, strict=True):
                if is_light == bright:
                    y, half = d * below * scale, (0.008 + 0.055 * wide * (0.2 + d)) * stage.width * scale
                    thick = max(1.0, (0.0006 + 0.0032 * d) * stage.height * scale)
                    draw.ellipse(
                        (x * stage.width * scale - half, y - thick, x * stage.width * scale + half, y + thick), fill=255
                    )

        colour = (
            mix(stage.palette.low, stage.palette.light, 0.3)
            if bright
            else mix(stage.palette.high, stage.palette.near, 0.5)
        )
        stage.draw(strokes, stage.horizon, stage.height, colour, 0.34 if bright else 0.24)


def _glitter(stage: Stage) -> None:
    """The sun's path on the water."""
    below, dice = stage.height - stage.horizon, stage.dice
    count = 110
    depth, off, wide = dice.random(count) ** 1.3, dice.normal(0, 1, count), dice.random(count)

    def sparks(draw: ImageDraw.ImageDraw, scale: float) -> None:
        for d, away, big in zip(depth, off, wide, strict=True):
            x = (stage.sun[0] + away * stage.width * (0.015 + 0.06 * d)) * scale
            half, thick = (
                (0.004 + 0.028 * big * (0.3 + d)) * stage.width * scale,
                (0.0007 + 0.002 * d) * stage.height * scale,
            )
            draw.ellipse((x - half, d * below * scale - thick, x + half, d * below * scale + thick), fill=255)

    stage.draw(sparks, stage.horizon, stage.height, stage.palette.light, 0.7)


def _shore(stage: Stage) -> None:
    """Rocks and sand in front, so that people do not stand on water."""
    sand = mix(
        mix(stage.palette.near, (206, 178, 142), 0.5 if not stage.palette.night else 0.14), stage.palette.low, 0.1
    )
    line = ridge(stage.dice, 120, stage.ground - stage.height * 0.05, stage.height * 0.016, waves=0.7, sharp=0.4)
    stage.land(line - stage.height * 0.008, mix(stage.palette.light, stage.palette.low, 0.4), stage.palette.low, 0.02)
    stage.land(line, turned(sand, light=0.86), sand, 0.1)
