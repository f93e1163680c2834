"""The times of a transcript's words: kept where they can be read, and never at the cost of the text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.assets.probe import probe
from rushes.model.transcript import Word, joined, transcript_words
from rushes.providers.timed import MOST, times_of

SAID = "Well (laughs) good morning, さよ!"


def word(text: str, start: Any, end: Any, kind: Any = "word", **more: Any) -> dict[str, Any]:
    return {"text": text, "start": start, "end": end, "type": kind, "logprob": -0.1, **more}


WORDS = [
    word("Well", 0.099, 0.3, speaker_id="speaker_0"),
    word(" ", 0.3, 0.4, "spacing"),
    word("(laughs)", 0.4, 0.9, "audio_event"),
    word(" ", None, None, "spacing"),
    word("good", 1, 1.2, speaker_id="speaker_1", channel_index=None),
    word("morning,", 1.2, 1.65004),
    word("さ", 1.7, 1.8),
    word("よ!", 1.8, 1.8),
]


def kept(said: dict[str, Any]) -> tuple[Word, ...]:
    """The words that were kept; () where none were."""
    return tuple(one for output in times_of(said) for one in transcript_words(output.data or b""))


def test_words_and_noises_are_kept_with_their_times_and_speakers() -> None:
    (output,) = times_of({"text": SAID, "words": WORDS})
    assert (output.media_type, output.url) == ("application/json", None)
    assert transcript_words(output.data or b"") == (
        Word("Well", 0.099, 0.3, "speaker_0"),
        Word("(laughs)", 0.4, 0.9),
        Word("good", 1.0, 1.2, "speaker_1"),
        Word("morning,", 1.2, 1.65),
        Word("さ", 1.7, 1.8),
        Word("よ!", 1.8, 1.8, None, True),
    )
    assert joined(transcript_words(output.data or b"")) == SAID


@pytest.mark.parametrize(
    "odd",
    [
        word("x", None, 2.0),
        word("x", 2.0, None),
        word("x", 2.0, 1.9),
        word("x", -1, 2.0),
        word("x", True, 2.0),
        word("x", "1", "2"),
        word("x", float("nan"), 2.0),
        word("x", 1.0, float("inf")),
        word("x", 1.0, 1e300),
        word("x", 1.0, 2.0, "sung"),
        word("x", 1.0, 2.0, None),
        {"text": "x", "start": 1.0, "end": 2.0},
        {"text": "x", "type": "word"},
        "x",
        None,
        5,
        [],
    ],
)
def test_one_odd_word_loses_all_times(odd: Any) -> None:
    """Subtitles of most of the words would be subtitles that leave words out."""
    assert kept({"text": SAID, "words": WORDS}) and not kept({"text": SAID, "words": [*WORDS, odd]})


@pytest.mark.parametrize("words", [None, {}, "words", [], [word(" ", 0, 1, "spacing")], 5])
def test_an_answer_without_words_has_no_times(words: Any) -> None:
    assert times_of({"text": SAID, "words": words}) == ()
    assert times_of({"text": SAID}) == ()


def test_times_that_are_larger_than_a_text_in_the_store_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    (output,) = times_of({"text": SAID, "words": WORDS})
    monkeypatch.setattr("rushes.providers.timed.MOST", len(output.data or b"") - 1)
    assert times_of({"text": SAID, "words": WORDS}) == ()


def test_the_largest_times_that_are_kept_are_a_text_to_the_store(tmp_path: Path) -> None:
    entry = word("x" * 1000, 0.5, 1.0)
    one = len(times_of({"text": "", "words": [entry, entry]})[0].data or b"") // 2
    (output,) = times_of({"text": "", "words": [entry] * (MOST // one - 1)})
    path = tmp_path / "times"
    path.write_bytes(output.data or b"")
    assert len(output.data or b"") > MOST * 0.99 and probe(path).media_type == "application/json"


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["text", "start", "end", "type", "speaker_id"]), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(TREES, TREES)
def test_no_answer_is_too_odd(text: Any, words: Any) -> None:
    for word_ in kept({"text": text, "words": words}):
        assert word_.text and 0 <= word_.start <= word_.end
