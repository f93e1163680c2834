"""A picture while it is painted: the sheet, its horizon, its light, and the ways to put layers on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from rushes.providers.sketch.palette import Palette
from rushes.providers.sketch.scene import Colour, Scene

Floats = npt.NDArray[np.float32]


@dataclass(slots=True)
class Stage:
    """`horizon` and `ground` are rows in pixels: where the sky ends, where people stand. `side` is -1 for light
    from the left, 1 from the right; `sun` is its place in pixels."""

    image: Image.Image
    scene: Scene
    palette: Palette
    dice: np.random.Generator
    horizon: int
    ground: int
    side: int
    sun: tuple[int, int]

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.image.width

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.image.height

    def paste(self, mask: Image.Image, colour: Colour | Image.Image, at: tuple[int, int] = (0, 0)) -> None:
        """Put a colour (or a picture) where the mask is white."""
        if isinstance(colour, Image.Image):
            self.image.paste(colour, at, mask)
        else:
            self.image.paste(colour, (*at, at[0] + mask.width, at[1] + mask.height), mask)

    def land(self, tops: Floats, upper: Colour, lower: Colour, depth: float = 0.3) -> None:
        """A layer from the rows `tops` (one for each sampled column, left to right) down to the picture's end."""
        top = max(0, int(tops.min()) - 1)
        tall = self.height - top
        if tall <= 0:
            return
        mask = Image.new("L", (self.width * 2, tall * 2), 0)
        across = np.linspace(0, self.width * 2, len(tops))
        down = (tops - top) * 2
        outline = [*zip(across.tolist(), down.tolist(), strict=True), (self.width * 2, tall * 2), (0, tall * 2)]
        ImageDraw.Draw(mask).polygon(outline, fill=255)
        fill = vertical((self.width, tall), [(0.0, upper), (min(1.0, depth * self.height / tall), lower), (1.0, lower)])
        self.paste(mask.reduce(2), fill, (0, top))

    def glow(self, centre: tuple[float, float], radius: float, colour: Colour, strength: float) -> None:
        """Light that fades from `centre`, added over what is there."""
        small = max(8, min(96, round(radius / 2)))
        axis = np.linspace(-1, 1, small, dtype=np.float32)
        far = np.sqrt(axis[:, None] ** 2 + axis[None] ** 2)
        fall = (np.clip(1 - far, 0, 1) ** 2 * 255 * strength).astype(np.uint8)
        mask = Image.fromarray(fall).resize((round(radius * 2), round(radius * 2)), Image.Resampling.BICUBIC)
        self.paste(mask, colour, (round(centre[0] - radius), round(centre[1] - radius)))

    def soft_oval(self, centre: tuple[float, float], rx: float, ry: float, colour: Colour, strength: float) -> None:
        """A blurred oval: a shadow on the ground, a bank of mist."""
        size = (max(4, round(rx * 2.6)), max(4, round(ry * 2.6)))
        small = Image.new("L", (max(4, size[0] // 4), max(4, size[1] // 4)), 0)
        edge_x, edge_y = small.width * 0.115, small.height * 0.115
        box = (edge_x, edge_y, small.width - edge_x, small.height - edge_y)
        ImageDraw.Draw(small).ellipse(box, fill=round(255 * strength))
        small = small.filter(ImageFilter.GaussianBlur(max(1.0, min(small.size) * 0.1)))
        at = (round(centre[0] - size[0] / 2), round(centre[1] - size[1] / 2))
        self.paste(small.resize(size, Image.Resampling.BICUBIC), colour, at)

    def draw(
        self,
        paint: Callable[[ImageDraw.ImageDraw, float], None],
        top: int,
        bottom: int,
        colour: Colour,
        strength: float = 1.0,
    ) -> None:
        """Draw on a mask of twice the size between two rows; `paint` gets the pen and the scale."""
        top, bottom = max(0, top), min(self.height, bottom)
        if bottom <= top:
            return
        mask = Image.new("L", (self.width * 2, (bottom - top) * 2), 0)
        paint(ImageDraw.Draw(mask), 2.0)
        mask = mask.reduce(2)
        if strength < 1:
            mask = mask.point([round(v * strength) for v in range(256)])
        self.paste(mask, colour, (0, top))


def vertical(size: tuple[int, int], stops: Sequence[tuple[float, Colour]]) -> Image.Image:
    """A picture that changes its colour from top to bottom through `stops` (place 0..1, colour)."""
    rows = np.linspace(0, 1, size[1], dtype=np.float32)
    places = [place for place, _ in stops]
    parts = [np.interp(rows, places, [colour[k] for _, colour in stops]) for k in range(3)]
    column = np.stack(parts, -1).round().astype(np.uint8)[:, None, :]
    return Image.fromarray(np.ascontiguousarray(np.broadcast_to(column, (size[1], size[0], 3))))


def noise(dice: np.random.Generator, width: int, height: int, across: int, down: int, octaves: int = 4) -> Floats:
    """Smooth noise between 0 and 1: `across` × `down` bumps, and finer ones on them."""
    out = np.zeros((height, width), np.float32)
    total, share = 0.0, 1.0
    for octave in range(octaves):
        cells = (max(2, down * 2**octave + 1), max(2, across * 2**octave + 1))
        grid = Image.fromarray(dice.random(cells, dtype=np.float32))
        out += share * np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC))
        total, share = total + share, share * 0.5
    return out / total


def ridge(
    dice: np.random.Generator, count: int, base: float, rough: float, *, waves: float = 1.2, sharp: float = 0.55
) -> Floats:
    """Rows of a mountain line: sums of waves, each finer and lower than the one before."""
    x = np.linspace(0, 1, count, dtype=np.float32)
    y = np.zeros(count, np.float32)
    for octave in range(7):
        y += np.sin(x * 2 * np.pi * waves * 1.9**octave + dice.uniform(0, 6.28)) * (rough * sharp**octave)
    return base + y


def peaks(dice: np.random.Generator, count: int, base: float, tall: float, cells: int) -> Floats:
    """Rows of a jagged line: straight slopes between random corners, corners within corners."""
    x = np.linspace(0, 1, count, dtype=np.float32)
    y = np.zeros(count, np.float32)
    share = 1.0
    for _ in range(5):
        corners = dice.random(cells + 1)
        y += np.interp(x, np.linspace(0, 1, cells + 1), corners).astype(np.float32) * share
        cells, share = cells * 2 + 1, share * 0.42
    rows: Floats = base - (y - y.min()) / max(1e-6, float(np.ptp(y))) * tall
    return rows
