from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Rushes
from tests.cli.envelopes.simulated import FILM

CHANGING = frozenset({"takes", "faults", "injected", "accepted", "unknown", "held", "fetched", "spent", "billed"})
"""What depends on when a process is killed."""


def args(place: Path, rushes: Rushes) -> tuple[str, ...]:
    (place / "film.yaml").write_text(FILM)
    return ("chaos", "film.yaml", "--faults", "1", "--seed", "3")
