"""Animals. Each draws itself on a pen, facing right or towards us."""

from __future__ import annotations

from rushes.providers.sketch.palette import mix
from rushes.providers.sketch.pen import Coat, Pen

_BLACK = (22, 20, 26)
_NOSE = (206, 122, 118)


def cat(pen: Pen, coat: Coat) -> None:
    """A cat that sits and looks at us, its tail around it."""
    pen.limb(".16,.93 .34,.97 .43,.84 .36,.68", [0.09, 0.085, 0.07, 0.04], coat.dark)
    pen.blob("0,.3 .15,.42 .25,.66 .27,.9 .2,.99 -.2,.99 -.27,.9 -.25,.66 -.15,.42", coat.main)
    pen.blob("0,.42 .09,.52 .1,.7 0,.8 -.1,.7 -.09,.52", coat.pale)
    for x in (-0.17, 0.17):
        pen.blob(
            [(x, 0.68), (x * 1.45, 0.8), (x * 1.4, 0.96), (x * 0.7, 0.98), (x * 0.55, 0.85)],
            mix(coat.main, coat.dark, 0.3),
        )
    for x in (-0.075, 0.075):
        pen.limb([(x, 0.66), (x, 0.82), (x, 0.95)], [0.1, 0.095, 0.1], coat.main)
        pen.oval(x, 0.965, 0.07, 0.035, coat.pale)
        for claw in (-0.02, 0.02):
            pen.line([(x + claw, 0.95), (x + claw, 0.985)], 0.006, coat.dark)
    for side in (-1, 1):
        pen.blob(
            [
                (side * 0.06, 0.11),
                (side * 0.12, 0.03),
                (side * 0.175, -0.005),
                (side * 0.205, 0.09),
                (side * 0.19, 0.2),
            ],
            coat.main,
        )
        pen.blob(
            [(side * 0.1, 0.11), (side * 0.13, 0.065), (side * 0.165, 0.04), (side * 0.175, 0.12)],
            mix(coat.dark, _NOSE, 0.55),
        )
    pen.blob("0,.07 .14,.1 .215,.21 .19,.33 .09,.4 0,.415 -.09,.4 -.19,.33 -.215,.21 -.14,.1", coat.main)
    for x in (-0.07, 0, 0.07):
        pen.line([(x * 0.7, 0.09), (x, 0.15)], 0.018, coat.dark)
    for side in (-1, 1):
        pen.oval(side * 0.045, 0.325, 0.06, 0.045, coat.pale)
        pen.oval(side * 0.093, 0.235, 0.052, 0.043, (238, 206, 92) if coat.main[1] < 110 else (132, 176, 92))
        pen.oval(side * 0.093, 0.235, 0.018, 0.041, _BLACK)
        pen.oval(side * 0.093 + 0.014, 0.218, 0.011, 0.011, (255, 255, 250))
        for y in (0.32, 0.345):
            pen.line([(side * 0.09, y), (side * 0.26, y + (y - 0.335) * 2)], 0.005, coat.pale)
    pen.poly("-.026,.287 .026,.287 0,.315", _NOSE)
    pen.line("-.04,.345 -.015,.35 0,.318 .015,.35 .04,.345", 0.008, coat.dark)


