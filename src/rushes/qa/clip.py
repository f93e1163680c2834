"""Technical look at a film, in one decoding pass: black, frozen, flickering, cut off, too short, silent.

Three things that simpler rules get wrong: a tripod shot is not frozen (so the block of 64 pixels that moves most
counts, not the mean, and the threshold follows the brightness); a film of 12 frames sold as 24 repeats every second
one (so odd and even differences are compared); what is black is not also frozen. 20 of 20 made-up clips came out
as intended; the rules were fitted on these. Strong compression smears repeated frames apart, and hides them.

`score` is that of the middle frame (see `picture`), times 0.8, and up to 0.2 for an even motion.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

from rushes.model.media import Artifact, Kind
from rushes.model.request import Recipe
from rushes.model.verdict import Finding, Verdict
from rushes.qa.picture import findings_of, measure, score_of
from rushes.qa.wanted import shape_findings, voices_of, wanted_seconds, wants_sound

_STEP = 4  # every fourth pixel: a quarter of the width is enough to see motion
_BLOCK = 16  # in those pixels, so 64 of the film's
_BLACK_LUMA = 18.0
_LONG_BLACK = 0.2  # seconds; also the longest fade from black that passes unremarked
_LONG_STILL = 0.7  # seconds
_FROZEN_SHARE = 0.5
_REPEATS = 6.0  # odd differences over even ones: 1.1 in honest films, 176 where every second frame repeats
_LEAST_MOTION = 0.6  # below it the codec's own rhythm of frame types is larger than what moves
_FLAGGED_SHARE = 0.25


@dataclass(slots=True)
class Track:
    """What one pass over a film found: for each frame its luma, and its difference to the one before."""

    fps: float = 24.0
    width: int = 0
    height: int = 0
    declared: float = 0.0
    last: float = 0.0
    luma: list[float] = field(default_factory=list)
    mean: list[float] = field(default_factory=list)
    block: list[float] = field(default_factory=list)
    loudness: list[float] = field(default_factory=list)
    has_sound: bool = False
    error: str = ""
    middle: Image.Image | None = None

    @property
    def seconds(self) -> float:
        """How long the pictures that are there last."""
        return self.last + 1 / self.fps if self.luma else 0.0


class ClipCheck:
    """Looks at one film: about 30 ms for each second of 720×1280 on two cores."""

    name = "clip"
    kinds = (Kind.VIDEO,)

    def look(self, artifact: Artifact, path: Path, recipe: Recipe) -> Verdict:
        """Judge the film at `path`."""
        try:
            track = decoded(path)
        except (OSError, ValueError, IndexError) as error:
            return Verdict(True, 0.0, (Finding("clip.unreadable", f"cannot be opened: {error}"),))
        if not track.luma:
            return Verdict(True, 0.0, (Finding("clip.unreadable", track.error or "has no pictures"),))
        findings = [
            *_length(track, recipe),
            *_darkness(track),
            *_motion(track),
            *_sound(track, recipe),
            *shape_findings(recipe, track.width, track.height),
        ]
        score = 0.0
        if track.middle is not None:
            measures = measure(track.middle)
            score = 0.8 * score_of(measures) + 0.2 * _evenness(track)
            for one in findings_of(measures):
                findings.append(Finding(one.code, f"its middle frame {one.says}", flags=False))
        flagged = any(one.flags for one in findings)
        return Verdict(flagged, round(score * (_FLAGGED_SHARE if flagged else 1.0), 4), tuple(findings))


def decoded(path: Path) -> Track:
    """One pass over a film. What could be decoded before an error counts; the error is kept."""
    with av.open(str(path), metadata_errors="replace") as container:
        video = container.streams.video[0]
        if not getattr(video, "width", 0):  # its header is cut off
            raise ValueError("it has no pictures that can be decoded")
        video.thread_type = "AUTO"
        sound = container.streams.audio[0] if container.streams.audio else None
        track = Track(
            fps=float(video.average_rate or 24) or 24.0,
            width=video.width,
            height=video.height,
            declared=container.duration / av.time_base if container.duration else 0.0,
            has_sound=sound is not None,
        )
        middle = max(0.0, track.declared / 2)
        before: npt.NDArray[np.int16] | None = None
        start: float | None = None
        try:
            for packet in container.demux([one for one in (video, sound) if one is not None]):
                frame: Any
                for frame in packet.decode():
                    if isinstance(frame, av.AudioFrame):
                        track.loudness.append(_loudness(frame))
                        continue
                    start = float(frame.time or 0.0) if start is None else start
                    before = _take(track, frame, float(frame.time or 0.0) - start, before, middle)
        except (OSError, ValueError) as error:
            track.error = str(error) or type(error).__name__
        return track


def _loudness(frame: Any) -> float:
    samples = frame.to_ndarray()
    scale = 1.0 if samples.dtype.kind == "f" else float(np.iinfo(samples.dtype).max)
    return float(np.sqrt(np.mean(np.square(samples.astype(np.float32) / scale)))) if samples.size else 0.0


def _take(
    track: Track, frame: Any, now: float, before: npt.NDArray[np.int16] | None, middle: float
) -> npt.NDArray[np.int16]:
    if track.middle is None and now >= middle:
        track.middle = frame.to_image()
    track.last = now
    plane = frame.planes[0]
    luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: frame.height : _STEP, : frame.width : _STEP]
    small = luma.astype(np.int16)
    track.luma.append(float(small.mean()))
    if before is not None and before.shape == small.shape:
        apart = np.abs(small - before)
        track.mean.append(float(apart.mean()))
        track.block.append(_busiest(apart))
    return small


def _busiest(apart: npt.NDArray[np.int16]) -> float:
    tall, wide = apart.shape[0] // _BLOCK * _BLOCK, apart.shape[1] // _BLOCK * _BLOCK
    if not tall or not wide:
        return float(apart.mean())
    # rows first: summing along both inner axes at once is slow in numpy
    rows = apart[:tall, :wide].reshape(tall // _BLOCK, _BLOCK, wide).sum(1, dtype=np.int32)
    blocks = rows.reshape(tall // _BLOCK, wide // _BLOCK, _BLOCK).sum(2)
    return float(blocks.max()) / (_BLOCK * _BLOCK)


def _length(track: Track, recipe: Recipe) -> list[Finding]:
    findings = []
    if track.error:
        findings.append(Finding("clip.damaged", f"stops decoding after {track.seconds:.1f} s: {track.error}"))
    if track.declared - track.seconds > 0.3 and not track.error:
        says = f"declares {track.declared:.1f} s and holds {track.seconds:.1f} s of pictures"
        findings.append(Finding("clip.truncated", says))
    wanted = wanted_seconds(recipe.params)
    if wanted is not None and track.seconds < wanted - max(0.25, wanted * 0.06):
        findings.append(Finding("clip.short", f"lasts {track.seconds:.2f} s, {wanted:g} s were asked for"))
    elif wanted is not None and track.seconds > wanted + max(0.5, wanted * 0.12):
        findings.append(Finding("clip.long", f"lasts {track.seconds:.2f} s, {wanted:g} s were asked for", flags=False))
    spoken = sum(one.seconds or 0.0 for one in voices_of(recipe))
    if track.seconds < spoken - max(0.25, spoken * 0.06):
        # a remark: a model that takes no more than so many seconds cuts off the next one just the same
        says = f"lasts {track.seconds:.2f} s, and its voice {spoken:.2f} s: the end was not spoken"
        findings.append(Finding("clip.unspoken", says, flags=False))
    return findings


def _darkness(track: Track) -> list[Finding]:
    dark = sum(one < _BLACK_LUMA for one in track.luma) / track.fps
    if dark <= _LONG_BLACK:
        return []
    whole = dark > track.seconds * 0.3
    return [Finding("clip.black", f"is black for {dark:.1f} s", flags=whole or dark > 0.5)]


def _motion(track: Track) -> list[Finding]:
    if len(track.block) < 9:
        return []
    luma, block, mean = (np.array(one, np.float32) for one in (track.luma, track.block, track.mean))
    luma = luma[-len(block) :]
    still = (block < 0.15 + 0.45 * np.minimum(1, luma / 64)) & (luma >= _BLACK_LUMA)
    longest = _longest(still) / track.fps
    findings = []
    if longest > _LONG_STILL:
        frozen = longest > track.seconds * _FROZEN_SHARE
        findings.append(Finding("clip.frozen", f"does not move for {longest:.1f} s", flags=frozen))
    odd, evens = float(np.median(mean[::2])) + 1e-3, float(np.median(mean[1::2])) + 1e-3
    if max(odd, evens) > _LEAST_MOTION and max(odd, evens) / min(odd, evens) > _REPEATS and longest < _LONG_STILL:
        findings.append(Finding("clip.repeats", "repeats every second frame"))
    steps = np.diff(np.array(track.luma, np.float32))
    swings = (steps[1:] * steps[:-1] < 0) & (np.minimum(np.abs(steps[1:]), np.abs(steps[:-1])) > 1.5)
    if len(swings) and swings.mean() > 0.2:
        findings.append(Finding("clip.flicker", f"flickers in {swings.mean():.0%} of its frames"))
    return findings


def _longest(flags: npt.NDArray[np.bool_]) -> int:
    best = run = 0
    for one in flags.tolist():
        run = run + 1 if one else 0
        best = max(best, run)
    return best


def _evenness(track: Track) -> float:
    """1 for a motion that flows, 0 for one that jerks or for none."""
    mean = np.array(track.mean, np.float32)
    if len(mean) < 3 or mean.mean() < 0.02:
        return 0.0
    return float(np.clip(1 - np.abs(np.diff(mean)).mean() / (mean.mean() + 1e-3), 0, 1))


def _sound(track: Track, recipe: Recipe) -> list[Finding]:
    silent = not track.loudness or max(track.loudness) < 1e-3
    if not track.has_sound and voices_of(recipe):
        return [Finding("clip.no-sound", "has no sound track, and it was given a voice")]
    if wants_sound(recipe.params) and not track.has_sound:
        return [Finding("clip.no-sound", "has no sound track, and one was asked for")]
    if track.has_sound and silent:
        return [Finding("clip.silent", "has a silent sound track", flags=wants_sound(recipe.params))]
    return []
