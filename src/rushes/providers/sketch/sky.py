"""The sky: gradient, glow, sun or moon, clouds, stars."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from rushes.providers.sketch.palette import Palette, mix
from rushes.providers.sketch.scene import Colour, Scene
from rushes.providers.sketch.stage import Floats, noise

_COARSE = 4  # the sky is smooth: a quarter of the size and a bicubic enlargement cannot be told from the whole
_VEILED = ("rain", "fog", "cloud", "snow")


def paint_sky(
    size: tuple[int, int],
    horizon: int,
    palette: Palette,
    scene: Scene,
    sun: tuple[int, int],
    dice: np.random.Generator,
) -> Image.Image:
    """A sky over the whole sheet; what lies below the horizon is covered later."""
    width, height = (max(8, side // _COARSE) for side in size)
    rows = np.linspace(0, size[1] / max(1, horizon), height, dtype=np.float32)
    parts = zip(palette.high, palette.middle, palette.low, strict=True)
    column = np.stack([np.interp(rows, (0.0, 0.55, 1.0), part) for part in parts], -1).astype(np.float32)
    field = np.broadcast_to(column[:, None], (height, width, 3)).copy()
    veiled = scene.weather in _VEILED
    _add_glow(field, palette, (sun[0] / _COARSE, sun[1] / _COARSE), 0.45 if veiled else 1.0)
    _add_clouds(field, palette, rows, scene.weather, dice)
    picture = Image.fromarray(np.clip(field, 0, 255).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    if palette.night and not veiled:
        _add_stars(picture, horizon, dice)
    if not veiled or palette.night:
        _add_disc(picture, sun, palette, dice)
    return picture


def _add_glow(field: Floats, palette: Palette, at: tuple[float, float], strength: float) -> None:
    height, width, _ = field.shape
    y = np.arange(height, dtype=np.float32)[:, None] - at[1]
    x = np.arange(width, dtype=np.float32)[None] - at[0]
    reach = 0.3 * max(width, height)
    far = np.sqrt(x * x + (y * 1.25) ** 2)
    share = (np.exp(-far / reach) * (0.42 if palette.night else 0.72) * strength)[..., None]
    field += (np.array(palette.light, np.float32) - field) * share


def _add_clouds(field: Floats, palette: Palette, rows: Floats, weather: str | None, dice: np.random.Generator) -> None:
    height, width, _ = field.shape
    least = {"clear": 0.8, "rain": 0.36, "cloud": 0.38, "fog": 0.42, "snow": 0.42}.get(
        weather or "", dice.uniform(0.5, 0.62)
    )
    # clouds get flatter and closer together towards the horizon
    lumps = noise(dice, width, height, 3, max(3, round(7 * height / width)), 5)
    body = np.clip((lumps - least) * 4.2, 0, 1) * np.clip((1.08 - rows)[:, None] * 2.2, 0, 1)
    lit = np.clip((lumps - np.roll(lumps, max(1, height // 60), axis=0)) * 9 + 0.62, 0, 1)[..., None]
    bright = np.array(mix(palette.low, palette.light, 0.65 if not palette.night else 0.2), np.float32)
    shade = np.array(mix(palette.middle, palette.high, 0.4), np.float32)
    colour = shade + (bright - shade) * lit
    field += (colour - field) * (body * (0.5 if palette.night else 0.82))[..., None]


def _add_stars(picture: Image.Image, horizon: int, dice: np.random.Generator) -> None:
    draw = ImageDraw.Draw(picture)
    count = max(20, picture.width * horizon // 5200)
    xs, ys = dice.integers(0, picture.width, count), dice.integers(0, max(1, round(horizon * 0.92)), count)
    for x, y, bright in zip(xs.tolist(), ys.tolist(), dice.random(count).tolist(), strict=True):
        tone = round(120 + 135 * bright)
        r = 0 if bright < 0.75 else max(1, picture.width // 500)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(tone, tone, min(255, tone + 20)))


def _add_disc(picture: Image.Image, at: tuple[int, int], palette: Palette, dice: np.random.Generator) -> None:
    radius = round(min(picture.size) * dice.uniform(0.055, 0.085))
    side = radius * 8 + 4
    mask = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(mask)
    draw.ellipse((2, 2, side - 3, side - 3), fill=255)
    if palette.night and dice.random() < 0.5:
        shift = radius * 2.6
        draw.ellipse((2 + shift, 2 - shift / 2, side - 3 + shift, side - 3 - shift / 2), fill=0)
    mask = mask.reduce(4)
    disc: Colour = mix(palette.light, (255, 255, 255), 0.4)
    picture.paste(disc, (at[0] - mask.width // 2, at[1] - mask.height // 2), mask)
