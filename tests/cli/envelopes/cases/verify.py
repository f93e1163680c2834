from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import HELLO, Rushes


def args(place: Path, rushes: Rushes) -> tuple[str, ...]:
    """One picture of which a bit has changed, and whose exported copy somebody removed."""
    (place / "hello.yaml").write_text(HELLO)
    assert rushes("run", "hello.yaml").code == 0
    for path in (place / "Assets").rglob("*.png"):
        path.unlink()
    for path in (place.parent / "home" / "store").glob("??/??/*"):
        if path.read_bytes()[:4] == b"\x89PNG":
            path.chmod(0o644)
            path.write_bytes(path.read_bytes()[:-1] + b"\0")
    return ("verify", "--repair")
