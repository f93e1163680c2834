"""People and what walks like them. `head` figures are for close framings."""

from __future__ import annotations

from rushes.providers.sketch.palette import mix
from rushes.providers.sketch.pen import Coat, Pen
from rushes.providers.sketch.scene import Colour

_BLACK = (26, 22, 28)
_SKINS: tuple[Colour, ...] = ((232, 186, 152), (198, 142, 106), (142, 94, 68), (244, 208, 180))
_HAIRS: tuple[Colour, ...] = ((52, 36, 32), (28, 24, 28), (36, 28, 26), (150, 98, 56))


def _kind(coat: Coat) -> int:
    return sum(coat.accent) % len(_SKINS)


def man(pen: Pen, coat: Coat) -> None:
    """A man who stands, coat open, one hand in a pocket."""
    skin, hair = _SKINS[_kind(coat)], _HAIRS[_kind(coat)]
    trousers = mix(coat.dark, (40, 44, 62), 0.6)
    for x, foot in ((-0.055, -0.075), (0.06, 0.09)):
        pen.limb([(x, 0.52), (x * 1.1, 0.74), (foot, 0.95)], [0.115, 0.085, 0.06], trousers)
        pen.blob(
            [(foot - 0.04, 0.95), (foot + 0.02, 0.94), (foot + 0.075, 0.985), (foot + 0.07, 1.0), (foot - 0.045, 1.0)],
            _BLACK,
        )
    pen.limb("-.12,.225 -.17,.38 -.15,.53", [0.075, 0.065, 0.05], mix(coat.main, coat.dark, 0.4))
    pen.oval(-0.148, 0.555, 0.026, 0.032, skin)
    pen.blob("0,.165 .1,.185 .145,.24 .13,.42 .145,.6 .03,.62 -.03,.62 -.145,.6 -.13,.42 -.145,.24 -.1,.185", coat.main)
    pen.poly("-.035,.18 .035,.18 .012,.6 -.012,.6", coat.pale)
    pen.poly("-.035,.18 -.06,.19 -.015,.36", coat.dark)
    pen.poly(".035,.18 .06,.19 .015,.36", coat.dark)
    pen.limb(".12,.225 .185,.36 .11,.47", [0.075, 0.065, 0.055], mix(coat.main, coat.dark, 0.25))
    pen.box(-0.028, 0.12, 0.028, 0.19, mix(skin, coat.dark, 0.2))
    pen.blob("0,.015 .06,.035 .068,.09 .04,.145 0,.16 -.04,.145 -.068,.09 -.06,.035", skin)
    pen.blob("0,0 .06,.015 .075,.075 .05,.055 0,.048 -.05,.06 -.075,.085 -.065,.02", hair)
    _small_face(pen, skin)
    pen.line("-.03,.185 0,.2 .035,.185", 0.035, coat.accent)


def woman(pen: Pen, coat: Coat) -> None:
    """A woman who stands in a long dress, hair to the shoulder."""
    skin, hair = _SKINS[_kind(coat)], _HAIRS[_kind(coat)]
    for foot in (-0.045, 0.05):
        pen.limb([(foot, 0.84), (foot, 0.96)], [0.05, 0.035], skin)
        pen.blob([(foot - 0.03, 0.965), (foot + 0.02, 0.955), (foot + 0.06, 0.99), (foot - 0.03, 1.0)], _BLACK)
    pen.blob("0,0 .07,.02 .085,.1 .1,.22 .05,.25 -.05,.25 -.1,.22 -.085,.1 -.07,.02", hair)
    pen.limb("-.095,.22 -.15,.36 -.125,.49", [0.055, 0.045, 0.032], skin)
    pen.limb(".095,.22 .16,.35 .13,.49", [0.055, 0.045, 0.032], skin)
    pen.blob(
        "0,.185 .085,.195 .11,.25 .085,.36 .14,.56 .2,.86 .08,.885 "
        "-.08,.885 -.2,.86 -.14,.56 -.085,.36 -.11,.25 -.085,.195",
        coat.main,
    )
    for x in (-0.1, -0.02, 0.07):
        pen.line([(x * 0.4, 0.42), (x, 0.62), (x * 1.5, 0.85)], 0.012, mix(coat.main, coat.dark, 0.5))
    pen.box(-0.088, 0.36, 0.088, 0.39, coat.accent, 0.012)
    pen.box(-0.022, 0.13, 0.022, 0.2, mix(skin, coat.dark, 0.18))
    pen.blob("0,.02 .055,.04 .06,.095 .034,.145 0,.16 -.034,.145 -.06,.095 -.055,.04", skin)
    pen.blob(".01,.002 .06,.02 .075,.12 .055,.06 .01,.045 -.04,.06 -.07,.13 -.062,.02", hair)
    _small_face(pen, skin)


