"""Films: H.264 in MP4 from frames, and frames from films.

Writing is the same bytes for the same frames: one encoder thread, a constant quality, no dates and no
encoder names in the file. The index is moved to the front, so that a browser can start at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from rushes.errors import ErrorClass, RemoteError
from rushes.providers.media.sound import FILM_RATE, Samples, read_samples

Plane = npt.NDArray[np.uint8]
Planes = tuple[Plane, Plane, Plane]
"""Luma, and the two chroma planes at half width and height (yuv420p, BT.601 limited range)."""

_CRF = 26  # ultrafast spends bits on paper grain; 26 looks the same and is a third smaller to store and decode
_SOUND_FRAME = 1024  # samples in an AAC frame


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmFacts:
    """What a film says of itself: pixels, frames per second, seconds, and whether it has sound."""

    width: int
    height: int
    fps: Fraction
    seconds: float
    sound: bool


def facts_of(path: Path) -> FilmFacts:
    """The facts of a film; RemoteError when it is none."""
    with _opened(path) as container:
        stream = container.streams.video[0]
        fps = Fraction(stream.average_rate or 24)
        seconds = container.duration / av.time_base if container.duration else float(stream.frames / fps)
        return FilmFacts(
            width=stream.width,
            height=stream.height,
            fps=fps if 1 <= fps <= 120 else Fraction(24),
            seconds=seconds,
            sound=bool(container.streams.audio),
        )


def _opened(path: Path) -> Any:
    try:
        container = av.open(str(path))
    except (OSError, ValueError) as error:
        raise bad_film(path, error) from error
    # a stream whose header is cut off has no size at all
    if not container.streams.video or not getattr(container.streams.video[0], "width", 0):
        container.close()
        raise bad_film(path, "it has no pictures that can be decoded")
    return container


def bad_film(path: Path, why: object) -> RemoteError:
    """The error for an input film that cannot be used."""
    return RemoteError(
        ErrorClass.INVALID_INPUT,
        f"input film {path.name} cannot be read: {why}",
        next_step="give another film to this step",
    )


def film_frames(path: Path) -> Iterator[tuple[float, Any]]:
    """Every decoded frame with its time in seconds, from 0. RemoteError for a broken film."""
    with _opened(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        start: float | None = None
        try:
            for frame in container.decode(stream):
                now = float(frame.time or 0.0)
                start = now if start is None else start
                yield now - start, frame
        except (OSError, ValueError) as error:
            raise bad_film(path, error) from error


def steady_frames(path: Path, fps: Fraction) -> Iterator[Any]:
    """The frames a viewer would see every `1/fps` seconds: repeated or left out as needed."""
    number = 0
    last: Any = None
    for time, frame in film_frames(path):
        while last is not None and number / fps < time - 1e-4:
            yield last
            number += 1
        last = frame
    if last is not None:
        for _ in range(max(1, round(_length_of(path) * float(fps)) - number)):
            yield last


def _length_of(path: Path) -> float:
    with _opened(path) as container:
        stream = container.streams.video[0]
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        return container.duration / av.time_base if container.duration else 0.0


def sound_of(path: Path) -> Samples | None:
    """A film's or a sound file's track as mono at the film rate; None when it has none. RemoteError if broken."""
    try:
        return read_samples(path, FILM_RATE)
    except (OSError, ValueError) as error:
        raise bad_film(path, error) from error


class FilmWriter:
    """An MP4 at `path` that grows frame by frame; `close` makes it whole.

    `preset` is x264's: `ultrafast` for films that are painted by the dozen, `veryfast` for what is kept.
    """

    def __init__(
        self, path: Path, size: tuple[int, int], fps: Fraction, *, sound: bool = False, preset: str = "veryfast"
    ) -> None:
        # bitexact: no encoder version and no date in the file, so that equal frames are equal bytes
        self._container = av.open(
            str(path), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}
        )
        self._video = self._container.add_stream("libx264", rate=fps)
        self._video.width, self._video.height = size
        self._video.pix_fmt = "yuv420p"
        self._video.time_base = 1 / fps
        # one thread: x264's output depends on how many there are, and a run fills the cores with other films
        self._video.options = {"preset": preset, "crf": str(_CRF), "threads": "1", "flags": "+bitexact"}
        self._sound = self._container.add_stream("aac", rate=FILM_RATE, layout="mono") if sound else None
        if self._sound is not None:
            self._sound.options = {"flags": "+bitexact"}
            self._sound.bit_rate = 96_000
        self._fps = fps
        self._size = size
        self.frames = 0

    @property
    def seconds(self) -> float:
        """The length of what was written so far."""
        return float(self.frames / self._fps)

    def planes(self, planes: Planes) -> None:
        """Add a frame as planes of the film's size."""
        frame = av.VideoFrame(self._size[0], self._size[1], "yuv420p")
        target: Any  # PyAV takes any buffer, its stub says bytes
        for target, source in zip(frame.planes, planes, strict=True):
            target.update(_padded(source, target.line_size))
        self.frame(frame)

    def frame(self, frame: Any) -> None:
        """Add a decoded frame of any size and format; it is scaled to the film's size."""
        width, height = self._size
        if (frame.width, frame.height, frame.format.name) != (width, height, "yuv420p"):
            frame = frame.reformat(width, height, "yuv420p")
        frame.pts = self.frames
        frame.time_base = 1 / self._fps
        frame.pict_type = 0  # a decoded frame remembers its type and would force key frames
        self.frames += 1
        self._container.mux(self._video.encode(frame))

    def add(self, frame: Any) -> None:
        """Add a decoded frame or planes."""
        if isinstance(frame, tuple):
            self.planes(frame)
        else:
            self.frame(frame)

    def sound(self, samples: Samples) -> None:
        """Add the whole sound track, mono at the film rate."""
        assert self._sound is not None
        for start in range(0, len(samples), _SOUND_FRAME):
            piece = np.ascontiguousarray(samples[start : start + _SOUND_FRAME], np.float32).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
            frame.sample_rate = FILM_RATE
            frame.pts = start
            frame.time_base = Fraction(1, FILM_RATE)
            self._container.mux(self._sound.encode(frame))

    def close(self) -> None:
        """Write what is left and the index."""
        for stream in (self._video, self._sound):
            if stream is not None:
                self._container.mux(stream.encode(None))
        self._container.close()

    def discard(self) -> None:
        """Close without making the file whole."""
        self._container.close()


