from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.cli.conftest import Rushes
from tests.cli.envelopes.simulated import FILM, simulator


def args(place: Path, rushes: Rushes) -> Iterator[tuple[str, ...]]:
    (place / "film.yaml").write_text(FILM)
    with simulator("--fault", "close-after=1@submit") as url:
        rushes("run", "film.yaml", "--sim", url, "--provider", "auto")
        yield ("unknowns",)
