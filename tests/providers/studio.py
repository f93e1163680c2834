"""A provider at work on real files: results come back as artifacts that the next request can use."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from rushes.assets.probe import probe
from rushes.model.canonical import base_key, seed_for
from rushes.model.ids import Digest
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.request import Recipe, Request
from rushes.model.workflow import Json
from rushes.plugin.provider import Finished
from rushes.providers.local.provider import Local
from rushes.providers.sketch.provider import Sketch

T = TypeVar("T")


class Studio:
    """A folder of artifacts, and the two providers that work on this machine."""

    idempotency_key = "key"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scratch = folder / "scratch"
        self.sketch, self.local = Sketch(), Local()

    def path(self, digest: Digest) -> Path:
        return self.folder / digest

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def work(self, function: Callable[[], T]) -> T:
        return await asyncio.to_thread(function)

    def keep(self, data: bytes) -> Artifact:
        digest = Digest(hashlib.sha256(data).hexdigest())
        self.path(digest).write_bytes(data)
        facts = probe(self.path(digest))
        return Artifact(
            digest=digest,
            media_type=facts.media_type,
            size=len(data),
            width=facts.width,
            height=facts.height,
            seconds=facts.seconds,
        )

    def request(
        self,
        op: Operation,
        prompt: str | None = None,
        *,
        seed: int | None = None,
        model: str = "flux_dev",
        inputs: Mapping[str, Sequence[Artifact]] | None = None,
        **params: Json,
    ) -> Request:
        given = {role: tuple(many) for role, many in (inputs or {}).items()}
        local = self.local.handles(op, given)
        provider = self.local if local else self.sketch
        recipe = Recipe(
            op=op,
            provider=provider.name,
            model=provider.version(str(op) if local else model),
            prompt=prompt,
            params=params,
            inputs=given,
            alias=model,
        )
        base = base_key(recipe.plain())
        return Request(
            recipe=recipe, base=base, candidate=0, salt=0, seed=seed_for(base, 0, 0) if seed is None else seed
        )

    def submit(self, request: Request) -> Finished:
        provider = self.local if request.recipe.provider == "local" else self.sketch
        return asyncio.run(provider.submit(request, self))

    def make(self, op: Operation, prompt: str | None = None, **more: object) -> list[Artifact]:
        """What a request gives, fetched and kept."""
        finished = self.submit(self.request(op, prompt, **more))  # type: ignore[arg-type]
        return [self.keep(asyncio.run(self._fetched(output))) for output in finished.outputs]

    def text(self, op: Operation, prompt: str | None = None, **more: object) -> str:
        finished = self.submit(self.request(op, prompt, **more))  # type: ignore[arg-type]
        assert finished.text is not None
        assert all(one.media_type == "application/json" for one in finished.outputs), "beside a text lie times alone"
        return finished.text

    async def _fetched(self, output: object) -> bytes:
        return b"".join([chunk async for chunk in self.sketch.fetch(output, self)])  # type: ignore[arg-type]

    def bytes_of(self, artifact: Artifact) -> bytes:
        return self.path(artifact.digest).read_bytes()
