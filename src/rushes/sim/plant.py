"""Faults in what was made: the file arrives, and is not what was asked for."""

from __future__ import annotations

from PIL import Image

from rushes.sim.faults import What
from rushes.sim.formats import coded, opened
from rushes.sim.paint import Made
from rushes.sim.world import Call

_BARS = 6
"""A letterboxed picture has two black bars of a sixth of its height."""


def planted(call: Call, made: Made, number: int = 0) -> Made:
    """The file with the faults that strike it in it; `number` is its place among the files of one answer."""

    def strikes(what: What) -> bool:
        return call.strikes(what, number) is not None

    if strikes(What.WRONG_TYPE):
        return Made(b"<!doctype html><title>Simulated</title>", "text/html")
    if made.media_type.startswith("image/"):
        if strikes(What.BLANK):
            made = _with(made, Image.new("RGB", opened(made.data).size, (128, 128, 128)))
        if strikes(What.LETTERBOX):
            made = _with(made, _letterboxed(opened(made.data)))
    if strikes(What.BROKEN_FILE):
        made = made._replace(data=made.data[: len(made.data) // 2])
    return made


def _with(made: Made, picture: Image.Image) -> Made:
    return made._replace(data=coded(picture, made.media_type))


def _letterboxed(picture: Image.Image) -> Image.Image:
    bar = max(1, picture.height // _BARS)
    boxed = Image.new("RGB", picture.size, (0, 0, 0))
    boxed.paste(picture.resize((picture.width, max(1, picture.height - 2 * bar))), (0, bar))
    return boxed