def dog(pen: Pen, coat: Coat) -> None:
    """A dog that sits, in three-quarter view, tongue out."""
    pen.limb("-.2,.88 -.36,.86 -.43,.72", [0.08, 0.07, 0.035], coat.main)
    pen.blob("-.02,.32 .14,.42 .17,.62 .16,.97 -.16,.99 -.28,.9 -.25,.66 -.14,.44", coat.main)
    pen.blob(".03,.42 .13,.5 .13,.68 .05,.76 -.03,.6", coat.pale)
    pen.blob("-.12,.66 -.03,.78 -.06,.95 -.26,.98 -.27,.78", mix(coat.main, coat.dark, 0.35))
    for x in (0.03, 0.14):
        pen.limb([(x, 0.6), (x + 0.01, 0.8), (x + 0.01, 0.95)], [0.11, 0.09, 0.09], coat.main)
        pen.oval(x + 0.025, 0.965, 0.07, 0.035, coat.pale)
    pen.box(-0.09, 0.385, 0.15, 0.425, coat.accent, 0.02)
    pen.oval(0.04, 0.44, 0.024, 0.024, coat.glow)
    pen.blob(".02,.05 .14,.08 .19,.2 .17,.32 .08,.4 -.05,.39 -.14,.3 -.15,.16 -.09,.07", coat.main)
    for points in (
        [(-0.09, 0.08), (-0.19, 0.12), (-0.24, 0.28), (-0.19, 0.38), (-0.12, 0.26)],
        [(0.12, 0.07), (0.2, 0.1), (0.25, 0.25), (0.21, 0.34), (0.15, 0.22)],
    ):
        pen.blob(points, coat.dark)
    pen.blob(".05,.2 .13,.25 .14,.33 .07,.375 -.01,.36 -.05,.28", coat.pale)
    pen.blob(".03,.34 .09,.345 .095,.42 .06,.445 .03,.41", (222, 112, 118))
    pen.oval(0.06, 0.258, 0.036, 0.026, _BLACK)
    pen.line("-.01,.33 .03,.345 .06,.32 .09,.342 .125,.325", 0.009, _BLACK)
    for x in (-0.045, 0.118):
        pen.oval(x, 0.19, 0.024, 0.027, _BLACK)
        pen.oval(x + 0.008, 0.181, 0.008, 0.008, (255, 255, 255))


def fox(pen: Pen, coat: Coat) -> None:
    """A fox that sits, brush to the side."""
    pen.limb(".1,.93 .3,.95 .42,.8 .44,.6", [0.1, 0.16, 0.17, 0.06], coat.main)
    pen.limb(".43,.72 .44,.6 .44,.54", [0.15, 0.08, 0.02], coat.pale)
    pen.blob("0,.32 .13,.46 .18,.7 .2,.97 -.2,.97 -.18,.7 -.13,.46", coat.main)
    pen.blob("0,.38 .09,.5 .08,.66 0,.78 -.08,.66 -.09,.5", (244, 236, 224))
    for x in (-0.07, 0.07):
        pen.limb([(x, 0.7), (x, 0.95)], [0.09, 0.07], mix(coat.dark, _BLACK, 0.4))
        pen.oval(x, 0.965, 0.055, 0.03, _BLACK)
    for side in (-1, 1):
        pen.poly([(side * 0.05, 0.14), (side * 0.155, -0.02), (side * 0.2, 0.2)], coat.main)
        pen.poly([(side * 0.1, 0.13), (side * 0.15, 0.04), (side * 0.17, 0.16)], mix(coat.dark, _BLACK, 0.5))
    pen.blob("0,.1 .13,.13 .22,.26 .1,.36 0,.45 -.1,.36 -.22,.26 -.13,.13", coat.main)
    for side in (-1, 1):
        pen.blob(
            [(side * 0.21, 0.265), (side * 0.12, 0.26), (side * 0.04, 0.34), (side * 0.02, 0.42), (side * 0.1, 0.36)],
            (244, 236, 224),
        )
        pen.oval(side * 0.088, 0.235, 0.024, 0.026, _BLACK)
        pen.oval(side * 0.088 + 0.008, 0.226, 0.008, 0.008, (255, 255, 255))
    pen.oval(0, 0.428, 0.03, 0.022, _BLACK)


def bird(pen: Pen, coat: Coat) -> None:
    """A songbird on a twig."""
    pen.line("-.6,.97 -.2,.93 .25,.94 .6,.88", 0.045, mix((92, 66, 52), coat.dark, 0.3))
    pen.blob("-.28,.62 -.46,.86 -.62,1 -.5,1.02 -.3,.86 -.14,.78", coat.dark)
    for x in (-0.02, 0.1):
        pen.line([(x, 0.82), (x + 0.02, 0.93)], 0.02, (120, 84, 60))
    pen.blob(".2,.06 .34,.15 .36,.36 .28,.66 .08,.86 -.18,.8 -.34,.62 -.2,.42 0,.26 .06,.12", coat.main)
    pen.blob(".34,.3 .33,.55 .2,.78 .04,.85 .1,.6 .2,.38", coat.accent)
    pen.blob(".02,.38 .12,.52 .02,.7 -.2,.76 -.42,.78 -.28,.6 -.16,.44", coat.dark)
    for y in (0.52, 0.6, 0.68):
        pen.line([(0.04, y - 0.04), (-0.12, y + 0.03), (-0.28, y + 0.08)], 0.012, coat.pale)
    pen.poly(".34,.17 .5,.235 .34,.27", (232, 168, 72))
    pen.oval(0.24, 0.19, 0.035, 0.035, _BLACK)
    pen.oval(0.252, 0.178, 0.011, 0.011, (255, 255, 255))


