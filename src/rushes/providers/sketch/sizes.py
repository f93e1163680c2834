"""Parameters to pixels and seconds: every spelling that models use, one meaning each.

Pictures: `width` and `height`; or `image_size` / `size` (`landscape_16_9`, `1024x1536`, `{width, height}`);
or `aspect_ratio` (`9:16`) with `resolution` (`512px`, `1K`, `2K`, `4K`: the longer side 512, 1024, 2048, 4096).
Films: `aspect_ratio` with `resolution` (`480p`, `720p`, `1080p`, `4k`: the shorter side), `duration` (`8`, `"8"`,
`"8s"`), `fps`. What no parameter says follows from the first input picture, else square pictures and 16:9 films.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

from rushes.model.spelling import ASPECT_RATIO, AUDIO, DURATION, FPS, NAMED_SIZES, SIZE
from rushes.model.workflow import Json
from rushes.providers.at_once import BadParam

LEAST_SIDE, MOST_SIDE = 32, 8192
MOST_PIXELS = 36_000_000
MOST_SECONDS = 120.0

_LONG_SIDES = {"512": 512, "512px": 512, "0.5k": 512, "1k": 1024, "2k": 2048, "4k": 4096}
_SHORT_SIDES = {"360p": 360, "480p": 480, "512p": 512, "540p": 540, "576p": 576, "720p": 720, "768p": 768}
_SHORT_SIDES |= {"1080p": 1080, "1k": 720, "2k": 1080, "1440p": 1440, "2160p": 2160, "4k": 2160}
_WORDS = {"portrait": Fraction(9, 16), "landscape": Fraction(16, 9), "square": Fraction(1)}
_ALIASES = {
    "aspect_ratio": ASPECT_RATIO,
    "resolution": ("resolution",),
    "size": SIZE,
    "width": ("width",),
    "height": ("height",),
    "duration": DURATION,
    "fps": FPS,
    "audio": AUDIO,
}
_DEFAULT_LONG, _DEFAULT_SHORT = 1024, 720


def param(params: Mapping[str, Json], meaning: str) -> tuple[str, Json]:
    """The name and the value of the parameter with this meaning, however it is spelt; value None when absent."""
    for name in _ALIASES[meaning]:
        value = params.get(name)
        if value is not None and value != "" and value != "auto":
            return name, value
    return _ALIASES[meaning][0], None


def picture_size(params: Mapping[str, Json], source: tuple[int, int] | None = None) -> tuple[int, int]:
    """Width and height of the picture to paint. BadParam names what cannot be used."""
    explicit = _explicit(params)
    if explicit is not None:
        return explicit
    ratio = _ratio(params)
    name, value = param(params, "resolution")
    if value is None and ratio is None and source is not None:
        return _bounded(name, *source)
    wide, high = ratio.as_integer_ratio() if ratio is not None else source or (1, 1)
    long = _DEFAULT_LONG if value is None else _side(name, value, _LONG_SIDES | _SHORT_SIDES | _LONG_SIDES)
    if str(value).lower() in _SHORT_SIDES and str(value).lower() not in _LONG_SIDES:
        long = round(long * max(wide, high) / min(wide, high))
    width, height = (long, round(long * high / wide)) if wide >= high else (round(long * wide / high), long)
    return _bounded(name, width, height)


def film_size(params: Mapping[str, Json], source: tuple[int, int] | None = None) -> tuple[int, int]:
    """Even width and height of the film. BadParam names what cannot be used."""
    explicit = _explicit(params)
    if explicit is not None:
        return _even(explicit)
    ratio = _ratio(params) or (Fraction(*source) if source is not None else Fraction(16, 9))
    name, value = param(params, "resolution")
    if value is not None:
        short = _side(name, value, _SHORT_SIDES)
    else:
        # a small still gives a small film: enlarging it would only cost time
        short = min(_DEFAULT_SHORT, *source) if source is not None else _DEFAULT_SHORT
    width, height = (round(short * ratio), short) if ratio >= 1 else (short, round(short / ratio))
    return _even(_bounded(name, width, height))


def _even(size: tuple[int, int]) -> tuple[int, int]:
    return size[0] // 2 * 2, size[1] // 2 * 2


def _explicit(params: Mapping[str, Json]) -> tuple[int, int] | None:
    width_name, width = param(params, "width")
    height_name, height = param(params, "height")
    if width is not None and height is not None:
        return _bounded(width_name, _whole(width_name, width), _whole(height_name, height))
    name, value = param(params, "size")
    if isinstance(value, dict):
        return _bounded(name, _whole(name, value.get("width")), _whole(name, value.get("height")))
    if value is None:
        return None
    text = str(value).lower()
    if text in NAMED_SIZES:
        return NAMED_SIZES[text]
    pair = re.fullmatch(r"(\d{2,5})\s*[x×*]\s*(\d{2,5})", text)
    if pair:
        return _bounded(name, int(pair[1]), int(pair[2]))
    if text in _LONG_SIDES or _as_ratio(text) is not None:
        return None  # "2K" or "16:9" under another name: read below
    raise BadParam(name, f"{value!r} is no size; give 1024x1024 or one of {', '.join(NAMED_SIZES)}")


def _ratio(params: Mapping[str, Json]) -> Fraction | None:
    name, value = param(params, "aspect_ratio")
    if value is None:
        name, value = param(params, "size")
        return _as_ratio(str(value).lower()) if isinstance(value, str) else None
    ratio = _as_ratio(str(value).lower())
    if ratio is None:
        raise BadParam(name, f"{value!r} is no aspect ratio; give two numbers such as 9:16")
    if not 0.125 <= ratio <= 8:
        raise BadParam(name, f"{value!r} is narrower than 1:8")
    return ratio


@lru_cache(maxsize=1024)  # fractions are slow, and a large workflow asks for the same few again and again
def _as_ratio(text: str) -> Fraction | None:
    if text in _WORDS:
        return _WORDS[text]
    pair = re.fullmatch(r"(\d{1,5}(?:\.\d{1,4})?)\s*[:/]\s*(\d{1,5}(?:\.\d{1,4})?)", text)
    if pair is None or not Fraction(pair[1]) or not Fraction(pair[2]):
        return None
    return Fraction(pair[1]) / Fraction(pair[2])


def _side(name: str, value: Json, sides: Mapping[str, int]) -> int:
    side = sides.get(str(value).lower().strip())
    if side is None:
        raise BadParam(name, f"{value!r} is no resolution; give one of {', '.join(sides)}")
    return side


def _whole(name: str, value: Json) -> int:
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,6}", text):
        raise BadParam(name, f"{value!r} is no number of pixels")
    return int(text)


def _bounded(name: str, width: int, height: int) -> tuple[int, int]:
    if not (LEAST_SIDE <= width <= MOST_SIDE and LEAST_SIDE <= height <= MOST_SIDE and width * height <= MOST_PIXELS):
        raise BadParam(
            name,
            f"{width}×{height} pixels cannot be made here: "
            f"sides go from {LEAST_SIDE} to {MOST_SIDE}, up to {MOST_PIXELS // 1_000_000} megapixels",
        )
    return width, height


def seconds_of(params: Mapping[str, Json], default: float = 5.0) -> float:
    """The length of the film in seconds."""
    name, value = param(params, "duration")
    if value is None:
        return default
    match = re.fullmatch(r"(\d{1,4}(?:\.\d{1,3})?)\s*(?:s|sec|seconds?)?", str(value).lower().strip())
    if match is None or isinstance(value, bool):
        raise BadParam(name, f"{value!r} is no duration; give seconds, such as 8")
    seconds = float(match[1])
    if not 0.2 <= seconds <= MOST_SECONDS:
        raise BadParam(name, f"{value!r}: films here last from 0.2 to {MOST_SECONDS:.0f} seconds")
    return seconds


def fps_of(params: Mapping[str, Json], default: Fraction | int = 24) -> Fraction:
    """Frames per second."""
    name, value = param(params, "fps")
    if value is None:
        return Fraction(default)
    match = re.fullmatch(r"\d{1,3}(?:\.\d{1,3})?", str(value))
    if match is None or isinstance(value, bool) or not 1 <= float(str(value)) <= 60:
        raise BadParam(name, f"{value!r} is no frame rate; give 1 to 60")
    return Fraction(str(value))


def wants_sound(params: Mapping[str, Json]) -> bool:
    """Whether the film is to have a sound track of its own."""
    _, value = param(params, "audio")
    return value is True or str(value).lower() in ("true", "yes", "on", "1")


def keeps_sound(params: Mapping[str, Json]) -> bool:
    """Whether a film that is made from a film keeps its sound; it does where nothing is said."""
    said = [params[name] for name in ("keep_audio", "keep_original_sound") if params.get(name) is not None]
    return not any(one is False or str(one).lower() in ("false", "no", "off", "0") for one in said)


def within(name: str, seconds: float) -> float:
    """The length of a film that follows from its input `name`, in seconds; BadParam for one that is too long."""
    if seconds > MOST_SECONDS:
        raise BadParam(name, f"it lasts {seconds:.0f} seconds, and films here last up to {MOST_SECONDS:.0f}")
    return seconds


def factor_of(params: Mapping[str, Json], size: tuple[int, int]) -> Fraction:
    """How much an upscale enlarges a picture or film of `size`: `factor`, `upscale_factor`, `scale`, or a `target`."""
    for name in ("factor", "upscale_factor", "scale", "scale_factor"):
        value = params.get(name)
        if value is not None:
            match = re.fullmatch(r"(\d{1,2}(?:\.\d{1,3})?)x?", str(value).lower())
            if match is None or isinstance(value, bool) or not 1 <= float(match[1]) <= 8:
                raise BadParam(name, f"{value!r} is no enlargement; give 1 to 8")
            return Fraction(match[1])
    for name in ("target", "target_resolution", "resolution"):
        value = params.get(name)
        if value is not None:
            text = str(value).lower()
            if text in _SHORT_SIDES and text.endswith("p"):
                return max(Fraction(1), Fraction(_SHORT_SIDES[text], min(size)))
            return max(Fraction(1), Fraction(_side(name, value, _LONG_SIDES), max(size)))
    return Fraction(2)


def enlarged(params: Mapping[str, Json], size: tuple[int, int]) -> tuple[int, int]:
    """The size after an upscale; BadParam when that is more than can be made here."""
    factor = factor_of(params, size)
    return _bounded("factor", round(size[0] * factor), round(size[1] * factor))


def number_of(params: Mapping[str, Json], name: str, default: float, least: float, most: float) -> float:
    """A parameter that is a number between two bounds; BadParam for any other."""
    value = params.get(name)
    if value is None:
        return default
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = float("nan")
    if isinstance(value, bool) or not least <= number <= most:
        raise BadParam(name, f"{value!r} is not between {least:g} and {most:g}")
    return number
