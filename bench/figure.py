"""One measured number and the number it must reach."""

from __future__ import annotations

import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
_ALONE = ROOT / "bench" / "alone.py"
PYTHON = sys.executable


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`value` must not exceed `limit`; both in `unit`. A limit of None only informs.

    `quoted` is what users of other tools say of the same, to be read beside it.
    """

    name: str
    value: float
    limit: float | None
    unit: str
    quoted: str = ""

    @property
    def ratio(self) -> float | None:
        """Measured / limit: below 1 is good."""
        return self.value / self.limit if self.limit else None

    @property
    def good(self) -> bool:
        """Whether the promise is kept."""
        return self.limit is None or self.value <= self.limit


class Cost(NamedTuple):
    """What a child process cost: CPU seconds, wall seconds, peak memory in MB."""

    cpu: float
    wall: float
    peak: float


_INSTALLED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
    "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "rushes-bench-bytecode")
}
"""The environment of a child: an installed package has its byte code, whatever this shell thinks of it."""


def child(command: Sequence[str], *, env: dict[str, str] | None = None, cwd: Path | None = None) -> Cost:
    """Run a command to its end with its output thrown away. CalledProcessError when it fails."""
    return _begin(command, subprocess.DEVNULL, env, cwd)[1]


def heard(command: Sequence[str], *, cwd: Path | None = None) -> tuple[str, Cost]:
    """`child`, with what the command printed."""
    return _begin(command, subprocess.PIPE, None, cwd)


def _begin(command: Sequence[str], out: int, env: dict[str, str] | None, cwd: Path | None) -> tuple[str, Cost]:
    report, end = os.pipe()
    with os.fdopen(report) as told:
        try:
            done = subprocess.run(
                [PYTHON, "-S", str(_ALONE), str(end), *command],
                stdout=out,
                stderr=subprocess.PIPE,
                env={**_INSTALLED, **(env or {})},
                cwd=cwd,
                pass_fds=[end],
                check=False,
            )
        finally:
            os.close(end)
        cost = told.read()
    if done.returncode:
        said = done.stderr.decode(errors="replace")
        raise subprocess.CalledProcessError(done.returncode, list(command), stderr=said)
    return (done.stdout or b"").decode(), Cost(*json.loads(cost))


def median_of(times: int, *measures: Callable[[], float]) -> list[float]:
    """The medians of several measures that take turns, so that a busy moment hits all of them alike."""
    rounds = [[measure() for measure in measures] for _ in range(times)]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def measured(name: str) -> list[Figure]:
    """The figures of one benchmark."""
    return list(importlib.import_module(f"bench.{name}").measure())
