"""What can be written down of a sound: the words that the sketch itself spoke, else what measuring tells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rushes.errors import ErrorClass, RemoteError
from rushes.providers.media.film import sound_of
from rushes.providers.media.sound import FILM_RATE, Samples, comment_of

SPOKEN = "rushes sketch: "
"""How the comment of a sound begins that was spoken here; the rest of it is the text."""

OFFLINE = "This is the offline sketch: it measures sound and does not recognise words."
_STEP = FILM_RATE // 50
_HEARD = 1e-2  # of full scale: -40 dB
_PAUSE = 12  # steps, a quarter of a second


def words_in(path: Path) -> str:
    """The text of a sound or a film that was spoken here; nothing for any other."""
    said = comment_of(path)
    return said.removeprefix(SPOKEN) if said.startswith(SPOKEN) else ""


def comment_for(paths: Sequence[Path]) -> str:
    """The comment of what is made with these sounds; nothing unless the words of all of them are known."""
    said = [words_in(one) for one in paths]
    return SPOKEN + " ".join(said) if said and all(said) else ""


def transcript(path: Path) -> str:
    """The text of a sound that was spoken here, else how long and loud it is, in words. RemoteError if it has none."""
    said = words_in(path)
    if said:
        return said
    samples = sound_of(path)
    if samples is None or len(samples) < _STEP:
        raise RemoteError(
            ErrorClass.INVALID_INPUT,
            f"input {path.name} has no sound, so there is nothing to write down",
            next_step="give this step a sound, or a film that has one",
        )
    return f"{_measured(samples)} {OFFLINE}"


def _measured(samples: Samples) -> str:
    seconds = len(samples) / FILM_RATE
    loud = np.sqrt(np.mean(np.square(samples[: len(samples) // _STEP * _STEP].reshape(-1, _STEP)), axis=1))
    heard = np.flatnonzero(loud > _HEARD)
    if not len(heard):
        return f"The sound lasts {seconds:.1f} seconds and is silent."
    level = 20 * math.log10(float(np.sqrt(np.mean(np.square(samples)))) + 1e-9)
    parts = 1 + int((np.diff(heard) > _PAUSE).sum())
    stretches = f"{parts} stretches" if parts > 1 else "one stretch"
    return f"The sound lasts {seconds:.1f} seconds at {level:.0f} dB, and is heard in {stretches}."
