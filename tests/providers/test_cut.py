"""A file whose end is missing is found, whatever its format; a whole one never is, nor one that cannot be followed."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from rushes.providers.cut import is_cut
from rushes.providers.media.mp3 import mp3_bytes
from rushes.testing.media import mp4, png, wav


def coded(kind: str) -> bytes:
    out = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").save(out, kind)
    return out.getvalue()


WHOLE = {
    "png": png("a fox"),
    "jpeg": coded("JPEG"),
    "webp": coded("WEBP"),
    "wav": wav("a voice", 0.5),
    "mp3": mp3_bytes(wav("a voice", 0.5), 44_100, 128),
    "mp3 of 22050": mp3_bytes(wav("a voice", 0.5), 22_050, 32),
    "mp4": mp4("a film"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_is_whole(name: str) -> None:
    assert not is_cut(WHOLE[name])


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("part", [0.25, 0.5, 0.9])
def test_a_part_of_it_is_cut(name: str, part: float) -> None:
    data = WHOLE[name]
    assert is_cut(data[: int(len(data) * part)])


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "wav", "mp3"])
def test_what_hangs_on_behind_cuts_nothing(name: str) -> None:
    assert not is_cut(WHOLE[name] + b"TAG" + bytes(125))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"RIFF",
        b"OggS" + bytes(40),
        b"<html>",
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
        b"RIFF\0\0\0\0WAVE",
        bytes(99),
    ],
)
def test_what_cannot_be_followed_is_not_called_cut(data: bytes) -> None:
    assert not is_cut(data)


def test_a_real_picture_of_the_project_is_whole() -> None:
    for picture in Path(__file__).parents[2].glob("docs/images/*.jpg"):
        assert not is_cut(picture.read_bytes())
