"""When the words of the offline voice are heard: where it is loud, in order, each for a while."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rushes.providers.media.sound import FILM_RATE, Samples
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
