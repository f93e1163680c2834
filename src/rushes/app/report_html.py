"""The little HTML that every part of the report is made of. Whatever comes from outside goes through `esc`."""

from __future__ import annotations

import html
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import quote

from rushes.model.ids import Digest


class Bytes(Protocol):
    """The one thing this needs of the store."""

    def path(self, digest: Digest) -> Path:
        """A read-only file."""
        ...


class Thumb(NamedTuple):
    """A small picture; `src` is a data URI."""

    src: str
    width: int
    height: int


def esc(text: object) -> str:
    """Text as text: markup in a prompt, a title or a message stays visible and does nothing."""
    raw = str(text)
    if not raw.isprintable():
        raw = "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in raw)
    return html.escape(raw, quote=True)


def href(path: str) -> str:
    """A relative path as a link; a scheme can never start it."""
    return html.escape("./" + quote(path, errors="replace"), quote=True)


def short(text: str, most: int) -> str:
    """The text in one line of at most `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
