from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import HELLO, Rushes


def args(place: Path, rushes: Rushes) -> tuple[str, ...]:
    (place / "good.yaml").write_text(HELLO)
    (place / "bad.yaml").write_text(HELLO.replace("prompt: a red fox", "promt: a red fox"))
    return ("check", "good.yaml", "bad.yaml")
