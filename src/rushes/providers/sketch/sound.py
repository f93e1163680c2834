"""Speech and sound: a real voice where the `speech` extra is installed, else a melody with the words' own rhythm."""

from __future__ import annotations

import re

import numpy as np

from rushes.providers.media.sound import RATE, Samples
from rushes.providers.sketch.painter import dice_for
from rushes.providers.sketch.scene import words_of
from rushes.providers.sketch.voice import speak

_SCALE = (0, 2, 4, 7, 9, 12)  # a major pentatonic: no two notes of it quarrel
_BASE = 196.0  # hertz, the G below middle C
_SYLLABLE = 0.17  # seconds, about 140 words a minute


def say(text: str, seed: int, voice: str, speed: float) -> Samples:
    """The text spoken, or hummed where no voice is installed; mono at `RATE`, never empty."""
    spoken = speak(text, voice, speed)
    return spoken if spoken is not None and len(spoken) else hum(text, seed, voice, speed)


def hum(text: str, seed: int, voice: str, speed: float) -> Samples:
    """One note for each syllable, a rest for each stop."""
    dice = dice_for("hum", text, seed, voice)
    base = _BASE * float(2 ** (dice_for("voice", voice).integers(-5, 8) / 12))
    pieces: list[Samples] = []
    step = int(dice.integers(len(_SCALE)))
    for word in re.findall(r"\S+", text) or ["…"]:
        for _ in range(syllables(word)):
            step = int(np.clip(step + dice.integers(-2, 3), 0, len(_SCALE) - 1))
            pieces.append(_note(base * 2 ** (_SCALE[step] / 12), _SYLLABLE / speed))
        rest = 0.32 if word[-1] in ".!?:;" else 0.16 if word[-1] in ",-–" else 0.045
        pieces.append(np.zeros(round(rest / speed * RATE), np.float32))
    return np.concatenate(pieces)


def syllables(word: str) -> int:
    """About how many syllables a word has: its groups of vowels; a number has its digits."""
    digits = sum(one.isdigit() for one in word)
    return max(1, len(re.findall(r"[aeiouyäöüáéíóúàèâêîôûå]+", word.lower())) + digits)


def _note(pitch: float, seconds: float) -> Samples:
    count = round(seconds * RATE)
    time = np.arange(count, dtype=np.float32) / RATE
    swing = np.float32(0.004) * np.sin(2 * np.pi * 5.2 * time)
    phase = 2 * np.pi * pitch * (time + swing / 24)
    tone = np.sin(phase) + 0.42 * np.sin(2 * phase) + 0.2 * np.sin(3 * phase) + 0.08 * np.sin(4 * phase)
    rise = np.minimum(1, time / 0.018) * np.minimum(1, (seconds - time) / 0.05)
    note: Samples = (0.24 * tone * np.clip(rise, 0, 1)).astype(np.float32)
    return note


_MOODS = {
    "dark": (0, 3, 7, 10),
    "cold": (0, 3, 7, 14),
    "warm": (0, 4, 7, 11),
    "bright": (0, 4, 7, 9),
}
_DARK = {"night", "storm", "dark", "moody", "noir", "rain", "lonely", "sad", "gloomy", "fog", "alone"}
_COLD = {"snow", "winter", "ice", "cold", "space", "blue", "dawn", "misty", "quiet"}
_WARM = {"sunset", "warm", "cozy", "golden", "home", "dusk", "love", "autumn", "candle"}


def chord_bed(prompt: str, seed: int, seconds: float, rate: int) -> Samples:
    """A soft chord that swells, moves once every four seconds and fades; its colour follows the prompt's mood."""
    words = set(words_of(prompt))
    mood = "dark" if words & _DARK else "cold" if words & _COLD else "warm" if words & _WARM else "bright"
    dice = dice_for("bed", prompt, seed)
    root = 110.0 * float(2 ** (dice.integers(-3, 4) / 12))
    count = max(1, round(seconds * rate))
    time = np.arange(count, dtype=np.float32) / np.float32(rate)
    out = np.zeros(count, np.float32)
    for number in range(max(1, round(seconds / 4))):
        shift = (0, -4, 3, -2)[number % 4] if mood in ("dark", "cold") else (0, 5, -3, 7)[number % 4]
        first, last = int(number * 4 * rate), min(count, int((number * 4 + 5.5) * rate))
        if first >= count:
            break
        piece = time[first:last] - time[first]
        shape = np.clip(np.minimum(piece / 1.2, (piece[-1] - piece) / 1.4), 0, 1)
        for step in _MOODS[mood]:
            pitch = root * 2 ** ((step + shift) / 12)
            beat = 1 + 0.12 * np.sin(2 * np.pi * float(dice.uniform(0.15, 0.4)) * piece)
            phase = 2 * np.pi * pitch * piece
            out[first:last] += (np.sin(phase) + 0.3 * np.sin(2 * phase + 0.4)) * shape * beat
    fade = np.clip(np.minimum(time / 0.25, (time[-1] - time) / 0.6), 0, 1)
    peak = float(np.abs(out).max()) or 1.0
    bed: Samples = (out / peak * 0.28 * fade).astype(np.float32)
    return bed
