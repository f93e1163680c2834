"""Pictures by `generateContent`: what is asked, and the pictures of an answer."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rushes.errors import ErrorClass, RemoteError
from rushes.model.request import Recipe
from rushes.plugin.provider import Finished, Output
from rushes.providers.errors import Heard
from rushes.providers.gemini.said import first, parts, reason


def asking(recipe: Recipe, ready: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The body of a call: the prompt and then the inputs."""
    config: dict[str, Any] = {"responseModalities": ["IMAGE"]}
    image = {{"resolution": "imageSize"}.get(name, name): value for name, value in ready.items()}
    if image:
        config["imageConfig"] = image
    contents = [{"role": "user", "parts": [{"text": recipe.prompt or ""}, *given]}]
    return {"contents": contents, "generationConfig": config}


def finished(said: Mapping[str, Any]) -> Finished | Heard:
    """The pictures, or why there are none. Raises RemoteError for one in pieces."""
    try:
        outputs = tuple(_pictures(said))
    except (ValueError, binascii.Error):
        says = "gemini sent a picture that cannot be read"
        raise RemoteError(ErrorClass.BAD_OUTPUT, says, maybe_billed=True) from None
    return Finished(outputs) if outputs else reason(said)


def _pictures(said: Mapping[str, Any]) -> Iterator[Output]:
    for part in parts(first(said)):
        inline = part.get("inlineData")
        if isinstance(inline, dict) and inline.get("data"):
            data = base64.b64decode(str(inline["data"]), validate=True)
            yield Output(str(inline.get("mimeType") or "image/png"), data=data)
