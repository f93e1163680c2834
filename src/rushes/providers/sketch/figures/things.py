"""Things on a table, and things people carry."""

from __future__ import annotations

from rushes.providers.sketch.palette import mix
from rushes.providers.sketch.pen import Coat, Pen

_BLACK = (26, 26, 32)
_WOOD = (146, 98, 64)


def cup(pen: Pen, coat: Coat) -> None:
    """A cup of something hot on its saucer."""
    for x in (-0.14, 0.04, 0.2):
        pen.line(
            [(x, 0.36), (x - 0.05, 0.26), (x + 0.04, 0.16), (x - 0.02, 0.02)],
            0.022,
            mix(coat.pale, (255, 255, 255), 0.6),
        )
    pen.oval(0, 0.93, 0.6, 0.075, mix(coat.main, coat.dark, 0.35))
    pen.oval(0, 0.915, 0.55, 0.06, coat.pale)
    pen.ring(0.4, 0.6, 0.15, 0.06, coat.main)
    pen.blob("-.42,.44 .42,.44 .4,.66 .3,.86 .18,.92 -.18,.92 -.3,.86 -.4,.66", coat.main)
    pen.oval(0, 0.45, 0.42, 0.08, coat.pale)
    pen.oval(0, 0.458, 0.37, 0.062, (96, 60, 42))
    pen.oval(-0.06, 0.458, 0.2, 0.03, (164, 116, 80))
    pen.line("-.33,.56 -.31,.7 -.25,.8", 0.03, coat.pale)


def bottle(pen: Pen, coat: Coat) -> None:
    """A bottle with a label."""
    pen.box(-0.075, 0.0, 0.075, 0.12, coat.dark, 0.02)
    pen.box(-0.06, 0.11, 0.06, 0.3, mix(coat.main, coat.pale, 0.25))
    pen.blob(
        "-.06,.24 .06,.24 .12,.32 .2,.42 .21,.7 .205,.96 .17,1 -.17,1 -.205,.96 -.21,.7 -.2,.42 -.12,.32", coat.main
    )
    pen.box(-0.185, 0.53, 0.185, 0.83, (246, 240, 228), 0.015)
    pen.box(-0.185, 0.57, 0.185, 0.585, coat.accent)
    pen.box(-0.185, 0.775, 0.185, 0.79, coat.accent)
    pen.oval(0, 0.66, 0.055, 0.055, coat.accent)
    for y, half in ((0.735, 0.11), (0.755, 0.07)):
        pen.line([(-half, y), (half, y)], 0.009, coat.dark)
    pen.line([(-0.15, 0.45), (-0.165, 0.5)], 0.024, coat.pale)
    pen.line([(-0.17, 0.86), (-0.165, 0.94)], 0.024, coat.pale)
    pen.line([(-0.03, 0.14), (-0.03, 0.26)], 0.018, coat.pale)


def lamp(pen: Pen, coat: Coat) -> None:
    """A lantern with its flame."""
    pen.ring(0, 0.11, 0.1, 0.022, coat.dark)
    pen.poly("-.1,.2 .1,.2 .24,.34 -.24,.34", coat.main)
    pen.box(-0.2, 0.33, 0.2, 0.86, mix(coat.glow, (255, 250, 226), 0.25), 0.02)
    pen.blob("0,.46 .07,.6 .06,.72 0,.76 -.06,.72 -.07,.6", (255, 152, 62))
    pen.blob("0,.56 .035,.65 .025,.72 -.025,.72 -.035,.65", (255, 250, 214))
    pen.box(-0.04, 0.74, 0.04, 0.86, (240, 232, 214))
    for x in (-0.2, 0.0, 0.2):
        if x:
            pen.line([(x, 0.33), (x, 0.87)], 0.028, coat.main)
    pen.box(-0.26, 0.85, 0.26, 0.94, coat.main, 0.015)
    pen.box(-0.3, 0.93, 0.3, 1.0, coat.dark, 0.02)


