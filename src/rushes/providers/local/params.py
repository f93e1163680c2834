"""What local work may be asked for: parameters to values, or the one that is wrong."""

from __future__ import annotations

from collections.abc import Mapping

from rushes.model.operation import panels_of
from rushes.model.workflow import Json
from rushes.providers.at_once import BadParam

PICTURE_TYPES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp"}
SUBTITLE_TYPES = {"srt": "application/x-subrip", "vtt": "text/vtt"}
_PACE = 2.0  # words a second


def check_split(params: Mapping[str, Json]) -> tuple[tuple[int, int], str, int]:
    """Columns and rows, the media type and the quality that the parameters ask for. BadParam names a wrong one."""
    name = "grid" if params.get("grid") is not None else "grid_type"
    try:
        grid = panels_of(params.get(name) or "2x2")
    except ValueError as error:
        raise BadParam(name, str(error)) from error
    kind = str(params.get("output_format") or "png").lower()
    if kind not in PICTURE_TYPES:
        raise BadParam("output_format", f"{kind!r} is none of png, jpg, webp")
    quality = params.get("quality", 92)
    if isinstance(quality, bool) or not isinstance(quality, int) or not 1 <= quality <= 100:
        raise BadParam("quality", f"{quality!r} is not between 1 and 100")
    return grid, PICTURE_TYPES[kind], quality


def check_subtitles(params: Mapping[str, Json]) -> tuple[str, float]:
    """The format and the words a second. BadParam names a wrong parameter."""
    kind = str(params.get("format") or "srt").lower()
    if kind not in SUBTITLE_TYPES:
        raise BadParam("format", f"{kind!r} is neither srt nor vtt")
    pace = params.get("words_per_second", _PACE)
    if isinstance(pace, bool) or not isinstance(pace, int | float) or not 0.2 <= pace <= 10:
        raise BadParam("words_per_second", f"{pace!r} is not between 0.2 and 10")
    return kind, float(pace)
