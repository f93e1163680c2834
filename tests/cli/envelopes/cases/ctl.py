from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.cli.conftest import Rushes
from tests.cli.envelopes.simulated import FILM, simulator


def args(place: Path, _rushes: Rushes) -> Iterator[tuple[str, ...]]:
    (place / "film.yaml").write_text(FILM)
    with simulator("--time-scale", "60") as url:
        command = [sys.executable, "-m", "rushes", "run", "film.yaml", "--sim", url, "--provider", "auto", "--stream"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as run:
            assert run.stdout is not None
            next(line for line in run.stdout if '"event":"Accepted"' in line)
            yield ("ctl", "last", "pause", "--by", "ana")
            run.terminate()
            run.communicate(timeout=60)
