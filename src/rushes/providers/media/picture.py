"""Pictures: opened with a ceiling on pixels, written as quick PNGs."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import PIXEL_LIMIT

_PNG_LEVEL = 1
"""zlib level; level 6 takes four times as long for 15 % fewer bytes."""


def open_picture(path: Path) -> Image.Image:
    """The picture at `path`, upright, as RGB; what it says of itself stays in `info`. RemoteError when it is none."""
    try:
        with Image.open(path) as opened:
            if opened.width * opened.height > PIXEL_LIMIT:
                raise _bad(path, f"has {opened.width}×{opened.height} pixels, more than {PIXEL_LIMIT:,}")
            info = {key: value for key, value in opened.info.items() if isinstance(value, str)}
            picture = _flat(ImageOps.exif_transpose(opened))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _bad(path, f"cannot be read as a picture: {error}") from error
    picture.info = dict(info)
    return picture


def _flat(picture: Image.Image) -> Image.Image:
    """As RGB; what is see-through becomes white, as a print of it would be."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        ground = Image.new("RGBA", layered.size, (255, 255, 255, 255))
        return Image.alpha_composite(ground, layered).convert("RGB")
    return picture.convert("RGB")


def _bad(path: Path, says: str) -> RemoteError:
    return RemoteError(
        ErrorClass.INVALID_INPUT, f"input picture {path.name} {says}", next_step="give another picture to this step"
    )


def png_bytes(picture: Image.Image, texts: Mapping[str, str] | None = None) -> bytes:
    """The picture as PNG with `texts` as its metadata; equal pictures give equal bytes."""
    info = PngInfo()
    for key, value in (texts or {}).items():
        info.add_itxt(key, value)
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=_PNG_LEVEL, pnginfo=info)
    return out.getvalue()


def encoded(picture: Image.Image, media_type: str, quality: int = 90, texts: Mapping[str, str] | None = None) -> bytes:
    """The picture as `image/png`, `image/jpeg` or `image/webp`; `quality` counts for the last two."""
    if media_type == "image/png":
        return png_bytes(picture, texts)
    out = io.BytesIO()
    picture.save(out, "JPEG" if media_type == "image/jpeg" else "WEBP", quality=quality)
    return out.getvalue()


def covering(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture scaled and cropped about its centre so that it fills `size`."""
    if picture.size == size:
        return picture
    return ImageOps.fit(picture, size, Image.Resampling.BICUBIC)
