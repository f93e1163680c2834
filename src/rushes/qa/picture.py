"""Technical look at a picture: blank, black, noise, blur, bars, blocks, truncated, another shape than was asked for.

The rules and their thresholds were fitted on 19 clean pictures with 16 faults made in each; the numbers at the rules
say what they caught and how often they were wrong there. A rule that is often wrong only remarks (`flags=False`).

`score` orders candidates that nothing is wrong with, from 0 to 1: half of it is sharpness (Laplacian variance of the
sharpest tenth of the picture, on a log scale), three tenths contrast (spread of luma from the 5th to the 95th
percentile), two tenths colourfulness (Hasler and Süsstrunk's measure). A flagged picture keeps at most a quarter.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from rushes.model.media import PIXEL_LIMIT, Artifact, Kind
from rushes.model.request import Recipe
from rushes.model.verdict import Finding, Verdict
from rushes.qa.wanted import shape_findings

Floats = npt.NDArray[np.float32]

_EVEN = 4.0  # standard deviation of a 64×64 thumbnail; below it a picture shows nothing
_BLACK = 16.0  # 99th percentile of luma
_NOISE = 8000.0  # Laplacian variance of what never was denoised; caught 100 %, wrong 0 %
_BLUR = 8.0  # in the sharpest tenth; caught 100 % from sigma 3 on, wrong 0 %
_BLOCKS = 1.7  # edges on the 8-pixel grid against the others; caught JPEG quality 15 always, 30 in 79 %
_BARS = 0.2  # share of flat rows or columns at the edges; caught 100 %, wrong 5 % (plain backgrounds)
_FLAGGED_SHARE = 0.25


class Measures(NamedTuple):
    """What was measured on a picture."""

    spread: float
    bright: float
    sharpness: float
    roughness: float
    blocks: float
    bars: float
    contrast: float
    colour: float


class PictureCheck:
    """Looks at one picture in 9 ms (JPEG) to 30 ms (PNG) at 720×1280, mostly decoding."""

    name = "picture"
    kinds = (Kind.IMAGE,)

    def look(self, artifact: Artifact, path: Path, recipe: Recipe) -> Verdict:
        """Judge the picture at `path`."""
        cut = _truncated(path)
        try:
            picture = _decoded(path)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            return Verdict(True, 0.0, (Finding("picture.unreadable", f"cannot be decoded: {error}"),))
        measures = measure(picture)
        findings = [*cut, *findings_of(measures), *shape_findings(recipe, picture.width, picture.height)]
        flagged = any(one.flags for one in findings)
        score = score_of(measures) * (_FLAGGED_SHARE if flagged else 1.0)
        return Verdict(flagged, round(score, 4), tuple(findings))


def _decoded(path: Path) -> Image.Image:
    with Image.open(path) as opened:
        if opened.width * opened.height > PIXEL_LIMIT:
            raise ValueError(f"it has {opened.width}×{opened.height} pixels")
        return opened.convert("RGB")


def _truncated(path: Path) -> list[Finding]:
    """The end marks, which decoders forgive: a PNG without its last bytes opens without complaint."""
    data = path.read_bytes()
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        whole = b"IEND" in data[-64:]
    elif data[:3] == b"\xff\xd8\xff":
        whole = b"\xff\xd9" in data[-1024:]
    elif data[:4] == b"RIFF":
        whole = len(data) >= int.from_bytes(data[4:8], "little") + 8
    else:
        whole = True
    return [] if whole else [Finding("picture.truncated", "its end is missing: the download was cut off")]


def measure(picture: Image.Image) -> Measures:
    """Measure an RGB picture; one of less than 16 pixels a side is measured enlarged."""
    if min(picture.size) < 16:
        picture = picture.resize((max(16, picture.width), max(16, picture.height)), Image.Resampling.NEAREST)
    luma = picture.convert("L")
    small = picture.resize((64, 64), Image.Resampling.BOX)
    tiny = np.asarray(small, np.float32)
    grey = np.asarray(small.convert("L"), np.float32)
    field = np.asarray(luma, np.float32)
    lap = _laplacian(field)
    low, high, top = np.percentile(grey, (5, 95, 99))
    return Measures(
        spread=float(grey.std()),
        bright=float(top),
        sharpness=_sharpest(lap),
        roughness=float(lap.var()),
        blocks=max(_grid(field, 1), _grid(field, 0)),
        bars=_bars(field),
        contrast=float(high - low) / 255,
        colour=_colourfulness(tiny),
    )


def _laplacian(field: Floats) -> Floats:
    lap: Floats = field[1:-1, :-2] + field[1:-1, 2:] + field[:-2, 1:-1] + field[2:, 1:-1] - 4 * field[1:-1, 1:-1]
    return lap


def _sharpest(lap: Floats) -> float:
    """Variance in the tile at the 90th percentile of 64: a blurred background is no fault, a blurred picture is."""
    tall, wide = max(1, lap.shape[0] // 8), max(1, lap.shape[1] // 8)
    tiles = lap[: tall * 8, : wide * 8].reshape(8, tall, 8, wide)
    means = tiles.mean((1, 3))
    return float(np.sort(((tiles * tiles).mean((1, 3)) - means * means).ravel())[57])


def _grid(field: Floats, axis: int) -> float:
    lines = field[::3] if axis else field[:, ::3]  # a third of the lines says the same
    edges = np.abs(np.diff(lines, axis=axis)).mean(1 - axis)
    if len(edges) < 64:
        return 1.0
    columns = edges[: len(edges) // 8 * 8].reshape(-1, 8).mean(0)
    return float((columns[7] + 0.05) / (np.median(columns[:7]) + 0.05))


def _bars(field: Floats) -> float:
    rows, columns = field.std(1) < 2, field.std(0) < 2
    return max(_run(rows) + _run(rows[::-1]), _run(columns) + _run(columns[::-1]))


def _run(flat: npt.NDArray[np.bool_]) -> float:
    """The share of flat lines before the first that is not."""
    busy = np.flatnonzero(~flat)
    return float(busy[0]) / len(flat) if len(busy) else 0.5


def _colourfulness(pixels: Floats) -> float:
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    first, second = red - green, (red + green) / 2 - blue
    spread = math.hypot(float(first.std()), float(second.std()))
    return spread + 0.3 * math.hypot(float(first.mean()), float(second.mean()))


def findings_of(measures: Measures) -> list[Finding]:
    """What the measures say."""
    if measures.spread < _EVEN:
        if measures.roughness > _NOISE:
            return [Finding("picture.noise", "is pure noise")]
        if measures.bright < _BLACK:
            return [Finding("picture.black", "is black")]
        return [Finding("picture.blank", "shows nothing: one even colour")]
    findings = []
    if measures.roughness > _NOISE * 2:
        findings.append(Finding("picture.noise", "is mostly noise"))
    if measures.sharpness < _BLUR:
        findings.append(Finding("picture.blurred", f"is blurred all over (sharpness {measures.sharpness:.0f})"))
    if measures.bars > _BARS:
        findings.append(Finding("picture.bars", f"{measures.bars:.0%} of it is bars at its edges"))
    if measures.blocks > _BLOCKS:
        findings.append(Finding("picture.blocks", "shows compression blocks", flags=False))
    return findings


def score_of(measures: Measures) -> float:
    """0 to 1; how it is made is at the top of this file."""
    sharp = min(1.0, math.log1p(measures.sharpness) / math.log1p(3000))
    return 0.5 * sharp + 0.3 * min(1.0, measures.contrast / 0.75) + 0.2 * min(1.0, measures.colour / 80)
