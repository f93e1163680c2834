from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import GATED, Rushes

NEW = GATED.replace("a red fox", "a red fox on a chair").replace("candidates: 2", "candidates: 3")


def args(place: Path, rushes: Rushes) -> tuple[str, ...]:
    (place / "v1.yaml").write_text(GATED)
    (place / "v2.yaml").write_text(NEW + "  - {name: last, type: text_to_image, prompt: an owl}\n")
    return ("diff", "v1.yaml", "v2.yaml")
