"""A shape and a resolution as one size in pixels, for endpoints that list the sizes that they make."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rushes.model.spelling import ASPECT_RATIO, SIZE
from rushes.plugin.takes import Takes

_SIZE = re.compile(r"(\d{1,5})\s*[:x×*/]\s*(\d{1,5})")
_ALIKE = 0.011
"""How far two shapes may be apart and still be called by one name: 1584 x 672 is 21:9, and nothing is 7:4."""

USUAL = "16:9"
"""The shape of a request that names none, where the endpoint insists on one."""


def in_pixels(params: Mapping[str, Any], takes: Takes, like: tuple[int, int] | None = None) -> dict[str, Any]:
    """Parameters in which shape and resolution are one of the endpoint's sizes, such as `720:1280`.

    Where nothing fits they stay as they are, and are refused by name. `resolution` stays beside where the endpoint has
    a parameter of that name. `like` is the size of the picture that a film begins with: where no shape is asked for,
    and the endpoint insists on one, it is the nearest to that.
    """
    sizes = [str(one) for one in takes.allowed(takes.shape) or () if _pair(one)]
    own = "resolution" in takes.properties
    asked = next((params[name] for name in (*ASPECT_RATIO, *SIZE) if params.get(name) is not None), None)
    if asked is None and params.get("width") is not None and params.get("height") is not None:
        asked = f"{params['width']}:{params['height']}"
    tier = None if own else params.get("resolution")
    if asked is None and tier is None and takes.shape not in takes.schema.get("required", ()):
        return dict(params)
    if asked is None and like is not None and sizes:
        nearest = min(sizes, key=lambda one: abs(math.log(_quotient(_pair(one) or (1, 1)) / _quotient(like))))
        asked = "{}:{}".format(*_shape(nearest))
    found = _size(sizes, str(asked or USUAL).strip().lower(), None if tier is None else str(tier).strip().lower())
    if found is None:
        return dict(params)
    gone = {*ASPECT_RATIO, *SIZE, "width", "height", *(() if own else ("resolution",))}
    return {**{name: value for name, value in params.items() if name not in gone}, "aspect_ratio": found}


def tier_of(size: object) -> str | None:
    """What people call a size: `720p` for 1280:720 and for 720:1280; None for what is no size in pixels."""
    pair = _pair(size)
    return None if pair is None or min(pair) < 100 else f"{min(pair)}p"


def _size(sizes: Sequence[str], asked: str, tier: str | None) -> str | None:
    wanted = _pair(asked)
    if wanted is None:
        return None
    if asked.replace("x", ":") in sizes and tier is None:
        return asked.replace("x", ":")
    alike = [one for one in sizes if (pair := _pair(one)) and abs(_quotient(pair) / _quotient(wanted) - 1) < _ALIKE]
    if tier is None and min(wanted) >= 100:  # a size that it does not have: the nearest of that shape
        return min(alike, key=lambda one: abs(min(_pair(one) or (0, 0)) - min(wanted)), default=None)
    exact = [one for one in alike if tier_of(one) == (tier or "720p")]
    return next(iter(exact or (alike if tier is None else [])), None)


def _pair(value: object) -> tuple[int, int] | None:
    found = _SIZE.fullmatch(str(value).strip().lower())
    pair = (int(found[1]), int(found[2])) if found else (0, 0)
    return pair if all(pair) else None


def _shape(size: str) -> tuple[int, int]:
    """The shape of a size: 16 and 9 for 1280:720."""
    width, height = _pair(size) or (1, 1)
    common = math.gcd(width, height)
    return width // common, height // common


def _quotient(pair: tuple[int, int]) -> float:
    return pair[0] / pair[1]
