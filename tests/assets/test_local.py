"""The blob store on disk: whole or absent, lasting before it is named, never changed."""

from __future__ import annotations

import errno
import itertools
import os
import resource
import shutil
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.assets.children import in_child, put_again_and_again, put_and_stall

from rushes.assets.local import LocalStore
from rushes.errors import DamagedError, NotFound, StoreError
from rushes.model.ids import Digest
from rushes.testing.blobs import CHECKS, Check, Subject, digest_of


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_is_a_blob_store(check: Check, tmp_path: Path) -> None:
    check(Subject(make=lambda: LocalStore(tmp_path / "store")))


def test_a_blob_lies_two_folders_deep_and_read_only(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    digest, size = store.put([b"a ", b"fox"])
    path = tmp_path / digest[:2] / digest[2:4] / digest
    assert store.path(digest) == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert store.size(digest) == size == 5
    assert files(tmp_path) == [path]


@contextmanager
def disk_calls(root: Path, digest: Digest) -> Iterator[list[str]]:
    """What is asked of the disk meanwhile, written down by the system calls themselves."""
    names = {root: "root", root / digest[:2]: "outer", root / digest[:2] / digest[2:4]: "inner"}
    calls: list[str] = []
    sync, rename, write = os.fsync, os.replace, os.write

    def fsync(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        calls.append(f"sync {names.get(path, 'file' if path.parent == root / 'tmp' else str(path))}")
        sync(handle)

    def replace(source: Path, target: Path) -> None:
        calls.append("rename")
        rename(source, target)

    def written(handle: int, data: bytes) -> int:
        calls.append("write")
        return write(handle, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        patch.setattr(os, "replace", replace)
        patch.setattr(os, "rename", replace)
        patch.setattr(os, "write", written)
        yield calls


def test_bytes_are_on_disk_before_their_name_and_the_name_before_the_answer(tmp_path: Path) -> None:
    """Without any one of these lines a power cut loses a result."""
    store = LocalStore(tmp_path)
    with disk_calls(tmp_path, digest_of(b"a fox")) as calls:
        store.put([b"a fox"])
        assert calls == ["write", "sync file", "sync root", "sync outer", "rename", "sync inner"]
        calls.clear()
        store.put([b"a fox"])
        assert calls == ["write", "sync inner"], "the other writer may not have come to its last line"


def beside(digest: Digest) -> bytes:
    """Bytes of another blob that lies in the same folder."""
    return next(data for data in map(b"fox %d".__mod__, itertools.count()) if digest_of(data)[:4] == digest[:4])


def test_a_folder_that_is_on_disk_for_certain_is_waited_for_once(tmp_path: Path) -> None:
    digest = digest_of(b"a fox")
    LocalStore(tmp_path).put([b"a fox"])
    store = LocalStore(tmp_path)
    with disk_calls(tmp_path, digest) as calls:
        store.put([beside(digest)])  # who made the folder may not have come to that
        assert calls == ["write", "sync file", "sync root", "sync outer", "rename", "sync inner"], (
            "who made it may not have come to that"
        )
        calls.clear()
        (tmp_path / digest[:2] / digest[2:4] / digest).unlink()
        store.put([b"a fox"])
        assert calls == ["write", "sync file", "rename", "sync inner"]


def test_a_folder_whose_name_may_not_last_is_waited_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, digest = LocalStore(tmp_path), digest_of(b"a fox")
    sync = os.fsync

    def broken(handle: int) -> None:
        if Path(f"/proc/self/fd/{handle}").readlink() == tmp_path:
            raise OSError(errno.EIO, "Input/output error")
        sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(StoreError, match="Input/output error"):
            store.put([b"a fox"])
    with disk_calls(tmp_path, digest) as calls:
        store.put([b"a fox"])
    assert calls == ["write", "sync file", "sync root", "sync outer", "rename", "sync inner"]


def test_a_folder_that_somebody_took_away_is_made_again(tmp_path: Path) -> None:
    store, digest = LocalStore(tmp_path), digest_of(b"a fox")
    store.put([b"a fox"])
    shutil.rmtree(tmp_path / digest[:2])
    with disk_calls(tmp_path, digest) as calls:
        store.put([b"a fox"])
    assert calls == ["write", "sync file", "sync root", "sync outer", "rename", "sync inner"]
    assert store.has(digest)


def test_a_failing_fsync_is_a_failing_put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path)

    def broken(_handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(StoreError, match="Input/output error"):
            store.put([b"a fox"])
    assert not store.has(digest_of(b"a fox"))
    assert files(tmp_path) == []


def test_a_full_disk_is_a_clear_error_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path)

    def full(_handle: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StoreError, match="the disk is full") as caught:
            store.put([b"a fox"])
    assert "free some space" in caught.value.next_step
    assert files(tmp_path) == []
    assert list(store.digests()) == []


def test_a_file_that_may_not_grow_leaves_nothing(tmp_path: Path) -> None:
    """A real refusal of the system, in the middle of a large blob."""
    store = LocalStore(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(StoreError, match="cannot be stored"):
            store.put([b"x" * 60_000] * 3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert files(tmp_path) == []


def test_a_writer_that_was_killed_leaves_nothing_after_the_next_opening(tmp_path: Path) -> None:
    with in_child(put_and_stall, tmp_path) as child:
        assert len(files(tmp_path)) == 1
        LocalStore(tmp_path)
        assert len(files(tmp_path)) == 1, "its writer lives"
        child.kill()
        child.join()
    assert list(LocalStore(tmp_path).digests()) == []
    assert files(tmp_path) == []


def test_many_processes_may_put_the_same_blobs_at_once(tmp_path: Path) -> None:
    """While they do, others open the store and look for leftovers."""
    with (
        in_child(put_again_and_again, tmp_path) as one,
        in_child(put_again_and_again, tmp_path) as two,
        in_child(put_again_and_again, tmp_path) as three,
    ):
        for child in (one, two, three):
            child.join()
            assert child.exitcode == 0
    store = LocalStore(tmp_path)
    found = list(store.digests())
    assert len(found) == 40
    for digest in found:
        store.verify(digest)
    assert len(files(tmp_path)) == 40


def test_a_link_in_the_place_of_a_blob_is_not_followed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    digest, _size = store.put([b"a fox"])
    place = store.path(digest)
    place.unlink()
    (tmp_path / "secret").write_bytes(b"a fox")
    place.symlink_to(tmp_path / "secret")
    assert not store.has(digest)
    assert list(store.digests()) == []
    for look in (store.path, store.size, store.verify):
        with pytest.raises(StoreError, match="no regular file"):
            look(digest)
    store.put([b"a fox"])
    assert not place.is_symlink()
    assert (tmp_path / "secret").read_bytes() == b"a fox"


def test_a_link_in_the_place_of_a_folder_is_not_written_through(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    digest = digest_of(b"a fox")
    (tmp_path / "outside").mkdir()
    (tmp_path / "store" / digest[:2]).symlink_to(tmp_path / "outside")
    with pytest.raises(StoreError, match="no folder"):
        store.put([b"a fox"])
    assert files(tmp_path / "outside") == []


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 65, "a" * 64 + "\n"])
def test_what_is_no_digest_is_nowhere(tmp_path: Path, name: str) -> None:
    store = LocalStore(tmp_path)
    assert not store.has(Digest(name))
    with pytest.raises(NotFound):
        store.path(Digest(name))


def test_a_shortened_blob_is_found_damaged_and_healed_by_its_bytes(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    digest, _size = store.put([b"a fox in the snow"])
    path = store.path(digest)
    path.chmod(0o644)
    path.write_bytes(b"a fox")
    with pytest.raises(DamagedError, match=digest):
        store.verify(digest)
    store.put([b"a fox in the snow"])
    store.verify(digest)


def test_what_else_lies_in_the_store_is_no_blob(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    digest, _size = store.put([b"a fox"])
    (tmp_path / "README").write_text("hello")
    (store.path(digest).parent / "notes.txt").write_text("hello")
    (store.path(digest).parent / ("0" * 64)).write_text("in a folder that is not its own")
    assert list(store.digests()) == [digest]


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match=r"the store .* cannot be opened"):
        LocalStore(tmp_path / "file" / "store")


# outputs beside the workflow


def test_an_output_is_a_link_to_the_blob(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    digest, _size = store.put([b"a fox"])
    target = tmp_path / "Assets" / "v0-1" / "scene01.png"
    for _twice in range(2):
        store.link_or_copy(digest, target)
        assert target.samefile(store.path(digest))
        assert os.listdir(target.parent) == ["scene01.png"]


def test_an_output_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    first, _size = store.put([b"first"])
    second, _size = store.put([b"second"])
    target = tmp_path / "scene.png"
    store.link_or_copy(first, target)
    store.link_or_copy(second, target)
    assert target.read_bytes() == b"second"
    assert store.path(first).read_bytes() == b"first", "the older blob is untouched"


def test_an_output_takes_the_place_of_a_link_and_not_of_what_it_points_to(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    digest, _size = store.put([b"a fox"])
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "scene.png").symlink_to(tmp_path / "precious")
    store.link_or_copy(digest, tmp_path / "scene.png")
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert (tmp_path / "scene.png").read_bytes() == b"a fox"


@pytest.fixture
def other_device(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(*_args: object, **_options: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", refuse)
        yield


@pytest.mark.usefixtures("other_device")
def test_an_output_on_another_device_is_a_copy(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    digest, _size = store.put([b"a fox"])
    target = tmp_path / "scene.png"
    target.write_bytes(b"older")
    store.link_or_copy(digest, target)
    assert target.read_bytes() == b"a fox"
    assert not target.samefile(store.path(digest))
    assert sorted(os.listdir(tmp_path)) == ["scene.png", "store"]


@pytest.mark.usefixtures("other_device")
def test_a_copy_that_fails_leaves_the_older_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path / "store")
    digest, _size = store.put([b"a fox"])
    target = tmp_path / "scene.png"
    target.write_bytes(b"older")

    def broken(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(StoreError, match="disk is full"):
        store.link_or_copy(digest, target)
    assert target.read_bytes() == b"older"
    assert sorted(os.listdir(tmp_path)) == ["scene.png", "store"]


def test_an_output_of_a_blob_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no blob"):
        LocalStore(tmp_path / "store").link_or_copy(digest_of(b"x"), tmp_path / "scene.png")
    assert not (tmp_path / "scene.png").exists()


def test_threads_may_make_one_output_at_once(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    digests = [store.put([f"{number}".encode()])[0] for number in range(8)]
    target = tmp_path / "out" / "scene.png"
    failures: list[BaseException] = []

    def work(digest: Digest) -> None:
        try:
            for _ in range(20):
                store.link_or_copy(digest, target)
        except BaseException as error:
            failures.append(error)

    run_all([lambda digest=digest: work(digest) for digest in digests])  # type: ignore[misc]
    assert failures == []
    assert os.listdir(target.parent) == ["scene.png"]


def run_all(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
