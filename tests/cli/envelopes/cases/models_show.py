from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Rushes


def args(place: Path, rushes: Rushes) -> tuple[str, ...]:
    return ("models", "show", "flux_schnell")
