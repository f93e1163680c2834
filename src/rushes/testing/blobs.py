"""What every blob store must do, as checks that any store's tests can run.

::

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_conformance(check, tmp_path):
        check(Subject(make=lambda: MyStore(tmp_path)))
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

from rushes.errors import DamagedError, NotFound
from rushes.model.ids import Digest
from rushes.plugin.blobs import BlobStore

LARGE = 3_000_000
"""Bytes; more than any buffer on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A store under check: `make` opens the same place each time, and the place is empty at first."""

    make: Callable[[], BlobStore]


Check = Callable[[Subject], None]


def digest_of(data: bytes) -> Digest:
    """SHA-256, as the store must name it."""
    return Digest(hashlib.sha256(data).hexdigest())


def pieces(data: bytes, size: int = 65_536) -> Iterator[bytes]:
    """The bytes as a stream."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


def bytes_come_back(subject: Subject) -> None:
    """What was put is at `path`, under its digest and with its size."""
    store, data = subject.make(), b"a picture"
    assert store.put([data]) == (digest_of(data), len(data)), "put() gave another digest or size"
    assert store.path(digest_of(data)).read_bytes() == data, "other bytes came back"


def nothing_is_a_blob_too(subject: Subject) -> None:
    """No bytes have a digest, with and without empty pieces."""
    store = subject.make()
    assert store.put([]) == store.put([b"", b""]) == (digest_of(b""), 0), "no bytes, another digest or size"
    assert store.path(digest_of(b"")).read_bytes() == b""


def pieces_do_not_matter(subject: Subject) -> None:
    """One large blob in many pieces is the same blob as in one."""
    store, data = subject.make(), bytes(range(256)) * (LARGE // 256)
    assert store.put(pieces(data)) == store.put([data]), "pieces changed the digest"
    assert store.path(digest_of(data)).read_bytes() == data, "other bytes came back"


def putting_twice_is_free(subject: Subject) -> None:
    """The second time gives the same digest and leaves one blob."""
    store = subject.make()
    first = store.put([b"once"])
    before = store.path(first[0]).stat().st_mtime_ns
    assert store.put([b"once"]) == first, "the second put gave another digest or size"
    assert list(store.digests()) == [first[0]], "there are two blobs for one digest"
    assert store.path(first[0]).stat().st_mtime_ns == before, "the blob was written again"


def has_tells_the_truth(subject: Subject) -> None:
    """Before and after."""
    store, digest = subject.make(), digest_of(b"later")
    assert not store.has(digest), "the store has what nobody put"
    store.put([b"later"])
    assert store.has(digest), "the store lost what was put"


def an_absent_blob_is_not_found(subject: Subject) -> None:
    """`path` raises NotFound."""
    try:
        subject.make().path(digest_of(b"absent"))
    except NotFound:
        return
    raise AssertionError("an absent blob has a path")


def a_broken_stream_leaves_nothing(subject: Subject) -> None:
    """A blob is absent or whole, and no half-written file is left in the list."""

    def broken() -> Iterator[bytes]:
        yield b"half of "
        raise ConnectionError("the line went dead")

    store = subject.make()
    try:
        store.put(broken())
    except ConnectionError:
        pass
    else:
        raise AssertionError("the stream's error was swallowed")
    assert not store.has(digest_of(b"half of ")), "half a blob is stored"
    assert list(store.digests()) == [], "something is stored"


def another_process_sees_it(subject: Subject) -> None:
    """A store that is opened anew has what was put before."""
    digest, _ = subject.make().put([b"kept"])
    again = subject.make()
    assert again.has(digest) and again.path(digest).read_bytes() == b"kept", "a new client does not see it"


def every_digest_is_listed_once(subject: Subject) -> None:
    """`digests` lists all blobs and nothing else."""
    store = subject.make()
    put = {store.put([f"blob {number}".encode()])[0] for number in range(50)}
    listed = list(store.digests())
    assert set(listed) == put and len(listed) == len(put), "the list is not what was put"


def a_path_is_read_only(subject: Subject) -> None:
    """A slip of a tool must not change a paid result."""
    store = subject.make()
    digest, _ = store.put([b"paid"])
    assert not store.path(digest).stat().st_mode & 0o222, "the file can be written to"


def verify_accepts_whole_bytes(subject: Subject) -> None:
    """No news is good news."""
    store = subject.make()
    digest, _ = store.put([b"good"])
    store.verify(digest)


def verify_finds_a_changed_byte(subject: Subject) -> None:
    """DamagedError, whoever changed it."""
    store = subject.make()
    digest, _ = store.put([b"good"])
    path = store.path(digest)
    path.chmod(0o644)
    path.write_bytes(b"evil")
    try:
        store.verify(digest)
    except DamagedError:
        return
    raise AssertionError("changed bytes passed")


def threads_may_put_at_once(subject: Subject) -> None:
    """The same bytes and different ones, eight at a time."""
    store, data = subject.make(), [f"shared {n % 5}".encode() * 1000 for n in range(40)]
    failures: list[BaseException] = []

    def work(part: list[bytes]) -> None:
        try:
            for one in part:
                assert store.put(pieces(one, 999)) == (digest_of(one), len(one))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(data[n::8],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, f"a thread failed: {failures[0]!r}"
    assert set(store.digests()) == {digest_of(one) for one in data}, "blobs are missing or too many"


def a_stream_is_put_whole(subject: Subject) -> None:
    """`put_stream` gives what `put` gives."""
    store, data = subject.make(), bytes(range(256)) * 4000

    async def stream() -> AsyncIterator[bytes]:
        for piece in pieces(data, 10_000):
            await asyncio.sleep(0)
            yield piece

    assert asyncio.run(store.put_stream(stream())) == (digest_of(data), len(data)), "another digest or size"
    assert store.path(digest_of(data)).read_bytes() == data, "other bytes came back"


def a_broken_async_stream_leaves_nothing(subject: Subject) -> None:
    """As `put`: absent or whole."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionError("the line went dead")

    store = subject.make()
    try:
        asyncio.run(store.put_stream(broken()))
    except ConnectionError:
        pass
    else:
        raise AssertionError("the stream's error was swallowed")
    assert list(store.digests()) == [], "something is stored"


def a_cancelled_stream_leaves_nothing(subject: Subject) -> None:
    """Ctrl-C in the middle of a download."""
    store = subject.make()

    async def endless(begun: asyncio.Event) -> AsyncIterator[bytes]:
        yield b"begun"
        begun.set()
        await asyncio.Event().wait()

    async def main() -> None:
        begun = asyncio.Event()
        task = asyncio.ensure_future(store.put_stream(endless(begun)))
        await begun.wait()
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return
        raise AssertionError("the cancellation was swallowed")

    asyncio.run(main())
    assert list(store.digests()) == [], "something is stored"


CHECKS: tuple[Check, ...] = (
    bytes_come_back,
    nothing_is_a_blob_too,
    pieces_do_not_matter,
    putting_twice_is_free,
    has_tells_the_truth,
    an_absent_blob_is_not_found,
    a_broken_stream_leaves_nothing,
    another_process_sees_it,
    every_digest_is_listed_once,
    a_path_is_read_only,
    verify_accepts_whole_bytes,
    verify_finds_a_changed_byte,
    threads_may_put_at_once,
    a_stream_is_put_whole,
    a_broken_async_stream_leaves_nothing,
    a_cancelled_stream_leaves_nothing,
)
