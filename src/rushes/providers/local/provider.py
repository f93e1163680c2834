"""`local`: what this machine does itself, for nothing: split pictures, join films, subtitle them, give them sound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rushes.errors import ErrorClass, RemoteError
from rushes.model.ids import Digest
from rushes.model.money import ZERO, Quote
from rushes.model.operation import Operation
from rushes.model.problem import Problem
from rushes.model.request import Recipe, Request
from rushes.plugin.provider import Finished
from rushes.providers.at_once import AnswersAtOnce, BadParam
from rushes.providers.local.params import check_split, check_subtitles

WORKS = {
    Operation.SPLIT_IMAGE: "local-1",
    Operation.CONCAT_VIDEOS: "local-1",
    Operation.GENERATE_SUBTITLES: "local-1",
    Operation.ADD_AUDIO: "local-2",
}
"""The operations done here, each with its version: a change of what comes out takes the next number."""

_SECONDS = {
    Operation.SPLIT_IMAGE: 0.2,
    Operation.CONCAT_VIDEOS: 0.45,  # for each second of 720×1280 that must be coded anew
    Operation.GENERATE_SUBTITLES: 0.1,
    Operation.ADD_AUDIO: 0.2,
}


class Local(AnswersAtOnce):
    """The machine itself as a provider."""

    name = "local"

    @staticmethod
    def handles(op: Operation, roles: Iterable[str]) -> bool:
        """Whether this provider does `op` when these roles are filled: laying a given track under a film is local
        work, inventing a track is not."""
        return op in WORKS and (op is not Operation.ADD_AUDIO or "audio" in roles)

    def version(self, model: str) -> str:
        """The version of an operation, named as `split_image`; what is not done here counts as version 1."""
        return next((version for op, version in WORKS.items() if op == model), "local-1")

    def validate(self, recipe: Recipe) -> Sequence[Problem]:
        """Parameters that cannot be used."""
        if not self.handles(recipe.op, recipe.inputs):
            return [self.problem(f"{recipe.op} is not done on this machine", "name a provider for it")]
        try:
            if recipe.op is Operation.SPLIT_IMAGE:
                check_split(recipe.params)
            elif recipe.op is Operation.GENERATE_SUBTITLES:
                check_subtitles(recipe.params)
        except BadParam as error:
            return [self.bad(error)]
        return []

    def estimate(self, recipe: Recipe) -> Quote:
        """Free; typical seconds as measured on one core."""
        seconds = _SECONDS.get(recipe.op, 0.1)
        if recipe.op is Operation.CONCAT_VIDEOS:
            clips = recipe.inputs.get("video", ())
            area = sum((c.seconds or 5.0) * (c.width or 720) * (c.height or 1280) for c in clips) / (720 * 1280)
            alike = len({(c.width, c.height) for c in clips}) <= 1
            seconds = 0.2 + area * (0.03 if alike else seconds)  # alike: pictures are copied
        return Quote(ZERO, ZERO, round(seconds, 3), "local: free")

    def make(self, request: Request, path: Callable[[Digest], Path], scratch: Path) -> Finished:
        """Split, join, subtitle or mux."""
        recipe = request.recipe
        if not self.handles(recipe.op, recipe.inputs):
            raise RemoteError(ErrorClass.INVALID_INPUT, f"{recipe.op} is not done on this machine")
        from rushes.providers.local.work import work  # Pillow and PyAV: a plan has no use for them

        files = {role: [path(one.digest) for one in many] for role, many in recipe.inputs.items()}
        return Finished(tuple(work(recipe, files, scratch)), billed=ZERO)
