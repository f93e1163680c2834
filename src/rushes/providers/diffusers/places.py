"""Where things lie in the room of `diffusers`: both processes look here."""

from __future__ import annotations

from pathlib import Path


def jobs_in(room: Path) -> Path:
    """The jobs, a folder each."""
    return room / "jobs"


def logs_in(room: Path) -> Path:
    """What workers wrote, a file each."""
    return room / "logs"


def identities_in(room: Path) -> Path:
    """The digests of files that were read before."""
    return room / "identities.json"


def known_in(room: Path, identity: str) -> Path:
    """What a pipeline takes, as the first worker that loaded it found."""
    return room / "known" / f"{identity}.json"
