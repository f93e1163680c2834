"""Which file each result becomes: a pure function of the workflow and what its rows came to.

::

    generated-images/v0-N/scene01.png                  what was picked
    generated-images/v0-N/candidates/scene01-c2.png    every alternative, under its number
    generated-images/v0-N/{tab}/...                    the same per tab, when a workflow has several

No two rows ever share a path, on any file system: every stem goes through one `Namer` per folder, and the
endings put behind a stem cannot make two different stems equal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from rushes.app.naming import Namer, folder_name, row_name, scene_stem, slug, stem
from rushes.app.picks import Shown, shown
from rushes.graph.grid import Grid
from rushes.graph.value import Outcome
from rushes.model.ids import Digest
from rushes.model.media import Artifact, Kind
from rushes.model.operation import INLINE
from rushes.model.workflow import Node

LAYOUT = 1
"""Raised when this file would name things differently, so that unchanged results are laid out anew."""

FOLDERS = {
    Kind.IMAGE: "generated-images",
    Kind.VIDEO: "generated-videos",
    Kind.AUDIO: "generated-audio",
    Kind.TEXT: "generated-text",
    Kind.SUBTITLES: "generated-subtitles",
}


class OutFile(NamedTuple):
    """One file at `path` in `folder`/v0-N, with slashes. Rows and candidates count from 1; candidate 0 is the pick.

    `note` says where it is from, when it was made for another prompt.
    """

    folder: str
    path: str
    digest: str
    text: str | None
    node: str
    tab: str
    row: int
    candidate: int
    picked: bool
    flagged: bool
    note: str = ""


def lay_out(grid: Grid, outcomes: Sequence[Outcome | None]) -> list[OutFile]:
    """All files of a run, in the order of the workflow."""
    return list(_Layout(list(_generators(grid))).files(shown(grid, outcomes)))


def lay_out_shown(some: Sequence[Shown]) -> list[OutFile]:
    """The files of some generators, all rows of each, as if there were no others."""
    return list(_Layout([(one.node, one.rows) for one in some if one.row == 0]).files(some))


def fingerprint(grid: Grid, outcomes: Sequence[Outcome | None], *more: str) -> str:
    """A digest of everything that `lay_out` reads: equal fingerprints have equal files. No file is touched.

    A candidate enters by its question, number and salt: under these a stored result never changes.
    """
    said: list[str] = [str(LAYOUT), *more, str(grid.count)]
    for node in grid.nodes:
        said += (node.id, node.title, node.tab, node.op)
        if not node.enabled:
            said.append("off")
    which = itemgetter(0, 1)  # candidate and salt
    shapes: dict[tuple[tuple[int, int], ...], str] = {}
    for outcome in outcomes:
        if outcome is None:
            said.append("-")
            continue
        state, value, base, candidates, says, _forgiven = outcome
        said.append(f"{state}\0{base or ''}\0{says}")
        if value is not None:
            said += [one.digest for one in value.artifacts]
            if value.text is not None:
                said.append(f"t{len(value.text)}:{value.text}")
        shape = tuple(map(which, candidates))
        if shape not in shapes:
            shapes[shape] = str(shape)
        said.append(shapes[shape])
    return hashlib.sha256("\0".join(said).encode("utf-8", "surrogatepass")).hexdigest()


class _Layout:
    def __init__(self, generators: Sequence[tuple[Node, int]]) -> None:
        self._tabs = _tab_folders(generators)
        self._many = _multi_row(generators)
        self._namers: dict[tuple[str, str], Namer] = {}

    def files(self, some: Iterable[Shown]) -> Iterator[OutFile]:
        for one in some:
            if one.value is not None or one.candidates:
                yield from self._files_of(one)

    def _files_of(self, one: Shown) -> Iterator[OutFile]:
        folder, prefix = FOLDERS[one.kind], self._tabs[one.node.tab]
        namer = self._namers.get((folder, prefix))
        if namer is None:
            namer = self._namers[folder, prefix] = Namer("candidates", "manifest")
        base = namer.claim(self._stem(one))

        def file(path: str, digest: str, text: str | None, candidate: int, picked: bool, flagged: bool) -> OutFile:
            return OutFile(
                folder,
                prefix + path,
                digest,
                text,
                str(one.node.id),
                one.node.tab,
                one.row + 1,
                candidate,
                picked,
                flagged,
                one.says if one.borrowed else "",
            )

        if one.value is not None:
            if one.value.text is not None:
                yield file(f"{base}.txt", text_digest(one.value.text), one.value.text, 0, True, False)
            for name, artifact in _named(base, one.value.artifacts, namer):
                yield file(name, artifact.digest, None, 0, True, False)
        if len(one.candidates) > 1 or one.waits:
            for number, result, artifact in one.pictures():
                name = f"candidates/{base}-c{number}{artifact.suffix}"
                yield file(name, artifact.digest, None, number, artifact.digest == one.picked, result.verdict.flagged)

    def _stem(self, one: Shown) -> str:
        node = one.node
        title = node.title or str(node.id)
        scene = scene_stem(title)
        name = scene or stem(title) or slug(str(node.id)) or str(node.signature.output or "output")
        if one.rows == 1:
            return name
        if scene is not None:
            return f"{scene}-row{one.row + 1:02d}"
        row = row_name(one.row, one.rows)
        # the rows of the only generator of its kind are the scenes of the film; beside another they carry its name
        return row if self._many[node.tab, node.signature.output] == 1 else f"{name}-{row}"


def _named(stem: str, artifacts: Sequence[Artifact], namer: Namer) -> Iterator[tuple[str, Artifact]]:
    used: set[str] = set()
    for artifact in artifacts:
        name = stem if artifact.suffix not in used else namer.claim(f"{stem}-2")
        used.add(artifact.suffix)
        yield name + artifact.suffix, artifact


def _generators(grid: Grid) -> Iterator[tuple[Node, int]]:
    for node, count in zip(grid.nodes, grid.count, strict=True):
        if node.op not in INLINE:
            yield node, count


def _tab_folders(generators: Sequence[tuple[Node, int]]) -> dict[str, str]:
    tabs = list(dict.fromkeys(node.tab for node, _count in generators))
    if len(tabs) < 2:
        return dict.fromkeys(tabs, "")
    namer = Namer("manifest.json", "candidates")
    return {tab: namer.claim(folder_name(tab, "tab")) + "/" for tab in tabs}


def _multi_row(generators: Sequence[tuple[Node, int]]) -> dict[tuple[str, Kind | None], int]:
    many: dict[tuple[str, Kind | None], int] = {}
    for node, count in generators:
        if count > 1 and scene_stem(node.title or str(node.id)) is None:
            key = (node.tab, node.signature.output)
            many[key] = many.get(key, 0) + 1
    return many


def text_bytes(text: str) -> bytes:
    """A text as a file: UTF-8, with `?` for what no file can hold."""
    return text.encode("utf-8", "replace")


def text_digest(text: str) -> Digest:
    """The digest of a text as a file."""
    return Digest(hashlib.sha256(text_bytes(text)).hexdigest())
