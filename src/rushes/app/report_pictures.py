"""Small pictures for the report: stills scaled down, films by one frame of theirs, as data URIs.

Pictures come out of a store of bytes that a provider made, so one that cannot be read is left out, not trusted.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
from PIL import Image, ImageOps

from rushes.app.report_html import Bytes, Thumb
from rushes.errors import RushesError
from rushes.model.ids import Digest
from rushes.model.media import PIXEL_LIMIT, Artifact, Kind

EDGE = 360
"""Pixels of the longer edge."""

_QUALITY = 72


def thumbs(artifacts: Iterable[Artifact], store: Bytes, most: int) -> dict[Digest, Thumb]:
    """Small pictures of the first `most` stills and films; those that cannot be read are absent."""
    wanted: dict[Digest, Artifact] = {}
    for artifact in artifacts:
        if len(wanted) >= most:
            break
        if artifact.kind in (Kind.IMAGE, Kind.VIDEO):
            wanted.setdefault(artifact.digest, artifact)
    # decoding releases the interpreter lock, so threads help
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        made = pool.map(lambda artifact: _thumb(artifact, store), wanted.values())
        return {digest: thumb for digest, thumb in zip(wanted, made, strict=True) if thumb is not None}


def _thumb(artifact: Artifact, store: Bytes) -> Thumb | None:
    picture = small_picture(artifact, store)
    if picture is None:
        return None
    raw = io.BytesIO()
    picture.save(raw, "WEBP", quality=_QUALITY, method=2)
    src = "data:image/webp;base64," + base64.b64encode(raw.getvalue()).decode()
    return Thumb(src, picture.width, picture.height)


def small_picture(artifact: Artifact, store: Bytes) -> Image.Image | None:
    """A still, or a frame of a film, scaled down to `EDGE`; None for what cannot be read."""
    try:
        path = store.path(artifact.digest)
        picture = _frame(path) if artifact.kind is Kind.VIDEO else _still(path)
        picture.thumbnail((EDGE, EDGE), Image.Resampling.LANCZOS, reducing_gap=2.0)
        return picture.convert("RGB")
    except (OSError, ValueError, SyntaxError, av.FFmpegError, RushesError, Image.DecompressionBombError):
        return None


def _still(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        if picture.width * picture.height > PIXEL_LIMIT:
            raise ValueError("too large to look at")
        picture.draft("RGB", (EDGE * 2, EDGE * 2))  # a JPEG is decoded at the size that is needed
        return ImageOps.exif_transpose(_on_grey(picture))


def _on_grey(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        ground = Image.new("RGBA", clear.size, (128, 128, 128, 255))
        return Image.alpha_composite(ground, clear)
    return picture.copy()


def _frame(path: Path) -> Image.Image:
    """A frame from the middle: more telling than the first, which is often the still it was made from."""
    with av.open(str(path), metadata_errors="replace") as box:
        stream = box.streams.video[0]
        if box.duration:
            box.seek(box.duration // 2)
        for frame in box.decode(stream):
            picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
            return picture
    raise ValueError("no frame")
