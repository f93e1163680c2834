"""Technical look at speech, music and effects: silent, clipped, far too short or long for its words.

`score`: 1, less what is wrong, with up to 0.3 for a level between -30 and -9 dB, where speech is mastered.
"""

from __future__ import annotations

import math
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from rushes.model.media import Artifact, Kind
from rushes.model.operation import Operation
from rushes.model.request import Recipe
from rushes.model.verdict import Finding, Verdict

_RATE = 22_050
_SILENCE = 1e-3  # of full scale: -60 dB
_CLIPPED_SHARE = 0.002
_FASTEST, _SLOWEST = 8.0, 0.35  # words a second, far outside of any reader
_LONG_PAUSE = 3.0  # seconds of silence inside speech


class SoundCheck:
    """Looks at one sound file."""

    name = "sound"
    kinds = (Kind.AUDIO,)

    def look(self, artifact: Artifact, path: Path, recipe: Recipe) -> Verdict:
        """Judge the sound at `path`."""
        try:
            samples = _samples(path)
        except (OSError, ValueError, IndexError) as error:
            return Verdict(True, 0.0, (Finding("sound.unreadable", f"cannot be decoded: {error}"),))
        if len(samples) < _RATE // 20:
            return Verdict(True, 0.0, (Finding("sound.empty", "lasts less than a twentieth of a second"),))
        loud = np.sqrt(np.mean(np.square(samples[: len(samples) // 441 * 441].reshape(-1, 441)), axis=1))
        if float(loud.max()) < _SILENCE:
            return Verdict(True, 0.0, (Finding("sound.silent", "is silent"),))
        findings = [*_clipping(samples), *_pauses(loud), *_pace(len(samples) / _RATE, recipe)]
        flagged = any(one.flags for one in findings)
        level = 20 * math.log10(float(np.sqrt(np.mean(np.square(samples)))) + 1e-9)
        score = 0.7 + 0.3 * max(0.0, 1 - abs(level + 19.5) / 21) - 0.2 * len(findings)
        return Verdict(flagged, round(max(0.0, score) * (0.25 if flagged else 1.0), 4), tuple(findings))


def _samples(path: Path) -> npt.NDArray[np.float32]:
    with av.open(str(path), metadata_errors="replace") as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=_RATE)
        pieces = [
            one.to_ndarray().reshape(-1)
            for frame in (*container.decode(audio=0), None)
            for one in resampler.resample(frame)
        ]
    return np.concatenate(pieces).astype(np.float32) if pieces else np.zeros(0, np.float32)


def _clipping(samples: npt.NDArray[np.float32]) -> list[Finding]:
    """Runs of samples at full scale: one alone is a peak, three in a row are a flattened one."""
    full = np.abs(samples) > 0.995
    flat = full[2:] & full[1:-1] & full[:-2]
    share = float(flat.mean()) if len(flat) else 0.0
    return [Finding("sound.clipped", f"is clipped in {share:.1%} of its length")] if share > _CLIPPED_SHARE else []


def _pauses(loud: npt.NDArray[np.float32]) -> list[Finding]:
    heard = np.flatnonzero(loud > _SILENCE)
    longest = float(np.diff(heard).max()) * 441 / _RATE if len(heard) > 1 else 0.0
    if longest <= _LONG_PAUSE:
        return []
    return [Finding("sound.gap", f"is silent for {longest:.1f} s in its middle", flags=False)]


def _pace(seconds: float, recipe: Recipe) -> list[Finding]:
    text = recipe.params.get("text_override") or recipe.params.get("text") or recipe.prompt
    words = len(str(text or "").split())
    if recipe.op is not Operation.TEXT_TO_SPEECH or words < 4:
        return []
    if words / seconds > _FASTEST:
        return [Finding("sound.short", f"lasts {seconds:.1f} s for {words} words: some are missing")]
    if words / seconds < _SLOWEST:
        return [Finding("sound.long", f"lasts {seconds:.1f} s for {words} words", flags=False)]
    return []
