"""When the words of the offline voice are heard: where it is loud, in order, each for a while."""

from __future__ import annotations

import ctypes
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rushes.providers.media.sound import FILM_RATE, Samples, at_film_rate
from rushes.providers.sketch import voice
from rushes.providers.sketch.heard import timed

LOUD = np.sin(np.arange(FILM_RATE, dtype=np.float32) / 20).astype(np.float32)


def sound(*seconds: float) -> Samples:
    """A tone, silence, a tone, ... of so many seconds each."""
    pieces = [LOUD[: round(one * FILM_RATE)] * (number % 2 == 0) for number, one in enumerate(seconds)]
    return np.concatenate(pieces).astype(np.float32)


def test_sentences_lie_where_they_are_heard() -> None:
    words = timed("One two. Three!", sound(1.0, 0.5, 1.0))
    assert [one.text for one in words] == ["One", "two.", "Three!"]
    assert words[0].start == 0 and words[0].end == words[1].start and words[1].end == 1.0
    assert (words[2].start, words[2].end) == (1.5, 2.5)


def test_where_pauses_are_no_sentences_the_words_lie_by_their_letters_and_never_begin_in_silence() -> None:
    words = timed("One two three four", sound(1.0, 0.5, 1.0))
    assert [one.text for one in words] == ["One", "two", "three", "four"]
    assert all(not 1.0 <= one.start < 1.5 for one in words) and words[-1].end == 2.5


def test_what_is_silent_or_too_short_has_no_times() -> None:
    assert timed("One two", sound(0.0, 1.0)) == () == timed("One two three", sound(0.04))
    assert timed("", sound(1.0)) == ()


@settings(max_examples=60)
@given(st.text("ab. !\n,", max_size=80), st.lists(st.sampled_from([0.1, 0.3, 0.62]), min_size=1, max_size=5))
def test_times_rise_within_the_sound_and_every_word_has_its_own(text: str, seconds: list[float]) -> None:
    words = timed(text, sound(*seconds))
    assert not words or [one.text for one in words] == text.split()
    assert all(one.start < one.end for one in words) and all(a.end <= b.start for a, b in pairwise(words))
    assert not words or (words[0].start >= 0 and words[-1].end <= sum(seconds) + 0.001)


class Event(ctypes.Structure):
    """What eSpeak NG says while it speaks (`espeak_EVENT` of its speak_lib.h); type 1 is the start of a word."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("place", ctypes.c_int),
        ("length", ctypes.c_int),
        ("ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


def spoken(text: str) -> tuple[Samples, dict[int, float]]:
    """What the voice says, and by the place of each word in the text when the voice itself says that it begins."""
    loader = pytest.importorskip("espeakng_loader")
    pieces: list[Samples] = []
    begins: dict[int, float] = {}

    def take(wave: Any, count: int, events: Any) -> int:
        number = 0
        while events[number].type:
            if events[number].type == 1:
                begins[events[number].place - 1] = events[number].ms / 1000
            number += 1
        if wave and count > 0:
            pieces.append(np.ctypeslib.as_array(wave, (count,)).astype(np.float32) / np.float32(32768))
        return 0

    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))(take)
    with voice._lock:
        library = ctypes.CDLL(loader.get_library_path())
        library.espeak_Initialize(voice._RETRIEVAL, 0, loader.get_data_path().encode(), voice._NO_EXIT)
        library.espeak_SetSynthCallback(callback)
        library.espeak_SetVoiceByName(voice.variant_of("rachel").encode())
        library.espeak_SetParameter(voice._RATE_PARAM, voice._WORDS_A_MINUTE, 0)
        raw = text.encode()
        library.espeak_Synth(raw, len(raw) + 1, 0, 0, 0, voice._CHARS_UTF8, None, None)
        library.espeak_Synchronize()
        library.espeak_Terminate()
        voice._unload(library._handle)
    return np.concatenate(pieces), begins


@pytest.mark.parametrize(
    "text",
    [
        "Good morning, the harbour is open. We sail at nine, and nobody waits for the cat! Is that so?",
        "The quick brown fox jumps over the lazy dog while the old fisherman mends his nets in the rain.",
        "Once there was a lighthouse keeper. Every evening he walked to the sea and counted ships; one day none came.",
    ],
)
def test_the_times_are_near_to_those_that_the_voice_itself_tells(text: str) -> None:
    samples, begins = spoken(text)
    place, off = 0, []
    for word in timed(text, at_film_rate(samples)):
        place = text.index(word.text, place)
        if place in begins:  # of words that are spoken as one the voice tells the first
            off.append(abs(begins[place] - word.start))
        place += len(word.text)
    assert len(off) > len(text.split()) * 0.8
    assert np.mean(off) < 0.12 and max(off) < 0.4
