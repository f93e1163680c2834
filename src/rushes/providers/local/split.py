"""A picture of panels to its panels, in reading order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rushes.model.operation import panels_of
from rushes.model.workflow import Json
from rushes.plugin.provider import Output
from rushes.providers.local.bad import BadParam
from rushes.providers.media.picture import encoded, open_picture

_TYPES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp"}


def check_split(params: Mapping[str, Json]) -> tuple[tuple[int, int], str, int]:
    """Columns and rows, the media type and the quality that the parameters ask for. BadParam names a wrong one."""
    name = "grid" if params.get("grid") is not None else "grid_type"
    try:
        grid = panels_of(params.get(name) or "2x2")
    except ValueError as error:
        raise BadParam(name, str(error)) from error
    kind = str(params.get("output_format") or "png").lower()
    if kind not in _TYPES:
        raise BadParam("output_format", f"{kind!r} is none of png, jpg, webp")
    quality = params.get("quality", 92)
    if isinstance(quality, bool) or not isinstance(quality, int) or not 1 <= quality <= 100:
        raise BadParam("quality", f"{quality!r} is not between 1 and 100")
    return grid, _TYPES[kind], quality


def split_picture(path: Path, params: Mapping[str, Json]) -> list[Output]:
    """One output for each panel, left to right, top to bottom; together they cover every pixel once."""
    (columns, rows), media_type, quality = check_split(params)
    picture = open_picture(path)
    width, height = picture.size
    if width < columns or height < rows:
        raise BadParam("grid", f"a picture of {width}×{height} pixels has no {columns}×{rows} panels")
    outputs = []
    for row in range(rows):
        for column in range(columns):
            box = (
                column * width // columns,
                row * height // rows,
                (column + 1) * width // columns,
                (row + 1) * height // rows,
            )
            outputs.append(Output(media_type, data=encoded(picture.crop(box), media_type, quality)))
    return outputs
