from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.cli.conftest import HELLO, Rushes


def args(place: Path, rushes: Rushes) -> tuple[str, ...]:
    """One picture whose workflow and exported files are gone; it was written long ago."""
    (place / "hello.yaml").write_text(HELLO)
    assert rushes("run", "hello.yaml").code == 0
    shutil.rmtree(place / "Assets")
    (place / "hello.yaml").unlink()
    for path in (place.parent / "home" / "store").glob("*/*/*"):
        os.utime(path, (0, 0))
    return ("gc", "--max-size", "0B")
