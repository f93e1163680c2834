"""What came of asking the ledger for a request: it is ours, somebody else has it, or there is not enough money left."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple


class Short(NamedTuple):
    """A ceiling that does not allow the worst case of one more request.

    `left` is what it still allows, in USD; `held` what is held for requests that are not settled, part of which may
    come back: while it is more than nothing, waiting makes sense. `needs` is the worst case (None: unknown price).
    """

    scope: str
    most: Decimal
    left: Decimal
    held: Decimal
    needs: Decimal | None


class Claim(NamedTuple):
    """`won`: the attempt may go on. Else `short` names the ceiling that refused it, or a live owner has the request."""

    won: bool
    short: Short | None = None

    def __bool__(self) -> bool:
        return self.won


WON = Claim(True)
TAKEN = Claim(False)
