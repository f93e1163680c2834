"""What lies under the sky: one function for each place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from rushes.providers.sketch.palette import mix, turned
from rushes.providers.sketch.scene import Colour
from rushes.providers.sketch.stage import Stage, noise, peaks, ridge, vertical


def paint_place(stage: Stage, place: str, *, standing: bool) -> None:
    """Paint the place onto the stage; `standing`: somebody needs dry ground to stand on."""
    _PLACES[place](stage, standing)


def _depth(stage: Stage, share: float) -> Colour:
    """The colour of land, 0 far away to 1 near; air takes the colour out of what is far."""
    return mix(mix(stage.palette.low, stage.palette.far, 0.35 + 0.65 * share), stage.palette.near, share**1.4)


def _hills(stage: Stage, standing: bool) -> None:
    del standing
    tall, below = stage.height, stage.height - stage.horizon
    for number in range(5):
        share = number / 4
        base = stage.horizon + below * (0.02 + 0.62 * share**1.5) - tall * 0.02
        tops = ridge(
            stage.dice, 120, base, tall * (0.026 + 0.012 * number), waves=0.7 + 0.25 * (4 - number), sharp=0.42
        )
        colour = _depth(stage, share)
        stage.land(tops, mix(colour, stage.palette.light, 0.2), colour, 0.12)
        if number in (1, 2):
            _copse(stage, tops, turned(colour, light=0.8), 0.008 + 0.006 * number)
    _tufts(stage)


def _copse(stage: Stage, tops: np.ndarray, colour: Colour, size: float) -> None:
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


def _mountains(stage: Stage, standing: bool) -> None:
    tall = stage.height
    snow = mix((244, 247, 252), stage.palette.low, 0.28 if not stage.palette.night else 0.72)
    for number, (lift, cells) in enumerate(((0.3, 4), (0.22, 5), (0.12, 6))):
        base = stage.horizon + tall * (0.02 + 0.05 * number)
        tops = peaks(stage.dice, 240, base, tall * lift, cells)
        colour = _depth(stage, 0.12 + 0.24 * number)
        _slopes(stage, tops, colour, snow if number < 2 else mix(colour, snow, 0.18), base, tall * lift)
    for number in range(2):
        tops = ridge(stage.dice, 120, stage.horizon + tall * (0.1 + 0.11 * number), tall * 0.016, waves=1.1)
        colour = _depth(stage, 0.72 + 0.28 * number)
        if number == 0:
            _firs(stage, tops, turned(colour, light=0.9), 0.05, 60)
        stage.land(tops, mix(colour, stage.palette.light, 0.12), colour, 0.16)
    _tufts(stage)
    del standing


def _slopes(stage: Stage, tops: np.ndarray, colour: Colour, snow: Colour, base: float, lift: float) -> None:
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


def _firs(stage: Stage, tops: np.ndarray, colour: Colour, size: float, count: int) -> None:
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


def _forest(stage: Stage, standing: bool) -> None:
    del standing
    for number in range(4):
        share = number / 3
        base = stage.horizon + stage.height * (-0.03 + 0.1 * share)
        tops = ridge(stage.dice, 80, base, stage.height * 0.012)
        colour = _depth(stage, 0.15 + 0.7 * share)
        if stage.scene.weather == "snow":
            colour = mix(colour, (58, 84, 96), 0.3 + 0.4 * share)
        _firs(stage, tops, colour, 0.15 + 0.13 * share, 30 - 5 * number)
        if stage.scene.weather == "snow":
            colour = _depth(stage, 0.15 + 0.7 * share)
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


def _desert(stage: Stage, standing: bool) -> None:
    del standing
    for number in range(4):
        share = number / 3
        base = stage.horizon + (stage.height - stage.horizon) * (0.02 + 0.62 * share)
        tops = ridge(stage.dice, 120, base, stage.height * (0.02 + 0.03 * share), waves=0.6, sharp=0.3)
        colour = _depth(stage, 0.1 + 0.62 * share)
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


def _sea(stage: Stage, standing: bool) -> None:
    tall = stage.height
    tops = ridge(stage.dice, 120, stage.horizon, tall * 0.018, waves=0.8, sharp=0.5)
    stage.land(np.minimum(tops, stage.horizon).astype(np.float32), _depth(stage, 0.2), _depth(stage, 0.3))
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


def _city(stage: Stage, standing: bool) -> None:
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
    colour = _depth(stage, 0.2 + 0.62 * share)
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
            l, r, y = left * w * scale, right * w * scale, (roof - top) * scale
            draw.rectangle((l, y, r, stage.height * scale), fill=255)
            if kind > 0.6:
                draw.rectangle((l + (r - l) * 0.25, y - (r - l) * 0.2, r - (r - l) * 0.25, y), fill=255)
            if kind > 0.8:
                draw.rectangle(((l + r) / 2 - scale, y - (r - l) * 0.7, (l + r) / 2 + scale, y), fill=255)

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


def _room(stage: Stage, standing: bool) -> None:
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
    l, t, r, b = (value * scale for value in frame)
    reach = w * scale * 0.42 * -stage.side
    ImageDraw.Draw(beam).polygon(
        ((l, t), (r, t), (r + reach, h * scale), (l + reach * 1.3, h * scale), (l, b)), fill=64
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
    half, tall = stage.width * 0.085, stage.width * 0.115
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


def _studio(stage: Stage, standing: bool) -> None:
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
    draw_pedestal(stage, w / 2, stage.ground, w * 0.34, floor)


def draw_pedestal(stage: Stage, x: float, y: float, half: float, colour: Colour) -> None:
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


def _space(stage: Stage, standing: bool) -> None:
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


_PLACES: dict[str, Callable[[Stage, bool], None]] = {
    "field": _hills,
    "mountains": _mountains,
    "forest": _forest,
    "desert": _desert,
    "sea": _sea,
    "city": _city,
    "room": _room,
    "studio": _studio,
    "space": _space,
}
