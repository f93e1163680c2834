"""Sound: samples as float32 between -1 and 1, one channel, and WAV around them."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
RATE = 22_050
"""Samples per second of everything that is spoken or played here."""

FILM_RATE = 48_000
"""Samples per second of a film's sound track."""


def wav_bytes(samples: Samples, rate: int = RATE) -> bytes:
    """16-bit mono WAV."""
    data = np.round(np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(data.tobytes())
    return out.getvalue()


def read_samples(path: Path, rate: int) -> Samples | None:
    """The first sound track of a file as mono at `rate`; None when it has none. av.FFmpegError when unreadable."""
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return None
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        pieces: list[Samples] = []
        for frame in container.decode(audio=0):
            pieces.extend(_taken(resampler, frame))
        pieces.extend(_taken(resampler, None))
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def _taken(resampler: Any, frame: Any) -> list[Samples]:
    return [one.to_ndarray().reshape(-1).astype(np.float32) for one in resampler.resample(frame)]


def fitted(samples: Samples, count: int) -> Samples:
    """Cut or filled with silence to `count` samples; a cut fades out over 50 ms so that it does not click."""
    if len(samples) >= count:
        cut = samples[:count].copy()
        if len(samples) > count:
            tail = min(count, max(1, count // 20), FILM_RATE // 20)
            cut[count - tail :] *= np.linspace(1.0, 0.0, tail, dtype=np.float32)
        return cut
    return np.concatenate([samples, np.zeros(count - len(samples), np.float32)])


def fitted_to(samples: Samples, rate: int = FILM_RATE) -> Callable[[float], Samples]:
    """A track that is cut or filled to however many seconds it is asked for."""
    return lambda seconds: fitted(samples, round(seconds * rate))
