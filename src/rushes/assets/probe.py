"""What bytes are: media type, pixels, seconds. Read from the bytes themselves; a file's name is not believed.

Headers of pictures are read here, without any library, in microseconds each. AVIF is asked of Pillow, films and sound
of PyAV, both loaded when first needed.
"""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import NamedTuple

from rushes.errors import StoreError
from rushes.model.media import PIXEL_LIMIT

_HEAD = 65_536
_JPEG_READ = 4_000_000  # how far into a JPEG its size may lie, behind thumbnails and colour profiles
_TEXT_LIMIT = 16_000_000


class Facts(NamedTuple):
    """Media type; width and height in pixels; length in seconds. None where it does not apply."""

    media_type: str
    width: int | None = None
    height: int | None = None
    seconds: float | None = None


def probe(path: Path) -> Facts:
    """The facts of a file. StoreError when its bytes are no picture, film, sound or text that can be used."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
        size = path.stat().st_size
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not head:
        raise _bad(path, "is empty")
    try:
        facts = _picture(path, head) or _film_or_sound(path, head) or _text(path, head, size)
    except (struct.error, IndexError, ValueError) as error:
        raise _bad(path, f"is damaged: {error}") from error
    if facts is None:
        raise _bad(path, "is no picture, film, sound or text")
    if facts.width is not None and facts.height is not None:
        if facts.width * facts.height > PIXEL_LIMIT:
            raise _bad(path, f"has {facts.width}×{facts.height} pixels, more than {PIXEL_LIMIT:,}")
        if facts.width < 1 or facts.height < 1:
            raise _bad(path, "has no pixels")
    return facts


def _bad(path: Path, says: str) -> StoreError:
    return StoreError(f"{path.name} {says}", next_step="use PNG, JPEG, WebP, MP4, WAV, SRT or text")


def _picture(path: Path, head: bytes) -> Facts | None:
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return Facts("image/png", *struct.unpack(">II", head[16:24]))
    if head[:3] == b"\xff\xd8\xff":
        return Facts("image/jpeg", *_jpeg_size(path))
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Facts("image/webp", *_webp_size(head))
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return Facts("image/gif", *struct.unpack("<HH", head[6:10]))
    brand = head[8:12] if head[4:8] == b"ftyp" else b""
    if head[:4] in (b"II*\0", b"MM\0*"):
        return Facts("image/tiff", *_tiff_size(path, "<" if head[:1] == b"I" else ">"))
    if head[:2] == b"BM" and head[14:18] in (b"\x28\0\0\0", b"\x6c\0\0\0", b"\x7c\0\0\0"):
        width, height = struct.unpack("<ii", head[18:26])
        return Facts("image/bmp", width, abs(height))  # negative: its rows go down
    if brand in (b"avif", b"avis", b"mif1"):
        return _asked_of_pillow(path)
    return None


def _tiff_size(path: Path, order: str) -> tuple[int, int]:
    """Width and height from the first directory: tags 256 and 257, of 2 or 4 bytes."""
    found: dict[int, int] = {}
    with path.open("rb") as file:
        file.seek(4)
        file.seek(*struct.unpack(order + "I", file.read(4)))
        for _ in range(*struct.unpack(order + "H", file.read(2))):
            entry = file.read(12)
            tag, kind = struct.unpack(order + "HH", entry[:4])
            if tag in (256, 257):
                found[tag] = struct.unpack(order + ("H" if kind == 3 else "I"), entry[8 : 10 if kind == 3 else 12])[0]
    if len(found) < 2:
        raise ValueError("it has no size")
    return found[256], found[257]


def _jpeg_size(path: Path) -> tuple[int, int]:
    """Width and height from the frame header, as they are shown: turned where the picture says it lies on its side."""
    with path.open("rb") as file:
        data = file.read(_JPEG_READ)
    at, turned = 2, False
    while at + 9 < len(data):
        if data[at] != 0xFF:
            raise ValueError("no marker where one must be")
        marker = data[at + 1]
        if marker in (0xFF, 0x01) or 0xD0 <= marker <= 0xD7:
            at += 1 if marker == 0xFF else 2
            continue
        length = struct.unpack(">H", data[at + 2 : at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return (height, width) if turned else (width, height)
        if marker == 0xE1:
            turned = turned or _exif_turned(data[at + 4 : at + 2 + length])
        at += 2 + length
    raise ValueError("it has no frame")


def _exif_turned(exif: bytes) -> bool:
    """Whether an EXIF block says that rows are columns (orientation 5 to 8)."""
    if exif[:6] != b"Exif\0\0" or exif[6:8] not in (b"II", b"MM"):
        return False
    order = "<" if exif[6:8] == b"II" else ">"
    tiff = exif[6:]
    try:
        (first,) = struct.unpack(order + "I", tiff[4:8])
        (count,) = struct.unpack(order + "H", tiff[first : first + 2])
        for number in range(min(count, 64)):
            entry = tiff[first + 2 + 12 * number : first + 14 + 12 * number]
            tag, _, _, value = struct.unpack(order + "HHIH", entry[:10])
            if tag == 0x0112:
                return 5 <= int(value) <= 8
    except struct.error:
        return False
    return False


def _webp_size(head: bytes) -> tuple[int, int]:
    kind = head[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError("its WebP header is unknown")


def _asked_of_pillow(path: Path) -> Facts:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            media_type = Image.MIME.get(picture.format or "", "image/unknown")
            return Facts(media_type, picture.width, picture.height)
    except Image.DecompressionBombError as error:
        raise ValueError("it has too many pixels") from error
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise ValueError(str(error)) from error


def _film_or_sound(path: Path, head: bytes) -> Facts | None:
    media_type = _stream_type(head)
    if media_type is None:
        return None
    import av

    try:
        with av.open(str(path), metadata_errors="replace") as container:
            seconds = container.duration / av.time_base if container.duration else None
            if container.streams.video:
                stream = container.streams.video[0]
                if not getattr(stream, "width", 0):  # its header is cut off
                    raise ValueError("its pictures cannot be decoded")
                if seconds is None and stream.duration and stream.time_base:
                    seconds = float(stream.duration * stream.time_base)
                return Facts(media_type, stream.width, stream.height, seconds)
            if container.streams.audio:
                return Facts(media_type.replace("video/", "audio/"), None, None, seconds)
    except (OSError, ValueError) as error:
        raise ValueError(str(error)) from error
    raise ValueError("it has neither pictures nor sound")


def _stream_type(head: bytes) -> str | None:
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide"):
        brand = head[8:12]
        return "video/quicktime" if brand == b"qt  " else "audio/mp4" if brand == b"M4A " else "video/mp4"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head[:4] == b"RIFF":
        return {b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(head[8:12])
    if head[:4] == b"OggS":
        return "audio/ogg"
    if head[:4] == b"fLaC":
        return "audio/flac"
    if head[:3] == b"ID3" or (head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return "audio/mpeg"
    if head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    return None


def _text(path: Path, head: bytes, size: int) -> Facts | None:
    if size > _TEXT_LIMIT or b"\0" in head:
        return None
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if re.match(r"WEBVTT(\s|$)", text):
        return Facts("text/vtt")
    if re.match(r"\s*\d+\s*\n\d\d:\d\d:\d\d,\d{3} --> ", text):
        return Facts("application/x-subrip")
    if text.lstrip()[:1] in ("{", "["):
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return Facts("text/plain")
        return Facts("application/json")
    return Facts("text/plain")
