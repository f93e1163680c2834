"""What came of asking the ledger for a request: it is ours, somebody else has it, or there is not enough money left."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from rushes.model.money import show_usd
from rushes.model.scope import BATCH, CLIENT, DAY, NODE, RUN, kind_of

OUT_OF_BUDGET = "budget: "
"""How every sentence about a ceiling that refuses begins."""


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

    @property
    def says(self) -> str:
        """For people: which ceiling it is, what is missing, and where it is raised."""
        kind = kind_of(self.scope)
        if self.needs is None:
            return (
                f"{OUT_OF_BUDGET}its price is not known, and nothing without a price is bought under a ceiling"
                f" ({show_usd(self.most)} of {kind})"
            )
        need = f"{show_usd(self.needs)} needed, {show_usd(self.left)} left"
        return f"{OUT_OF_BUDGET}{show_usd(self.most)} of {kind} is used up ({need}); {_RAISE.get(kind, _FILED)}"


_FILED = "raise it in [budget] of rushes.toml"
_RAISE = {
    RUN: "raise with --budget",
    BATCH: "raise with --budget",
    NODE: "raise the step's budget in the file",
    DAY: "raise it, or go on tomorrow",
    CLIENT: "give the client more",
}


class Claim(NamedTuple):
    """`won`: the attempt may go on. Else `short` names the ceiling that refused it, or a live owner has the request.

    `shut`: nobody has it, and the run was told to begin nothing.
    """

    won: bool
    short: Short | None = None
    shut: bool = False

    def __bool__(self) -> bool:
        return self.won


WON = Claim(True)
TAKEN = Claim(False)
SHUT_OFF = Claim(False, shut=True)
