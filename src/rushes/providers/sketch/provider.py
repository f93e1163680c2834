"""`sketch`: every remote operation and every model's name, offline, free, and never the same picture for two prompts.

It answers at once (`Finished` from `submit`), so it is never polled; nothing is ever in doubt, because asking twice
costs nothing and gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rushes.model.ids import Digest
from rushes.model.media import Artifact
from rushes.model.money import ZERO, Quote
from rushes.model.operation import SIGNATURES, Operation, Where
from rushes.model.problem import Problem
from rushes.model.request import Recipe, Request
from rushes.plugin.provider import Finished
from rushes.providers.at_once import AnswersAtOnce, BadParam
from rushes.providers.sketch import sizes
from rushes.providers.sketch.sizes import number_of

RENDERER = "sketch-1"
"""The painter's version; it is in every key, so that a better painter paints anew."""


class Sketch(AnswersAtOnce):
    """The offline provider."""

    name = "sketch"

    def version(self, model: str) -> str:
        """The renderer and the model's name: each name has its own hand."""
        return f"{RENDERER}/{model}"

    def validate(self, recipe: Recipe) -> Sequence[Problem]:
        """Parameters and inputs that cannot be drawn."""
        if SIGNATURES[recipe.op].where is not Where.REMOTE:
            return [self.problem(f"{recipe.op} is not for a provider", "leave its provider out")]
        problems = []
        for check in _CHECKS[recipe.op]:
            try:
                check(recipe)
            except BadParam as error:
                problems.append(self.bad(error))
        return problems

    def estimate(self, recipe: Recipe) -> Quote:
        """Free; typical seconds as measured on one core."""
        try:
            seconds = _typical_seconds(recipe)
        except BadParam:
            seconds = 0.1
        return Quote(ZERO, ZERO, seconds, "sketch: free")

    def make(self, request: Request, path: Callable[[Digest], Path], scratch: Path) -> Finished:
        """Paint, film, speak or describe."""
        from rushes.providers.sketch.make import make  # numpy, Pillow and PyAV: a plan has no use for them

        return make(request, path, scratch)


def _source_size(recipe: Recipe, role: str) -> tuple[int, int] | None:
    first: Artifact | None = next(iter(recipe.inputs.get(role, ())), None)
    return (first.width, first.height) if first is not None and first.width and first.height else None


def _size(recipe: Recipe) -> tuple[int, int]:
    """Pixels of what a recipe asks for; BadParam for what cannot be made. (0, 0) where it has none."""
    op, params = recipe.op, recipe.params
    if op in _PAINTED:
        return sizes.picture_size(params, _source_size(recipe, "image"))
    if op in _FILMED:
        return sizes.film_size(params, _source_size(recipe, "start_frame"))
    if op is Operation.UPSCALE_IMAGE:
        return sizes.enlarged(params, _source_size(recipe, "image") or (512, 512))
    if op is Operation.UPSCALE_VIDEO:
        return sizes.enlarged(params, _source_size(recipe, "video") or (320, 320))
    return 0, 0


def _seconds(recipe: Recipe) -> float:
    """Seconds of the film that a recipe asks for; BadParam for what cannot be made. 0 where it has none."""
    if recipe.op in _FILMED:
        return sizes.seconds_of(recipe.params)
    if recipe.op is Operation.UPSCALE_VIDEO:
        source = next(iter(recipe.inputs.get("video", ())), None)
        return (source and source.seconds) or 5.0
    return 0.0


_PAINTED = (Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_IMAGE)
_FILMED = (Operation.TEXT_TO_VIDEO, Operation.IMAGE_TO_VIDEO)
_CHECKS: dict[Operation, tuple[Callable[[Recipe], object], ...]] = {
    **dict.fromkeys(Operation, (_size, _seconds)),
    **dict.fromkeys(_PAINTED, (_size, lambda recipe: number_of(recipe.params, "strength", 0.6, 0.0, 1.0))),
    **dict.fromkeys(_FILMED, (_size, _seconds, lambda recipe: sizes.fps_of(recipe.params))),
    Operation.TEXT_TO_SPEECH: (lambda recipe: number_of(recipe.params, "speed", 1.0, 0.25, 4.0),),
}
"""What must be readable before work can begin; each on its own, so that everything wrong is said at once."""


def _typical_seconds(recipe: Recipe) -> float:
    """Measured on one core: 0.2 s a megapixel painted, 0.16 s a megapixel and second filmed."""
    width, height = _size(recipe)
    seconds = _seconds(recipe)
    megapixels = width * height / 1e6
    if recipe.op is Operation.UPSCALE_VIDEO:
        return round(0.1 + 0.7 * megapixels * seconds, 3)
    if seconds:
        return round(0.1 + 0.2 * megapixels + 0.16 * megapixels * seconds, 3)
    return round(0.02 + 0.2 * megapixels, 3)
