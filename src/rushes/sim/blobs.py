"""Files that the simulator holds: what clients uploaded and what was painted for them. In memory, bounded."""

from __future__ import annotations

from typing import NamedTuple

from rushes.sim.clock import SimClock

SPACE = 2 * 1024**3
"""Bytes that uploads may take together; a client that wants more is refused."""


class Blob(NamedTuple):
    """A file. `remote` is the job that made it (`""`: an upload); `expires` in simulated unix seconds (None: never)."""

    data: bytes
    media_type: str
    remote: str = ""
    expires: float | None = None


class Blobs:
    """Files by name."""

    def __init__(self, clock: SimClock, space: int = SPACE) -> None:
        self._clock = clock
        self._space = space
        self._uploaded = 0
        self._files: dict[str, Blob] = {}

    def put(self, name: str, blob: Blob) -> bool:
        """Keep a file; false when there is no room for an upload."""
        if not blob.remote:
            before = self._files.get(name)
            more = len(blob.data) - (len(before.data) if before is not None else 0)
            if self._uploaded + more > self._space:
                return False
            self._uploaded += more
        self._files[name] = blob
        return True

    def drop(self, name: str) -> None:
        """Forget a file."""
        blob = self._files.pop(name, None)
        if blob is not None and not blob.remote:
            self._uploaded -= len(blob.data)

    def get(self, name: str) -> Blob | None:
        """A file that has not expired."""
        blob = self._files.get(name)
        if blob is None or (blob.expires is not None and self._clock.now() >= blob.expires):
            return None
        return blob