def gull(pen: Pen, coat: Coat) -> None:
    """A gull in flight, wings up."""
    pen.blob("-.1,.6 -.35,.25 -.72,.08 -.95,.2 -.62,.27 -.38,.48 -.16,.78", coat.pale)
    pen.blob("-.72,.08 -.98,.2 -.8,.21", _BLACK)
    pen.blob(".06,.6 .3,.2 .66,0 .92,.1 .6,.2 .4,.45 .2,.76", coat.pale)
    pen.blob(".66,0 .95,.1 .76,.12", _BLACK)
    pen.blob("-.42,.86 -.2,.66 .1,.58 .3,.64 .22,.8 -.05,.9", (244, 244, 242))
    pen.poly(".28,.65 .4,.72 .27,.73", (232, 168, 72))
    pen.oval(0.22, 0.67, 0.02, 0.02, _BLACK)


def horse(pen: Pen, coat: Coat) -> None:
    """A horse that walks to the right."""
    pen.limb("-.44,.42 -.56,.52 -.55,.76", [0.06, 0.1, 0.03], coat.dark)
    for x, foot in ((-0.3, -0.36), (0.2, 0.28)):
        pen.limb([(x, 0.58), (x - 0.03, 0.78), (foot, 0.97)], [0.13, 0.065, 0.05], mix(coat.main, coat.dark, 0.55))
        pen.box(foot - 0.035, 0.955, foot + 0.04, 1.0, _BLACK, 0.01)
    pen.blob("-.42,.4 -.2,.38 .1,.41 .28,.36 .34,.5 .2,.66 -.1,.67 -.34,.66 -.48,.54", coat.main)
    for x, foot in ((-0.37, -0.3), (0.26, 0.18)):
        pen.limb([(x, 0.56), (x + 0.03, 0.78), (foot, 0.97)], [0.15, 0.07, 0.05], coat.main)
        pen.box(foot - 0.035, 0.955, foot + 0.04, 1.0, _BLACK, 0.01)
    pen.blob(".16,.4 .26,.22 .4,.08 .5,.12 .44,.3 .36,.54 .24,.56", coat.main)
    pen.blob(".38,.09 .5,.06 .6,.2 .67,.3 .62,.35 .5,.28 .42,.22", coat.main)
    pen.poly(".41,.1 .43,0 .48,.08", coat.main)
    pen.blob(".43,.03 .34,.08 .2,.24 .1,.4 .2,.42 .3,.26 .42,.12", coat.dark)
    pen.oval(0.52, 0.15, 0.014, 0.016, _BLACK)
    pen.oval(0.64, 0.3, 0.01, 0.012, coat.dark)


def fish(pen: Pen, coat: Coat) -> None:
    """A fish that swims to the right."""
    pen.blob("-.5,.5 -.8,.18 -.92,.24 -.78,.5 -.92,.78 -.8,.84", coat.accent)
    pen.blob("-.1,.2 .05,-.02 .28,.06 .3,.26", coat.accent)
    pen.blob(".05,.8 0,.98 .2,.94 .26,.78", coat.accent)
    pen.blob(".82,.52 .6,.24 .2,.14 -.2,.24 -.55,.46 -.55,.56 -.2,.78 .2,.88 .6,.78", coat.main)
    pen.blob(".74,.62 .5,.78 .1,.86 -.3,.74 .1,.7 .5,.64", coat.pale)
    for x in (-0.28, -0.06, 0.16):
        pen.line([(x, 0.34), (x + 0.07, 0.5), (x, 0.68)], 0.02, coat.dark)
    pen.blob(".3,.52 .12,.48 .04,.62 .2,.66", coat.accent)
    pen.oval(0.58, 0.42, 0.065, 0.065, (250, 250, 244))
    pen.oval(0.6, 0.42, 0.035, 0.035, _BLACK)
