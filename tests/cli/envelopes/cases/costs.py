from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.cli.conftest import Rushes
from tests.cli.envelopes.simulated import FILM, simulator

CHANGING = frozenset({"zone"})


def args(place: Path, rushes: Rushes) -> Iterator[tuple[str, ...]]:
    (place / "film.yaml").write_text(FILM)
    with simulator() as url:
        assert rushes("run", "film.yaml", "--provider", "fal", "--sim", url).code == 0
        yield ("costs", "--simulated", "--by", "purpose")
