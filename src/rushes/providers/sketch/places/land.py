"""Hills, mountains, forest, desert: land in layers, each paler the farther it lies."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from rushes.providers.sketch.palette import mix, turned
from rushes.providers.sketch.scene import Colour
from rushes.providers.sketch.stage import Floats, Stage, noise, peaks, ridge


def depth_colour(stage: Stage, share: float) -> Colour:
    """The colour of land, 0 far away to 1 near; air takes the colour out of what is far."""
    return mix(mix(stage.palette.low, stage.palette.far, 0.35 + 0.65 * share), stage.palette.near, share**1.4)


def hills(stage: Stage, standing: bool) -> None:
    """Hills behind hills, with copses and grass."""
    del standing
    tall, below = stage.height, stage.height - stage.horizon
    for number in range(5):
        share = number / 4
        base = stage.horizon + below * (0.02 + 0.62 * share**1.5) - tall * 0.02
        tops = ridge(
            stage.dice, 120, base, tall * (0.026 + 0.012 * number), waves=0.7 + 0.25 * (4 - number), sharp=0.42
        )
        colour = depth_colour(stage, share)
        stage.land(tops, mix(colour, stage.palette.light, 0.2), colour, 0.12)
        if number in (1, 2):
            _copse(stage, tops, turned(colour, light=0.8), 0.008 + 0.006 * number)
    _tufts(stage)


def _copse(stage: Stage, tops: Floats, colour: Colour, size: float) -> None:
    dice = stage.dice
    top = max(0, int(tops.min() - stage.height * 0.06))
    places = [(float(dice.random()), float(dice.random())) for _ in range(34)]

    def trees(draw: ImageDraw.ImageDraw, scale: float) -> None:
        for across, big in places:
            x = across * stage.width * scale
            y = (float(tops[int(across * (len(tops) - 1))]) - top) * scale
            r = stage.height * size * (0.5 + 0.7 * big) * scale
            draw.ellipse((x - r, y - r * 1.1, x + r, y + r * 0.5), fill=255)
            draw.ellipse((x - r * 0.2, y - r * 1.5, x + r * 1.2, y + r * 0.4), fill=255)

    stage.draw(trees, top, int(tops.max() + stage.height * 0.03), colour)


def _tufts(stage: Stage) -> None:
    """Blades of grass along the bottom, which give the ground its scale."""
    top = stage.height - round(stage.height * 0.2)
    dice = stage.dice
    count = 220
    xs, ys, tilt, tall = dice.random(count), dice.random(count) ** 0.7, dice.normal(0, 0.35, count), dice.random(count)

    def blades(draw: ImageDraw.ImageDraw, scale: float) -> None:
        unit = stage.height * scale
        for x, y, lean, long in zip(xs, ys, tilt, tall, strict=True):
            foot = (x * stage.width * scale, y * 0.2 * unit)
            reach = (0.012 + 0.025 * long) * (0.35 + y) * unit
            draw.line((*foot, foot[0] + lean * reach, foot[1] - reach), fill=255, width=max(1, round(unit * 0.0016)))

    light = mix(stage.palette.near, stage.palette.light, 0.28)
    stage.draw(blades, top, stage.height, light, 0.55)


def mountains(stage: Stage, standing: bool) -> None:
    """Snowy ranges, a dark wood, a meadow."""
    tall = stage.height
    snow = mix((244, 247, 252), stage.palette.low, 0.28 if not stage.palette.night else 0.72)
    for number, (lift, cells) in enumerate(((0.3, 4), (0.22, 5), (0.12, 6))):
        base = stage.horizon + tall * (0.02 + 0.05 * number)
        tops = peaks(stage.dice, 240, base, tall * lift, cells)
        colour = depth_colour(stage, 0.12 + 0.24 * number)
        _slopes(stage, tops, colour, snow if number < 2 else mix(colour, snow, 0.18), base, tall * lift)
    for number in range(2):
        tops = ridge(stage.dice, 120, stage.horizon + tall * (0.1 + 0.11 * number), tall * 0.016, waves=1.1)
        colour = depth_colour(stage, 0.72 + 0.28 * number)
        if number == 0:
            _firs(stage, tops, turned(colour, light=0.9), 0.05, 60)
        stage.land(tops, mix(colour, stage.palette.light, 0.12), colour, 0.16)
    _tufts(stage)
    del standing


def _slopes(stage: Stage, tops: Floats, colour: Colour, snow: Colour, base: float, lift: float) -> None:
    """A range whose faces towards the light are lighter, with snow down to a ragged line."""
    top = max(0, int(tops.min()) - 1)
    width, height = stage.width // 2, max(4, (stage.height - top) // 2)
    x = np.linspace(0, len(tops) - 1, width)
    line = (np.interp(x, np.arange(len(tops)), tops) - top) / 2
    slope = np.gradient(np.convolve(line, np.ones(9) / 9, "same")) * stage.side
    y = np.arange(height, dtype=np.float32)[:, None]
    grain = noise(stage.dice, width, height, 26, 14, 3)
    facing = np.clip(0.5 - slope[None] * 0.9 + (grain - 0.5) * 1.5, 0, 1)[..., None]
    dark, light = (
        np.array(one, np.float32) for one in (turned(colour, light=0.84), mix(colour, stage.palette.light, 0.34))
    )
    field = dark + (light - dark) * facing
    cover = np.clip((base - lift * 0.5 - top) / 2 + (grain - 0.5) * lift * 0.5 - y, 0, lift * 0.05) / max(
        1.0, lift * 0.05
    )
    white = np.array(snow, np.float32)
    field += (white * (0.78 + 0.22 * facing) - field) * cover[..., None]
    air = np.clip((y - line[None]) / max(1.0, lift * 0.6), 0, 1)[..., None] * 0.42
    field += (np.array(mix(stage.palette.low, colour, 0.4), np.float32) - field) * air
    picture = Image.fromarray(np.clip(field, 0, 255).astype(np.uint8)).resize(
        (stage.width, stage.height - top), Image.Resampling.BICUBIC
    )
    mask = Image.new("L", (stage.width * 2, (stage.height - top) * 2), 0)
    across = np.linspace(0, stage.width * 2, len(tops)).tolist()
    outline = [*zip(across, ((tops - top) * 2).tolist(), strict=True), (mask.width, mask.height), (0, mask.height)]
    ImageDraw.Draw(mask).polygon(outline, fill=255)
    stage.paste(mask.reduce(2), picture, (0, top))


def _firs(stage: Stage, tops: Floats, colour: Colour, size: float, count: int) -> None:
    dice = stage.dice
    top = max(0, int(tops.min() - stage.height * size * 1.5))
    places = sorted((float(dice.random()), float(dice.random())) for _ in range(count))

    def trees(draw: ImageDraw.ImageDraw, scale: float) -> None:
        for across, big in places:
            x = across * stage.width * scale
            y = (float(tops[int(across * (len(tops) - 1))]) - top) * scale + stage.height * 0.008 * scale
            tall = stage.height * size * (0.5 + big * 0.9) * scale
            for step in range(4):
                peak, foot, half = (
                    y - tall * (1 - step * 0.2),
                    y - tall * (0.62 - step * 0.2),
                    tall * (0.09 + step * 0.045),
                )
                draw.polygon(((x, peak), (x + half, foot), (x - half, foot)), fill=255)

    stage.draw(trees, top, int(tops.max() + stage.height * 0.02), colour)


def forest(stage: Stage, standing: bool) -> None:
    """Firs in rows, and two near trunks that frame the picture."""
    del standing
    for number in range(4):
        share = number / 3
        base = stage.horizon + stage.height * (-0.03 + 0.1 * share)
        tops = ridge(stage.dice, 80, base, stage.height * 0.012)
        colour = depth_colour(stage, 0.15 + 0.7 * share)
        if stage.scene.weather == "snow":
            colour = mix(colour, (58, 84, 96), 0.3 + 0.4 * share)
        _firs(stage, tops, colour, 0.15 + 0.13 * share, 30 - 5 * number)
        if stage.scene.weather == "snow":
            colour = depth_colour(stage, 0.15 + 0.7 * share)
        stage.land(tops, colour, mix(colour, stage.palette.near, 0.5), 0.2)
        stage.soft_oval(
            (stage.width / 2, base), stage.width * 0.8, stage.height * 0.035, stage.palette.low, 0.3 * (1 - share)
        )
    _trunks(stage)
    _tufts(stage)


def _trunks(stage: Stage) -> None:
    """Two near trunks that frame the picture."""
    dice = stage.dice
    colour = mix(stage.palette.near, (14, 14, 20), 0.4)
    lean = [float(dice.uniform(-0.03, 0.03)) for _ in range(2)]

    def trunks(draw: ImageDraw.ImageDraw, scale: float) -> None:
        w, h = stage.width * scale, stage.height * scale
        for x, tilt in zip((0.045, 0.95), lean, strict=True):
            draw.polygon(
                ((w * (x - 0.035 + tilt), 0), (w * (x + 0.035 + tilt), 0), (w * (x + 0.06), h), (w * (x - 0.06), h)),
                fill=255,
            )
            for step in range(3):
                y = h * (0.1 + 0.13 * step)
                way = 1 if x < 0.5 else -1
                draw.line(
                    (w * (x + tilt), y + h * 0.05, w * (x + way * (0.2 - step * 0.04)), y),
                    fill=255,
                    width=round(w * 0.014),
                )

    stage.draw(trunks, 0, stage.height, colour)


def desert(stage: Stage, standing: bool) -> None:
    """Dunes with a light and a dark side."""
    del standing
    for number in range(4):
        share = number / 3
        base = stage.horizon + (stage.height - stage.horizon) * (0.02 + 0.62 * share)
        tops = ridge(stage.dice, 120, base, stage.height * (0.02 + 0.03 * share), waves=0.6, sharp=0.3)
        colour = depth_colour(stage, 0.1 + 0.62 * share)
        stage.land(tops, mix(colour, stage.palette.light, 0.42), turned(colour, light=0.88), 0.14)
        shadow = tops + stage.height * 0.012 + np.clip(np.gradient(tops) * stage.side * 8, 0, stage.height * 0.2)
        stage.land(shadow.astype(np.float32), turned(colour, light=0.84), colour, 0.22)
    _ripples(stage)


def _ripples(stage: Stage) -> None:
    top = stage.horizon + round((stage.height - stage.horizon) * 0.66)
    rows = [float(row) for row in np.cumsum(stage.dice.uniform(0.012, 0.026, 14))]
    phase = stage.dice.uniform(0, 6.28, 14)

    def lines(draw: ImageDraw.ImageDraw, scale: float) -> None:
        xs = np.linspace(0, stage.width * scale, 40)
        for row, start in zip(rows, phase, strict=True):
            ys = row * stage.height * scale + np.sin(np.linspace(0, 9, 40) + start) * stage.height * 0.006 * scale
            draw.line(
                list(zip(xs.tolist(), ys.tolist(), strict=True)),
                fill=255,
                width=max(1, round(stage.height * 0.002 * scale)),
            )

    stage.draw(lines, top, stage.height, mix(stage.palette.near, stage.palette.light, 0.4), 0.35)
