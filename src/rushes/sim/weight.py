"""What a submission weighs at a door that counts more than requests: its pictures, characters and tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rushes.model.limit import Unit
from rushes.sim.wire import Request

_IMAGES = ("num_images", "n", "numImages", "num_outputs", "sampleCount", "numberOfImages")
_TEXTS = ("prompt", "text", "input", "contents", "messages", "system", "system_prompt", "promptText")
_CHARACTERS_OF_A_TOKEN = 4
_DEEPEST = 20
_NO_TEXT = frozenset({"data", "url", "source", "inlineData", "inline_data", "image_url", "fileData", "file_data"})


def weight(request: Request) -> Mapping[Unit, float]:
    """How many pictures a body asks for, and how long its texts are; a token is about four characters."""
    body = request.object()
    inner = [one for name in ("input", "parameters", "generationConfig") if isinstance(one := body.get(name), dict)]
    asked = [one[name] for one in (body, *inner) for name in _IMAGES if _is_count(one.get(name))]
    characters = sum(_characters(body[name], 0) for name in _TEXTS if name in body)
    return {
        Unit.IMAGES: float(asked[0] if asked else 1),
        Unit.CHARACTERS: float(characters),
        Unit.TOKENS: float(-(-characters // _CHARACTERS_OF_A_TOKEN)),
    }


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _characters(value: Any, depth: int) -> int:
    if isinstance(value, str):
        return len(value)
    if depth >= _DEEPEST:
        return 0
    if isinstance(value, dict):
        value = [one for name, one in value.items() if name not in _NO_TEXT]
    return sum(_characters(one, depth + 1) for one in value) if isinstance(value, list) else 0
