from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Rushes


def args(_place: Path, _rushes: Rushes) -> tuple[str, ...]:
    return ("limits", "set", "fal@simulated/flux_dev", "8", "--rate", "600/h images", "--rate", "10 usd/day")
