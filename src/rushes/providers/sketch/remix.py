"""A picture to another picture: the source stays recognisable, the words change its light, its weather and its cast."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

from rushes.providers.media.picture import covering
from rushes.providers.sketch.caption import captioned, strip_height, without_strip
from rushes.providers.sketch.cast import place_cast, set_part
from rushes.providers.sketch.painter import Painted, dice_for, show_references
from rushes.providers.sketch.palette import Palette, colours_of, mix, palette_for
from rushes.providers.sketch.scene import read_scene
from rushes.providers.sketch.stage import Stage
from rushes.providers.sketch.weather import paint_weather


def remix(
    prompt: str,
    model: str,
    seed: int,
    size: tuple[int, int],
    source: Image.Image,
    references: Sequence[Image.Image],
    strength: float,
    mask: Image.Image | None = None,
) -> Painted:
    """Repaint `source` after the prompt; `strength` 0..1 is how far. Where `mask` is black the source stays."""
    tall = strip_height(size, prompt)
    dice = dice_for("remix", prompt, model, seed)
    scene = read_scene(prompt)
    inner = (size[0], size[1] - tall)
    plain = covering(without_strip(source), inner)
    palette = palette_for(scene, dice, [colours_of(without_strip(one))[0][0] for one in references])
    sheet = _graded(_brushed(plain, dice), palette, scene.time is not None or bool(references), strength, dice)
    stage = Stage(sheet, scene, palette, dice, round(inner[1] * 0.55), round(inner[1] * 0.93), 1, (0, 0))
    for part in place_cast(stage):
        set_part(stage, part)
    paint_weather(stage)
    sheet = stage.image
    if mask is not None:
        sheet = Image.composite(sheet, plain, covering(mask, inner).convert("L"))
    if references:
        show_references(sheet, [without_strip(one) for one in references])
    whole = Image.new("RGB", size)
    whole.paste(sheet, (0, 0))
    return Painted(captioned(whole, prompt, tall), tall)


def _brushed(picture: Image.Image, dice: np.random.Generator) -> Image.Image:
    """Broad strokes: colours flow together, edges stay and are drawn in ink."""
    width, height = picture.size
    small = picture.resize((max(8, width // 2), max(8, height // 2)), Image.Resampling.BOX)
    strokes = small.filter(ImageFilter.MedianFilter(5)).filter(ImageFilter.ModeFilter(3))
    edges = ImageOps.invert(small.convert("L").filter(ImageFilter.FIND_EDGES)).point(
        [min(255, v + 40) for v in range(256)]
    )
    inked = ImageChops.multiply(strokes, Image.merge("RGB", (edges, edges, edges)))
    return inked.resize((width, height), Image.Resampling.BICUBIC)


def _graded(
    picture: Image.Image, palette: Palette, wanted: bool, strength: float, dice: np.random.Generator
) -> Image.Image:
    """The palette's light laid over the picture: shades towards the land's colour, lights towards the sky's."""
    share = min(1.0, max(0.0, strength)) * (0.8 if wanted else 0.5)
    tones = ImageOps.colorize(
        picture.convert("L"), mix(palette.near, (8, 8, 16), 0.3), mix(palette.low, (255, 255, 255), 0.2), palette.middle
    )
    picture = Image.blend(picture, tones, share * 0.75)
    picture = ImageEnhance.Color(picture).enhance(1.0 + float(dice.uniform(-0.1, 0.25)))
    return ImageEnhance.Contrast(picture).enhance(1.0 + float(dice.uniform(0.0, 0.14)))
