"""Folders of files that are whole or absent, and numbered so that nothing a person has seen is changed.

A folder is built beside its place under a hidden name and renamed when its last byte is there. Its
`manifest.json` says what it holds; it is what later exports compare with, so that they read no picture.

Which number `v0-N` an export takes:

- the folders that hold all its files already: nothing is written;
- the folders it would only add to, or that the same run wrote last: they are replaced, whole;
- else the number in the workflow's own name (`...-V0-3`) if that is free, else the next free one.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from rushes.app.export_layout import FOLDERS, OutFile, text_bytes
from rushes.errors import StoreError
from rushes.model.ids import Digest

MANIFEST = "manifest.json"
_SCHEMA = "rushes-export/1"
_VERSION = re.compile(r"v0-(\d{1,6})")
_OWN_VERSION = re.compile(r"(?:^|[^A-Za-z0-9])[Vv]0-(\d{1,6})$")
_ABANDONED = 3600.0  # seconds after which a half-built folder is nobody's


class Linker(Protocol):
    """The one thing an export needs of the store."""

    def link_or_copy(self, digest: Digest, target: Path) -> None:
        """A hard link at `target` where the file system allows it, else a copy."""
        ...


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what the file system says into a StoreError that names the place."""
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename or path
        raise StoreError(
            f"could not write {place}: {error.strerror or error}",
            next_step=_ADVICE.get(error.errno or 0, "choose another folder with --output-dir, then: rushes export RUN"),
        ) from error


_ADVICE = {
    errno.ENOSPC: "free some disk space, then: rushes export RUN (nothing is bought again)",
    errno.EDQUOT: "free some disk space, then: rushes export RUN (nothing is bought again)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one run wants to see on disk: its files by kind of folder."""

    run: str
    workflow: str
    folders: Mapping[str, Sequence[OutFile]]
    partial: bool  # a selection: what it does not name may well stay

    @classmethod
    def of(cls, run: str, workflow: str, files: Iterable[OutFile], *, partial: bool) -> Wanted:
        """Sorted into folders."""
        folders: dict[str, list[OutFile]] = {}
        for one in files:
            folders.setdefault(one.folder, []).append(one)
        return cls(run=run, workflow=workflow, folders=folders, partial=partial)


class Need(StrEnum):
    """What one version of one folder is to an export."""

    NEW = "new"  # there is none: build it
    SAME = "same"  # it holds everything already
    REPLACE = "replace"  # nothing that is in it would be lost


class Shelf:
    """`Assets/{workflow}`: its generated folders and their versions."""

    def __init__(self, home: Path, store: Linker) -> None:
        self.home = home
        self._store = store

    def place(self, wanted: Wanted) -> tuple[int, bool]:
        """Put every folder in its place; N, and whether anything was written. Raises StoreError."""
        with told(self.home):
            self.home.mkdir(parents=True, exist_ok=True)
            version, needs = self._choose(wanted)
            built: dict[str, Path] = {}
            try:
                while True:
                    for kind, need in needs.items():
                        if need is not Need.SAME and kind not in built:
                            built[kind] = self._build(kind, wanted, version if need is Need.REPLACE else None)
                    if self._swap(built, version, needs):
                        return version, bool(built)
                    # another run took the number in the meantime: the next one is ours
                    version, needs = self._free(self._versions(), None), dict.fromkeys(wanted.folders, Need.NEW)
            finally:
                for path in built.values():
                    shutil.rmtree(path, ignore_errors=True)

    def _choose(self, wanted: Wanted) -> tuple[int, dict[str, Need]]:
        versions = self._versions()
        fits: tuple[int, dict[str, Need]] | None = None
        for version in sorted(versions, reverse=True):
            needs = {kind: self._need(kind, version, wanted) for kind in wanted.folders}
            known = {kind: need for kind, need in needs.items() if need is not None}
            if len(known) < len(needs) or set(known.values()) == {Need.NEW}:
                continue
            if set(known.values()) == {Need.SAME}:
                return version, known
            fits = fits or (version, known)
        return fits or (self._free(versions, wanted.workflow), dict.fromkeys(wanted.folders, Need.NEW))

    def _versions(self) -> set[int]:
        found = set()
        for kind in FOLDERS.values():
            for path in (self.home / kind).glob("v0-*"):
                if (match := _VERSION.fullmatch(path.name)) is not None:
                    found.add(int(match.group(1)))
        return found

    def _free(self, taken: set[int], workflow: str | None) -> int:
        own = _OWN_VERSION.search(workflow) if workflow is not None else None
        if own is not None and int(own.group(1)) not in taken:
            return int(own.group(1))
        return max(taken, default=0) + 1

    def _need(self, kind: str, version: int, wanted: Wanted) -> Need | None:
        folder = self.home / kind / f"v0-{version}"
        if not folder.exists():
            return Need.NEW
        manifest = read_manifest(folder)
        if manifest is None:
            return None  # not ours, or damaged: never touched
        there = {path: (entry["digest"], entry.get("note", "")) for path, entry in manifest["files"].items()}
        here = {one.path: (one.digest, one.note) for one in wanted.folders[kind]}
        returns = wanted.partial or wanted.run in manifest["runs"]
        if (here == there or (returns and here.items() <= there.items())) and all(
            (folder / path).exists() for path in here
        ):
            return Need.SAME
        if here.items() >= there.items() or manifest["run"] == wanted.run:
            return Need.REPLACE
        return None

    def _build(self, kind: str, wanted: Wanted, replaced: int | None) -> Path:
        parent = self.home / kind
        parent.mkdir(exist_ok=True)
        _sweep(parent)
        folder = Path(tempfile.mkdtemp(prefix=".building-", dir=parent))
        try:
            folder.chmod(0o755)  # mkdtemp keeps others out; what it becomes is for all who may see the parent
            self._fill(folder, wanted.folders[kind])
            before = read_manifest(parent / f"v0-{replaced}") if replaced is not None else None
            write_manifest(folder, wanted, wanted.folders[kind], before["runs"] if before is not None else [])
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return folder

    def _fill(self, folder: Path, files: Sequence[OutFile]) -> None:
        for sub in sorted({one.path.rpartition("/")[0] for one in files} - {""}):
            (folder / sub).mkdir(parents=True, exist_ok=True)
        for one in files:
            target = folder / one.path
            if one.text is not None:
                target.write_bytes(text_bytes(one.text))
            else:
                self._store.link_or_copy(Digest(one.digest), target)

    def _swap(self, built: Mapping[str, Path], version: int, needs: Mapping[str, Need]) -> bool:
        """Rename all into place; False, with everything as it was, when a number is taken meanwhile."""
        moved: list[tuple[Path, Path]] = []
        for kind, folder in sorted(built.items(), key=lambda item: needs[item[0]] is Need.REPLACE):
            target = self.home / kind / f"v0-{version}"
            if needs[kind] is Need.REPLACE:
                _replace(folder, target)
                continue
            try:
                folder.rename(target)
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY) and not target.exists():
                    raise
                for source, place in moved:
                    place.rename(source)
                return False
            moved.append((folder, target))
        return True


