"""A picture of panels to its panels, in reading order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rushes.model.workflow import Json
from rushes.plugin.provider import Output
from rushes.providers.at_once import BadParam
from rushes.providers.local.params import check_split
from rushes.providers.media.picture import encoded, open_picture


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
