"""Sound: samples as float32 between -1 and 1, one channel, and WAV around them."""

from __future__ import annotations

import io
import struct
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


def wav_bytes(samples: Samples, rate: int = RATE, *, comment: str = "") -> bytes:
    """16-bit mono WAV. A comment stands in an INFO chunk at its end, which players skip."""
    data = np.round(np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(data.tobytes())
    if not comment:
        return out.getvalue()
    raw = comment.replace("\0", " ").encode("utf-8", "replace") + b"\0"
    info = b"INFOICMT" + struct.pack("<I", len(raw)) + raw + b"\0" * (len(raw) % 2)
    whole = out.getvalue() + b"LIST" + struct.pack("<I", len(info)) + info
    return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]


def comment_of(path: Path) -> str:
    """What a sound or a film says of itself; nothing where it says nothing, or cannot be read."""
    try:
        with av.open(str(path), metadata_errors="replace") as container:
            return container.metadata.get("comment", "")
    except (OSError, ValueError):
        return ""


def read_samples(path: Path, rate: int) -> Samples | None:
    """The first sound track of a file as mono at `rate`; None when it has none. av.FFmpegError when unreadable."""
    with av.open(str(path), metadata_errors="replace") as container:
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


def at_film_rate(samples: Samples) -> Samples:
    """What was spoken here (at `RATE`) as a film's track takes it."""
    places = np.arange(round(len(samples) * FILM_RATE / RATE), dtype=np.float64) * (RATE / FILM_RATE)
    return np.interp(places, np.arange(len(samples)), samples).astype(np.float32)


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
