"""What a provider promises: to quote, to be asked once, and to be asked about as often as you like.

The engine drives it in this order, and writes to the ledger between the lines::

    validate -> estimate -> [Reserved] -> [Submitting] -> submit -> [Accepted] -> poll* -> [Done] -> fetch -> [Stored]

A provider that answers at once returns `Finished` from `submit` and is never polled.
Failures are raised as `RemoteError` with the class that the retry policy reads. From `poll` and `fetch` a `transient`,
`rate_limit` or `timeout` is about the question: it is asked again, and the job is not lost. A job that failed is told
with another class or with `maybe_billed`; `bad_output` is the one after which a new one may be bought. `submit` sends
its POST once: when it cannot be certain that nothing was accepted it raises `RemoteError(UNKNOWN_OUTCOME)`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from rushes.model.ids import Digest
from rushes.model.limit import Rate, Standing
from rushes.model.money import Quote
from rushes.model.problem import Problem
from rushes.model.request import Recipe, Request

T = TypeVar("T")


class Duplicates(StrEnum):
    """How a second submission of one request is recognised."""

    IDEMPOTENCY_KEY = "idempotency-key"
    JOB_LIST = "job-list"
    HARMLESS = "harmless"  # free and without effect: asking twice costs nothing
    NEVER = "never"


class Facts(NamedTuple):
    """The four facts that planner and recovery read, and how much a provider takes at once.

    `remembers` and `outputs_live` are in seconds (None: not known); `in_flight` is the number of requests it
    takes at once (None: not known). `polls` is how often a second an account may ask about jobs (None: not known).
    `rates` is what it takes in a time; what is not declared is found by asking. `by_model`: each model has limits of
    its own, and what one is refused says nothing about another.
    """

    duplicates: Duplicates
    remembers: float | None
    bills_refusals: bool | None
    outputs_live: float | None
    in_flight: int | None = None
    polls: float | None = None
    rates: tuple[Rate, ...] = ()
    by_model: bool = False


class Output(NamedTuple):
    """One result of a job: a URL to fetch, or bytes that came with the answer; and its media type."""

    media_type: str
    url: str | None = None
    data: bytes | None = None


class Pending(NamedTuple):
    """The job is known and not finished; ask again in `wait` seconds.

    `queued`: it waits in a line of the service's own, and nobody works on it yet.
    """

    wait: float
    progress: float | None = None
    says: str = ""
    queued: bool = False


class Submitted(NamedTuple):
    """The provider has the job; `remote` is all that `poll`, `cancel` and `fetch` need after a crash."""

    remote: str
    wait: float = 1.0


class Finished(NamedTuple):
    """The job's outputs, what was charged in USD (None: not said), and the answer of a text model."""

    outputs: tuple[Output, ...] = ()
    billed: Decimal | None = None
    text: str | None = None


class Found(NamedTuple):
    """`reconcile` found the job: it was accepted."""

    remote: str


class Absent:
    """`reconcile` is certain: nothing was accepted under this key, so asking again is the first asking."""


class Unknowable:
    """`reconcile` cannot say."""


class Context(Protocol):
    """What a provider is handed: inputs by digest, a place for scratch files, and time. Never the environment."""

    @property
    def scratch(self) -> Path:
        """A folder for temporary files."""
        ...

    @property
    def idempotency_key(self) -> str:
        """Minted by the engine once per attempt; sent where the provider has such a thing."""
        ...

    @property
    def webhook(self) -> str | None:
        """The public address at which this provider may call us when a job is done; None when there is none."""
        ...

    def path(self, digest: Digest) -> Path:
        """A read-only file with the bytes of an input artifact."""
        ...

    def recall(self, kind: str, name: str) -> str | None:
        """What was remembered under this name, by any process that uses this ledger: where an input was uploaded to."""
        ...

    def remember(self, kind: str, name: str, value: str) -> None:
        """Note what saves work the next time. Losing it costs time only."""
        ...

    def standing(self, *heard: Standing) -> None:
        """Pass on what the headers of an answer say of the limits of this account, or of its model."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait on the engine's clock."""
        ...

    async def work(self, function: Callable[[], T]) -> T:
        """Run a blocking function in a worker thread."""
        ...


class Provider(Protocol):
    """One service. Named in files and flags by `name`; loaded only when named."""

    name: str
    facts: Facts

    def version(self, model: str) -> str:
        """The model version that enters the key, for a catalogue key such as `flux_dev` or a local operation."""
        ...

    def validate(self, recipe: Recipe) -> Sequence[Problem]:
        """Everything the provider would refuse, found without asking it."""
        ...

    def estimate(self, recipe: Recipe) -> Quote:
        """Price and typical time of one request."""
        ...

    async def submit(self, request: Request, context: Context) -> Submitted | Finished:
        """Ask once. Raises RemoteError; UNKNOWN_OUTCOME when it may or may not have been accepted."""
        ...

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """Ask about a job; free, as often as wanted."""
        ...

    def fetch(self, output: Output, context: Context) -> AsyncIterator[bytes]:
        """Stream one output's bytes."""
        ...

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """Stop a job; returns what is charged anyway, USD (None: not known)."""
        ...

    async def reconcile(self, request: Request, context: Context) -> Found | Absent | Unknowable:
        """After a crash between `Submitting` and `Accepted`: was it accepted?"""
        ...

    async def close(self) -> None:
        """Let go of connections; it may be used again afterwards, on another event loop too."""
        ...
