"""The colours of a picture, from the hour, the weather, the mood, the pictures it refers to and the dice."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from rushes.providers.sketch.scene import Colour, Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Sky from top to horizon, the light and its colour, land from far to near, and an accent."""

    high: Colour
    middle: Colour
    low: Colour
    light: Colour
    far: Colour
    near: Colour
    accent: Colour
    night: bool = False


_HOURS = {
    "day": Palette(
        high=(74, 136, 196), middle=(142, 190, 222), low=(228, 236, 226), light=(255, 250, 226),
        far=(132, 168, 184), near=(52, 96, 78), accent=(224, 92, 62),
    ),
    "dusk": Palette(
        high=(58, 54, 110), middle=(206, 104, 104), low=(250, 192, 116), light=(255, 226, 160),
        far=(150, 96, 120), near=(44, 36, 62), accent=(246, 138, 66),
    ),
    "dawn": Palette(
        high=(96, 122, 172), middle=(224, 172, 172), low=(252, 224, 184), light=(255, 240, 208),
        far=(160, 152, 178), near=(64, 78, 92), accent=(226, 112, 98),
    ),
    "night": Palette(
        high=(10, 16, 42), middle=(24, 40, 86), low=(62, 84, 136), light=(226, 234, 255),
        far=(34, 48, 92), near=(10, 16, 34), accent=(250, 198, 104), night=True,
    ),
    "blue": Palette(
        high=(22, 40, 88), middle=(62, 98, 156), low=(164, 182, 208), light=(240, 232, 224),
        far=(58, 84, 130), near=(18, 30, 56), accent=(252, 182, 92), night=True,
    ),
}  # fmt: skip

_PLACE_LAND: dict[str, tuple[Colour, Colour]] = {
    "desert": ((222, 168, 122), (162, 96, 62)),
    "forest": ((124, 158, 138), (28, 62, 48)),
    "field": ((150, 178, 128), (70, 110, 58)),
    "mountains": ((142, 164, 190), (48, 66, 84)),
}
_MOOD_TINT: dict[str, tuple[Colour, float]] = {
    "warm": ((236, 152, 82), 0.16),
    "cold": ((92, 138, 190), 0.18),
    "faded": ((206, 176, 132), 0.26),
    "soft": ((250, 226, 226), 0.24),
}


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`share` of the other colour in the first."""
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))  # type: ignore[return-value]


def turned(colour: Colour, *, hue: float = 0.0, rich: float = 1.0, light: float = 1.0) -> Colour:
    """The colour with its hue turned by a share of the circle, its saturation and its value multiplied."""
    h, s, v = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    r, g, b = colorsys.hsv_to_rgb((h + hue) % 1.0, min(1.0, s * rich), min(1.0, v * light))
    return round(r * 255), round(g * 255), round(b * 255)


def palette_for(scene: Scene, dice: np.random.Generator, references: Sequence[Colour] = ()) -> Palette:
    """The palette of a scene; `references` are colours that must be seen in it."""
    hours = ("day", "dusk", "dawn", "day", "dusk")
    hour = scene.time or hours[int(dice.integers(len(hours)))]
    if scene.place == "space":
        hour = "night"
    palette = _HOURS[hour]
    if scene.place in _PLACE_LAND:
        far, near = _PLACE_LAND[scene.place]
        share = 0.3 if palette.night else 0.62
        palette = replace(palette, far=mix(palette.far, far, share), near=mix(palette.near, near, share))
    palette = _weathered(palette, scene.weather)
    palette = _in_mood(palette, scene.mood)
    hue = float(dice.uniform(-0.022, 0.022))
    palette = _each(palette, lambda colour: turned(colour, hue=hue, light=1.0 + float(dice.uniform(-0.03, 0.03))))
    return _with_references(palette, references)


def _each(palette: Palette, change: Callable[[Colour], Colour]) -> Palette:
    return Palette(
        high=change(palette.high),
        middle=change(palette.middle),
        low=change(palette.low),
        light=change(palette.light),
        far=change(palette.far),
        near=change(palette.near),
        accent=change(palette.accent),
        night=palette.night,
    )


def _weathered(palette: Palette, weather: str | None) -> Palette:
    if weather in ("rain", "cloud", "fog"):
        veil = (30, 38, 54) if palette.night else (150, 160, 170)
        share = 0.5 if weather != "rain" else 0.42
        return replace(
            palette,
            high=mix(palette.high, veil, share),
            middle=mix(palette.middle, veil, share),
            low=mix(palette.low, veil, share),
            far=mix(palette.far, veil, share),
            near=turned(palette.near, rich=0.8),
        )
    if weather == "snow":
        white = (120, 136, 172) if palette.night else (238, 242, 248)
        return replace(palette, far=mix(palette.far, white, 0.6), near=mix(palette.near, white, 0.72))
    return palette


def _in_mood(palette: Palette, mood: str | None) -> Palette:
    if mood in _MOOD_TINT:
        tint, share = _MOOD_TINT[mood]
        return _each(palette, lambda colour: mix(colour, tint, share))
    if mood == "dark":
        return _each(palette, lambda colour: turned(colour, rich=0.78, light=0.7))
    if mood == "vivid":
        return replace(_each(palette, lambda colour: turned(colour, rich=1.4)), accent=(255, 62, 148))
    if mood == "grey":
        return _each(palette, lambda colour: turned(colour, rich=0.0))
    return palette


def _with_references(palette: Palette, references: Sequence[Colour]) -> Palette:
    if not references:
        return palette
    first, last = references[0], references[-1]
    return replace(
        palette,
        high=mix(palette.high, first, 0.42),
        middle=mix(palette.middle, first, 0.3),
        far=mix(palette.far, last, 0.3),
        near=mix(palette.near, turned(last, light=0.5), 0.3),
        accent=mix(palette.accent, max(references, key=_richness), 0.75),
    )


def _richness(colour: Colour) -> float:
    return (max(colour) - min(colour)) * (0.4 + max(colour) / 425)


def colours_of(picture: Image.Image, count: int = 5) -> list[tuple[Colour, float]]:
    """The colours a picture is made of with their shares of it, the largest first."""
    small = picture.convert("RGB").resize((64, 64), Image.Resampling.BOX)
    reduced = small.quantize(count, Image.Quantize.MEDIANCUT)
    table = np.asarray(reduced.getpalette(), np.uint8).reshape(-1, 3)
    tally = np.bincount(np.asarray(reduced).ravel(), minlength=len(table))
    order = [int(number) for number in np.argsort(-tally, kind="stable") if tally[number]]
    return [((int(table[n][0]), int(table[n][1]), int(table[n][2])), float(tally[n]) / 4096) for n in order]