def book(pen: Pen, coat: Coat) -> None:
    """An open book."""
    pen.poly("-.86,.34 0,.46 .86,.34 .86,.92 0,1.02 -.86,.92", coat.main)
    for side in (-1, 1):
        pen.blob(
            [(0, 0.38), (side * 0.3, 0.22), (side * 0.8, 0.24), (side * 0.8, 0.8), (side * 0.34, 0.78), (0, 0.95)],
            (246, 240, 224),
        )
        for step in range(6):
            y = 0.36 + step * 0.075
            pen.line([(side * 0.1, y + 0.06), (side * 0.34, y - 0.02), (side * 0.7, y)], 0.012, (168, 156, 142))
    pen.line([(0, 0.38), (0, 0.96)], 0.016, (170, 156, 136))
    pen.poly(".02,.4 .08,.36 .14,.98 .1,1 .07,.97", coat.accent)


def apple(pen: Pen, coat: Coat) -> None:
    """An apple with its leaf."""
    pen.line("0,.24 .02,.12 .07,.02", 0.035, (96, 66, 44))
    pen.blob(".05,.14 .2,.03 .36,.06 .24,.17", (98, 150, 76))
    pen.blob(
        "0,.25 .18,.18 .38,.27 .44,.52 .34,.82 .14,.98 0,.94 -.14,.98 -.34,.82 -.44,.52 -.38,.27 -.18,.18", coat.main
    )
    pen.blob("-.12,.24 0,.29 .12,.24 0,.21", coat.dark)
    pen.blob("-.3,.36 -.2,.3 -.24,.5 -.33,.56", coat.pale)


def phone(pen: Pen, coat: Coat) -> None:
    """A phone that stands, its screen lit."""
    pen.box(-0.25, 0.0, 0.25, 1.0, _BLACK, 0.07)
    pen.box(-0.225, 0.025, 0.225, 0.975, coat.main, 0.05)
    pen.poly("-.225,.62 -.08,.5 .05,.6 .14,.54 .225,.6 .225,.8 -.225,.8", coat.accent)
    pen.oval(0.06, 0.36, 0.08, 0.08, coat.glow)
    pen.box(-0.06, 0.04, 0.06, 0.066, _BLACK, 0.013)
    for number in range(4):
        x = -0.15 + number * 0.1
        pen.box(
            x - 0.036,
            0.84,
            x + 0.036,
            0.912,
            mix(coat.pale, (coat.accent, coat.glow, coat.dark, coat.main)[number], 0.6),
            0.02,
        )
    pen.line([(-0.06, 0.95), (0.06, 0.95)], 0.01, coat.pale)


def shoe(pen: Pen, coat: Coat) -> None:
    """A running shoe."""
    pen.blob("-.8,.2 -.62,.04 -.3,.06 -.14,.28 .2,.5 .66,.58 .88,.74 .84,.86 -.78,.88 -.84,.6", coat.main)
    pen.blob("-.82,.34 -.62,.4 -.54,.86 -.8,.86 -.84,.6", coat.accent)
    pen.blob(".5,.58 .72,.6 .88,.75 .84,.86 .48,.86", coat.pale)
    pen.blob("-.5,.8 -.2,.56 .2,.7 .36,.78 .1,.82 -.18,.7", coat.pale)
    for step in range(4):
        x, y = -0.2 + step * 0.13, 0.27 + step * 0.072
        pen.line([(x - 0.08, y + 0.1), (x + 0.09, y - 0.02)], 0.035, (246, 244, 240))
    pen.blob("-.88,.84 -.4,.9 .3,.88 .9,.82 .93,.92 .8,1 -.82,1 -.9,.93", (244, 242, 236))
    pen.line([(-0.86, 0.955), (0.88, 0.945)], 0.022, coat.accent)


