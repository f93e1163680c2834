from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import HELLO, Rushes


def args(place: Path, rushes: Rushes) -> tuple[str, ...]:
    (place / "hello.yaml").write_text(HELLO)
    rushes("bench", "hello.yaml", "-n", "2")
    return ("bench", "hello.yaml", "-n", "2")
