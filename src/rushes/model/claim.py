"""What came of asking the ledger for a request: it is ours, somebody else has it, or there is not enough money left."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple


class Short(NamedTuple):
    """A ceiling that does not allow the worst case of one more request; of several, the innermost.

    `left` is what it still allows, in USD. `held` is what living processes hold in its account for requests that will
    be settled without a person, part of which may come back: while it is more than nothing, waiting makes sense, and
    when it is nothing, waiting is in vain. `needs` is the worst case (None: unknown price, refused under any ceiling).
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
