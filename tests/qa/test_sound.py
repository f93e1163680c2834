"""The technical look at sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rushes.model.operation import Operation
from rushes.providers.media.sound import RATE, wav_bytes
from rushes.providers.sketch.sound import chord_bed, hum, say
from rushes.qa.sound import SoundCheck

from .faults import ANY, recipe

CHECK = SoundCheck()
WORDS = "The sea was calm that evening, and the cat knew it."


def codes(tmp_path: Path, samples: np.ndarray, prompt: str = WORDS) -> list[str]:
    path = tmp_path / "s.wav"
    path.write_bytes(wav_bytes(samples.astype(np.float32)))
    verdict = CHECK.look(ANY, path, recipe(Operation.TEXT_TO_SPEECH, prompt))
    assert verdict.flagged == any(one.flags for one in verdict.findings) and 0 <= verdict.score <= 1
    return [one.code for one in verdict.findings]


@pytest.mark.parametrize("sound", ["speech", "hum", "chord"])
def test_sound_of_the_sketch_is_clean(tmp_path: Path, sound: str) -> None:
    made = {
        "speech": lambda: say(WORDS, 1, "rachel", 1.0),
        "hum": lambda: hum(WORDS, 1, "", 1.0),
        "chord": lambda: chord_bed(WORDS, 1, 6.0, RATE),
    }[sound]()
    assert codes(tmp_path, made) == []


def test_silence_is_flagged(tmp_path: Path) -> None:
    assert codes(tmp_path, np.zeros(RATE * 2)) == ["sound.silent"]


def test_an_empty_file_is_flagged(tmp_path: Path) -> None:
    assert codes(tmp_path, np.zeros(10)) == ["sound.empty"]


def test_clipping_is_flagged(tmp_path: Path) -> None:
    assert codes(tmp_path, np.clip(3 * np.sin(np.arange(RATE * 3) * 0.05), -1, 1)) == ["sound.clipped"]


def test_speech_that_is_far_too_short_for_its_words_is_flagged(tmp_path: Path) -> None:
    assert codes(tmp_path, 0.3 * np.sin(np.arange(RATE // 2) * 0.1), WORDS * 3) == ["sound.short"]


def test_a_long_gap_is_remarked(tmp_path: Path) -> None:
    part = 0.3 * np.sin(np.arange(RATE * 2) * 0.1)
    assert codes(tmp_path, np.concatenate([part, np.zeros(RATE * 4), part])) == ["sound.gap"]


def test_bytes_that_are_no_sound_are_flagged(tmp_path: Path) -> None:
    path = tmp_path / "s.wav"
    path.write_bytes(b"no")
    assert CHECK.look(ANY, path, recipe()).findings[0].code == "sound.unreadable"
