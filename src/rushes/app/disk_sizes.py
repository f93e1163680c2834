"""How many bytes a plan's results may have: an estimate, from what the same models made before or from their kind."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache, partial
from typing import Any, NamedTuple

from rushes.app.plan import Prepared
from rushes.app.project import Project
from rushes.graph.setting import ModelChoice
from rushes.ledger.survey import samples
from rushes.model.media import Kind
from rushes.model.operation import SIGNATURES
from rushes.model.spelling import DURATION

_PIXELS = {Kind.IMAGE: 2_000_000, Kind.VIDEO: 2_073_600}
"""Of a picture and of a frame, where nobody says: about 2K square, and 1080p."""

_SECONDS = {Kind.VIDEO: 8.0, Kind.AUDIO: 30.0}

_RATE = {Kind.IMAGE: 2.0, Kind.VIDEO: 0.6, Kind.AUDIO: 176_400.0}
"""Bytes per pixel of a PNG of a photograph; per pixel and second of a film at 10 Mbit/s; per second of CD sound."""

_SUBTITLES = 100_000

_BOX = re.compile(r"(\d{2,5})\s*[x*]\s*(\d{2,5})", re.IGNORECASE | re.ASCII)
_LINES = re.compile(r"(\d{3,4})\s*(p|px)", re.IGNORECASE | re.ASCII)
_THOUSANDS = re.compile(r"(\d(?:\.\d)?)\s*k", re.IGNORECASE | re.ASCII)


class _Typical(NamedTuple):
    """What one result is like: bytes, pixels, seconds; the last two None where they are not known."""

    size: float
    pixels: float | None
    seconds: float | None


def expected(project: Project, prepared: Prepared) -> int:
    """The bytes of everything that may be bought at once, each result counted once."""
    typical = cache(partial(_typical, project))
    alike: dict[tuple[str, ModelChoice, str], float] = {}  # the same work of the same model, with the same parameters
    total = 0.0
    for node, one in zip(prepared.grid.nodes, prepared.plan.nodes, strict=True):
        kind = SIGNATURES[one.op].output
        if not one.most or kind is None:
            continue
        choice = prepared.models.choose(node)
        shape = (one.op, choice, repr(node.params))
        size = alike.get(shape)
        if size is None:
            size = alike[shape] = size_of(kind, node.params, typical(str(one.op), choice.provider, choice.version))
        total += one.most * size
    return round(total)


def size_of(kind: Kind, params: Mapping[str, Any], typical: _Typical | None = None) -> float:
    """The bytes of one result; scaled to the pixels and seconds that are asked for, where they are said."""
    if kind not in _RATE:
        return _SUBTITLES if kind is Kind.SUBTITLES else 0.0
    pixels, seconds = _pixels(params), _seconds(params)
    if typical is not None:
        larger = pixels / typical.pixels if pixels and typical.pixels else 1.0
        longer = seconds / typical.seconds if seconds and typical.seconds else 1.0
        return typical.size * larger * longer
    size = _RATE[kind]
    size *= (pixels or _PIXELS[kind]) if kind in _PIXELS else 1.0
    return size * ((seconds or _SECONDS[kind]) if kind in _SECONDS else 1.0)


def _typical(project: Project, op: str, provider: str, model: str) -> _Typical | None:
    made = samples(project.ledger, op, provider, model)
    if not made:
        return None
    sizes, pixels, seconds = list[float](), list[float](), list[float]()
    for size, media in made:
        _type, width, height, length = json.loads(media)
        sizes.append(size)
        if width and height:
            pixels.append(width * height)
        if length:
            seconds.append(length)
    return _Typical(_mean(sizes) or 0.0, _mean(pixels), _mean(seconds))


def _mean(many: list[float]) -> float | None:
    return sum(many) / len(many) if many else None


def _pixels(params: Mapping[str, Any]) -> float | None:
    for name in ("size", "resolution", "image_size"):
        said = str(params.get(name, ""))
        if (box := _BOX.search(said)) is not None:
            return float(box[1]) * float(box[2])
        if (lines := _LINES.fullmatch(said.strip())) is not None:
            side = float(lines[1])
            return side * side * (16 / 9 if lines[2].lower() == "p" else 1)
        if (thousands := _THOUSANDS.fullmatch(said.strip())) is not None:
            return (float(thousands[1]) * 1024) ** 2
    return None


def _seconds(params: Mapping[str, Any]) -> float | None:
    for name in DURATION:
        match = re.match(r"\d{1,4}(?:\.\d+)?", str(params.get(name, "")))
        if match is not None and float(match[0]) > 0:
            return float(match[0])
    return None
