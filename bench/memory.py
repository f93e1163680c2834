"""How much memory a run of 1,000 nodes takes at its peak, with everything that belongs to it.

A process of its own reads the file, plans, runs, checks, stores, exports and writes the report. Target: under 150 MB.
A run of 100 nodes is shown beside it: most of both is what Python and the media libraries take.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figure import PYTHON, ROOT, Figure, child


def peak(count: int) -> float:
    """MB."""
    with TemporaryDirectory(prefix="rushes-bench-") as folder:
        (Path(folder) / "project").mkdir()
        return child([PYTHON, "-m", "bench.whole", str(Path(folder) / "project"), str(count)], cwd=ROOT).peak


def measure() -> Iterator[Figure]:
    """Both."""
    yield Figure(name="peak memory, 1,000 nodes", value=peak(1000), limit=150, unit="MB")
    yield Figure(name="peak memory, 100 nodes", value=peak(100), limit=None, unit="MB")
