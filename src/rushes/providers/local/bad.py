"""The error of a parameter that cannot be used."""

from __future__ import annotations


class BadParam(ValueError):
    """A parameter has a value that cannot be used; `name` is the parameter."""

    def __init__(self, name: str, says: str) -> None:
        super().__init__(says)
        self.name = name
