"""Stars, clouds of gas and a planet."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from rushes.providers.sketch.palette import mix, turned
from rushes.providers.sketch.stage import Stage, noise, ridge, vertical


def space(stage: Stage, standing: bool) -> None:
    """Deep space; ground if somebody stands there."""
    dice, w, h = stage.dice, stage.width, stage.height
    sky = vertical((w, h), [(0.0, (8, 10, 26)), (0.6, (18, 20, 48)), (1.0, (30, 24, 58))])
    for colour in (stage.palette.accent, (88, 72, 196), (52, 132, 176)):
        cloud = np.clip((noise(dice, w // 8, h // 8, 3, max(3, 3 * h // w), 5) - 0.5) * 3.4, 0, 1)
        mask = Image.fromarray((cloud * 120).astype(np.uint8)).resize((w, h), Image.Resampling.BICUBIC)
        sky.paste(mix(colour, (20, 16, 50), 0.25), (0, 0, w, h), mask)
    draw = ImageDraw.Draw(sky)
    for x, y, bright in zip(dice.random(300), dice.random(300), dice.random(300), strict=True):
        r = 0 if bright < 0.85 else max(1, w // 420)
        tone = round(110 + 145 * bright)
        draw.ellipse((x * w - r, y * h - r, x * w + r, y * h + r), fill=(tone, tone, 255))
    stage.image.paste(sky, (0, 0))
    _planet(stage, (0.8 if stage.side < 0 else 0.2) * w, h * 0.2, min(w, h) * 0.13)
    if standing:
        tops = ridge(dice, 120, stage.ground - h * 0.06, h * 0.014, waves=0.8)
        ground = mix((120, 112, 130), stage.palette.accent, 0.2)
        stage.land(tops, mix(ground, (255, 255, 255), 0.25), turned(ground, light=0.5), 0.24)


def _planet(stage: Stage, x: float, y: float, radius: float) -> None:
    side = round(radius * 2)
    fine = Image.new("L", (side * 2, side * 2), 0)
    ImageDraw.Draw(fine).ellipse((1, 1, side * 2 - 2, side * 2 - 2), fill=255)
    mask = fine.reduce(2)
    rows = np.linspace(0, 15, side, dtype=np.float32)[:, None]
    bands = (0.5 + 0.34 * np.sin(rows + 3.2 * noise(stage.dice, side, side, 2, 2, 3)))[..., None]
    dark, pale = (
        np.array(c, np.float32)
        for c in (turned(stage.palette.accent, light=0.55), mix(stage.palette.accent, (255, 244, 226), 0.55))
    )
    body = Image.fromarray(np.clip(dark + (pale - dark) * bands, 0, 255).astype(np.uint8))
    shade = ImageChops.offset(mask, round(-stage.side * -radius * 0.5), round(-radius * 0.3)).filter(
        ImageFilter.GaussianBlur(radius / 5)
    )
    body = Image.composite(body, ImageChops.multiply(body, Image.new("RGB", body.size, (46, 40, 82))), shade)
    stage.paste(mask, body, (round(x - radius), round(y - radius)))
