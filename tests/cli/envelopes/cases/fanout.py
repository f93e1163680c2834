from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.conftest import Rushes

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"


def args(place: Path, rushes: Rushes) -> tuple[str, ...]:
    for name in ("LIGHT-V0-1.nbflow", "accounts.yaml"):
        shutil.copy(EXAMPLES / name, place / name)
    shutil.copytree(EXAMPLES / "assets", place / "assets")
    return ("fanout", "LIGHT-V0-1.nbflow", "--accounts", "accounts.yaml", "--only", "PEARL")
