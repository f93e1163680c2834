"""What bytes are, by their content: media type, pixels, seconds. A file's name is never asked.

Pictures are read to their header only; clips and sounds to their container's index. What is no media is refused, so
that a workflow cannot pass off any other file as a picture.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import NamedTuple

import av
from av.container import InputContainer
from PIL import Image

from rushes.errors import StoreError

MOST_PIXELS = 256_000_000
"""A picture larger than this is refused: it would take a gigabyte to open (16,000 x 16,000)."""

_PICTURES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
_SOUNDS = {"wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg", "flac": "audio/flac"}
_FILMS = {"mp4": "video/mp4", "mov": "video/mp4", "webm": "video/webm", "matroska": "video/webm"}
_HEAD = 4096  # bytes


class Facts(NamedTuple):
    """A file's media type, its size in pixels, its length in seconds; None where it has none."""

    media_type: str
    width: int | None = None
    height: int | None = None
    seconds: float | None = None


def probe(path: Path) -> Facts:
    """The facts of a file. StoreError when it is no picture, clip, sound or subtitles, or cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise StoreError(f"{path.name} cannot be read: {error.strerror}") from error
    facts = _picture(path, head) or _subtitles(head) or _moving(path)
    if facts is None:
        raise StoreError(
            f"{path.name} is no picture, clip, sound or subtitles",
            next_step="name a PNG, JPEG, WebP, GIF, MP4, WebM, WAV, MP3, OGG, SRT or VTT file",
        )
    return facts


def _picture(path: Path, head: bytes) -> Facts | None:
    if not (head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8")) or head[8:12] == b"WEBP"):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is ours
            with Image.open(path, formats=tuple(_PICTURES)) as picture:
                width, height = picture.size
                media_type = _PICTURES[picture.format or ""]
    except (OSError, ValueError, KeyError, SyntaxError, Image.DecompressionBombError) as error:
        raise StoreError(f"{path.name} begins like a picture and is none: {error}") from error
    if width * height > MOST_PIXELS:
        raise StoreError(f"{path.name} has {width} x {height} pixels; at most {MOST_PIXELS:,} are opened")
    return Facts(media_type, width, height)


def _subtitles(head: bytes) -> Facts | None:
    if head.removeprefix(b"\xef\xbb\xbf").startswith(b"WEBVTT"):
        return Facts("text/vtt")
    lines = head.removeprefix(b"\xef\xbb\xbf").lstrip().splitlines()
    if len(lines) > 1 and lines[0].strip().isdigit() and b" --> " in lines[1]:
        return Facts("application/x-subrip")
    return None


def _moving(path: Path) -> Facts | None:
    try:
        with av.open(str(path), "r") as container:
            return _streams(container)
    except (av.FFmpegError, ValueError, OverflowError):
        return None


def _streams(container: InputContainer) -> Facts | None:
    names = container.format.name.split(",")
    seconds = container.duration / 1_000_000 if container.duration else None
    if container.streams.video:
        film = next((_FILMS[name] for name in names if name in _FILMS), None)
        stream = container.streams.video[0]
        return None if film is None else Facts(film, stream.width, stream.height, seconds)
    sound = next((_SOUNDS[name] for name in names if name in _SOUNDS), None)
    if sound is None and container.streams.audio and "mp4" in names:
        sound = "audio/mp4"
    return None if sound is None or not container.streams.audio else Facts(sound, None, None, seconds)
