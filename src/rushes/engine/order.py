"""One attempt in the making, what an earlier process left of one, and the ways in which it may end without a result."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from rushes.errors import RemoteError
from rushes.model.claim import Short
from rushes.model.event import Place
from rushes.model.ids import AttemptId
from rushes.model.limit import Standing
from rushes.model.patience import Patience
from rushes.model.request import Request

GIVEN = "stored:"
"""How the remote id of a result begins that a person brought by hand: the digest of its bytes in the store follows."""


class Held(Exception):
    """Another live process is buying this very request; its result will serve us too."""


class Shut(Exception):
    """The run was told to begin nothing while this was on its way: nothing was sent."""


class Left(Exception):
    """The run stops and the provider has the job: a resume finds it by its remote id."""


class Beyond(Exception):
    """A ceiling does not allow this request now; nothing was written and nothing sent."""

    def __init__(self, short: Short) -> None:
        super().__init__(short)
        self.short = short


class CalledOff(Exception):
    """The provider was told to stop the job, and has no result of it; `billed` is in USD (None: not known)."""

    def __init__(self, why: RemoteError, billed: Decimal | None) -> None:
        super().__init__(why.message)
        self.why = why
        self.billed = billed


class Phase(StrEnum):
    """What an order is doing, for the display and for the decision what a stop may interrupt."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    POLLING = "polling"  # the provider has the job: leaving it is safe, it is found again by its remote id
    KEEPING = "keeping"


@dataclass(slots=True, kw_only=True)
class Order:
    """One attempt in the making. `patience` is how long its provider may take.

    `answered` is called when the provider has done its part: what is left to do takes none of its capacity. `let_go` is
    called when it is `overdue`: its time is over, its job may go on, and nobody shall wait for its slot. `taken` is
    called when the provider has the job, with whether it waits in a line of the provider's own (None: it has not said);
    `heard` with what its answers say of limits. `doom` says why the engine itself ends it; it is read between two
    questions to the provider, never in the middle of one.
    """

    attempt: AttemptId
    place: Place
    request: Request
    patience: Patience
    answered: Callable[[], None]
    let_go: Callable[[], None]
    taken: Callable[[bool | None], None]
    heard: Callable[[Sequence[Standing]], None]
    scopes: tuple[str, ...] = ()
    claimed: bool = False
    phase: Phase = Phase.QUEUED
    began: float = 0.0  # unix time at which it was sent
    seen: bool = True  # it was at work while this process looked, so that its end says how long it took
    overdue: bool = False
    sent: float = 0.0  # loop time from which on its time would count
    queued: bool = False  # it stands in a line of the provider's own, as was said last
    waited: float = 0.0  # seconds for which it is known to have stood there
    expected: float = 0.0  # unix time at which the job should be finished
    remote: str | None = None
    doom: RemoteError | None = None


class Open(NamedTuple):
    """An attempt that an earlier process left unfinished, as the ledger tells it.

    `sent` is the unix time of its first submission. `vouched`: a person said that it was accepted as `remote`.
    """

    attempt: AttemptId
    idempotency_key: str | None
    remote: str | None = None
    urls: tuple[str, ...] = ()
    sent: float | None = None
    vouched: bool = False


def idempotency_key(attempt: AttemptId, request: Request) -> str:
    """Ours, minted once per attempt: the same after a crash, another for another attempt."""
    return "rushes-" + hashlib.sha256(f"{attempt}\0{request.key}".encode()).hexdigest()[:40]
