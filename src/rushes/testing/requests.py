"""Requests made by hand, for tests of providers, checks and stores without a workflow."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from rushes.model.canonical import base_key, seed_for
from rushes.model.ids import Digest
from rushes.model.media import Artifact, Kind
from rushes.model.operation import Operation
from rushes.model.request import Recipe, Request
from rushes.model.workflow import Json
from rushes.testing.media import MEDIA_TYPES


def artifact_of(kind: Kind, data: bytes, *, width: int | None = None, height: int | None = None) -> Artifact:
    """The artifact that these bytes are."""
    digest = Digest(hashlib.sha256(data).hexdigest())
    return Artifact(digest=digest, media_type=MEDIA_TYPES[kind], size=len(data), width=width, height=height)


def recipe_of(
    op: Operation = Operation.TEXT_TO_IMAGE,
    prompt: str | None = "a fox in the snow",
    *,
    provider: str = "scripted",
    model: str = "model@1",
    params: Mapping[str, Json] | None = None,
    inputs: Mapping[str, tuple[Artifact, ...]] | None = None,
) -> Recipe:
    """A recipe with sensible parts."""
    return Recipe(op=op, provider=provider, model=model, prompt=prompt, params=params or {}, inputs=inputs or {})


def request_of(recipe: Recipe, *, candidate: int = 0, salt: int = 0) -> Request:
    """One asking of a recipe, with its key and seed as the engine makes them."""
    base = base_key(recipe.plain())
    return Request(recipe=recipe, base=base, candidate=candidate, salt=salt, seed=seed_for(base, candidate, salt))
