"""Artifacts: bytes named by their digest, with their media facts. No bytes and no paths here."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from rushes.model.ids import Digest


class Kind(StrEnum):
    """What flows along an edge."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    SUBTITLES = "subtitles"


SUFFIX_OF_TYPE = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "audio/wav": ".wav",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "application/x-subrip": ".srt",
    "text/vtt": ".vtt",
    "text/plain": ".txt",
    "application/json": ".json",
}


_ENDINGS = {
    Kind.IMAGE: "png jpg jpeg webp gif bmp tif tiff avif heic",
    Kind.VIDEO: "mp4 mov webm mkv avi m4v",
    Kind.AUDIO: "wav mp3 ogg m4a flac aac opus",
}
_KIND_OF_ENDING = {ending: kind for kind, many in _ENDINGS.items() for ending in many.split()}

PIXEL_LIMIT = 100_000_000
"""A picture with more pixels is refused before it is decoded: 100 megapixels are 300 MB of memory."""


class Artifact(NamedTuple):
    """Bytes in the store: digest, media type, size in bytes; pixels and seconds where they apply.

    A named tuple, because a ledger hands out tens of thousands at once; made with keywords but there.
    """

    digest: Digest
    media_type: str
    size: int
    width: int | None = None
    height: int | None = None
    seconds: float | None = None

    @property
    def kind(self) -> Kind:
        """The kind of edge this artifact may travel on."""
        return kind_of_type(self.media_type)

    @property
    def suffix(self) -> str:
        """The file name ending for this media type, with its dot."""
        return SUFFIX_OF_TYPE.get(self.media_type, ".bin")


def kind_of_type(media_type: str) -> Kind:
    """The kind for a media type such as `image/png`; anything unknown counts as text."""
    if media_type in ("application/x-subrip", "text/vtt"):
        return Kind.SUBTITLES
    head = media_type.partition("/")[0]
    return Kind(head) if head in ("image", "video", "audio") else Kind.TEXT


def kind_of_name(name: str) -> Kind | None:
    """What the ending of a path or URL says it is: a picture, a film, a sound; None where it says none of these."""
    plain = name.partition("?")[0].partition("#")[0]
    return _KIND_OF_ENDING.get(plain.rpartition(".")[2].lower())
