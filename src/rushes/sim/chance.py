"""Chance without a generator: every number follows from the seed and from what it is for.

A counter over all requests, or a random generator, would make each answer depend on which request came first. Here
the same request gets the same fate in whatever company it arrives.
"""

from __future__ import annotations

import hashlib
import uuid


class Chance:
    """A seed, and what follows from it."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def digest(self, *parts: object) -> bytes:
        """32 bytes for a purpose; the parts are told apart, so ("a", "bc") is not ("ab", "c")."""
        whole = hashlib.sha256(str(self.seed).encode())
        for part in parts:
            data = part if isinstance(part, bytes) else str(part).encode()
            whole.update(len(data).to_bytes(8, "big") + data)
        return whole.digest()

    def lot(self, *parts: object) -> float:
        """A number from 0 to below 1."""
        return int.from_bytes(self.digest(*parts)[:7], "big") / float(1 << 56)

    def number(self, *parts: object) -> int:
        """A number of 31 bits."""
        return int.from_bytes(self.digest(*parts)[:4], "big") & 0x7FFFFFFF

    def uuid(self, *parts: object) -> str:
        """A name in the form of a UUID."""
        return str(uuid.UUID(bytes=self.digest("uuid", *parts)[:16], version=4))

    def word(self, *parts: object, length: int = 22) -> str:
        """A name of hexadecimal digits."""
        return self.digest("word", *parts).hex()[:length]
