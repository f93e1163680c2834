"""Whether a file that came as an answer is cut: some services send a sound or a picture as the body itself.

A gateway may end such a body early and call it whole, and half a sound plays like a short one. Every format here says
where it ends. Only what is certainly missing counts: a file that cannot be followed is not called cut, for it was paid
for. Sources: the specifications of PNG, JPEG, RIFF, ISO base media files (14496-12) and MPEG audio (11172-3, 13818-3).
"""

from __future__ import annotations

import re
from collections.abc import Callable

_PNG_END = b"IEND\xaeB`\x82"
_MP3_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MP3_KBPS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MP3_HZ = (44_100, 48_000, 32_000)
_BOX = re.compile(rb"[ -~]{4}")


def is_cut(data: bytes) -> bool:
    """Whether the end of a PNG, JPEG, WebP, WAV, MP4 or MP3 is certainly missing; false for everything else."""
    for looks, missing in _FORMATS:
        if looks(data):
            return missing(data)
    return False


def _png(data: bytes) -> bool:
    return _PNG_END not in data


def _jpeg(data: bytes) -> bool:
    return b"\xff\xd9" not in data[2:]


def _riff(data: bytes) -> bool:
    size = int.from_bytes(data[4:8], "little")
    return size not in (0, 0xFFFFFFFF) and size + 8 > len(data)  # a stream does not know how long it becomes


def _mp4(data: bytes) -> bool:
    at, films = 0, False
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size == 0 or not _BOX.fullmatch(kind):
            return False
        if size < 8 or at + size > len(data):
            return size >= 8
        films = films or kind in (b"moov", b"moof")
        at += size
    return at < len(data) or not films


def _mp3(data: bytes) -> bool:
    at = 0
    if data[:3] == b"ID3":
        at = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=False))
    while at + 4 <= len(data):
        size = _frame(data[at : at + 4])
        if size is None:
            return False  # a tag behind the sound, or something unknown
        at += size
    return at != len(data)


def _frame(head: bytes) -> int | None:
    """Bytes of an MPEG layer III frame with this head; None when it is none."""
    if head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or (head[1] >> 1) & 3 != 1:
        return None
    version, rate, hz, padding = (head[1] >> 3) & 3, head[2] >> 4, (head[2] >> 2) & 3, (head[2] >> 1) & 1
    if version == 1 or rate in (0, 15) or hz == 3:
        return None
    full = version == 3
    kbps = (_MP3_KBPS if full else _MP3_KBPS_2)[rate]
    per_second = _MP3_HZ[hz] // {3: 1, 2: 2, 0: 4}[version]
    return (144 if full else 72) * kbps * 1000 // per_second + padding


_FORMATS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], bool]], ...] = (
    (lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"), _png),
    (lambda data: data.startswith(b"\xff\xd8\xff"), _jpeg),
    (lambda data: data[:4] == b"RIFF", _riff),
    (lambda data: data[4:8] == b"ftyp", _mp4),
    (lambda data: data[:3] == b"ID3" or _frame(data[:4].ljust(4, b"\0")) is not None, _mp3),
)
