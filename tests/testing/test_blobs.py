"""The blob store suite finds a store that breaks a promise. (That ours keeps them is shown in `tests/assets`.)"""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import pytest

from rushes.errors import DamagedError, NotFound
from rushes.model.ids import Digest
from rushes.testing import blobs
from rushes.testing.blobs import CHECKS, Check, Subject


class Plain:
    """The shortest store that keeps every promise but surviving a power cut."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(exist_ok=True)

    def put(self, chunks: Iterable[bytes]) -> tuple[Digest, int]:
        return self._keep(b"".join(chunks))

    async def put_stream(self, chunks: AsyncIterator[bytes]) -> tuple[Digest, int]:
        return self._keep(b"".join([chunk async for chunk in chunks]))

    def _keep(self, data: bytes) -> tuple[Digest, int]:
        digest = Digest(hashlib.sha256(data).hexdigest())
        if not self.has(digest):
            part = self.root / f"{os.urandom(8).hex()}.part"
            part.write_bytes(data)
            part.chmod(0o444)
            part.replace(self.root / digest)
        return digest, len(data)

    def has(self, digest: Digest) -> bool:
        return (self.root / digest).exists()

    def path(self, digest: Digest) -> Path:
        if not self.has(digest):
            raise NotFound(f"no blob {digest}")
        return self.root / digest

    def verify(self, digest: Digest) -> None:
        if hashlib.sha256(self.path(digest).read_bytes()).hexdigest() != digest:
            raise DamagedError(f"{digest} is damaged")

    def digests(self) -> Iterator[Digest]:
        return (Digest(path.name) for path in self.root.iterdir() if path.suffix != ".part")


class HalfWritten(Plain):
    def put(self, chunks: Iterable[bytes]) -> tuple[Digest, int]:
        kept: list[bytes] = []
        try:
            kept.extend(chunks)
        finally:
            answer = self._keep(b"".join(kept))
        return answer


class Swallows(Plain):
    def put(self, chunks: Iterable[bytes]) -> tuple[Digest, int]:
        kept: list[bytes] = []
        try:
            for chunk in chunks:
                kept.append(chunk)
        except ConnectionError:
            kept.clear()
        return self._keep(b"".join(kept))


class FirstPieceOnly(Plain):
    def put(self, chunks: Iterable[bytes]) -> tuple[Digest, int]:
        return self._keep(next(iter(chunks), b""))


class Writable(Plain):
    def _keep(self, data: bytes) -> tuple[Digest, int]:
        answer = super()._keep(data)
        self.path(answer[0]).chmod(0o644)
        return answer


class Trusting(Plain):
    def verify(self, digest: Digest) -> None:
        self.path(digest)


class Promising(Plain):
    def path(self, digest: Digest) -> Path:
        return self.root / digest


class Rewrites(Plain):
    def _keep(self, data: bytes) -> tuple[Digest, int]:
        (self.root / hashlib.sha256(data).hexdigest()).unlink(missing_ok=True)
        return super()._keep(data)


class Forgets(Plain):
    def digests(self) -> Iterator[Digest]:
        return iter(list(super().digests())[1:])


BROKEN = [
    (HalfWritten, blobs.a_broken_stream_leaves_nothing),
    (Swallows, blobs.a_broken_stream_leaves_nothing),
    (FirstPieceOnly, blobs.pieces_do_not_matter),
    (Writable, blobs.a_path_is_read_only),
    (Trusting, blobs.verify_finds_a_changed_byte),
    (Promising, blobs.an_absent_blob_is_not_found),
    (Rewrites, blobs.putting_twice_is_free),
    (Forgets, blobs.every_digest_is_listed_once),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_plain_store_passes(check: Check, tmp_path: Path) -> None:
    check(Subject(make=lambda: Plain(tmp_path / "store")))


@pytest.mark.parametrize(("broken", "check"), BROKEN, ids=lambda value: value.__name__)
def test_a_store_that_breaks_a_promise_is_found(broken: type[Plain], check: Check, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        check(Subject(make=lambda: broken(tmp_path / "store")))
