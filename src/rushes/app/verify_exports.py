"""Exported files against their manifests: what a person changed or removed is told, and never touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from rushes.app.export_folders import read_manifest
from rushes.app.export_layout import FOLDERS
from rushes.assets.digest import digest_of_file, is_digest
from rushes.assets.local import LocalStore
from rushes.errors import NotFound
from rushes.model.ids import Digest


class Edited(NamedTuple):
    """An exported file that is not what its manifest says."""

    path: Path
    digest: Digest
    says: str


def edited(store: LocalStore, homes: Sequence[Path], *, quick: bool = False) -> Iterator[Edited]:
    """Every exported file that was changed or removed. A link of its blob is not read again."""
    for path, digest in _exported(homes):
        if not path.exists():
            yield Edited(path, digest, "it was removed")
        elif not quick and not _is_link(store, digest, path) and _read(path) != digest:
            yield Edited(path, digest, "it was changed")


def copies_of(homes: Sequence[Path], wanted: set[Digest]) -> dict[Digest, list[Path]]:
    """Exported files that manifests give these names, intact or not."""
    found: dict[Digest, list[Path]] = {}
    for path, digest in _exported(homes):
        if digest in wanted:
            found.setdefault(digest, []).append(path)
    return found


def _exported(homes: Iterable[Path]) -> Iterator[tuple[Path, Digest]]:
    for home in homes:
        for kind in FOLDERS.values():
            for folder in sorted((home / kind).glob("v0-*")):
                manifest = read_manifest(folder)
                for name, entry in manifest["files"].items() if manifest is not None else ():
                    inside = PurePosixPath(name)
                    # a manifest lies where people write: a name that leads out of its folder is none of ours
                    if is_digest(str(entry["digest"])) and not inside.is_absolute() and ".." not in inside.parts:
                        yield folder / name, Digest(entry["digest"])


def _is_link(store: LocalStore, digest: Digest, path: Path) -> bool:
    with suppress(OSError, NotFound):
        return store.path(digest).samefile(path)
    return False


def _read(path: Path) -> Digest | None:
    try:
        return digest_of_file(path)[0]
    except OSError:
        return None
