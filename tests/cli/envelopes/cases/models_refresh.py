from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.cli.conftest import Rushes
from tests.cli.envelopes.simulated import simulator


def args(place: Path, rushes: Rushes) -> Iterator[tuple[str, ...]]:
    with simulator() as url:
        yield ("models", "refresh", "--provider", "replicate", "--sim", url)
