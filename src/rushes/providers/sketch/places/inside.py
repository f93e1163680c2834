"""Rooms and the photographer's studio."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from rushes.providers.sketch.palette import mix, turned
from rushes.providers.sketch.scene import Colour
from rushes.providers.sketch.stage import Stage, noise, vertical


def room(stage: Stage, standing: bool) -> None:
    """A wall, a window with the view, a picture; a table, or a floor if somebody stands there."""
    dice, w, h = stage.dice, stage.width, stage.height
    view = stage.image.copy()
    wall = mix(
        mix(stage.palette.middle, (214, 194, 172), 0.5), stage.palette.near, 0.45 if stage.palette.night else 0.12
    )
    stage.image.paste(
        vertical((w, h), [(0.0, turned(wall, light=0.8)), (0.6, wall), (1.0, turned(wall, light=0.92))]), (0, 0)
    )
    left = 0.1 if stage.side < 0 else 0.5
    frame = (
        round(w * left),
        round(h * 0.12),
        round(w * (left + 0.4)),
        round(h * 0.12) + round(min(h * 0.42, w * 0.62)),
    )
    _window(stage, view, frame)
    if not standing or h > w:
        _wall_art(stage, (0.74 if stage.side < 0 else 0.24) * w, h * float(dice.uniform(0.2, 0.26)))
    top = stage.ground - round(h * (0.13 if not standing else 0.2))
    wood = mix((142, 96, 64), stage.palette.near, 0.4 if stage.palette.night else 0.14)
    _boards(stage, top, wood, table=not standing)
    beam = Image.new("L", (w // 4, h // 4), 0)
    scale = 0.25
    x0, y0, x1, y1 = (value * scale for value in frame)
    reach = w * scale * 0.42 * -stage.side
    ImageDraw.Draw(beam).polygon(
        ((x0, y0), (x1, y0), (x1 + reach, h * scale), (x0 + reach * 1.3, h * scale), (x0, y1)), fill=64
    )
    stage.paste(beam.filter(ImageFilter.GaussianBlur(6)).resize((w, h), Image.Resampling.BICUBIC), stage.palette.light)


def _window(stage: Stage, view: Image.Image, frame: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = frame
    bar = max(3, round(stage.width * 0.014))
    draw = ImageDraw.Draw(stage.image)
    draw.rectangle(
        (left - bar, top - bar, right + bar, bottom + bar), fill=mix((246, 240, 230), stage.palette.middle, 0.25)
    )
    scene = view.crop((0, 0, stage.width, max(2, stage.horizon))).resize(
        (right - left, bottom - top), Image.Resampling.BICUBIC
    )
    stage.image.paste(scene, (left, top))
    hill = [
        (left, bottom),
        (left, bottom - (bottom - top) * 0.2),
        ((left + right) / 2, bottom - (bottom - top) * 0.32),
        (right, bottom - (bottom - top) * 0.16),
        (right, bottom),
    ]
    draw.polygon(hill, fill=stage.palette.far)
    colour = mix((246, 240, 230), stage.palette.middle, 0.3)
    draw.rectangle(((left + right) / 2 - bar / 2, top, (left + right) / 2 + bar / 2, bottom), fill=colour)
    draw.rectangle((left, (top + bottom) / 2 - bar / 2, right, (top + bottom) / 2 + bar / 2), fill=colour)
    draw.rectangle((left - bar * 2, bottom + bar, right + bar * 2, bottom + bar * 2), fill=turned(colour, light=0.9))


def _wall_art(stage: Stage, x: float, y: float) -> None:
    draw = ImageDraw.Draw(stage.image)
    unit = min(stage.width, stage.height * 0.75)
    half, tall = unit * 0.085, unit * 0.115
    draw.rectangle((x - half, y - tall, x + half, y + tall), fill=mix(stage.palette.near, (40, 34, 32), 0.5))
    half, tall = half * 0.84, tall * 0.88
    draw.rectangle((x - half, y - tall, x + half, y + tall), fill=mix(stage.palette.low, (250, 246, 238), 0.6))
    draw.pieslice((x - half * 0.7, y - half * 0.4, x + half * 0.7, y + half), 180, 360, fill=stage.palette.accent)
    draw.rectangle((x - half * 0.7, y + half * 0.3, x + half * 0.7, y + half * 0.5), fill=stage.palette.far)


def _boards(stage: Stage, top: int, wood: Colour, *, table: bool) -> None:
    flat = np.full(2, top, np.float32)
    stage.land(flat, mix(wood, stage.palette.light, 0.28), turned(wood, light=0.8), 0.3)
    tall = stage.height - top
    if table:
        grain = noise(stage.dice, stage.width // 2, max(4, tall // 2), 2, 40, 3)
        mask = Image.fromarray((np.clip((grain - 0.5) * 5, 0, 1) * 70).astype(np.uint8)).resize(
            (stage.width, tall), Image.Resampling.BICUBIC
        )
        stage.paste(mask, turned(wood, light=0.66), (0, top))
        return

    def gaps(draw: ImageDraw.ImageDraw, scale: float) -> None:
        w = stage.width * scale
        for step in range(-8, 20):
            x = step / 11 * w
            draw.line(
                (w / 2 + (x - w / 2) * 0.55, 0, w / 2 + (x - w / 2) * 1.5, tall * scale),
                fill=255,
                width=round(2 * scale),
            )

    stage.draw(gaps, top, stage.height, turned(wood, light=0.6), 0.6)


def studio(stage: Stage, standing: bool) -> None:
    """A seamless backdrop and a plinth."""
    del standing
    w, h = stage.width, stage.height
    back = mix(stage.palette.accent, stage.palette.low, 0.62)
    floor = mix(back, (255, 255, 255), 0.16)
    seam = stage.ground / h - 0.16
    stops = [
        (0.0, turned(back, light=0.7)),
        (seam, mix(back, (255, 255, 255), 0.1)),
        (min(1.0, seam + 0.1), floor),
        (1.0, turned(floor, light=0.82)),
    ]
    stage.image.paste(vertical((w, h), stops), (0, 0))
    stage.glow((w * (0.5 + 0.12 * stage.side), h * 0.42), w * 0.75, (255, 252, 244), 0.42)
    for number in range(2):
        x, r = w * (0.24 + 0.52 * number), w * (0.2 + 0.08 * number)
        stage.soft_oval((x, stage.ground - r * 0.9), r, r, turned(back, light=0.88 + 0.1 * number), 0.3)
    _pedestal(stage, w / 2, stage.ground, min(w, h * 0.8) * 0.34, floor)


def _pedestal(stage: Stage, x: float, y: float, half: float, colour: Colour) -> None:
    """A round plinth whose top is at `y`."""
    tall, squash = stage.height * 0.06, 0.2
    stage.soft_oval(
        (x, y + tall + half * squash * 0.3), half * 1.15, half * squash * 1.5, turned(colour, light=0.45), 0.5
    )

    def side(draw: ImageDraw.ImageDraw, scale: float) -> None:
        box = ((x - half) * scale, (half * squash + 2) * scale, (x + half) * scale, (half * squash + 2 + tall) * scale)
        draw.rectangle(box, fill=255)
        draw.ellipse((box[0], box[3] - half * squash * scale, box[2], box[3] + half * squash * scale), fill=255)

    top = round(y - half * squash - 2)
    stage.draw(side, top, round(y + tall + half * squash + 3), turned(colour, light=0.84))

    def plate(draw: ImageDraw.ImageDraw, scale: float) -> None:
        draw.ellipse(((x - half) * scale, 2 * scale, (x + half) * scale, (half * squash * 2 + 2) * scale), fill=255)

    stage.draw(plate, top, round(y + half * squash + 3), mix(colour, (255, 255, 255), 0.42))
