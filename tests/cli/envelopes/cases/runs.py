from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import GATED, Rushes


def args(place: Path, rushes: Rushes) -> tuple[str, ...]:
    (place / "gated.yaml").write_text(GATED)
    rushes("run", "gated.yaml")
    return ("runs",)
