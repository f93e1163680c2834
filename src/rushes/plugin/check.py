"""What a check promises: to look at one candidate and say what it saw, without changing anything."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from rushes.model.media import Artifact, Kind
from rushes.model.request import Recipe
from rushes.model.verdict import Verdict


class Check(Protocol):
    """One kind of look at a result; runs in a worker thread, so it may block."""

    name: str
    kinds: tuple[Kind, ...]

    def look(self, artifact: Artifact, path: Path, recipe: Recipe) -> Verdict:
        """Judge the bytes at `path`, which are what `recipe` asked for."""
        ...