def _small_face(pen: Pen, skin: Colour) -> None:
    for x in (-0.024, 0.024):
        pen.oval(x, 0.09, 0.0075, 0.0085, _BLACK)
    pen.line(".002,.1 .006,.113 0,.115", 0.006, mix(skin, _BLACK, 0.3))
    pen.line("-.014,.132 0,.137 .014,.132", 0.007, (168, 82, 78))


def _face(pen: Pen, skin: Colour, hair: Colour, lips: Colour) -> None:
    shade = mix(skin, (96, 42, 38), 0.26)
    for side in (-1, 1):
        pen.blob(
            [(side * 0.05, 0.37), (side * 0.09, 0.35), (side * 0.135, 0.372), (side * 0.09, 0.386)], (250, 248, 244)
        )
        pen.oval(side * 0.091, 0.368, 0.02, 0.02, mix(hair, (92, 116, 110), 0.45))
        pen.oval(side * 0.091, 0.368, 0.01, 0.01, _BLACK)
        pen.oval(side * 0.091 + 0.007, 0.361, 0.005, 0.005, (255, 255, 255))
        pen.line([(side * 0.046, 0.372), (side * 0.09, 0.347), (side * 0.138, 0.37)], 0.009, _BLACK)
        pen.line([(side * 0.045, 0.318), (side * 0.095, 0.3), (side * 0.15, 0.32)], 0.017, hair)
        pen.oval(side * 0.12, 0.45, 0.04, 0.028, mix(skin, (226, 110, 100), 0.22))
    pen.line(".012,.37 .03,.45 0,.468 -.022,.46", 0.012, shade)
    pen.blob("-.068,.53 -.02,.515 0,.521 .02,.515 .068,.53 .03,.556 0,.562 -.03,.556", lips)
    pen.line("-.064,.53 0,.537 .064,.53", 0.006, mix(lips, _BLACK, 0.4))


def woman_head(pen: Pen, coat: Coat) -> None:
    """A woman from the shoulders up."""
    skin, hair = _SKINS[_kind(coat)], _HAIRS[_kind(coat)]
    pen.blob("0,.02 .19,.07 .29,.28 .3,.56 .36,.8 .18,.88 -.18,.88 -.36,.8 -.3,.56 -.29,.28 -.19,.07", hair)
    pen.blob("0,.72 .18,.76 .42,.84 .5,1.02 -.5,1.02 -.42,.84 -.18,.76", coat.main)
    pen.blob("-.085,.56 .085,.56 .1,.72 .2,.79 0,.9 -.2,.79 -.1,.72", mix(skin, (96, 42, 38), 0.15))
    pen.blob("0,.13 .14,.17 .205,.32 .19,.46 .12,.6 0,.665 -.12,.6 -.19,.46 -.205,.32 -.14,.17", skin)
    _face(pen, skin, hair, (190, 80, 84))
    pen.blob(".03,.06 .19,.11 .27,.3 .245,.56 .2,.36 .13,.2 .02,.15 -.12,.24 -.195,.4 -.24,.58 -.27,.3 -.17,.1", hair)
    pen.line(".04,.07 .15,.12 .22,.26", 0.01, mix(hair, (255, 236, 214), 0.3))
    for side in (-1, 1):
        pen.oval(side * 0.205, 0.53, 0.016, 0.022, coat.glow)


