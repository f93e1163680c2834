"""What falls from the sky and hangs in the air, in front of everything."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from rushes.providers.sketch.palette import mix
from rushes.providers.sketch.stage import Stage, noise


def paint_weather(stage: Stage) -> None:
    """Rain, snow or fog, where the scene has it. Indoors it stays outside."""
    if stage.scene.place in ("room", "studio", "space"):
        return
    if stage.scene.weather == "rain":
        _rain(stage)
    elif stage.scene.weather == "snow":
        _snow(stage)
    elif stage.scene.weather == "fog":
        _fog(stage)


def _rain(stage: Stage) -> None:
    dice, count = stage.dice, 420
    xs, ys, long = dice.random(count) * 1.2 - 0.1, dice.random(count) * 1.1 - 0.1, dice.random(count)

    def streaks(draw: ImageDraw.ImageDraw, scale: float) -> None:
        w, h = stage.width * scale, stage.height * scale
        for x, y, far in zip(xs, ys, long, strict=True):
            tall = (0.02 + 0.045 * far) * h
            draw.line(
                (x * w, y * h, x * w - tall * 0.16, y * h + tall),
                fill=round(110 + 145 * far),
                width=max(1, round(h * 0.0011)),
            )

    stage.draw(streaks, 0, stage.height, mix(stage.palette.light, (214, 226, 240), 0.6), 0.4)


def _snow(stage: Stage) -> None:
    dice, count = stage.dice, 300
    flakes = np.stack([dice.random(count), dice.random(count), dice.random(count) ** 2.4], -1).tolist()

    def fall(draw: ImageDraw.ImageDraw, scale: float) -> None:
        for x, y, big in flakes:
            r = (0.0014 + 0.0052 * big) * stage.height * scale
            cx, cy = x * stage.width * scale, y * stage.height * scale
            draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=round(255 - 60 * big))

    stage.draw(fall, 0, stage.height, (250, 252, 255), 0.9)


def _fog(stage: Stage) -> None:
    w, h = max(8, stage.width // 8), max(8, stage.height // 8)
    banks = noise(stage.dice, w, h, 2, max(4, 8 * h // w), 3)
    rows = np.linspace(0, 1, h, dtype=np.float32)[:, None]
    horizon = stage.horizon / stage.height
    share = np.exp(-(((rows - horizon - 0.06) / 0.2) ** 2)) * 0.75 * np.clip(banks * 2.2 - 0.4, 0, 1)
    mask = Image.fromarray((np.clip(share, 0, 1) * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(2))
    stage.paste(
        mask.resize((stage.width, stage.height), Image.Resampling.BICUBIC),
        mix(stage.palette.low, stage.palette.middle, 0.3),
    )
