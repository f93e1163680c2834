from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Rushes

FLOW = """
name: cards
variables: {mood: calm}
steps:
  - {name: still, type: text_to_image, prompt: "{{input}}, {{mood}}", params: {resolution: 360p}}
"""
CHANGING = frozenset({"batch", "folder", "results", "paths"})
"""A batch is called after where its files are, too."""
TABLE = "prompt,mood,id\na red fox,merry,fox\na hare,,\nan owl\n"


def args(place: Path, rushes: Rushes) -> tuple[str, ...]:
    (place / "cards.yaml").write_text(FLOW)
    (place / "animals.csv").write_text(TABLE)
    return ("batch", "cards.yaml", "--table", "animals.csv", "--canary", "2", "--yes")
