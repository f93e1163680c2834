"""Eight real processes on one ledger and one account, against one process that has all the work to itself.

The account is a simulated one behind a real port, in a process of its own; it takes so many requests in flight, which
are declared once, and once hidden and found. Throughput is what it lets in between a quarter and three quarters of
the work, so that starting eight interpreters, and their end, are in no figure. Target: at least 95 % of one process.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench.figure import PYTHON, ROOT, Figure

PROCESSES, EACH, AT_ONCE = 8, 30, 8
SCALE = 0.5
"""Real seconds for a simulated one: a still takes one or two."""

_RUSHES = [PYTHON, "-m", "rushes"]
_LEAST = 0.95


def measure() -> Iterator[Figure]:
    """One and eight, declared and found."""
    for word, declared in (("declared", True), ("found", False)):
        one, eight = throughput(1, declared), throughput(PROCESSES, declared)
        yield Figure(name=f"one account, {word}: one process", value=one, limit=None, unit="requests/s")
        yield Figure(name=f"one account, {word}: eight processes", value=eight, limit=None, unit="requests/s")
        yield Figure(name=f"one account, {word}: one / eight", value=one / eight, limit=1 / _LEAST, unit="x")


def throughput(processes: int, declared: bool) -> float:
    """Requests a second that the account lets in while all processes are at work."""
    with TemporaryDirectory(prefix="rushes-bench-") as folder, account() as url:
        place = Path(folder)
        (place / "rushes.toml").write_text(f"[limits.fal]\nin_flight = {AT_ONCE}\n" if declared else "")
        rows = PROCESSES * EACH // processes
        going = [start(place, url, number, rows) for number in range(processes)]
        seen = watch(url, PROCESSES * EACH)
        for process in going:
            if process.wait():
                raise RuntimeError(f"a run ended with {process.returncode}")
    (begin, before), (end, after) = (at_share(seen, share) for share in (0.25, 0.75))
    return (after - before) / (end - begin)


@contextmanager
def account() -> Iterator[str]:
    """The address of a simulator whose accounts take so many at once."""
    rules = ["--capacity", f"fal:in-flight={AT_ONCE}", "--time-scale", str(SCALE), "--most-side", "64"]
    command = [*_RUSHES, "sim", "--port", "0", *rules]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def start(place: Path, url: str, number: int, rows: int) -> subprocess.Popen[bytes]:
    """One process with stills of its own."""
    prompts = [f"a fox, process {number}, still {n}" for n in range(rows)]
    step = {"name": "still", "type": "text_to_image", "model": "flux_schnell", "rows": prompts, "prompt": "{{item}}"}
    file = place / f"w{number}.json"
    file.write_text(json.dumps({"name": f"w{number}", "steps": [step]}))
    env = {**os.environ, "RUSHES_HOME": str(place / "home"), "RUSHES_SIM": url}
    return subprocess.Popen(
        [*_RUSHES, "run", file.name, "--provider", "fal", "--quiet"], cwd=place, env=env, stdout=subprocess.DEVNULL
    )


def watch(url: str, wanted: int) -> list[tuple[float, int]]:
    """When the account had let in how many, until it has let in all. RuntimeError: it takes for ever."""
    seen: list[tuple[float, int]] = []
    began = time.monotonic()
    with httpx.Client() as client:
        while not seen or seen[-1][1] < wanted:
            doors = client.get(f"{url}/_sim/capacity").json()["accounts"].values()
            seen.append((time.monotonic(), sum(door["accepted"] for door in doors)))
            if time.monotonic() - began > 600:
                raise RuntimeError(f"{seen[-1][1]} of {wanted} requests were let in within ten minutes")
            time.sleep(0.05)
    return seen


def at_share(seen: list[tuple[float, int]], share: float) -> tuple[float, int]:
    """The first look at which that share of all had been let in."""
    return next(look for look in seen if look[1] >= share * PROCESSES * EACH)
