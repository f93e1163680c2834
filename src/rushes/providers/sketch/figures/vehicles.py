"""What carries people: on water, roads, rails and in the air."""

from __future__ import annotations

from rushes.providers.sketch.palette import mix
from rushes.providers.sketch.pen import Coat, Pen

_BLACK = (26, 26, 32)
_GLASS = (156, 200, 216)
_STEEL = (188, 196, 204)


def boat(pen: Pen, coat: Coat) -> None:
    """A sailing boat, sails full."""
    pen.line([(0.0, 0.0), (0.0, 0.86)], 0.022, (108, 78, 58))
    pen.blob(".02,.05 .18,.28 .3,.52 .36,.74 .18,.75 .03,.745", (246, 240, 228))
    pen.blob("-.025,.1 -.1,.34 -.2,.56 -.3,.73 -.16,.735 -.025,.72", mix(coat.pale, coat.accent, 0.5))
    for y in (0.3, 0.48, 0.64):
        pen.line([(0.025, y), (0.04 + (y - 0.05) * 0.43, y + 0.01)], 0.006, mix(coat.pale, coat.dark, 0.25))
    pen.poly("0,0 .1,.025 0,.05", coat.accent)
    pen.line([(-0.01, 0.765), (0.37, 0.755)], 0.016, (108, 78, 58))
    pen.blob("-.44,.8 -.2,.83 .2,.83 .46,.79 .36,.94 .25,1 -.24,1 -.36,.93", coat.main)
    pen.line("-.42,.825 -.2,.85 .2,.85 .43,.815", 0.02, coat.pale)
    pen.box(-0.14, 0.77, 0.1, 0.84, (232, 222, 204), 0.02)
    for x in (-0.09, -0.02, 0.05):
        pen.oval(x, 0.805, 0.018, 0.018, _GLASS)


def car(pen: Pen, coat: Coat) -> None:
    """A small round car from the side."""
    pen.blob("-.56,.42 -.4,.12 -.12,.02 .22,.05 .46,.22 .6,.44 0,.52", coat.main)
    pen.blob("-.44,.4 -.34,.18 -.12,.11 -.04,.11 -.04,.42", _GLASS)
    pen.blob(".02,.11 .2,.14 .36,.26 .44,.42 .02,.42", _GLASS)
    pen.blob("-.36,.2 -.3,.14 -.38,.36 -.42,.4", (214, 234, 240))
    pen.blob("-.96,.56 -.86,.46 -.5,.41 .55,.41 .9,.5 1,.62 .98,.82 .85,.86 -.88,.86 -.98,.78", coat.main)
    pen.line("-.92,.64 -.4,.61 .5,.61 .95,.66", 0.016, coat.pale)
    pen.line([(0.0, 0.43), (0.0, 0.8)], 0.012, coat.dark)
    pen.box(-0.18, 0.52, -0.07, 0.55, _STEEL, 0.015)
    pen.oval(0.93, 0.62, 0.055, 0.075, (255, 240, 190))
    pen.oval(-0.95, 0.63, 0.03, 0.06, (206, 60, 52))
    pen.box(-1.0, 0.8, 1.02, 0.87, _STEEL, 0.03)
    for x in (-0.56, 0.58):
        pen.oval(x, 0.82, 0.225, 0.21, mix(coat.dark, _BLACK, 0.5))
        pen.oval(x, 0.83, 0.18, 0.175, _BLACK)
        pen.oval(x, 0.83, 0.1, 0.1, _STEEL)
        pen.oval(x, 0.83, 0.035, 0.035, _BLACK)


def bicycle(pen: Pen, coat: Coat) -> None:
    """A bicycle from the side."""
    for x in (-0.5, 0.5):
        pen.ring(x, 0.68, 0.32, 0.03, _BLACK)
        pen.ring(x, 0.68, 0.285, 0.01, _STEEL)
        for dx, dy in ((0.28, 0), (0.2, 0.2), (0, 0.28), (-0.2, 0.2)):
            pen.line([(x - dx, 0.68 - dy), (x + dx, 0.68 + dy)], 0.005, _STEEL)
    for way in (
        [(-0.5, 0.68), (-0.24, 0.28), (0.36, 0.24), (-0.04, 0.7), (-0.5, 0.68)],
        [(-0.27, 0.2), (-0.04, 0.7)],
        [(0.5, 0.68), (0.33, 0.12)],
    ):
        pen.line(way, 0.036, coat.main, smooth=False)
    pen.line(".33,.12 .4,.07 .5,.1", 0.03, _BLACK)
    pen.blob("-.4,.17 -.26,.16 -.14,.19 -.26,.22 -.38,.22", (96, 62, 46))
    pen.ring(-0.04, 0.7, 0.07, 0.025, _BLACK)
    pen.line([(-0.04, 0.7), (0.02, 0.84)], 0.025, _BLACK)
    pen.box(0.36, 0.2, 0.62, 0.36, (168, 118, 78), 0.03)


