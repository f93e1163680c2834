from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Rushes

from rushes.ledger.open import open_ledger
from rushes.ledger.permits import Ask, Permits


def args(place: Path, rushes: Rushes) -> tuple[str, ...]:
    assert rushes("limits", "set", "fal@simulated", "40").code == 0
    with open_ledger(place.parent / "home" / "ledger.sqlite") as ledger:
        found = {"most": 5.0, "free": False, "pace": 0.5}
        Permits(ledger, "me").leave([Ask("fal@simulated", 0, 0, found=found)], 1_000.0)
    return ("limits", "forget", "fal@simulated")
