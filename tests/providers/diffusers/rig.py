"""Real pipelines for tests: tiny ones with random weights, made once, and a runner's room to use them from."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rushes.model.ids import Digest
from rushes.model.media import Artifact, Kind
from rushes.model.operation import Operation
from rushes.model.request import Recipe
from rushes.plugin.room import Room
from rushes.providers.diffusers.provider import Diffusers
from rushes.testing.context import PlainContext
from rushes.testing.media import png
from rushes.testing.requests import artifact_of, recipe_of

FRAME = png("a frame of a film")
FRAME_ARTIFACT = artifact_of(Kind.IMAGE, FRAME)


class Quick(PlainContext):
    """A context whose waits take a tenth of what was said."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 10)


def context(folder: Path, key: str = "key-1") -> Quick:
    frame = folder / "frame.png"
    if not frame.exists():
        frame.write_bytes(FRAME)
    return Quick(folder, {Digest(FRAME_ARTIFACT.digest): frame}, idempotency_key=key)


def room(folder: Path, python: str) -> Room:
    return Room(folder / "diffusers", python, folder / "hub")


def asked(
    provider: Diffusers,
    pipeline: Path | str,
    op: Operation = Operation.TEXT_TO_IMAGE,
    prompt: str | None = "a fox in the snow",
    *,
    params: Mapping[str, Any] | None = None,
    inputs: Mapping[str, tuple[Artifact, ...]] | None = None,
) -> Recipe:
    """A recipe for a pipeline, as the application makes it."""
    name = provider.model_named(str(pipeline), Path("/"))
    given = {"num_inference_steps": 2, **(params or {})}
    plain = recipe_of(op, prompt, provider="diffusers", model=provider.version(name), params=given, inputs=inputs)
    return dataclasses.replace(plain, alias=name)
