"""What can be written down of a sound: the words that the sketch itself spoke, else what measuring tells.

A sound that was spoken here carries its words, and not when each was said. Where it is loud is measured; the words
lie there by their letters, sentence by sentence where as many stretches are heard as there are sentences.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rushes.errors import ErrorClass, RemoteError
from rushes.model.transcript import Word
from rushes.providers.media.film import sound_of
from rushes.providers.media.sound import FILM_RATE, Samples, comment_of

SPOKEN = "rushes sketch: "
"""How the comment of a sound begins that was spoken here; the rest of it is the text."""

OFFLINE = "This is the offline sketch: it measures sound and does not recognise words."
_STEP = FILM_RATE // 50
_HEARD = 1e-2  # of full scale: -40 dB
_PAUSE = 12  # steps, a quarter of a second
_SENTENCE = re.compile(r"(?<=[.!?:;])\s+")


def words_in(path: Path) -> str:
    """The text of a sound or a film that was spoken here; nothing for any other."""
    said = comment_of(path)
    return said.removeprefix(SPOKEN) if said.startswith(SPOKEN) else ""


def comment_for(paths: Sequence[Path]) -> str:
    """The comment of what is made with these sounds; nothing unless the words of all of them are known."""
    said = [words_in(one) for one in paths]
    return SPOKEN + " ".join(said) if said and all(said) else ""


def transcript(path: Path) -> tuple[str, tuple[Word, ...]]:
    """The text of a sound that was spoken here, with the times of its words where they are heard.

    Of any other sound how long and loud it is, in words that nobody said. RemoteError if it has none.
    """
    said, samples = words_in(path), sound_of(path)
    if said:
        return said, () if samples is None else timed(said, samples)
    if samples is None or len(samples) < _STEP:
        raise RemoteError(
            ErrorClass.INVALID_INPUT,
            f"input {path.name} has no sound, so there is nothing to write down",
            next_step="give this step a sound, or a film that has one",
        )
    return f"{_measured(samples)} {OFFLINE}", ()


def timed(text: str, samples: Samples) -> tuple[Word, ...]:
    """The words of `text` where the sound (mono, film rate) is heard; none where it is too short for them."""
    heard = _heard(samples)
    if not len(heard):
        return ()
    sentences = [words for one in _SENTENCE.split(text) if (words := one.split())]
    stretches = np.split(heard, np.flatnonzero(np.diff(heard) > _PAUSE) + 1)
    if len(stretches) != len(sentences):  # spoken too fast or too slowly for its pauses to be told apart
        sentences, stretches = [text.split()], [heard]
    if any(len(steps) < len(words) for words, steps in zip(sentences, stretches, strict=True)):
        return ()
    return tuple(
        word for words, steps in zip(sentences, stretches, strict=True) for word in _laid(words, steps.tolist())
    )


def _laid(words: Sequence[str], steps: Sequence[int]) -> Iterator[Word]:
    """The words over the steps in which they are heard: each as long as it has letters, and one step at least."""
    letters, spare, first = sum(map(len, words)), len(steps) - len(words), 0
    before = 0
    for number, word in enumerate(words, 1):
        before += len(word)
        last = number + spare * before // letters
        yield Word(word, _seconds(steps[first]), _seconds(steps[last - 1] + 1))
        first = last


def _seconds(steps: int) -> float:
    return round(steps * _STEP / FILM_RATE, 3)


def _heard(samples: Samples) -> npt.NDArray[np.intp]:
    """The steps, each a fiftieth of a second, that are loud enough to be heard."""
    loud = np.sqrt(np.mean(np.square(samples[: len(samples) // _STEP * _STEP].reshape(-1, _STEP)), axis=1))
    return np.flatnonzero(loud > _HEARD)


def _measured(samples: Samples) -> str:
    seconds = len(samples) / FILM_RATE
    heard = _heard(samples)
    if not len(heard):
        return f"The sound lasts {seconds:.1f} seconds and is silent."
    level = 20 * math.log10(float(np.sqrt(np.mean(np.square(samples)))) + 1e-9)
    parts = 1 + int((np.diff(heard) > _PAUSE).sum())
    stretches = f"{parts} stretches" if parts > 1 else "one stretch"
    return f"The sound lasts {seconds:.1f} seconds at {level:.0f} dB, and is heard in {stretches}."
