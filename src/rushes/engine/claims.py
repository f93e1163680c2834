"""What other processes hold: why a request they claimed will not be answered by waiting, and whether they live."""

from __future__ import annotations

from collections.abc import Callable

from rushes.ledger.ledger import Ledger
from rushes.model.ids import RequestKey


def stuck_in(ledger: Ledger, now: Callable[[], float]) -> Callable[[RequestKey], str | None]:
    """A function for `Parts.stuck`: names the run that must be looked after, or None while waiting makes sense."""

    def stuck(key: RequestKey) -> str | None:
        holder = ledger.holders([key], now()).get(key)
        if holder is None or (holder.alive and not holder.unknown):
            return None
        if holder.unknown:
            resolve = f"rushes resolve {holder.attempt} --as paid|lost|adopt"
            doubt = f"nobody can say whether attempt {holder.attempt} of this request was accepted"
            return f"{doubt}. Decide with: {resolve}"
        if holder.sent:
            return f"run {holder.run} sent this request and was left: go on with rushes resume {holder.run}"
        return None

    return stuck


def others_hold(ledger: Ledger, owner: str, now: Callable[[], float]) -> Callable[[], bool]:
    """A function for `Parts.busy`: whether another live process has requests under way, whose money may come back."""

    def busy() -> bool:
        return any(one != owner and not ledger.dead(one, now()) for one in ledger.claimants())

    return busy
