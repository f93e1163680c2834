"""Sounds as MP3."""

from __future__ import annotations

import io

import av


def mp3_bytes(wav: bytes, rate: int, kbps: int) -> bytes:
    """A WAV as mono MP3 of `rate` samples and `kbps` kilobits a second; equal sounds give equal bytes.

    Its comment goes along.
    """
    out = io.BytesIO()
    with av.open(io.BytesIO(wav), "r", metadata_errors="replace") as sound, av.open(out, "w", format="mp3") as file:
        if "comment" in sound.metadata:
            file.metadata["comment"] = sound.metadata["comment"]
        stream = file.add_stream("libmp3lame", rate=rate, bit_rate=kbps * 1000, layout="mono")
        resampler = av.AudioResampler(format="s16p", layout="mono", rate=rate)
        for frame in [*sound.decode(audio=0), None]:
            for piece in resampler.resample(frame):
                file.mux(stream.encode(piece))
        file.mux(stream.encode(None))
    return out.getvalue()
