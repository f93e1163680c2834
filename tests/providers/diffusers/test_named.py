"""A pipeline is what is in its files: not its path, not its age, and never something that has to be fetched."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tests.providers.diffusers.folders import pipeline

from rushes.providers.diffusers import named
from rushes.providers.diffusers.named import Identities, NoPipeline, folder_named, whole_name


@pytest.fixture
def identities(tmp_path: Path) -> Identities:
    return Identities(tmp_path / "identities.json")


def test_a_moved_copy_is_the_same_pipeline(identities: Identities, tmp_path: Path) -> None:
    first = pipeline(tmp_path / "first")
    shutil.copytree(first, tmp_path / "elsewhere" / "second")
    assert identities.of(first) == identities.of(tmp_path / "elsewhere" / "second")


def test_other_weights_are_another_pipeline(identities: Identities, tmp_path: Path) -> None:
    folder = pipeline(tmp_path / "one")
    before = identities.of(folder)
    pipeline(folder, weights=b"WEIGHTS")
    assert identities.of(folder) != before


def test_weights_of_the_same_size_and_date_are_another_pipeline(identities: Identities, tmp_path: Path) -> None:
    """A copy brings along the date of what was copied; that it came says only the time of the last change."""
    folder = pipeline(tmp_path / "one")
    weights = folder / "unet" / "weights.safetensors"
    stat = weights.stat()
    before = identities.of(folder)
    weights.write_bytes(b"WEIGHTS")
    os.utime(weights, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert identities.of(folder) != before


def test_what_lies_beside_a_pipeline_is_no_part_of_it(identities: Identities, tmp_path: Path) -> None:
    folder = pipeline(tmp_path / "one")
    before = identities.of(folder)
    (folder / "README.md").write_text("what it is")
    (folder / "samples").mkdir()
    (folder / "samples" / "fox.png").write_bytes(b"a picture")
    (folder / "unet" / ".lock").write_text("")
    assert identities.of(folder) == before


def test_a_file_is_read_once_and_by_all_processes(
    identities: Identities, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pipeline(tmp_path / "one")
    monkeypatch.setattr(named, "_FRESH", -1.0)
    before = identities.of(folder)
    read: set[str] = set()
    opened = Path.open

    def counted(path: Path, *args: object, **more: object) -> object:
        read.add(path.name)
        return opened(path, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", counted)
    assert Identities(tmp_path / "identities.json").of(folder) == before
    assert "weights.safetensors" not in read
    pipeline(folder, weights=b"new ones")
    assert Identities(tmp_path / "identities.json").of(folder) != before
    assert "weights.safetensors" in read


def test_a_file_that_was_just_written_is_not_remembered(identities: Identities, tmp_path: Path) -> None:
    """It may change again within one tick of the clock."""
    folder = pipeline(tmp_path / "one")
    identities.of(folder)
    assert "weights.safetensors" not in (tmp_path / "identities.json").read_text()


@pytest.mark.parametrize("memory", [b"", b"[]", b'{"x": 1}', b"\xff\xfe", b"{"])
def test_a_damaged_memory_costs_time_and_nothing_else(memory: bytes, tmp_path: Path) -> None:
    folder = pipeline(tmp_path / "one")
    expected = Identities(tmp_path / "fresh.json").of(folder)
    (tmp_path / "damaged.json").write_bytes(memory)
    assert Identities(tmp_path / "damaged.json").of(folder) == expected


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("./mine", "{near}/mine"),
        ("../mine", "{up}/mine"),
        ("there", "{near}/there"),
        ("/models/mine", "/models/mine"),
        ("owner/name", "owner/name"),
        ("owner/name@v1", "owner/name@v1"),
        (" ", ""),
        (None, ""),
        ("a\0b", ""),
        ("x" * 5000, "x" * 5000),
        ("~nobody-of-that-name/x", "~nobody-of-that-name/x"),
    ],
)
def test_names_mean_folders_from_the_file_on_or_the_hub(said: str | None, meant: str, tmp_path: Path) -> None:
    near = tmp_path / "project"
    pipeline(near / "there")
    assert whole_name(said, near) == meant.format(near=near, up=tmp_path)


def cached(hub: Path, commit: str = "c0ffee") -> Path:
    repository = hub / "models--owner--name"
    (repository / "refs" / "pr").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    (repository / "refs" / "pr" / "1").write_text("feed")
    pipeline(repository / "snapshots" / "feed", weights=b"proposed")
    return pipeline(repository / "snapshots" / commit)


def test_the_hubs_cache_is_read_by_branch_by_reference_and_by_commit(tmp_path: Path) -> None:
    snapshot = cached(tmp_path)
    assert folder_named("owner/name", tmp_path) == snapshot
    assert folder_named("owner/name@main", tmp_path) == snapshot
    assert folder_named("owner/name@c0ffee", tmp_path) == snapshot
    assert folder_named("owner/name@pr/1", tmp_path) == snapshot.parent / "feed"


@pytest.mark.parametrize(
    ("name", "says", "next_step"),
    [
        ("", "no pipeline is named", "model: ./my-pipeline"),
        ("flux_dev", "no folder 'flux_dev'", "OWNER/NAME"),
        ("owner/absent", "not on this machine", "hf download owner/absent"),
        ("owner/name@v9", "not on this machine", "hf download owner/name --revision v9"),
        ("owner/../x", "no name of the hub's", "OWNER/NAME"),
        ("owner/name@../../../etc", "no name of the hub's", "OWNER/NAME"),
        ("/nowhere/at/all", "not on this machine", "correct the path"),
    ],
)
def test_a_pipeline_that_is_not_there_says_what_to_do(name: str, says: str, next_step: str, tmp_path: Path) -> None:
    cached(tmp_path)
    with pytest.raises(NoPipeline, match=says) as caught:
        folder_named(name, tmp_path)
    assert next_step in caught.value.next_step


@pytest.mark.parametrize(
    ("index", "says"),
    [
        (b"{", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b"\xff", "cannot be read"),
        (b"[]", "does not name a pipeline"),
        (b'{"_class_name": 1}', "does not name a pipeline"),
        (b'{"_class_name": "X", "vae": ["diffusers", "V"]}', "lacks vae/"),
        (None, "has no model_index.json"),
    ],
)
def test_a_broken_folder_says_what_is_broken(index: bytes | None, says: str, tmp_path: Path) -> None:
    folder = pipeline(tmp_path / "one")
    if index is None:
        (folder / "model_index.json").unlink()
    else:
        (folder / "model_index.json").write_bytes(index)
    with pytest.raises(NoPipeline, match=says):
        folder_named(str(folder), tmp_path)
