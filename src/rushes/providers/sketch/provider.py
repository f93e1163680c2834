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
        problems = _missing(self, recipe)
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
        return sizes.film_size(params, _source_size(recipe, _SHAPE_OF[op]))
    if op is Operation.UPSCALE_IMAGE:
        return sizes.enlarged(params, _source_size(recipe, "image") or (512, 512))
    if op is Operation.UPSCALE_VIDEO:
        return sizes.enlarged(params, _source_size(recipe, "video") or (320, 320))
    return 0, 0


def _seconds(recipe: Recipe) -> float:
    """Seconds of the film that a recipe asks for; BadParam for what cannot be made. 0 where it has none."""
    if recipe.op is Operation.AVATAR:
        return _spoken_seconds(recipe)
    if recipe.op in _FILMED:
        return sizes.seconds_of(recipe.params, _length_of(recipe, "video") or 5.0)
    if recipe.op is Operation.UPSCALE_VIDEO:
        return _length_of(recipe, "video") or 5.0
    return 0.0


def _spoken_seconds(recipe: Recipe) -> float:
    """An avatar lasts as long as its voices, else as the clip it follows, else as its words take to be said."""
    voices = [_length_of(recipe, role) for role in ("audio", "second_audio") if role in recipe.inputs]
    if voices:
        return sizes.within("audio", sum(one or 5.0 for one in voices))
    if "video" in recipe.inputs:
        return sizes.within("video", _length_of(recipe, "video") or 5.0)
    return sizes.within("prompt", len((recipe.prompt or "").split()) / _WORDS_A_SECOND)


def _length_of(recipe: Recipe, role: str) -> float | None:
    first = next(iter(recipe.inputs.get(role, ())), None)
    return first.seconds if first is not None else None


def _missing(sketch: Sketch, recipe: Recipe) -> list[Problem]:
    """A portrait needs a reason to move. It is about inputs, so it counts only once these are there."""
    if recipe.op is not Operation.AVATAR or recipe.inputs.keys() & _MOVERS or (recipe.prompt or "").strip():
        return []
    return [sketch.problem("nothing makes this avatar move", "give it audio, words to say, or a video to follow")]


_PAINTED = (Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_IMAGE)
_SHAPE_OF = {
    Operation.TEXT_TO_VIDEO: "start_frame",
    Operation.IMAGE_TO_VIDEO: "start_frame",
    Operation.VIDEO_TO_VIDEO: "video",
    Operation.AVATAR: "image",
}
_FILMED = tuple(_SHAPE_OF)
_MOVERS = frozenset({"audio", "second_audio", "video"})
_WORDS_A_SECOND = 2.75  # as they are spoken here
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