def train(pen: Pen, coat: Coat) -> None:
    """A steam locomotive."""
    for x, y, r in ((0.75, 0.06, 0.07), (0.6, -0.01, 0.06), (0.88, 0.14, 0.05)):
        pen.oval(x, y, r * 1.4, r, (226, 226, 228))
    pen.box(-0.85, 0.2, -0.35, 0.76, coat.main, 0.03)
    pen.box(-0.92, 0.14, -0.28, 0.23, coat.dark, 0.03)
    pen.box(-0.75, 0.3, -0.47, 0.5, coat.glow, 0.02)
    pen.box(-0.36, 0.36, 0.8, 0.74, coat.main, 0.1)
    for x in (-0.1, 0.2, 0.5):
        pen.line([(x, 0.37), (x, 0.73)], 0.025, coat.accent)
    pen.poly(".56,.38 .52,.16 .74,.16 .7,.38", _BLACK)
    pen.oval(0.1, 0.36, 0.12, 0.09, coat.accent)
    pen.oval(0.82, 0.54, 0.06, 0.1, (255, 236, 180))
    pen.box(-0.95, 0.72, 0.9, 0.8, coat.dark)
    pen.poly(".8,.78 1.02,.97 .76,.97", coat.accent)
    for x in (-0.65, -0.25, 0.15, 0.55):
        pen.oval(x, 0.84, 0.155, 0.155, _BLACK)
        pen.oval(x, 0.84, 0.105, 0.105, coat.accent)
        pen.oval(x, 0.84, 0.035, 0.035, _BLACK)
    pen.line([(-0.65, 0.88), (0.55, 0.88)], 0.03, _STEEL)


def plane(pen: Pen, coat: Coat) -> None:
    """An airliner that climbs to the right."""
    pen.poly("-.1,.5 -.5,.05 -.3,.05 .2,.46", mix(coat.main, coat.dark, 0.35))
    pen.blob("-.92,.6 -.6,.48 0,.4 .6,.34 .9,.4 .97,.46 .88,.54 .5,.6 -.1,.66 -.7,.66", (240, 240, 238))
    pen.poly("-.92,.6 -1.02,.2 -.85,.2 -.6,.5", coat.main)
    pen.line("-.8,.62 0,.58 .85,.5", 0.03, coat.main)
    pen.poly(".2,.58 -.35,1 -.15,1 .45,.56", coat.main)
    for step in range(9):
        pen.oval(-0.5 + step * 0.13, 0.52 - step * 0.0105, 0.02, 0.022, (66, 92, 120))
    pen.blob(".74,.4 .86,.41 .9,.45 .76,.45", (66, 92, 120))


def rocket(pen: Pen, coat: Coat) -> None:
    """A rocket on its flame."""
    pen.blob("-.09,.78 .09,.78 .06,.92 0,1.02 -.06,.92", (255, 170, 66))
    pen.blob("-.05,.78 .05,.78 .025,.88 0,.94 -.025,.88", (255, 240, 190))
    for side in (-1, 1):
        pen.blob([(side * 0.1, 0.5), (side * 0.24, 0.68), (side * 0.25, 0.86), (side * 0.1, 0.76)], coat.main)
    pen.blob("0,0 .09,.13 .135,.34 .13,.6 .09,.79 -.09,.79 -.13,.6 -.135,.34 -.09,.13", (240, 238, 232))
    pen.blob("0,0 .075,.1 .1,.17 -.1,.17 -.075,.1", coat.main)
    pen.oval(0, 0.34, 0.072, 0.072, coat.dark)
    pen.oval(0, 0.34, 0.052, 0.052, _GLASS)
    pen.box(-0.128, 0.58, 0.128, 0.63, coat.main)
    pen.blob("-.02,.6 .02,.6 .02,.86 -.02,.86", coat.dark)


def balloon(pen: Pen, coat: Coat) -> None:
    """A hot-air balloon."""
    pen.blob("0,0 .2,.05 .34,.22 .33,.42 .2,.6 .09,.74 -.09,.74 -.2,.6 -.33,.42 -.34,.22 -.2,.05", coat.main)
    pen.blob("0,0 .16,.06 .21,.24 .2,.42 .12,.6 .06,.74 0,.74 .06,.5 .08,.25", coat.accent)
    pen.blob("0,0 -.16,.06 -.21,.24 -.2,.42 -.12,.6 -.06,.74 0,.74 -.06,.5 -.08,.25", coat.pale)
    for x in (-0.07, 0.07):
        pen.line([(x, 0.73), (x * 0.8, 0.88)], 0.008, coat.dark)
    pen.box(-0.08, 0.87, 0.08, 1.0, (150, 104, 66), 0.02)
    pen.line([(-0.08, 0.885), (0.08, 0.885)], 0.02, (96, 62, 42))
