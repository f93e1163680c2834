"""What a recipe asks for, in the words of diffusers: for the worker, which fits it to one pipeline.

A value that cannot be used is named here, before anything is started; what a pipeline does not take, `worker/fit.py`
names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from rushes.model.operation import Operation
from rushes.model.request import Recipe
from rushes.model.spelling import ASPECT_RATIO, COUNT, DURATION, FPS, NAMED_SIZES, SIZE
from rushes.providers.at_once import BadParam

OPERATIONS = (
    Operation.TEXT_TO_IMAGE,
    Operation.IMAGE_TO_IMAGE,
    Operation.TEXT_TO_VIDEO,
    Operation.IMAGE_TO_VIDEO,
)

_OWN_WORDS = {
    "negativePrompt": "negative_prompt",
    "steps": "num_inference_steps",
    "cfg_scale": "guidance_scale",
    "frames": "num_frames",
}
_PAIR = re.compile(r"(\d{1,5})\s*[x×*:/]\s*(\d{1,5})")
_MOST_SIDE = 8192
_MOST_SECONDS = 600.0


def wishes_of(recipe: Recipe, wrong: list[BadParam]) -> dict[str, Any]:
    """The wishes as JSON: `size` and `ratio` in pixels, `seconds`, `fps`, and `params` by diffusers' own names.

    What cannot be used is put into `wrong`.
    """
    wishes: dict[str, Any] = {"op": str(recipe.op), "prompt": recipe.prompt or "", "params": {}}
    sides: dict[str, int] = {}
    for name, value in recipe.params.items():
        if value is None or name == "seed":
            continue  # which seed an asking has is decided by the request
        try:
            if name in ("width", "height"):
                sides[name] = _side(name, value)
            elif name in SIZE:
                wishes["size"] = _size(name, value)
            elif name in ASPECT_RATIO:
                wishes["ratio"] = _pair(name, value, "such as 16:9")
            elif name in DURATION:
                wishes["seconds"] = _number(name, value, _MOST_SECONDS)
            elif name in FPS:
                wishes["fps"] = _number(name, value, 120.0)
            elif name in COUNT:
                _refuse_many(name, value)
            else:
                wishes["params"][_OWN_WORDS.get(name, name)] = value
        except BadParam as error:
            wrong.append(error)
    if len(sides) == 2:
        wishes["size"] = [sides["width"], sides["height"]]
    elif sides:
        wrong.append(BadParam(next(iter(sides)), "width and height are given together"))
    return wishes


def _side(name: str, value: Any) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,5}", text) or not 8 <= int(text) <= _MOST_SIDE:
        raise BadParam(name, f"{value!r} is not between 8 and {_MOST_SIDE} pixels")
    return int(text)


def _size(name: str, value: Any) -> list[int]:
    if isinstance(value, str) and value in NAMED_SIZES:
        return list(NAMED_SIZES[value])
    if isinstance(value, Mapping):
        return [_side(name, value.get("width")), _side(name, value.get("height"))]
    return [_side(name, side) for side in _pair(name, value, "such as 1024x768")]


def _pair(name: str, value: Any, example: str) -> list[int]:
    found = _PAIR.fullmatch(str(value).strip().lower())
    if found is None or not int(found[1]) or not int(found[2]):
        raise BadParam(name, f"{value!r} cannot be used; {example}")
    return [int(found[1]), int(found[2])]


def _number(name: str, value: Any, most: float) -> float:
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)\s*(?:s|sec|seconds)?", str(value).strip().lower())
    number = math.nan if found is None or isinstance(value, bool) else float(found[1])
    if not 0 < number <= most:
        raise BadParam(name, f"{value!r} is not between 0 and {most:g}")
    return number


def _refuse_many(name: str, value: Any) -> None:
    """One result per request: each has its own attempt and fate."""
    if str(value).strip() not in ("1", "1.0"):
        raise BadParam(name, f"{value!r} results in one request; ask for candidates instead")
