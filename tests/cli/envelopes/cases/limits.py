from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Rushes


def args(place: Path, rushes: Rushes) -> tuple[str, ...]:
    (place / "rushes.toml").write_text('sim = "http://127.0.0.1:9"\n[limits."fal/flux_dev"]\nrates = ["60/min"]\n')
    assert rushes("limits", "set", "luma", "8").code == 0
    return ("limits",)
