"""Does Rushes stay light at 100,000 nodes, and does ten times the work cost no more than ten times as much?

Whole processes, from the shell and back, in CPU seconds: a plan where nothing is known and where everything is, and
everything that is done with a run of 100,000 pictures: going on with it after its process was killed, its status, its
export with its report, the same file run again. Each beside the same for 10,000; eleven times as much is still linear.

Then the engine: a durable paid call, in a home on this disk, and a node whose answer is known, both at 100,000 nodes;
and what the live display takes of such a run.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figure import PYTHON, ROOT, Cost, Figure, child, heard
from bench.left import PROVIDER, RUN, leave, write_file
from bench.rig import home, independent, run
from bench.stats import attempt
from bench.submits import AT_ONCE, Paid
from rushes.cli.live import picture
from rushes.cli.progress import Progress
from rushes.model.event import Event
from rushes.model.operation import Operation

SMALL, LARGE = 10_000, 100_000
LINEAR = 1.1 * LARGE / SMALL

_FASTER = Path("/dev/shm")  # no promise here hangs on a disk, but for the engine's
_DRAWN = 100  # requests between two pictures of the panel
_RUSHES = str(Path(PYTHON).parent / "rushes")
_LIVES = {  # in this order, because each leaves behind what the next one reads
    "resume": ("resume", RUN),
    "status": ("status", RUN),
    "status --json": ("status", RUN, "--json"),
    "export and report": ("export", RUN, "--output-dir", "elsewhere"),
    "run again": ("run", "large.json", "--provider", PROVIDER),
    "plan, all known": ("plan", "large.json", "--provider", PROVIDER),
    "plan, all known, --json": ("plan", "large.json", "--provider", PROVIDER, "--json"),
}
_LIMITS = {"plan, all known": 2.0}


def measure() -> Iterator[Figure]:
    """Plans of an empty home, the life of a run, the engine."""
    for name, more in (("plan, all new", ()), ("plan, all new, --json", ("--json",))):
        small, large = (_cold(count, more) for count in (SMALL, LARGE))
        yield from _both(name, small, large, 2.0 if not more else None)
    lives = [_life(count) for count in (SMALL, LARGE)]
    for name in _LIVES:
        yield from _both(name, lives[0][name], lives[1][name], _LIMITS.get(name))
    shown = [_display(count) / count for count in (SMALL, LARGE)]
    yield Figure(name="100,000 nodes: live display, a node, CPU", value=shown[1] * 1000, limit=0.1, unit="ms")
    yield Figure(name="  live display: CPU a node / of 10,000", value=shown[1] / shown[0], limit=1.5, unit="x")
    small_, large_ = (_engine(count) for count in (SMALL, LARGE))
    for name, limit in (("a paid call, durable", 1.0), ("a node whose answer is known", 0.1)):
        yield Figure(name=f"100,000 nodes: {name}, CPU", value=large_[name][0], limit=limit, unit="ms")
        yield Figure(name=f"  {name}: wall", value=large_[name][1], limit=None, unit="ms")
        yield Figure(
            name=f"  {name}: CPU a node / of 10,000", value=large_[name][0] / small_[name][0], limit=1.5, unit="x"
        )
    yield Figure(name="100,000 nodes: engine, peak memory", value=large_["peak"][0], limit=500, unit="MB")


def _both(name: str, small: Cost, large: Cost, limit: float | None) -> Iterator[Figure]:
    yield Figure(name=f"100,000 nodes: {name}, CPU", value=large.cpu, limit=limit, unit="s")
    yield Figure(name=f"  {name}: CPU / of 10,000", value=large.cpu / small.cpu, limit=LINEAR, unit="x")
    yield Figure(name=f"  {name}: peak memory", value=large.peak, limit=1000, unit="MB")


def _cold(count: int, more: Sequence[str]) -> Cost:
    with TemporaryDirectory(prefix="rushes-bench-", dir=_FASTER if _FASTER.is_dir() else None) as name:
        file = write_file(Path(name), count)
        command = [_RUSHES, "plan", str(file), "--provider", PROVIDER, *more]
        return min(child(command, env={"RUSHES_HOME": f"{name}/home-{n}"}) for n in range(3))


def _life(count: int) -> dict[str, Cost]:
    with TemporaryDirectory(prefix="rushes-bench-", dir=_FASTER if _FASTER.is_dir() else None) as name:
        folder = Path(name)
        leave(folder, count)
        env = {"RUSHES_HOME": str(folder / "home")}
        return {said: child([_RUSHES, *words], env=env, cwd=folder) for said, words in _LIVES.items()}


def _display(count: int) -> float:
    """CPU seconds of the panel of a run of so many requests, 200 of them in flight at any time."""
    progress = Progress(0.0)
    under_way: list[list[Event]] = []
    began = time.process_time()
    for number in range(count):
        under_way.append(attempt(RUN, number))
        if len(under_way) > AT_ONCE:
            for event in under_way.pop(0)[2:]:
                progress.feed(event, float(number))
        for event in under_way[-1][:2]:
            progress.feed(event, float(number))
        if number % _DRAWN == 0:
            picture(progress, float(number), 100)
    return time.process_time() - began


def _engine(count: int) -> dict[str, tuple[float, float]]:
    """CPU and wall milliseconds a node, and the peak in MB, of a process of its own."""
    said, cost = heard([PYTHON, "-m", "bench.scale", str(count)], cwd=ROOT)
    found = {name: (cpu, wall) for name, (cpu, wall) in json.loads(said).items()}
    return {**found, "peak": (cost.peak, 0.0)}


def _drive(count: int) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    with home() as place:
        flow = independent(count, Operation.PROMPT_GENERATION)
        for number, name in enumerate(("a paid call, durable", "a node whose answer is known")):
            began = (time.process_time(), time.perf_counter())
            asyncio.run(run(place, Paid(), flow, name=f"run-{number}", concurrency=AT_ONCE))
            spent = (time.process_time() - began[0], time.perf_counter() - began[1])
            found[name] = (spent[0] / count * 1000, spent[1] / count * 1000)
    return found


if __name__ == "__main__":
    print(json.dumps(_drive(int(sys.argv[1]))))
