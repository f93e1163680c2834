"""Run benchmarks, print one table, keep one line in `history.jsonl`. Exit code 1 when a promise is broken."""

from __future__ import annotations

import importlib
import json
import pkgutil
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from bench.figure import ROOT, Figure, measured

HERE = Path(__file__).parent
HISTORY = HERE / "history.jsonl"
TABLE = "{:<46} {:>12} {:>12} {:>7}  {}"


def names() -> list[str]:
    """Every module here with a `measure`."""
    found = [module.name for module in pkgutil.iter_modules([str(HERE)]) if not module.name.startswith("_")]
    return [name for name in found if hasattr(importlib.import_module(f"bench.{name}"), "measure")]


def show(figure: Figure) -> str:
    """One line of the table."""
    limit = "" if figure.limit is None else f"{figure.limit:.4g} {figure.unit}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    verdict = "" if figure.limit is None else "good" if figure.good else "MISSED"
    verdict += f"  (users: {figure.quoted})" if figure.quoted else ""
    return TABLE.format(figure.name, f"{figure.value:.4g} {figure.unit}", limit, ratio, verdict)


def remember(figures: Sequence[Figure]) -> None:
    """One line: when, what, where, how much."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    line = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": commit,
        "python": platform.python_version(),
        "figures": {figure.name: [float(f"{figure.value:.5g}"), figure.unit] for figure in figures},
    }
    with HISTORY.open("a") as file:
        file.write(json.dumps(line) + "\n")


def main(wanted: Sequence[str]) -> int:
    """Measure what is wanted, or everything."""
    known = names()
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"no benchmark is named {unknown[0]!r}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    print(TABLE.format("", "measured", "must reach", "ratio", "").rstrip())
    figures: list[Figure] = []
    # each in a process of its own: what one leaves in memory is part of what the next would measure
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as alone:
        for found in alone.map(measured, wanted or known):
            figures.extend(found)
            for figure in found:
                print(show(figure).rstrip(), flush=True)
    remember(figures)
    return 0 if all(figure.good for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
