"""What a recipe says about the result's shape and length, in the spellings that models share."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.request import Recipe
from rushes.model.spelling import ASPECT_RATIO, AUDIO, DURATION, NAMED_SIZES, SIZE
from rushes.model.verdict import Finding
from rushes.model.workflow import Json

_SAME_SHAPE = 0.04
"""Models round to multiples of 8 or 16 pixels: 768×1376 is sold as 9:16 and is 0.8 % off."""

_SHAPED = (
    Operation.TEXT_TO_IMAGE,
    Operation.IMAGE_TO_IMAGE,
    Operation.TEXT_TO_VIDEO,
    Operation.IMAGE_TO_VIDEO,
    Operation.VIDEO_TO_VIDEO,
    Operation.AVATAR,
)
_NAMED = {name: width / height for name, (width, height) in NAMED_SIZES.items()}
_NAMED |= {"landscape": 16 / 9, "portrait": 9 / 16}


def shape_findings(recipe: Recipe, width: int, height: int) -> list[Finding]:
    """What is wrong with a result of this size: nothing where the recipe says nothing."""
    if recipe.op not in _SHAPED or not width or not height:
        return []
    exact = wanted_size(recipe.params)
    ratio = exact[0] / exact[1] if exact is not None else wanted_ratio(recipe.params)
    if ratio is not None and abs(width / height / ratio - 1) > _SAME_SHAPE:
        return [Finding("shape.aspect", f"is {width}×{height} ({width / height:.2f}), {ratio:.2f} was asked for")]
    if exact is not None and (abs(width - exact[0]) > 16 or abs(height - exact[1]) > 16):
        return [Finding("shape.size", f"is {width}×{height}, {exact[0]}×{exact[1]} was asked for", flags=False)]
    return []


def wanted_size(params: Mapping[str, Json]) -> tuple[int, int] | None:
    """Width and height, where the parameters name both."""
    size = next((params[name] for name in SIZE if name in params), None)
    pair = size if isinstance(size, dict) else params
    width, height = _whole(pair.get("width")), _whole(pair.get("height"))
    if width and height:
        return width, height
    match = re.fullmatch(r"(\d{2,5})[x×*](\d{2,5})", str(size).lower())
    return (int(match[1]), int(match[2])) if match else None


def wanted_ratio(params: Mapping[str, Json]) -> float | None:
    """Width over height, where the parameters say it."""
    for name in (*ASPECT_RATIO, *SIZE):
        text = str(params.get(name, "")).lower()
        match = re.fullmatch(r"(\d{1,5}(?:\.\d+)?)\s*[:/]\s*(\d{1,5}(?:\.\d+)?)", text)
        if match and float(match[2]) and float(match[1]):
            return float(match[1]) / float(match[2])
        if text in _NAMED:
            return _NAMED[text]
    return None


def wanted_seconds(params: Mapping[str, Json]) -> float | None:
    """The length that was asked for, in seconds."""
    for name in DURATION:
        match = re.fullmatch(r"(\d{1,4}(?:\.\d+)?)\s*(?:s|sec|seconds?)?", str(params.get(name, "")).lower())
        if match and not isinstance(params.get(name), bool):
            return float(match[1])
    return None


def voices_of(recipe: Recipe) -> tuple[Artifact, ...]:
    """Who speaks in what a recipe asks for."""
    if recipe.op is not Operation.AVATAR:
        return ()
    return (*recipe.inputs.get("audio", ()), *recipe.inputs.get("second_audio", ()))


def wants_sound(params: Mapping[str, Json]) -> bool:
    """Whether the recipe asks for a sound track."""
    return any(params.get(name) is True for name in AUDIO)


def _whole(value: Json) -> int | None:
    return int(str(value)) if re.fullmatch(r"\d{1,6}", str(value)) and not isinstance(value, bool) else None
