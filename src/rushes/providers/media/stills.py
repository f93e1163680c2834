"""Frames that are pictures to one film."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from rushes.providers.media.picture import open_picture
from rushes.providers.media.scratch import film_bytes
from rushes.providers.media.writer import even, write_film


def film_of_stills(pictures: Sequence[Path], fps: float, scratch: Path) -> bytes:
    """The MP4 of these pictures in their order, at the size of the first. Raises RemoteError for what is no picture."""
    first = open_picture(pictures[0])
    size = (even(first.width), even(first.height))
    frames = (av.VideoFrame.from_ndarray(np.asarray(open_picture(one)), "rgb24") for one in pictures)
    return film_bytes(scratch, lambda out: write_film(out, frames, size, Fraction(fps).limit_denominator(1000)))
