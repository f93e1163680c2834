"""What is ready and does not go: how many, for what, and how long."""

from __future__ import annotations

from typing import NamedTuple


class Wait(NamedTuple):
    """So many requests wait; `why` in words, and for so many seconds more (None: nobody can say)."""

    number: int
    why: str
    seconds: float | None = None
