from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import HELLO, Rushes


def args(place: Path, rushes: Rushes) -> tuple[str, ...]:
    (place / "hello.yaml").write_text(HELLO)
    assert rushes("run", "hello.yaml").code == 0
    return ("stats",)
