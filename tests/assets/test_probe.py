"""Media facts from bytes."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from rushes.assets.probe import Facts, probe
from rushes.errors import StoreError
from rushes.testing.media import wav


def put(folder: Path, data: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(data)
    return path


def encoded(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (123, 77), (200, 40, 40)).save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "options", "media_type"),
    [
        ("PNG", {}, "image/png"),
        ("JPEG", {}, "image/jpeg"),
        ("JPEG", {"progressive": True}, "image/jpeg"),
        ("WEBP", {"quality": 80}, "image/webp"),
        ("WEBP", {"lossless": True}, "image/webp"),
        ("WEBP", {"exif": b"Exif\0\0"}, "image/webp"),
        ("GIF", {}, "image/gif"),
        ("BMP", {}, "image/bmp"),
        ("TIFF", {}, "image/tiff"),
    ],
)
def test_a_picture_is_known_by_its_bytes(
    tmp_path: Path, kind: str, options: dict[str, object], media_type: str
) -> None:
    assert probe(put(tmp_path, encoded(kind, **options))) == Facts(media_type, 123, 77)


def test_a_picture_on_its_side_has_the_size_it_is_shown_in(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert probe(put(tmp_path, encoded("JPEG", exif=exif.tobytes()))) == Facts("image/jpeg", 77, 123)


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"Hello, world\n", "text/plain"),
        ("\ufeffGrüße".encode(), "text/plain"),
        (b'{"a": [1, 2]}', "application/json"),
        (b"{ not json", "text/plain"),
        (b"1\n00:00:00,000 --> 00:00:01,000\nHi\n", "application/x-subrip"),
        (b"1\r\n00:00:00,000 --> 00:00:01,000\r\nHi\r\n", "application/x-subrip"),
        (b"WEBVTT\n\n00:00.000 --> 00:01.000\nHi\n", "text/vtt"),
        (b"[" * 100_000, "text/plain"),
    ],
)
def test_texts_are_told_apart(tmp_path: Path, data: bytes, media_type: str) -> None:
    assert probe(put(tmp_path, data)) == Facts(media_type)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\1\2\3",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"RIFF\0\0\0\0WAVE",
        b"\0\0\0\x18ftypisom",
        b"RIFF\0\0\0\0WEBPVP9?",
    ],
)
def test_bytes_that_are_no_media_are_refused_by_name(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(StoreError, match="file "):
        probe(put(tmp_path, data))


def test_a_decompression_bomb_is_refused_without_decoding_it(tmp_path: Path) -> None:
    head = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    with pytest.raises(StoreError, match="60000×60000"):
        probe(put(tmp_path, b"\x89PNG\r\n\x1a\n" + chunk))


def test_a_sound_whose_comment_is_in_an_old_alphabet_is_a_sound(tmp_path: Path) -> None:
    raw, comment = wav("a voice"), "Grüße".encode("latin-1") + b"\0"
    info = b"INFOICMT" + struct.pack("<I", len(comment)) + comment
    whole = raw + b"LIST" + struct.pack("<I", len(info)) + info
    facts = probe(put(tmp_path, whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]))
    assert (facts.media_type, facts.seconds) == ("audio/wav", probe(put(tmp_path, raw)).seconds)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        probe(tmp_path / "nothing")


_HEADS = (
    b"",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"\xff\xd8\xff",
    b"RIFF\0\0\0\0WEBPVP8 ",
    b"RIFF\0\0\0\0WEBPVP8L",
    b"GIF89a",
    b"BM",
    b"II*\0",
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(_HEADS), st.binary(max_size=200))
def test_any_bytes_give_facts_or_a_clear_error(tmp_path: Path, head: bytes, tail: bytes) -> None:
    try:
        facts = probe(put(tmp_path, head + tail))
    except StoreError:
        return
    assert "/" in facts.media_type
