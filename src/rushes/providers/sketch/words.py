"""What can be said about a picture or a film by measuring it, in sentences; and a video prompt composed from that."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from rushes.model.workflow import Json
from rushes.providers.media.film import facts_of, film_frames
from rushes.providers.sketch.caption import strip_of, without_strip
from rushes.providers.sketch.painter import dice_for
from rushes.providers.sketch.palette import colours_of
from rushes.providers.sketch.scene import COLOURS, Colour, read_scene, words_of

OFFLINE = "This is the offline sketch: it measures pixels and does not recognise what they show."


class Look(NamedTuple):
    """What was measured on a picture; brightness, contrast and detail go from 0 to 1."""

    size: tuple[int, int]
    colours: tuple[tuple[str, float], ...]
    brightness: float
    contrast: float
    detail: float
    strip: int
    warmth: float


def look_at(picture: Image.Image) -> Look:
    """Measure a picture."""
    inner = without_strip(picture)
    grey = np.asarray(inner.convert("L").resize((256, 256), Image.Resampling.BOX), np.float32) / 255
    edges = np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean()
    mean = np.asarray(inner.resize((16, 16), Image.Resampling.BOX), np.float32).mean((0, 1))
    shares: dict[str, float] = {}
    for colour, share in colours_of(inner, 8):
        shares[name_of(colour)] = shares.get(name_of(colour), 0.0) + share
    ranked = tuple(sorted(shares.items(), key=lambda pair: (-pair[1], pair[0])))
    return Look(
        picture.size,
        ranked,
        float(grey.mean()),
        float(min(1.0, grey.std() * 3)),
        float(min(1.0, edges * 8)),
        strip_of(picture),
        float((mean[0] - mean[2]) / 255),
    )


def name_of(colour: Colour) -> str:
    """The everyday name of a colour."""
    hue, rich, light = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    if light < 0.16:
        return "black"
    if rich < 0.13:
        return "white" if light > 0.86 else "light grey" if light > 0.62 else "grey" if light > 0.34 else "dark grey"
    names = (
        (0.035, "red"),
        (0.1, "orange"),
        (0.17, "yellow"),
        (0.44, "green"),
        (0.52, "teal"),
        (0.7, "blue"),
        (0.8, "purple"),
        (0.93, "pink"),
        (1.01, "red"),
    )
    name = next(name for end, name in names if hue < end)
    if name in ("orange", "red", "yellow") and light < 0.55:
        name = "brown"
    return (
        f"dark {name}" if light < 0.4 and name != "brown" else f"pale {name}" if rich < 0.34 and light > 0.7 else name
    )


def describe_pictures(pictures: Sequence[Image.Image], question: str | None) -> str:
    """Statements about each picture; a question is answered as far as measuring can."""
    looks = [look_at(one) for one in pictures]
    said = [_described(look, f"Picture {n + 1}" if len(looks) > 1 else "The picture") for n, look in enumerate(looks)]
    answer = _answered(looks[0], question) if question else ""
    return " ".join(part for part in (answer, *said, OFFLINE) if part)


def _described(look: Look, what: str) -> str:
    width, height = look.size
    shape = "upright" if height > width * 1.05 else "wide" if width > height * 1.05 else "square"
    main = [f"{name} ({share:.0%})" for name, share in look.colours[:3]]
    light = _graded(
        look.brightness,
        ("very dark", 0.15),
        ("dark", 0.32),
        ("of medium brightness", 0.6),
        ("bright", 0.82),
        ("very bright", 2),
    )
    contrast = _graded(look.contrast, ("low", 0.25), ("medium", 0.6), ("high", 2))
    detail = _graded(
        look.detail, ("soft, with little detail", 0.12), ("moderately detailed", 0.35), ("sharp and detailed", 2)
    )
    mood = "warm" if look.warmth > 0.06 else "cool" if look.warmth < -0.06 else "neutral"
    strip = " A caption strip made by the sketch lies along its lower edge." if look.strip else ""
    return (
        f"{what} is {shape}, {width} × {height} pixels. Its main colours are {_joined(main)}, {mood} in tone. "
        f"It is {light} with {contrast} contrast, and {detail}.{strip}"
    )


def _graded(value: float, *steps: tuple[str, float]) -> str:
    return next(name for name, end in steps if value < end)


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _answered(look: Look, question: str) -> str:
    asked = set(words_of(question))
    width, height = look.size
    if asked & {"colour", "color", "colours", "colors", "palette"}:
        return f"Mostly {_joined([name for name, _ in look.colours[:3]])}."
    named = [name for name in sorted(COLOURS) if name in asked]
    if named:
        share = sum(part for name, part in look.colours if named[0] in name)
        return f"{'Yes' if share > 0.03 else 'No'}: {share:.0%} of it is {named[0]}."
    if asked & {"size", "resolution", "dimensions", "pixels", "wide", "tall", "portrait", "landscape", "aspect"}:
        return f"{width} × {height} pixels, {width / height:.2f} to 1."
    if asked & {"bright", "dark", "brightness", "night", "day", "light"}:
        return f"It is {look.brightness:.0%} bright: {'rather dark' if look.brightness < 0.4 else 'rather bright'}."
    if asked & {"sharp", "blurry", "blurred", "focus", "quality", "detail"}:
        return f"Its detail is {look.detail:.0%}: {'rather soft' if look.detail < 0.15 else 'sharp enough'}."
    return "The question cannot be answered by measuring."


def describe_film(path: Path, question: str | None) -> str:
    """Statements about a film: length, size, motion, cuts, and its first picture."""
    facts = facts_of(path)
    first: Image.Image | None = None
    moved: list[float] = []
    before: np.ndarray | None = None
    for number, (_, frame) in enumerate(film_frames(path)):
        if first is None:
            first = frame.to_image()
        if number % 4 == 0:
            now = frame.reformat(64, 64, "gray8").to_ndarray().astype(np.float32)
            if before is not None:
                moved.append(float(np.abs(now - before).mean()))
            before = now
    assert first is not None
    typical = float(np.median(moved)) if moved else 0.0
    cuts = sum(one > max(18.0, typical * 6) for one in moved)
    motion = _graded(typical, ("It hardly moves", 0.25), ("It moves slowly", 2.5), ("It moves quickly", 1e9))
    look = look_at(first)
    cut_words = f"{cuts or 'no'} hard cut{'' if cuts == 1 else 's'}"
    said = (
        f"The film lasts {facts.seconds:.1f} seconds at {float(facts.fps):g} frames a second, "
        f"{facts.width} × {facts.height} pixels, {'with' if facts.sound else 'without'} sound. "
        f"{motion}, with {cut_words}."
    )
    answer = _answered(look, question) if question else ""
    return " ".join(part for part in (answer, said, _described(look, "Its first picture"), OFFLINE) if part)


_MOVES = (
    "the camera pushes in slowly",
    "the camera pans to the right",
    "the camera pans to the left",
    "the camera tilts up",
    "the camera orbits gently around the subject",
)
_STYLES = ("natural light, shallow depth of field", "soft film grain, calm pacing", "steady framing, rich contrast")


def compose_prompt(prompt: str | None, params: dict[str, Json], picture: Image.Image | None, seed: int) -> str:
    """A video prompt in one paragraph: the scene, its light and colours, one camera move, the style, the length."""
    dice = dice_for("prompt", prompt, sorted(params.items(), key=str), seed)
    context = " ".join(str(part).strip().rstrip(".") for part in (params.get("background_context"), prompt) if part)
    scene = read_scene(context)
    parts = [context or "A quiet scene that comes to life"]
    if picture is not None:
        look = look_at(picture)
        tone = "warm" if look.warmth > 0.06 else "cool" if look.warmth < -0.06 else "neutral"
        light = "low" if look.brightness < 0.35 else "bright" if look.brightness > 0.65 else "even"
        names = _joined([name for name, _ in look.colours[:3]])
        parts.append(f"Keep the picture's {names} palette, its {tone} tone and {light} light")
    if scene.move is None:
        parts.append(_MOVES[int(dice.integers(len(_MOVES)))].capitalize())
    if scene.weather in ("rain", "snow", "fog"):
        parts.append(f"The {scene.weather} drifts through the frame")
    style = str(params.get("video_style") or "") or _STYLES[int(dice.integers(len(_STYLES)))]
    parts.append(style[:1].upper() + style[1:].rstrip("."))
    length = params.get("duration_preference")
    if length:
        parts.append(f"Length: {length}")
    return ". ".join(parts) + "."
