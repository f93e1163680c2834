"""Does a run report grow with the run, and no faster?

The same report for 100 and for 400 nodes: bytes and seconds for each node may not grow by more than a fifth.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.figure import Figure
from bench.whole import run_whole
from rushes.app import report

SMALL, LARGE = 100, 400


def cost(count: int) -> tuple[float, float]:
    """Seconds and bytes of the report, for each node."""
    written: list[tuple[float, float]] = []
    write = report.write_report

    def timed(*args: Any) -> Path:
        began = time.perf_counter()
        path = write(*args)
        written.append((time.perf_counter() - began, float(path.stat().st_size)))
        return path

    with TemporaryDirectory(prefix="rushes-bench-") as folder:
        setattr(report, "write_report", timed)  # noqa: B010  the type checker minds the assignment
        try:
            run_whole(Path(folder), count)
        finally:
            setattr(report, "write_report", write)  # noqa: B010
    seconds, size = written[0]
    return seconds / count, size / count


def measure() -> Iterator[Figure]:
    """The first report loads what reports need, so it is not measured."""
    cost(2)
    small, large = cost(SMALL), cost(LARGE)
    yield Figure(name="report time a node, 400 / 100 nodes", value=large[0] / small[0], limit=1.2, unit="x")
    yield Figure(name="report bytes a node, 400 / 100 nodes", value=large[1] / small[1], limit=1.2, unit="x")
    yield Figure(name="report time a node", value=large[0] * 1000, limit=None, unit="ms")
    yield Figure(name="report size a node", value=large[1] / 1000, limit=None, unit="kB")