def _replace(folder: Path, target: Path) -> None:
    old = folder.with_name(folder.name + "-old")
    known = read_manifest(target)
    target.rename(old)
    folder.rename(target)
    _carry_over(old, target, set(known["files"]) if known is not None else set())
    shutil.rmtree(old, ignore_errors=True)


def _carry_over(old: Path, new: Path, ours: set[str]) -> None:
    """What people put beside our files stays."""
    for root, _folders, names in os.walk(old):
        for name in names:
            path = Path(root, name)
            relative = path.relative_to(old)
            target = new / relative
            if relative.as_posix() not in ours and name != MANIFEST and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                path.rename(target)


def _sweep(parent: Path) -> None:
    """Remove what an earlier process left half-built."""
    for path in parent.glob(".building-*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _ABANDONED:
                shutil.rmtree(path, ignore_errors=True)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """What the folder says it holds; None when it says nothing we understand."""
    try:
        raw = json.loads((folder / MANIFEST).read_bytes())
        if (
            raw["schema"] == _SCHEMA
            and isinstance(raw["runs"], list)
            and all("digest" in v for v in raw["files"].values())
        ):
            return dict(raw)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


def write_manifest(folder: Path, wanted: Wanted, files: Sequence[OutFile], runs: Sequence[str]) -> None:
    """One line per file, so that people and version control can read it."""
    head = {
        "schema": _SCHEMA,
        "workflow": wanted.workflow,
        "run": wanted.run,
        "runs": [*(run for run in runs if run != wanted.run), wanted.run],
    }
    lines = []
    for one in files:
        entry: dict[str, Any] = {"digest": one.digest, "node": one.node, "tab": one.tab, "row": one.row}
        if one.candidate:
            entry |= {"candidate": one.candidate, "picked": one.picked, "flagged": one.flagged}
        if one.note:
            entry["note"] = one.note
        lines.append(f"{_dump(one.path)}: {_dump(entry)}")
    body = _dump(head)[:-1] + ', "files": {\n' + ",\n".join(lines) + "\n}}\n"
    (folder / MANIFEST).write_text(body, encoding="utf-8")


_dump = json.JSONEncoder().encode