def chair(pen: Pen, coat: Coat) -> None:
    """An armchair."""
    for x in (-0.32, 0.32):
        pen.line([(x, 0.88), (x * 1.12, 1.0)], 0.05, _WOOD)
    pen.blob("-.34,.04 0,0 .34,.04 .4,.3 .38,.7 -.38,.7 -.4,.3", coat.main)
    for x in (-0.15, 0.15):
        for y in (0.16, 0.32):
            pen.oval(x, y, 0.018, 0.018, coat.dark)
    pen.box(-0.4, 0.56, 0.4, 0.76, coat.pale, 0.07)
    pen.box(-0.44, 0.72, 0.44, 0.91, coat.main, 0.05)
    for side in (-1, 1):
        pen.box(side * 0.36, 0.44, side * 0.56, 0.92, mix(coat.main, coat.dark, 0.3), 0.09)
    pen.blob("-.18,.36 .14,.33 .19,.56 -.14,.6", coat.accent)


def guitar(pen: Pen, coat: Coat) -> None:
    """A guitar that leans."""
    pen.box(-0.025, 0.08, 0.025, 0.62, (84, 56, 40))
    pen.box(-0.045, 0.0, 0.045, 0.11, (60, 42, 34), 0.012)
    for y in (0.025, 0.055, 0.085):
        for side in (-1, 1):
            pen.oval(side * 0.058, y, 0.013, 0.01, (222, 206, 166))
    pen.blob(
        "0,.5 .12,.51 .16,.6 .13,.68 .2,.78 .22,.9 .1,.99 0,1 -.1,.99 -.22,.9 -.2,.78 -.13,.68 -.16,.6 -.12,.51",
        coat.main,
    )
    pen.oval(0, 0.69, 0.068, 0.068, coat.dark)
    pen.oval(0, 0.69, 0.052, 0.052, (34, 24, 24))
    pen.box(-0.08, 0.865, 0.08, 0.89, (60, 42, 34))
    for x in (-0.016, -0.005, 0.006, 0.017):
        pen.line([(x, 0.06), (x, 0.875)], 0.004, (234, 228, 212))


def umbrella(pen: Pen, coat: Coat) -> None:
    """An open umbrella."""
    pen.line("0,0 0,.86 .05,.97 .13,.94 .14,.88", 0.026, (92, 66, 50))
    pen.blob("0,.04 .3,.12 .52,.36 .54,.5 .36,.44 .18,.49 0,.44 -.18,.49 -.36,.44 -.54,.5 -.52,.36 -.3,.12", coat.main)
    pen.blob("0,.04 .13,.22 .18,.48 0,.44 -.18,.48 -.13,.22", coat.pale)
    for x in (-0.36, -0.18, 0.18, 0.36):
        pen.line([(0, 0.045), (x * 0.8, 0.24), (x, 0.46)], 0.007, coat.dark)


def cake(pen: Pen, coat: Coat) -> None:
    """A cake with icing and candles."""
    pen.oval(0, 0.95, 0.66, 0.06, (214, 208, 200))
    for x in (-0.22, 0.0, 0.22):
        pen.line([(x, 0.16), (x, 0.36)], 0.035, coat.accent)
        pen.blob([(x, 0.02), (x + 0.03, 0.1), (x, 0.15), (x - 0.03, 0.1)], (255, 190, 84))
    pen.box(-0.5, 0.38, 0.5, 0.93, mix(coat.main, (238, 204, 158), 0.5), 0.05)
    pen.box(-0.5, 0.64, 0.5, 0.7, coat.accent)
    pen.blob(
        "-.52,.36 0,.32 .52,.36 .52,.5 .4,.58 .28,.48 .12,.6 -.04,.49 -.2,.6 -.34,.48 -.46,.57 -.53,.48", coat.pale
    )
    for x in (-0.38, -0.13, 0.12, 0.38):
        pen.oval(x, 0.35, 0.05, 0.05, coat.main)
