"""A batch over a long table: memory that does not grow with it, rows a second, and what going on costs.

A process of its own runs a table of pictures on a provider that answers at once; what it has in memory is read after
every part. Target: under 300 MB, and no more after the last row than after the first 10,000. A row, whose picture is
stored, looked at and put in its place, takes 2.5 ms of CPU at most, and to find it done a tenth of a millisecond.
`python -m bench.batch 100000` runs as many rows as it is told, which takes minutes.
"""

from __future__ import annotations

import asyncio
import csv
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figure import PYTHON, ROOT, Figure

ROWS = 20_000
_CPU = 2.5  # ms a row
_EARLY = 10_000  # rows after which nothing may grow
_GROWTH = 15.0  # MB that may come and go: the allocator's, SQLite's pages
FLOW = """\
name: cards
steps:
  - {name: still, type: text_to_image, prompt: "{{input}}"}
"""


def table(folder: Path, rows: int) -> Path:
    """A workflow, and a table with so many prompts."""
    (folder / "cards.yaml").write_text(FLOW)
    path = folder / "prompts.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["prompt", "id"])
        writer.writerows((f"a red fox, number {row}", f"fox {row}") for row in range(rows))
    return path


def resident() -> float:
    """MB that this process has in memory now."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def run_rows(folder: Path) -> dict[str, object]:
    """Run the table of a folder; memory after each part, the seconds it took, and those of CPU with starting up."""
    from rushes.app.batch import run_batch
    from rushes.app.batch_told import Told
    from rushes.app.config import load_config
    from rushes.app.project import Project
    from rushes.model.run import RunOptions
    from rushes.testing.provider import InstantProvider

    seen: list[tuple[int, float]] = []
    began = time.perf_counter()
    config = load_config(folder, {"home": str(folder / "home")}, {})
    provider = InstantProvider()
    with Project(config, {"instant": provider}) as project:
        told = Told(part=lambda lines, _totals: seen.append(((seen[-1][0] if seen else 0) + len(lines), resident())))
        options = RunOptions(provider="instant", attempts=1)
        summary = asyncio.run(run_batch(project, folder / "cards.yaml", folder / "prompts.csv", options, told=told))
    seconds = time.perf_counter() - began
    assert summary.whole, summary.totals
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    return {"seconds": seconds, "cpu": cpu, "memory": seen, "asked": provider.submitted, "rows": summary.totals.rows}


def child(folder: Path) -> dict[str, object]:
    """`run_rows` in a process of its own."""
    done = subprocess.run([PYTHON, "-m", "bench.batch", "--in", str(folder)], cwd=ROOT, capture_output=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def measure(rows: int = ROWS) -> Iterator[Figure]:
    """Memory, pace, and going on with a batch that is over."""
    with TemporaryDirectory(prefix="rushes-bench-") as name:
        folder = Path(name)
        table(folder, rows)
        once, again = child(folder), child(folder)
    assert once["asked"] == rows and again["asked"] == 0
    memory: list[tuple[int, float]] = once["memory"]  # type: ignore[assignment]
    early = max(mb for count, mb in memory if count <= _EARLY)
    late = max((mb for count, mb in memory if count > _EARLY), default=early)
    cpu, idle = float(str(once["cpu"])) / rows * 1000, float(str(again["cpu"])) / rows * 1000
    seconds = float(str(once["seconds"]))
    yield Figure(name=f"batch of {rows:,} rows, memory", value=max(early, late), limit=300, unit="MB")
    yield Figure(name=f"  after row {_EARLY:,} more by", value=max(0.0, late - early), limit=_GROWTH, unit="MB")
    yield Figure(name="  CPU a row", value=cpu, limit=_CPU, unit="ms")
    yield Figure(name="  rows a second", value=rows / seconds, limit=None, unit="rows/s")
    yield Figure(name="  the same again, nothing to do, CPU a row", value=idle, limit=0.1, unit="ms")


if __name__ == "__main__":
    if sys.argv[1] == "--in":
        print(json.dumps(run_rows(Path(sys.argv[2]))))
    else:
        for figure in measure(int(sys.argv[1])):
            print(f"{figure.name:<44} {figure.value:>10.3g} {figure.unit}")
