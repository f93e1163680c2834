"""The technical look at films."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rushes.model.operation import Operation
from rushes.providers.sketch.clip import film as sketch_film
from rushes.providers.sketch.painter import paint
from rushes.qa.clip import ClipCheck

from .faults import ANY, film, recipe, scene

CHECK = ClipCheck()
BASE = scene(480, 360, grain=2)
H, W = 240, 320


def panned(number: int, speed: float = 1.0) -> np.ndarray:
    x = int(number * speed)
    return np.ascontiguousarray(BASE[60 : 60 + H, x % 150 : x % 150 + W])


def tone(seconds: float) -> np.ndarray:
    return (0.2 * np.sin(np.arange(round(seconds * 48_000)) * 0.05)).astype(np.float32)


def codes(path: Path, **params: object) -> list[str]:
    verdict = CHECK.look(ANY, path, recipe(Operation.IMAGE_TO_VIDEO, **params))  # type: ignore[arg-type]
    return [one.code for one in verdict.findings if one.flags]


def test_a_film_that_moves_is_clean(tmp_path: Path) -> None:
    path = film(tmp_path / "f.mp4", panned, sound=tone)
    verdict = CHECK.look(ANY, path, recipe(Operation.IMAGE_TO_VIDEO, duration=4, generate_audio=True))
    assert not verdict.flagged and verdict.score > 0.2, verdict


@pytest.mark.parametrize("prompt", ["push in", "pan left", "static, locked tripod", "orbit", "tilt up"])
@pytest.mark.parametrize("subject", ["a cat at sunset", "a castle in fog, moody, night"])
def test_a_calm_camera_move_of_the_sketch_is_clean(tmp_path: Path, subject: str, prompt: str) -> None:
    still = paint(subject, "m", 1, (360, 640)).image
    path = tmp_path / "f.mp4"
    sketch_film(path, prompt, 1, (360, 640), 4.0, Fraction(24), still)
    verdict = CHECK.look(ANY, path, recipe(Operation.IMAGE_TO_VIDEO, duration="4", aspect_ratio="9:16"))
    assert not verdict.flagged, verdict


def test_a_still_sold_as_a_film_is_flagged(tmp_path: Path) -> None:
    assert codes(film(tmp_path / "f.mp4", lambda n: panned(0))) == ["clip.frozen"]


def test_a_film_that_stops_after_a_third_is_flagged(tmp_path: Path) -> None:
    assert codes(film(tmp_path / "f.mp4", lambda n: panned(min(n, 30)))) == ["clip.frozen"]


def test_a_tripod_shot_with_something_small_that_moves_is_clean(tmp_path: Path) -> None:
    def shot(number: int) -> np.ndarray:
        picture = panned(0).copy()
        x = 20 + number * 2
        picture[100:124, x : x + 24] = 230
        return picture

    assert codes(film(tmp_path / "f.mp4", shot)) == []


def test_a_black_film_is_flagged_as_black_and_not_as_frozen(tmp_path: Path) -> None:
    assert codes(film(tmp_path / "f.mp4", lambda n: np.full((H, W), 16, np.uint8))) == ["clip.black"]


def test_a_black_second_is_flagged_and_a_fade_from_black_is_not(tmp_path: Path) -> None:
    assert codes(film(tmp_path / "a.mp4", lambda n: panned(n) * (not 30 <= n < 54))) == ["clip.black"]
    assert codes(film(tmp_path / "b.mp4", lambda n: (panned(n) * min(1.0, (n + 2) / 12)).astype(np.uint8))) == []


def test_every_second_frame_repeated_is_flagged(tmp_path: Path) -> None:
    path = film(tmp_path / "f.mp4", lambda n: panned(n // 2 * 2, 2), preset="ultrafast")
    assert codes(path) == ["clip.repeats"]


def test_flicker_is_flagged(tmp_path: Path) -> None:
    assert "clip.flicker" in codes(film(tmp_path / "f.mp4", lambda n: panned(n) // 4 * 3 + (n % 2) * 40))


def test_another_length_than_was_asked_for_is_flagged_when_short_and_remarked_when_long(tmp_path: Path) -> None:
    path = film(tmp_path / "f.mp4", panned)
    assert (
        codes(path, duration="8s") == ["clip.short"] and codes(path, duration=4) == [] and codes(path, duration=2) == []
    )
    verdict = CHECK.look(ANY, path, recipe(Operation.TEXT_TO_VIDEO, duration=2))
    assert [one.code for one in verdict.findings] == ["clip.long"]


def test_another_shape_is_flagged(tmp_path: Path) -> None:
    assert codes(film(tmp_path / "f.mp4", panned), aspect_ratio="9:16") == ["shape.aspect"]


def test_a_film_that_was_cut_off_is_flagged(tmp_path: Path) -> None:
    path = tmp_path / "f.mp4"
    sketch_film(path, "pan", 1, (180, 320), 4.0, Fraction(24), paint("a boat at sea", "m", 1, (180, 320)).image)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    assert set(codes(path)) & {"clip.truncated", "clip.damaged"}
    path.write_bytes(path.read_bytes()[:300])
    assert codes(path) == ["clip.unreadable"]


def test_sound_that_was_asked_for_must_be_there_and_be_heard(tmp_path: Path) -> None:
    mute = film(tmp_path / "a.mp4", panned)
    silent = film(tmp_path / "b.mp4", panned, sound=lambda s: np.zeros(round(s * 48_000), np.float32))
    assert codes(mute, generate_audio=True) == ["clip.no-sound"] and codes(mute) == []
    assert codes(silent, generate_audio=True) == ["clip.silent"] and codes(silent) == []


def test_an_avatar_must_have_its_voice_and_says_what_it_did_not_speak(tmp_path: Path) -> None:
    voice = ANY._replace(media_type="audio/wav", seconds=4.0)
    asked = replace(recipe(Operation.AVATAR), inputs={"image": (ANY,), "audio": (voice,)})
    mute, told = film(tmp_path / "a.mp4", panned), film(tmp_path / "b.mp4", panned, sound=tone)
    assert [one.code for one in CHECK.look(ANY, mute, asked).findings if one.flags] == ["clip.no-sound"]
    assert CHECK.look(ANY, told, asked).findings == ()
    longer = replace(asked, inputs={**asked.inputs, "second_audio": (voice,)})
    found = CHECK.look(ANY, told, longer)
    assert [one.code for one in found.findings] == ["clip.unspoken"] and not found.flagged


def test_bytes_that_are_no_film_are_flagged(tmp_path: Path) -> None:
    path = tmp_path / "f.mp4"
    path.write_bytes(b"<html>no</html>")
    assert codes(path) == ["clip.unreadable"]
