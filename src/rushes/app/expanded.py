"""A path as people write it."""

from __future__ import annotations

from pathlib import Path

from rushes.errors import UserError


def expanded(path: Path | str) -> Path:
    """The path, with `~` for somebody's home. UserError for the home of nobody here, and for what is no path."""
    try:
        found = Path(path).expanduser()
    except RuntimeError:
        raise UserError(f"{path}: nobody of that name has a home here", next_step="write ./~NAME, or a path") from None
    if "\0" in str(found):
        raise UserError(f"{str(path)!r} is no path", next_step="take the control characters out of it")
    return found
