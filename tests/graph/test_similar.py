"""Prompts that are nearly the same: the nearest first, and every word that differs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rushes.graph.similar import nearest, spans

_TEXTS = st.text(alphabet=st.sampled_from("ab ,é\ud83d\n"), max_size=30) | st.text(max_size=20)


@given(old=_TEXTS, new=_TEXTS)
def test_the_pieces_are_both_prompts(old: str, new: str) -> None:
    found = spans(old, new)
    assert "".join(one.text for one in found if one.what != "new") == old
    assert "".join(one.text for one in found if one.what != "old") == new
    assert all(one.text for one in found)


@given(text=_TEXTS)
def test_equal_prompts_differ_in_nothing(text: str) -> None:
    assert all(one.what == "same" for one in spans(text, text))
    assert nearest(text, [text], least=1, most=1) == [(0, 1.0)]


@given(prompt=_TEXTS, prompts=st.lists(_TEXTS, max_size=12), least=st.floats(0, 1), most=st.integers(1, 5))
def test_the_nearest_come_first_and_none_below_the_least(
    prompt: str, prompts: list[str], least: float, most: int
) -> None:
    found = nearest(prompt, prompts, least=least, most=most)
    scores = [score for _number, score in found]
    assert scores == sorted(scores, reverse=True)
    assert len(found) <= most and all(score >= least - 1e-9 for score in scores)
    every = dict(nearest(prompt, prompts, least=0, most=len(prompts) + 1))
    left = [score for number, score in every.items() if number not in dict(found) and score >= least + 1e-9]
    assert len(found) == most or not left
    assert not left or max(left) <= min(scores) + 1e-9


def test_words_that_changed_together_stand_together() -> None:
    marks = [(one.what, one.text) for one in spans("a red fox at dawn", "a blue owl at dawn")]
    assert marks == [("same", "a "), ("old", "red fox"), ("new", "blue owl"), ("same", " at dawn")]
