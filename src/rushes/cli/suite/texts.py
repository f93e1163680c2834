"""A text as these commands take it: a flag, a file, or stdin."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rushes.cli.suite.session import existing
from rushes.errors import UserError

_LONGEST = 1_000_000  # characters


def text_of(text: str | None, file: str | None, *, flag: str = "--input") -> str:
    """The text of a flag, else of a file or stdin. Raises UsageError without either, MissingError, UserError."""
    found = text if text is not None else read(file, flag) if file is not None else None
    if found is None or not found.strip():
        raise click.UsageError(f"--text is missing (or {flag} FILE)")
    return found


def read(file: str, flag: str, *, hint: str = "name a text file, or - for stdin") -> str:
    """A text file, or stdin for `-`. Raises MissingError, UserError."""
    if file == "-":
        return sys.stdin.read(_LONGEST).rstrip("\n")
    return _read(existing(file, flag, hint=hint))


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as opened:
            return opened.read(_LONGEST).rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as a text: {error}", next_step="give a text file in UTF-8") from error
