"""A request to a picture: read the words, choose the light, build the place, set the figures, finish the sheet.

Equal requests are equal bytes on one machine: every choice comes from one generator, seeded by the prompt, the
model's name and the seed. The size is not in the seed, so a larger picture is the same picture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

from rushes.providers.sketch.caption import Mouth, captioned, strip_height, without_strip
from rushes.providers.sketch.cast import mouths, place_cast, set_part, stands_on_ground
from rushes.providers.sketch.palette import colours_of, palette_for
from rushes.providers.sketch.places.atlas import ATLAS
from rushes.providers.sketch.scene import Scene, read_scene
from rushes.providers.sketch.sky import paint_sky
from rushes.providers.sketch.stage import Stage
from rushes.providers.sketch.weather import paint_weather

_HORIZONS = {"aerial": 0.22, "low": 0.76, "wide": 0.6}
_OPEN_PLACES = ("field", "sea", "mountains", "desert", "forest", "city")


class Painted(NamedTuple):
    """A picture, the height of its caption strip, and the mouths of the people in it."""

    image: Image.Image
    strip: int
    mouths: tuple[Mouth, ...] = ()


def dice_for(*parts: object) -> np.random.Generator:
    """The generator that every choice about one picture comes from."""
    raw = hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(raw[:16], "big")))


def paint(
    prompt: str,
    model: str,
    seed: int,
    size: tuple[int, int],
    references: Sequence[Image.Image] = (),
    *,
    strip: bool = True,
) -> Painted:
    """Paint a prompt. References lend their colours, and are shown small in a corner."""
    tall = strip_height(size, prompt) if strip else 0
    scene = read_scene(prompt)
    dice = dice_for(prompt, model, seed)
    plain = [without_strip(one) for one in references]
    colours = [colours_of(one)[0][0] for one in plain]
    stage = _staged(scene, dice, (size[0], size[1] - tall), colours)
    standing = stands_on_ground(scene)
    ATLAS[_place(scene, dice)](stage, standing)
    parts = place_cast(stage)
    _blur_behind(stage)
    for part in parts:
        set_part(stage, part)
    paint_weather(stage)
    sheet = _finished(stage.image, model, dice, grey=scene.mood == "grey")
    if plain:
        show_references(sheet, plain)
    whole = Image.new("RGB", size)
    whole.paste(sheet, (0, 0))
    return Painted(captioned(whole, prompt, tall), tall, mouths(stage, parts))


def _place(scene: Scene, dice: np.random.Generator) -> str:
    return scene.place or _OPEN_PLACES[int(dice.integers(len(_OPEN_PLACES)))]


def _staged(
    scene: Scene, dice: np.random.Generator, size: tuple[int, int], colours: Sequence[tuple[int, int, int]]
) -> Stage:
    palette = palette_for(scene, dice, colours)
    share = _HORIZONS.get(scene.framing or "", 0.56) + float(dice.uniform(-0.05, 0.05))
    horizon = round(size[1] * share)
    side = -1 if dice.random() < 0.5 else 1
    sun = (
        round(size[0] * (0.5 + side * float(dice.uniform(0.12, 0.34)))),
        round(horizon * float(dice.uniform(0.3, 0.72))),
    )
    ground = round(max(size[1] * 0.9, horizon + size[1] * 0.16)) if scene.framing != "low" else round(size[1] * 0.95)
    sky = paint_sky(size, horizon, palette, scene, sun, dice)
    return Stage(sky, scene, palette, dice, horizon, min(ground, round(size[1] * 0.96)), side, sun)


def _blur_behind(stage: Stage) -> None:
    """A close picture has its background out of focus."""
    if stage.scene.framing == "close":
        radius = max(1, round(min(stage.image.size) * 0.012))
        stage.image = stage.image.filter(ImageFilter.BoxBlur(radius))


def _finished(image: Image.Image, model: str, dice: np.random.Generator, *, grey: bool) -> Image.Image:
    """The hand of the model: each name has its own contrast, warmth and grain."""
    hand = dice_for("hand", model)
    image = ImageEnhance.Contrast(image).enhance(1.0 + 0.1 * float(hand.random()))
    image = ImageEnhance.Color(image).enhance(0.0 if grey else 0.92 + 0.22 * float(hand.random()))
    image = ImageChops.multiply(image, _vignette(image.size, 0.16 + 0.14 * float(hand.random())))
    return _grained(image, 2.2 + 2.6 * float(hand.random()), dice)


def _vignette(size: tuple[int, int], depth: float) -> Image.Image:
    y = np.linspace(-1, 1, 48, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, 48, dtype=np.float32)[None]
    field = 255 * (1 - depth * np.clip((x * x + y * y) / 2, 0, 1) ** 1.4)
    return Image.fromarray(field.astype(np.uint8)).resize(size, Image.Resampling.BICUBIC).convert("RGB")


def _grained(image: Image.Image, depth: float, dice: np.random.Generator) -> Image.Image:
    """Paper grain; it also hides the steps of the gradients."""
    tile = dice.normal(0, depth, (192, 192, 1))
    pixels = np.asarray(image).astype(np.int16)
    height, width, _ = pixels.shape
    grain = np.tile(np.round(tile).astype(np.int16), (height // 192 + 1, width // 192 + 1, 1))[:height, :width]
    return Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))


def show_references(sheet: Image.Image, references: Sequence[Image.Image]) -> None:
    """Put each reference in a small frame along the upper edge: that it was used can be seen."""
    draw = ImageDraw.Draw(sheet)
    gap = max(3, round(min(sheet.size) * 0.02))
    tall = round(min(sheet.size) * 0.17)
    x = gap
    for picture in references[:8]:
        wide = max(4, min(round(tall * picture.width / picture.height), tall * 2))
        if x + wide + gap > sheet.width:
            break
        small = picture.convert("RGB").resize((wide, tall), Image.Resampling.BOX)
        border = max(1, gap // 3)
        draw.rectangle((x - border, gap - border, x + wide + border - 1, gap + tall + border - 1), fill=(246, 242, 232))
        sheet.paste(small, (x, gap))
        x += wide + gap * 2
