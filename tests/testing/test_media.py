"""The smallest media are valid, and different for each name."""

from __future__ import annotations

import io
import wave

import av
import pytest
from PIL import Image

from rushes.model.media import Kind
from rushes.testing.media import MEDIA_TYPES, media, mp4, png, wav


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_equal_names_have_equal_bytes_and_other_names_have_others(kind: Kind) -> None:
    assert media(kind, "one") == media(kind, "one") != media(kind, "two")


def test_the_picture_opens() -> None:
    with Image.open(io.BytesIO(png("fox"))) as picture:
        picture.load()
        assert picture.size == (64, 64)
        assert len(picture.getcolors(4096) or ()) > 50


def test_the_sound_plays() -> None:
    with wave.open(io.BytesIO(wav("fox", seconds=0.5))) as sound:
        assert sound.getframerate() == 8000
        assert sound.getnframes() / 8000 == pytest.approx(0.5, abs=0.01)


def test_the_film_plays_for_a_second() -> None:
    with av.open(io.BytesIO(mp4("fox"))) as film:
        frames = list(film.decode(video=0))
    assert len(frames) == 8
    assert (frames[0].width, frames[0].height) == (64, 64)
