"""Pictures in the format that a request asks for."""

from __future__ import annotations

import io

from PIL import Image

from rushes.providers.media.picture import encoded

_TYPES = {"jpeg": "image/jpeg", "jpg": "image/jpeg", "webp": "image/webp", "png": "image/png"}


def media_type_of(word: object) -> str | None:
    """The media type that `output_format` names; None when it names none that is known."""
    return _TYPES.get(str(word).lower())


def opened(data: bytes) -> Image.Image:
    """The picture in these bytes."""
    return Image.open(io.BytesIO(data)).convert("RGB")


def coded(picture: Image.Image, media_type: str) -> bytes:
    """The picture in that format; equal pictures give equal bytes."""
    return encoded(picture, media_type)
