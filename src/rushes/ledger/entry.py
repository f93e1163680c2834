"""One line of the ledger, and one thing that is waiting to become lines of it."""

from __future__ import annotations

from typing import NamedTuple

from rushes.model.event import Event
from rushes.model.ids import AttemptId, RunId


class Entry(NamedTuple):
    """An event as the ledger keeps it: its number in the run (rising, gaps allowed) and its time, unix seconds."""

    seq: int
    at: float
    event: Event


class Batch(NamedTuple):
    """Events to write together. With `claim` the first is a `Reserved`, and none is written unless its key is had.

    With `sends` a paid call follows, and none is written while the run is told to begin none.
    """

    at: float
    events: tuple[Event, ...]
    claim: bool = False
    sends: bool = False


class Holder(NamedTuple):
    """Who holds a request key. `sent`: the provider may have it already. `unknown`: nobody can say whether it has."""

    run: RunId
    attempt: AttemptId
    owner: str
    sent: bool
    unknown: bool
    alive: bool