def _padded(plane: Plane, line: int) -> Plane:
    height, width = plane.shape
    if line == width:
        return np.ascontiguousarray(plane)
    wide = np.zeros((height, line), np.uint8)
    wide[:, :width] = plane
    return wide


def write_film(
    path: Path,
    frames: Iterable[Any],
    size: tuple[int, int],
    fps: Fraction,
    *,
    sound: Callable[[float], Samples] | None = None,
    preset: str = "veryfast",
) -> float:
    """A whole film from decoded frames or planes; returns its seconds. `sound` is asked for that many seconds."""
    writer = FilmWriter(path, size, fps, sound=sound is not None, preset=preset)
    try:
        for frame in frames:
            writer.add(frame)
        if sound is not None:
            writer.sound(sound(writer.seconds))
    except BaseException:
        writer.discard()
        raise
    writer.close()
    return writer.seconds


def framed(frame: Any, size: tuple[int, int]) -> Any:
    """A decoded frame as it must be for a film of `size`: itself where the shape is the same, else within bars."""
    scale = min(size[0] / frame.width, size[1] / frame.height)
    inner = (even(frame.width * scale), even(frame.height * scale))
    if size[0] - inner[0] <= size[0] * 0.02 and size[1] - inner[1] <= size[1] * 0.02:
        return frame
    small = frame.reformat(*inner, "yuv420p").to_ndarray()
    left, top = (size[0] - inner[0]) // 4 * 2, (size[1] - inner[1]) // 4 * 2
    luma = np.full((size[1], size[0]), 16, np.uint8)
    luma[top : top + inner[1], left : left + inner[0]] = small[: inner[1]]
    return (luma, *(_chroma(part, inner, size, left, top) for part in _chroma_of(small, inner)))


def _chroma_of(small: Plane, inner: tuple[int, int]) -> tuple[Plane, Plane]:
    rest = small[inner[1] :].reshape(2, inner[1] // 2, inner[0] // 2)
    return rest[0], rest[1]


def _chroma(part: Plane, inner: tuple[int, int], size: tuple[int, int], left: int, top: int) -> Plane:
    plane = np.full((size[1] // 2, size[0] // 2), 128, np.uint8)
    plane[top // 2 : (top + inner[1]) // 2, left // 2 : (left + inner[0]) // 2] = part
    return plane


def even(number: float) -> int:
    """The nearest even number of pixels, at least 2: chroma is stored at half size."""
    return max(2, round(number / 2) * 2)
