"""Films made here: H.264 in MP4 from frames.

Writing is the same bytes for the same frames: one encoder thread, a constant quality, no dates and no
encoder names in the file. The index is moved to the front, so that a browser can start at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from rushes.providers.media.sound import FILM_RATE, Samples

Plane = npt.NDArray[np.uint8]
Planes = tuple[Plane, Plane, Plane]
"""Luma, and the two chroma planes at half width and height (yuv420p, BT.601 limited range)."""

_CRF = 26  # ultrafast spends bits on paper grain; 26 looks the same and is a third smaller to store and decode
_SOUND_FRAME = 1024  # samples in an AAC frame


def bare_mp4(out: Path) -> Any:
    """An empty MP4 to write to: index in front, no dates and no names in it, so that equal frames are equal bytes."""
    return av.open(str(out), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"})


def sound_stream(target: Any) -> Any:
    """Give an MP4 a sound track, mono at the film rate."""
    stream = target.add_stream("aac", rate=FILM_RATE, layout="mono")
    stream.options = {"flags": "+bitexact"}
    stream.bit_rate = 96_000
    return stream


def encode_sound(samples: Samples, stream: Any, target: Any) -> None:
    """Write samples (mono, film rate) from the start of a sound track; what the encoder holds back is still to come."""
    for start in range(0, len(samples), _SOUND_FRAME):
        piece = np.ascontiguousarray(samples[start : start + _SOUND_FRAME], np.float32).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
        frame.sample_rate = FILM_RATE
        frame.pts = start
        frame.time_base = Fraction(1, FILM_RATE)
        target.mux(stream.encode(frame))


class FilmWriter:
    """An MP4 at `path` that grows frame by frame; `close` makes it whole.

    `preset` is x264's: `ultrafast` for films that are painted by the dozen, `veryfast` for what is kept.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        fps: Fraction,
        *,
        sound: bool = False,
        comment: str = "",
        preset: str = "veryfast",
    ) -> None:
        self._container = bare_mp4(path)
        if comment:
            self._container.metadata["comment"] = comment
        self._video = self._container.add_stream("libx264", rate=fps)
        self._video.width, self._video.height = size
        self._video.pix_fmt = "yuv420p"
        self._video.time_base = 1 / fps
        # one thread: x264's output depends on how many there are, and a run fills the cores with other films
        self._video.options = {"preset": preset, "crf": str(_CRF), "threads": "1", "flags": "+bitexact"}
        self._sound = sound_stream(self._container) if sound else None
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
        encode_sound(samples, self._sound, self._container)

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
    comment: str = "",
    preset: str = "veryfast",
) -> float:
    """A whole film from decoded frames or planes; returns its seconds. `sound` is asked for that many seconds."""
    writer = FilmWriter(path, size, fps, sound=sound is not None, comment=comment, preset=preset)
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
