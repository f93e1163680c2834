"""What a wire is: a line of the product that a promise hangs on, how to cut it, and the test that must notice."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"


class Cut(NamedTuple):
    """One edit: `old` stands in the file exactly once, and `new` takes its place."""

    file: str
    old: str
    new: str


class Wire(NamedTuple):
    """One wire: the promise that hangs on it, the edits that cut it, and the quickest test that must then fail."""

    name: str
    cuts: tuple[Cut, ...]
    test: str


def wire(name: str, file: str, old: str, new: str, test: str) -> Wire:
    """A wire that is cut in one place."""
    return Wire(name, (Cut(file, old, new),), test)


def not_once(cuts: Sequence[Cut], source: Path = SOURCE) -> list[str]:
    """The edits whose text does not stand in its file exactly once: the list has gone stale there."""
    found = []
    for cut in cuts:
        path = source / "rushes" / cut.file
        times = path.read_text("utf-8").count(cut.old) if path.is_file() else 0
        if times != 1:
            found.append(f"{cut.file}: {times} times: {cut.old.strip().splitlines()[0]!r}")
    return found


class Copy:
    """The product's source in a folder of its own, where wires are cut one after the other."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "src"
        shutil.copytree(SOURCE, self.source, ignore=shutil.ignore_patterns("__pycache__"))

    def cut(self, cuts: Sequence[Cut]) -> None:
        """Make the edits. AssertionError when one does not fit exactly once."""
        stale = not_once(cuts, self.source)
        assert not stale, stale
        for cut in cuts:
            path = self.source / "rushes" / cut.file
            self._write(path, path.read_text("utf-8").replace(cut.old, cut.new))

    def mend(self, cuts: Sequence[Cut]) -> None:
        """Put back what `cut` changed."""
        for cut in cuts:
            self._write(self.source / "rushes" / cut.file, (SOURCE / "rushes" / cut.file).read_text("utf-8"))

    @staticmethod
    def _write(path: Path, text: str) -> None:
        path.write_text(text, "utf-8")
        # byte code is told apart by whole seconds and size: two edits within a second may look alike
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
            compiled.unlink()
