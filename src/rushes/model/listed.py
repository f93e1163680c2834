"""Many names in one line, of which a person reads the first few."""

from __future__ import annotations

from collections.abc import Sequence


def first_of(names: Sequence[str], most: int = 3) -> str:
    """`still, film, voice and 4 more`: the first `most` names, and how many there are besides."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest:,} more" if rest > 0 else "")
