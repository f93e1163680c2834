"""Pictures and films with a known fault, and the recipe they answer."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.request import Recipe
from rushes.model.workflow import Json
from rushes.providers.media.writer import Planes, write_film

ANY = Artifact(digest="0" * 64, media_type="image/png", size=1)  # type: ignore[arg-type]


def recipe(op: Operation = Operation.TEXT_TO_IMAGE, prompt: str = "a hill", **params: Json) -> Recipe:
    return Recipe(op=op, provider="sketch", model="m", prompt=prompt, params=params, inputs={})


def saved(image: Image.Image, path: Path, kind: str = "PNG", **options: object) -> Path:
    out = io.BytesIO()
    image.save(out, kind, **options)
    path.write_bytes(out.getvalue())
    return path


def scene(width: int = 320, height: int = 240, seed: int = 0, grain: float = 9) -> np.ndarray:
    """A picture with large forms and fine detail."""
    dice = np.random.default_rng(seed)
    large = Image.fromarray(dice.integers(40, 220, (6, 8), dtype=np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    fine = dice.normal(0, grain, (height, width))
    return np.clip(np.asarray(large) + fine, 20, 235).astype(np.uint8)


def film(
    path: Path,
    luma: Callable[[int], np.ndarray],
    count: int = 96,
    sound: Callable[[float], np.ndarray] | None = None,
    preset: str = "veryfast",
) -> Path:
    """A film of grey frames at 24 a second."""

    def frames() -> Iterable[Planes]:
        for number in range(count):
            picture = luma(number)
            half = np.full((picture.shape[0] // 2, picture.shape[1] // 2), 128, np.uint8)
            yield picture, half, half

    first = luma(0)
    write_film(path, frames(), (first.shape[1], first.shape[0]), Fraction(24), sound=sound, preset=preset)
    return path
