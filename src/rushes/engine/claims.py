"""Why a request that somebody else claimed will not be answered by waiting."""

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
            return f"nobody can say whether attempt {holder.attempt} of this request was accepted"
        if holder.sent:
            return f"run {holder.run} sent this request and was left: go on with rushes resume {holder.run}"
        return None

    return stuck
