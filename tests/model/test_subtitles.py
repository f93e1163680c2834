"""Words with their times as they are kept, and the subtitles that are made of them."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.model.subtitles import Cue, as_srt, as_vtt, cues_of
from rushes.model.transcript import Word, joined, transcript_bytes, transcript_words

SPELLED = st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=12)
TIMES = st.floats(0, 1e6)
WILD = st.builds(Word, SPELLED, TIMES, TIMES, st.sampled_from([None, "a", "b"]), st.booleans())
"""Words whose times mean nothing: they overlap, go back, end before they start."""


@st.composite
def spoken(draw: st.DrawFn) -> list[Word]:
    """Words as they are said: one after the other, each of some length, with pauses here and there."""
    now, words = draw(st.floats(0, 5)), []
    for text in draw(st.lists(SPELLED | st.sampled_from(["so.", "well?", "cat,"]), max_size=60)):
        start = round(now + draw(st.sampled_from([0.0, 0.05, 0.3, 0.7, 3.0])), 3)
        now = round(start + draw(st.floats(0.02, 2.5)), 3)
        words.append(Word(text, start, now))
    return words


MOST = st.tuples(st.integers(1, 12), st.floats(0.1, 20))


@given(st.one_of(st.lists(WILD, max_size=40), spoken()), MOST)
def test_every_word_is_in_one_cue_in_order_and_no_cue_is_larger_than_it_may_be(
    words: list[Word], most: tuple[int, float]
) -> None:
    most_words, most_seconds = most
    cues = cues_of(words, most_words=most_words, most_seconds=most_seconds)
    assert sum(_count(cues, words)) == len(words)
    assert all(held <= most_words for held in _count(cues, words))
    assert all(_ms(one.start) < _ms(one.end) <= _ms(one.start) + round(most_seconds * 1000) for one in cues)
    assert all(_ms(a.end) <= _ms(b.start) for a, b in pairwise(cues))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _count(cues: tuple[Cue, ...], words: list[Word]) -> list[int]:
    """How many words each cue holds, taken from its own text; fails where a cue says anything else."""
    counts, left = [], list(words)
    for cue in cues:
        held = next(n for n in range(1, len(left) + 1) if joined(left[:n]) == cue.text)
        counts.append(held)
        left = left[held:]
    assert not left
    return counts


@given(spoken(), MOST)
def test_what_is_said_stands_while_it_is_said(words: list[Word], most: tuple[int, float]) -> None:
    cues = cues_of(words, most_words=most[0], most_seconds=most[1])
    for cue, held in zip(cues, _phrases(cues, words), strict=True):
        assert _ms(cue.start) == _ms(held[0].start)
        assert _ms(cue.end) >= min(_ms(held[-1].end), _ms(cue.start) + round(most[1] * 1000))
        assert all(a.text[-1] not in ".?!" for a in held[:-1]), "a cue ends with its sentence"
        assert all(b.start - a.end < 0.6 for a, b in pairwise(held)), "and before a pause"


def _phrases(cues: tuple[Cue, ...], words: list[Word]) -> list[list[Word]]:
    found, at = [], 0
    for held in _count(cues, words):
        found.append(words[at : at + held])
        at += held
    return found


def test_another_speaker_begins_another_cue_and_what_is_glued_stays_so() -> None:
    talk = [
        Word("Yes", 0.0, 0.3, "a"),
        Word("No", 0.3, 0.6, "b"),
        Word("さ", 0.6, 0.8, "b"),
        Word("よ", 0.8, 1, "b", True),
    ]
    assert [one.text for one in cues_of(talk)] == ["Yes", "No さよ"]


def test_a_short_word_stands_long_enough_to_be_read_unless_the_next_begins() -> None:
    alone, followed = Word("No.", 1.0, 1.1), Word("Yes.", 1.3, 1.4)
    assert cues_of([alone])[0][:2] == (1.0, 1.7)
    assert cues_of([alone, followed])[0][:2] == (1.0, 1.3)


@pytest.mark.parametrize("most", [{"most_words": 0}, {"most_seconds": 0.0}, {"most_seconds": 0.0004}])
def test_a_cue_that_may_hold_nothing_is_refused(most: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at least"):
        cues_of([Word("a", 0, 1)], **most)  # type: ignore[arg-type]


@given(st.lists(st.builds(Word, SPELLED, TIMES, TIMES, st.none() | SPELLED, st.booleans()), max_size=20))
def test_what_is_kept_comes_back_and_equal_words_are_equal_bytes(words: list[Word]) -> None:
    data = transcript_bytes(words)
    assert transcript_words(data) == tuple(words) and transcript_bytes(list(words)) == data
    assert set(json.loads(data)) == {"words"}
    assert all({"text", "start", "end"} <= one.keys() <= {*Word._fields} for one in json.loads(data)["words"])


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"words": 5}', b'{"words": [5]}', b'{"words": [{"text": "a"}]}', b"[" * 100_000]
)
def test_bytes_that_are_no_transcript_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        transcript_words(data)


def test_both_formats_as_players_read_them() -> None:
    cues = [Cue(0.0, 1.5, "A < B & C"), Cue(3599.9996, 3661.25, "an hour")]
    assert as_srt(cues) == (
        "1\n00:00:00,000 --> 00:00:01,500\nA < B & C\n\n2\n01:00:00,000 --> 01:01:01,250\nan hour\n"
    )
    assert as_vtt(cues) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nA &lt; B &amp; C\n\n01:00:00.000 --> 01:01:01.250\nan hour\n"
    )
    assert re.match(r"WEBVTT\n\n$", as_vtt([])) and as_srt([]) == ""