def man_head(pen: Pen, coat: Coat) -> None:
    """A man from the shoulders up."""
    skin, hair = _SKINS[_kind(coat)], _HAIRS[_kind(coat)]
    pen.blob("0,.74 .2,.77 .46,.85 .54,1.02 -.54,1.02 -.46,.85 -.2,.77", coat.main)
    pen.poly("-.13,.76 .13,.76 0,1", coat.pale)
    pen.blob("-.11,.56 .11,.56 .12,.74 0,.84 -.12,.74", mix(skin, (96, 42, 38), 0.18))
    pen.poly("-.13,.755 -.21,.775 -.03,1 0,.99", coat.dark)
    pen.poly(".13,.755 .21,.775 .03,1 0,.99", coat.dark)
    for side in (-1, 1):
        pen.oval(side * 0.215, 0.4, 0.03, 0.05, mix(skin, (150, 70, 60), 0.15))
    pen.blob("0,.1 .15,.14 .215,.3 .2,.48 .15,.6 .07,.675 -.07,.675 -.15,.6 -.2,.48 -.215,.3 -.15,.14", skin)
    pen.blob(
        "-.2,.46 -.15,.52 -.08,.5 0,.495 .08,.5 .15,.52 .2,.46 .16,.6 .07,.685 -.07,.685 -.16,.6", mix(skin, hair, 0.5)
    )
    _face(pen, skin, hair, (172, 96, 88))
    pen.blob("0,.03 .16,.06 .235,.2 .215,.36 .185,.25 .08,.2 -.08,.19 -.175,.25 -.215,.36 -.235,.18 -.14,.05", hair)
    pen.line("-.1,.07 .03,.06 .14,.11", 0.012, mix(hair, (255, 236, 214), 0.25))


def robot(pen: Pen, coat: Coat) -> None:
    """A friendly robot with a screen for a face."""
    pen.line([(0, 0.0), (0, 0.08)], 0.018, coat.dark)
    pen.oval(0, 0.015, 0.03, 0.03, coat.accent)
    for side in (-1, 1):
        pen.limb([(side * 0.2, 0.44), (side * 0.31, 0.55), (side * 0.28, 0.7)], [0.07, 0.055, 0.06], coat.dark)
        pen.oval(side * 0.28, 0.725, 0.05, 0.05, coat.main)
        pen.limb([(side * 0.1, 0.7), (side * 0.11, 0.93)], [0.085, 0.07], coat.dark)
        pen.box(side * 0.11 - 0.085, 0.925, side * 0.11 + 0.085, 1.0, coat.main, 0.035)
        pen.box(side * 0.235 - 0.03, 0.16, side * 0.235 + 0.03, 0.27, coat.dark, 0.02)
    pen.box(-0.22, 0.39, 0.22, 0.75, coat.main, 0.08)
    pen.box(-0.13, 0.46, 0.13, 0.63, coat.dark, 0.03)
    for number, x in enumerate((-0.08, 0.0, 0.08)):
        pen.oval(x, 0.545, 0.026, 0.026, (coat.glow, coat.accent, (120, 216, 182))[number])
    pen.box(-0.06, 0.34, 0.06, 0.4, coat.dark)
    pen.box(-0.235, 0.075, 0.235, 0.355, coat.main, 0.09)
    pen.box(-0.18, 0.12, 0.18, 0.31, (22, 28, 40), 0.06)
    for side in (-1, 1):
        pen.oval(side * 0.082, 0.2, 0.033, 0.04, (128, 232, 226))
        pen.oval(side * 0.082 + 0.01, 0.187, 0.011, 0.012, (244, 255, 255))
    pen.line("-.05,.262 0,.28 .05,.262", 0.014, (128, 232, 226))
