"""SHA-256 of files and streams: the name of bytes."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from rushes.model.ids import Digest

_SHAPE = re.compile(r"[0-9a-f]{64}\Z")


def is_digest(text: str) -> bool:
    """Whether this is how a digest is written; anything else must never become a path."""
    return _SHAPE.match(text) is not None


def digest_of_file(path: Path) -> tuple[Digest, int]:
    """The digest and the size in bytes of what is in a file now; OSError when it cannot be read."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Digest(digest), file.tell()
