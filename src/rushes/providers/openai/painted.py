"""Which sizes OpenAI's pictures can have, and how many tokens a picture is. Nothing is left to the service to choose.

A size or a quality of `auto` gives the same request another price each time, so both are always said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from rushes.plugin.takes import Takes
from rushes.providers.spelled import pixels_of

GRID, LONGEST, SLIMMEST, FEWEST, MOST = 16, 3840, 3, 655_360, 8_294_400
"""Sides are multiples of 16 pixels and at most 3840, one at most three times the other, and so many pixels together.
Source: OpenAI's guide to image generation, 2026-11."""

_GRAINS = {"low": 16, "medium": 48, "high": 96}
_FINER = {"low": 16, "medium": 24, "high": 48, "xhigh": 64, "max": 96}
_BY_FORMULA: Mapping[str, Mapping[str, int]] = {
    "gpt-image-2": _GRAINS,
    "gpt-image-2.5-flare": _FINER,
    "gpt-image-2.5-sunburst": _FINER,
}
"""Grains along the longer side of a picture, by quality. OpenAI shows a calculator and no formula; this one gives its
numbers for each quality at 1024x1024, 2048x1152 and 1024x1536, as several projects have measured (2026-05 to 10)."""

_LISTED: Mapping[str, Mapping[str, tuple[int, int, int]]] = {
    "gpt-image-1.5": {"low": (272, 400, 408), "medium": (1056, 1568, 1584), "high": (4160, 6208, 6240)},
    "chatgpt-image-latest": {"low": (272, 400, 408), "medium": (1056, 1568, 1584), "high": (4160, 6208, 6240)},
    "gpt-image-1-mini": {"low": (625, 750, 750), "medium": (1375, 1875, 1875), "high": (4500, 6500, 6500)},
}
"""Tokens of a square, a wide and a tall picture. Source: OpenAI's guide to image generation; of the mini its prices of
a picture, divided by that of a token (2026-11)."""

THREE = ("1024x1024", "1536x1024", "1024x1536")


def sides(size: str) -> tuple[int, int]:
    """Width and height of a size such as `1024x1536`."""
    width, _, height = size.partition("x")
    return int(width), int(height)


def wrong(size: str) -> str | None:
    """Why a size cannot be had where any can; None when it can."""
    width, height = sides(size)
    longer, shorter = max(width, height), min(width, height)
    if width % GRID or height % GRID:
        return f"sides are multiples of {GRID} pixels"
    if longer > LONGEST:
        return f"a side has at most {LONGEST} pixels"
    if longer > SLIMMEST * shorter:
        return f"a side is at most {SLIMMEST} times the other"
    if not FEWEST <= width * height <= MOST:
        return f"it has {FEWEST} to {MOST} pixels"
    return None


def nearest(size: str) -> str:
    """A size that can be had, of about the shape and the pixels of one that cannot."""
    width, height = sides(size)
    ratio = min(max(width / height, 1 / SLIMMEST), SLIMMEST)
    area = min(max(width * height, FEWEST), MOST)
    tall = min(math.sqrt(area / ratio), LONGEST / max(ratio, 1))
    least = math.ceil(math.sqrt(FEWEST / ratio) / GRID)
    # the first grid of pixels from the wished height down, else up, of which all that is said holds
    for rows in (*range(int(tall) // GRID, 0, -1), *range(least, LONGEST // GRID + 1)):
        found = f"{round(rows * ratio) * GRID}x{rows * GRID}"
        if wrong(found) is None:
            return found
    raise AssertionError("a square can be had")


def like(picture: tuple[int, int] | None, takes: Takes) -> str:
    """The size of a picture for which none is asked: the shape of its input, about a megapixel; else a square."""
    if picture is None:
        return THREE[0]
    width, height = picture
    if (sizes := takes.allowed("size")) is not None:
        return str(min(sizes, key=lambda one: abs(math.log(sides(one)[0] / sides(one)[1] / width * height))))
    found = pixels_of(f"{width}:{height}", takes) or picture
    return nearest("{}x{}".format(*found))


def tokens(model: str, size: str, quality: str) -> int | None:
    """Tokens of one picture that comes back; None where that is not known."""
    if (listed := _LISTED.get(model, {}).get(quality)) is not None and size in THREE:
        return listed[THREE.index(size)]
    grains = _BY_FORMULA.get(model, {}).get(quality)
    if grains is None:
        return None
    width, height = sides(size)
    across = (2 * grains * min(width, height) + max(width, height)) // (2 * max(width, height))  # rounded half up
    return -(-grains * across * (2_000_000 + width * height) // 4_000_000)
