from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Rushes


def args(place: Path, rushes: Rushes) -> tuple[str, ...]:
    return ("compare", "a red fox", "-m", "flux_schnell,flux_dev", "-n", "2", "-p", "resolution=360p")
