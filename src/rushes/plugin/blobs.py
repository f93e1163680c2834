"""What a blob store promises: bytes under their digest, whole or absent, never changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from rushes.model.ids import Digest


class BlobStore(Protocol):
    """Content-addressed bytes.

    - A blob is absent or whole: it is written beside, synced, then renamed.
    - Putting what is there already is free and returns the same digest.
    - `path` gives a read-only local file; DamagedError is raised by `verify` only, so that reads stay cheap.
    """

    def put(self, chunks: Iterable[bytes]) -> tuple[Digest, int]:
        """Store a stream; returns its digest and its size in bytes."""
        ...

    async def put_stream(self, chunks: AsyncIterator[bytes]) -> tuple[Digest, int]:
        """`put` for an async stream; blocking work runs in a thread."""
        ...

    def has(self, digest: Digest) -> bool:
        """Whether the blob is here."""
        ...

    def path(self, digest: Digest) -> Path:
        """A read-only file with the bytes; NotFound when absent."""
        ...

    def verify(self, digest: Digest) -> None:
        """Read the bytes again; DamagedError if they are not what they were."""
        ...

    def digests(self) -> Iterator[Digest]:
        """Every blob that is here."""
        ...
