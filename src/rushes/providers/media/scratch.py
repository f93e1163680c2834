"""Scratch files for what a library can only write to a real file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path


def film_bytes(scratch: Path, write: Callable[[Path], object]) -> bytes:
    """The bytes of the MP4 that `write` puts at the path it is given; nothing is left behind."""
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        path = Path(folder) / "film.mp4"
        write(path)
        return path.read_bytes()
