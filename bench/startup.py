"""How long a person waits before Rushes does anything.

`rushes --help` imports only the command line's own modules; heavy libraries are loaded by the command that needs
them. Target: at most 5 times a bare `python -c pass`, and under 100 ms of CPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.figure import PYTHON, Figure, child, median_of

ROUNDS = 15


def measure() -> Iterator[Figure]:
    """CPU of both, in turns."""
    rushes = str(Path(PYTHON).parent / "rushes")
    child([rushes, "--help"])  # the first run writes byte code
    bare, help_ = median_of(ROUNDS, lambda: child([PYTHON, "-c", "pass"]).cpu, lambda: child([rushes, "--help"]).cpu)
    yield Figure(name="rushes --help, CPU", value=help_ * 1000, limit=100, unit="ms")
    yield Figure(name="rushes --help / python -c pass", value=help_ / bare, limit=5, unit="x")
