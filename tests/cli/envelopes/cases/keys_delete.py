from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.cli.conftest import Rushes
from tests.cli.envelopes.keys import given


def args(place: Path, rushes: Rushes) -> Iterator[tuple[str, ...]]:
    with given():
        rushes("keys", "set", "fal")
        yield ("keys", "delete", "fal")
