"""What the engine is handed: the rooms it works with, behind the few verbs it needs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from rushes.engine.clock import Clock
from rushes.engine.limits import Accounts
from rushes.engine.pace import Pace
from rushes.engine.turns import Turns
from rushes.engine.wakes import Wakes
from rushes.graph.value import Known
from rushes.model.claim import Claim
from rushes.model.event import Event, Reserved, Submitting, Told
from rushes.model.ids import Digest, RequestKey
from rushes.model.limit import Standing
from rushes.model.media import Artifact
from rushes.model.wait import Wait
from rushes.plugin.blobs import BlobStore
from rushes.plugin.check import Check
from rushes.plugin.provider import Provider

T = TypeVar("T")


class Journal(Protocol):
    """The ledger of one run, as the engine writes it. Events keep their order, whichever verb brings them."""

    def put(self, *events: Event) -> None:
        """Hand over events without waiting for the disk."""
        ...

    async def record(self, *events: Event) -> None:
        """Hand over events; when one is `durable`, return only once all are on disk."""
        ...

    async def intend(self, event: Submitting) -> Claim:
        """Record that a paid call begins; nothing is written, or won, while the run is told to begin none."""
        ...

    async def reserve(self, event: Reserved, *then: Submitting) -> Claim:
        """Claim a request, hold its worst case and record its attempt in one commit; nothing is written unless won.

        With the intention to send it, won as `intend` is.
        """
        ...

    async def flush(self) -> None:
        """Return once everything handed over so far is on disk."""
        ...


class Notes(Protocol):
    """Notes that outlive a run and save work the next time: where an input was uploaded to."""

    def memo(self, kind: str, keys: Sequence[str]) -> Mapping[str, str]:
        """What was noted under these keys."""
        ...

    def memoize(self, kind: str, values: Mapping[str, str]) -> None:
        """Note values, in place of what was there."""
        ...


Listen = Callable[[int, Callable[[Sequence[Told]], None], Callable[[BaseException], None]], Callable[[], None]]
"""See `Parts.listen`."""


class Stop:
    """A person's wish that the run stops. `ask` may be called from a signal handler of the loop."""

    def __init__(self) -> None:
        self.asked = False
        self.insisted = False
        self.patient = False  # what is under way, or paid for, is waited for, and not left
        self.why = ""  # in words, if it was not the person at the keyboard
        self._listeners: list[Callable[[], None]] = []

    def ask(self) -> None:
        """Stop admitting; finish what cannot be left, detach from what can be found again."""
        self.patient = False
        self._tell()

    def drain(self, why: str) -> None:
        """Buy nothing more, for this reason; finish what is under way, fetch and keep all that is paid for."""
        self.patient = not self.asked
        self.why = why
        self._tell()

    def _tell(self) -> None:
        self.asked = True
        for listener in self._listeners:
            listener()

    def insist(self, why: str = "") -> None:
        """Stop, and tell the providers to stop what they are at, whatever they charge for it."""
        self.insisted = True
        self.why = why or self.why
        self.ask()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` when the wish comes."""
        self._listeners.append(listener)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything outside the engine that a run uses.

    `probe` turns a stored file into its artifact (media type, pixels, seconds), and raises StoreError for bytes
    that are no media. `stuck` says why a request that is claimed elsewhere will not be answered by waiting, or None.
    `watch` sees every event in order and must not block. `gauge` is handed, when a run begins, a function that
    says how many requests wait for which limit at this moment. `busy` says whether another live process holds money or
    requests, so that waiting for it makes sense. `webhook` is the address at which a provider may call.
    `room` says why nothing new may be begun for want of room on a disk, or None.
    `accounts` is what providers take at once, of all runs together that are handed the same. `listen` begins to hand
    over what the run is told after an entry's number, or what went wrong with that, from any thread, and returns what
    ends it; None: nobody can tell it anything.
    """

    journal: Journal
    known: Known
    store: BlobStore
    provider: Callable[[str], Provider]
    checks: Sequence[Check]
    probe: Callable[[Digest, Path], Artifact]
    clock: Clock
    scratch: Path
    notes: Notes
    stuck: Callable[[RequestKey], str | None] = lambda _key: None
    busy: Callable[[], bool] = lambda: False
    accounts: Accounts = field(default_factory=Accounts)
    webhook: Callable[[str], str | None] = lambda _provider: None
    room: Callable[[], str | None] = lambda: None
    listen: Listen | None = None
    pace: Pace = field(default_factory=lambda: Pace(Wakes()))
    turns: Turns = field(default_factory=Turns)
    stop: Stop = field(default_factory=Stop)
    watch: Callable[[Event], None] = lambda _event: None
    gauge: Callable[[Callable[[], Mapping[str, Wait]]], None] = lambda _waits: None


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a provider is handed for one attempt (see `plugin.provider.Context`)."""

    scratch: Path
    idempotency_key: str
    store: BlobStore
    clock: Clock
    notes: Notes
    webhook: str | None = None
    heard: Callable[[Sequence[Standing]], None] = lambda _heard: None

    def path(self, digest: Digest) -> Path:
        """A read-only file with the bytes of an input artifact."""
        return self.store.path(digest)

    def recall(self, kind: str, name: str) -> str | None:
        """What was remembered under this name, by any process that uses this ledger."""
        return self.notes.memo(kind, [name]).get(name)

    def remember(self, kind: str, name: str, value: str) -> None:
        """Note what saves work the next time."""
        self.notes.memoize(kind, {name: value})

    def standing(self, *heard: Standing) -> None:
        """Pass on what an answer said of limits."""
        self.heard(heard)

    async def sleep(self, seconds: float) -> None:
        """Wait on the engine's clock."""
        await self.clock.sleep(seconds)

    async def work(self, function: Callable[[], T]) -> T:
        """Run a blocking function in a worker thread."""
        return await asyncio.get_running_loop().run_in_executor(None, function)
