"""The smallest valid picture, clip, sound and text, different for each `name` and made in microseconds."""

from __future__ import annotations

import hashlib
import io
import struct
import wave
import zlib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from rushes.model.media import Kind

MEDIA_TYPES = {
    Kind.IMAGE: "image/png",
    Kind.VIDEO: "video/mp4",
    Kind.AUDIO: "audio/wav",
    Kind.TEXT: "text/plain",
    Kind.SUBTITLES: "application/x-subrip",
}


def media(kind: Kind, name: str) -> bytes:
    """Bytes of this kind; equal names have equal bytes, different names different ones."""
    match kind:
        case Kind.IMAGE:
            return png(name)
        case Kind.VIDEO:
            return mp4(name)
        case Kind.AUDIO:
            return wav(name)
        case Kind.SUBTITLES:
            return f"1\n00:00:00,000 --> 00:00:01,000\n{name}\n".encode()
        case Kind.TEXT:
            return name.encode()


def png(name: str, size: int = 64) -> bytes:
    """A square picture of `size` pixels: a ramp between two colours that come from the name."""
    seed = hashlib.sha256(name.encode()).digest()
    rows = bytearray()
    for y in range(size):
        colour = bytes((seed[i] * y + seed[i + 3] * (size - y)) // size for i in range(3))
        rows += b"\0" + colour * (size // 2) + bytes(255 - c for c in colour) * (size - size // 2)
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", head),
            _chunk(b"tEXt", b"Comment\0" + seed.hex().encode()),  # two names may have one picture, never one file
            _chunk(b"IDAT", zlib.compress(bytes(rows), 1)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def wav(name: str, seconds: float = 0.1) -> bytes:
    """A tone, 8 kHz mono; its pitch comes from the name, and so does its first sample."""
    seed = hashlib.sha256(name.encode()).digest()
    period = 10 + seed[0] % 40
    samples = (2000 if n % period < period // 2 else -2000 for n in range(int(8000 * seconds)))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(seed + b"".join(struct.pack("<h", one) for one in samples))
    return out.getvalue()


def mp4(name: str) -> bytes:
    """One second of H.264, 64x64; all names share the film and differ in a box that players skip."""
    mark = name.encode()
    return _film() + struct.pack(">I", 8 + len(mark)) + b"free" + mark


@cache
def _film() -> bytes:
    import av
    import numpy

    with TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        with av.open(str(path), "w") as out:
            stream = out.add_stream("libx264", rate=8)
            stream.width = stream.height = 64
            stream.pix_fmt = "yuv420p"
            for number in range(8):
                picture = numpy.zeros((64, 64, 3), numpy.uint8)
                picture[:, : 8 * (number + 1)] = (200, 120, 40)
                out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            out.mux(stream.encode(None))
        return path.read_bytes()
