"""This process's part of a limit that other processes share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from rushes.errors import StoreError
from rushes.model.limit import Unit

Wake = Callable[[], None]


@dataclass(slots=True)
class Part:
    """What was granted last (`share`), and what has happened since then.

    `held` is how many it may have in flight (None: nobody has said yet; negative: nobody else is there), until the loop
    time `until`: then others may have it. What has happened since then is told the next time, which is soon after
    `tell`. `hungry` says that the others know that more is wanted, `broken` why nothing will be granted any more;
    `adopted` is how many requests are gone on with here that another process had sent, by its name.
    """

    tell: Wake
    broken: StoreError | None = None
    held: int | None = None
    until: float = math.inf
    leads: bool = False
    hungry: bool = False
    sent: dict[Unit, list[tuple[float, float]]] = field(default_factory=dict)
    taken: int = 0
    refusals: list[tuple[float, float | None]] = field(default_factory=list)
    adopted: dict[str, int] = field(default_factory=dict)

    def send(self, unit: Unit, amount: float, now: float) -> None:
        """So much goes."""
        if amount > 0:
            self.sent.setdefault(unit, []).append((now, amount))

    def want(self) -> None:
        """More is wanted than there is: the others hear of it, once."""
        if not self.hungry:
            self.hungry = True
            self.tell()
