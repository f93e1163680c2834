"""Buildings that stand in a landscape."""

from __future__ import annotations

from rushes.providers.sketch.palette import mix
from rushes.providers.sketch.pen import Coat, Pen


def lighthouse(pen: Pen, coat: Coat) -> None:
    """A striped lighthouse on its rock, with a lantern room and a gallery."""
    pen.blob("-.34,1.02 -.27,.93 -.12,.885 .08,.88 .24,.92 .36,1.02", mix(coat.dark, (70, 70, 80), 0.5))
    pen.box(0.06, 0.8, 0.25, 0.92, (236, 228, 214))
    pen.poly(".04,.805 .155,.735 .27,.805", coat.accent)
    pen.box(0.13, 0.835, 0.175, 0.885, coat.glow)
    pen.poly("-.068,.235 .068,.235 .125,.91 -.125,.91", (240, 234, 222))
    for top, bottom in ((0.33, 0.45), (0.57, 0.69), (0.8, 0.91)):
        a, b = (0.068 + (y - 0.235) * 0.0844 for y in (top, bottom))
        pen.poly([(-a, top), (a, top), (b, bottom), (-b, bottom)], coat.main)
    for y in (0.29, 0.51, 0.74):
        pen.box(-0.016, y - 0.028, 0.016, y + 0.02, (52, 48, 60), 0.012)
    pen.box(-0.028, 0.845, 0.028, 0.91, (70, 48, 42), 0.02)
    pen.box(-0.098, 0.21, 0.098, 0.24, (54, 52, 64), 0.006)
    for x in (-0.09, -0.045, 0, 0.045, 0.09):
        pen.line([(x, 0.17), (x, 0.215)], 0.007, (54, 52, 64))
    pen.line([(-0.092, 0.17), (0.092, 0.17)], 0.008, (54, 52, 64))
    pen.box(-0.05, 0.1, 0.05, 0.212, coat.glow)
    for x in (-0.05, -0.017, 0.017, 0.05):
        pen.line([(x, 0.1), (x, 0.212)], 0.007, (54, 52, 64))
    pen.blob("0,.025 .045,.055 .066,.105 -.066,.105 -.045,.055", coat.main)
    pen.line([(0, -0.01), (0, 0.04)], 0.01, (54, 52, 64))


def house(pen: Pen, coat: Coat) -> None:
    """A cottage with lit windows, a porch and smoke from its chimney."""
    wall = mix(coat.pale, (240, 226, 204), 0.6)
    pen.box(0.2, 0.08, 0.3, 0.4, (142, 88, 74))
    pen.box(0.185, 0.06, 0.315, 0.1, (110, 66, 58))
    pen.poly("-.5,.46 .5,.46 .5,1 -.5,1", wall)
    for y in (0.58, 0.68, 0.78, 0.88):
        pen.line([(-0.5, y), (0.5, y)], 0.006, mix(wall, coat.dark, 0.18))
    pen.poly("-.6,.5 -.36,.14 .36,.14 .6,.5", coat.main)
    for y in (0.23, 0.32, 0.41):
        pen.line([(-0.42 - (y - 0.23) * 0.66, y), (0.42 + (y - 0.23) * 0.66, y)], 0.008, mix(coat.main, coat.dark, 0.5))
    pen.poly("-.36,.5 -.14,.17 .08,.5", wall)
    pen.line("-.4,.53 -.14,.145 .12,.53", 0.04, mix(coat.main, coat.dark, 0.35), smooth=False)
    pen.oval(-0.14, 0.37, 0.052, 0.052, coat.glow)
    pen.line([(-0.14, 0.32), (-0.14, 0.42)], 0.009, coat.dark)
    for x in (-0.34, 0.32):
        pen.box(x - 0.095, 0.6, x + 0.095, 0.82, (250, 246, 236))
        pen.box(x - 0.078, 0.62, x + 0.078, 0.8, coat.glow)
        pen.line([(x, 0.61), (x, 0.81)], 0.013, (250, 246, 236))
        pen.line([(x - 0.085, 0.71), (x + 0.085, 0.71)], 0.013, (250, 246, 236))
        pen.box(x - 0.1, 0.82, x + 0.1, 0.86, coat.accent, 0.01)
    pen.box(-0.1, 0.62, 0.09, 1.0, mix(coat.accent, coat.dark, 0.35), 0.03)
    pen.oval(0.055, 0.82, 0.014, 0.014, coat.glow)
    pen.box(-0.16, 0.97, 0.15, 1.01, (150, 140, 130))


def castle(pen: Pen, coat: Coat) -> None:
    """A castle with three towers and flags."""
    stone = mix(coat.main, (176, 168, 160), 0.55)
    dark = mix(stone, (40, 40, 60), 0.4)
    for x, top, half, roof in ((-0.42, 0.42, 0.11, 0.2), (0.42, 0.36, 0.12, 0.14), (0.02, 0.26, 0.14, 0.0)):
        pen.box(x - half, top, x + half, 1.0, stone)
        pen.box(x - half * 1.15, top, x + half * 1.15, top + 0.05, dark)
        pen.poly([(x - half * 1.2, top + 0.01), (x, roof), (x + half * 1.2, top + 0.01)], coat.accent)
        pen.line([(x, roof - 0.06), (x, roof + 0.02)], 0.008, dark)
        pen.poly([(x, roof - 0.055), (x + 0.1, roof - 0.03), (x, roof - 0.005)], coat.main)
        for y in (top + 0.12, top + 0.26):
            pen.box(x - 0.02, y, x + 0.02, y + 0.07, coat.glow, 0.02)
    pen.box(-0.56, 0.66, 0.56, 1.0, mix(stone, (255, 250, 236), 0.12))
    for step in range(8):
        x = -0.56 + step * 0.149
        pen.box(x, 0.61, x + 0.08, 0.67, mix(stone, (255, 250, 236), 0.12))
    pen.box(-0.1, 0.78, 0.1, 1.02, (58, 42, 40), 0.1)
    pen.box(-0.1, 0.9, 0.1, 1.02, (58, 42, 40))
    for x in (-0.36, -0.24, 0.24, 0.36):
        pen.box(x - 0.018, 0.77, x + 0.018, 0.86, coat.glow, 0.018)


def bridge(pen: Pen, coat: Coat) -> None:
    """A suspension bridge across the picture."""
    for x in (-0.55, 0.55):
        pen.poly([(x - 0.05, 1.0), (x - 0.035, 0.02), (x + 0.035, 0.02), (x + 0.05, 1.0)], coat.main)
        for y in (0.12, 0.32, 0.52):
            pen.box(x - 0.045, y, x + 0.045, y + 0.03, coat.dark)
    for points in (
        [(-0.55, 0.05), (-0.28, 0.46), (0, 0.58), (0.28, 0.46), (0.55, 0.05)],
        [(-1.3, 0.66), (-0.9, 0.42), (-0.55, 0.05)],
        [(0.55, 0.05), (0.9, 0.42), (1.3, 0.66)],
    ):
        pen.line(points, 0.022, coat.main)
    for step in range(-12, 13):
        x = step * 0.1
        sag = 0.58 - 0.53 * min(1.0, (x / 0.55) ** 2) if abs(x) <= 0.55 else 0.05 + 0.61 * (abs(x) - 0.55) / 0.75
        pen.line([(x, sag), (x, 0.7)], 0.007, coat.dark)
    pen.box(-1.32, 0.68, 1.32, 0.735, coat.main)
    pen.box(-1.32, 0.725, 1.32, 0.755, coat.dark)
