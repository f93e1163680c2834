"""Trees and flowers."""

from __future__ import annotations

import math

from rushes.providers.sketch.palette import mix
from rushes.providers.sketch.pen import Coat, Pen

_BARK = (92, 68, 54)


def tree(pen: Pen, coat: Coat) -> None:
    """A broad tree."""
    bark = mix(_BARK, coat.dark, 0.35)
    pen.limb(".02,.5 -.01,.75 0,1", [0.06, 0.075, 0.13], bark)
    for way in ([(0, 0.68), (-0.14, 0.54), (-0.22, 0.4)], [(0.0, 0.62), (0.13, 0.5), (0.2, 0.34)]):
        pen.limb(way, [0.06, 0.04, 0.02], bark)
    crowns = (
        (-0.24, 0.42, 0.19),
        (0.25, 0.4, 0.19),
        (-0.12, 0.24, 0.19),
        (0.14, 0.22, 0.2),
        (0.0, 0.16, 0.16),
        (0.02, 0.4, 0.22),
    )
    for x, y, r in crowns:
        pen.oval(x, y + 0.03, r, r * 0.92, mix(coat.main, coat.dark, 0.5))
    for x, y, r in crowns:
        pen.oval(x - 0.015, y - 0.01, r * 0.9, r * 0.82, coat.main)
    for x, y, r in crowns[:5]:
        pen.oval(x - 0.05, y - 0.06, r * 0.45, r * 0.34, mix(coat.main, coat.pale, 0.42))
    for number in range(26):
        turn = number * 2.39996
        r = 0.09 * math.sqrt(number)
        shade = coat.pale if number % 2 else coat.dark
        pen.oval(r * 0.8 * math.cos(turn), 0.3 + r * 0.5 * math.sin(turn), 0.018, 0.013, mix(coat.main, shade, 0.5))


def pine(pen: Pen, coat: Coat) -> None:
    """A fir tree."""
    pen.box(-0.03, 0.85, 0.03, 1.0, mix(_BARK, coat.dark, 0.4))
    for number, (top, bottom, half) in enumerate(
        ((0.5, 0.9, 0.26), (0.33, 0.7, 0.215), (0.16, 0.5, 0.165), (0.0, 0.3, 0.11))
    ):
        sides = [
            (0.0, top),
            (half * 0.45, (top + bottom) / 2),
            (half, bottom),
            (half * 0.4, bottom - 0.025),
            (0, bottom + 0.015),
            (-half * 0.4, bottom - 0.025),
            (-half, bottom),
            (-half * 0.45, (top + bottom) / 2),
        ]
        pen.poly(sides, mix(coat.dark, coat.main, 0.35 + 0.2 * number))


def flower(pen: Pen, coat: Coat) -> None:
    """Three flowers in a vase."""
    stem = (76, 122, 74)
    heads = ((-0.2, 0.24, 0.13), (0.2, 0.2, 0.13), (0.0, 0.12, 0.145))
    for x, y, _ in heads:
        pen.line([(x, y), (x * 0.7, 0.45), (x * 0.15, 0.66)], 0.02, stem)
    for side, y in ((-1, 0.5), (1, 0.46)):
        pen.blob(
            [(side * 0.05, y + 0.06), (side * 0.16, y - 0.04), (side * 0.28, y - 0.05), (side * 0.2, y + 0.06)],
            mix(stem, (180, 210, 140), 0.2),
        )
    for number, (x, y, r) in enumerate(heads):
        petal = (coat.main, mix(coat.main, coat.pale, 0.35), mix(coat.main, coat.dark, 0.12))[number]
        for step in range(8):
            turn = step * math.pi / 4 + number
            pen.oval(
                x + r * 0.62 * math.cos(turn),
                y + r * 0.62 * math.sin(turn),
                r * 0.44,
                r * 0.44,
                mix(petal, coat.dark, 0.14 * (step % 2)),
            )
        pen.oval(x, y, r * 0.46, r * 0.46, mix(coat.glow, (226, 164, 62), 0.6))
        pen.oval(x, y, r * 0.28, r * 0.28, (140, 88, 46))
    pen.blob("-.09,.6 .09,.6 .1,.68 .21,.8 .2,.94 .12,1 -.12,1 -.2,.94 -.21,.8 -.1,.68", coat.accent)
    pen.line("-.13,.78 -.15,.86 -.11,.93", 0.022, mix(coat.accent, (255, 255, 255), 0.55))
    pen.box(-0.1, 0.59, 0.1, 0.625, mix(coat.accent, coat.dark, 0.3), 0.015)
