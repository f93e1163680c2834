"""What a provider is handed, made of plain files: for tests of providers without an engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from rushes.errors import NotFound
from rushes.model.ids import Digest
from rushes.model.limit import Standing

T = TypeVar("T")


class PlainContext:
    """A `plugin.provider.Context`: `files` are the input artifacts by digest."""

    def __init__(
        self, scratch: Path, files: Mapping[Digest, Path] | None = None, *, idempotency_key: str = "key-1"
    ) -> None:
        self.scratch = scratch
        self.idempotency_key = idempotency_key
        self.webhook: str | None = None
        self._files = dict(files or {})
        self.heard: list[Standing] = []
        """What answers said of limits, in order."""
        self._notes: dict[tuple[str, str], str] = {}

    def path(self, digest: Digest) -> Path:
        """The file of an input artifact; NotFound for one that was not given."""
        try:
            return self._files[digest]
        except KeyError:
            raise NotFound(f"no input has the digest {digest}") from None

    def recall(self, kind: str, name: str) -> str | None:
        """What was remembered here."""
        return self._notes.get((kind, name))

    def remember(self, kind: str, name: str, value: str) -> None:
        """Note it."""
        self._notes[kind, name] = value

    def standing(self, *heard: Standing) -> None:
        """Note what an answer said of limits."""
        self.heard.extend(heard)

    async def sleep(self, seconds: float) -> None:
        """Wait on the loop's clock."""
        await asyncio.sleep(seconds)

    async def work(self, function: Callable[[], T]) -> T:
        """Run a blocking function in a worker thread."""
        return await asyncio.to_thread(function)
