"""Every fact that a run can record, one frozen class each: the only event vocabulary.

Progress display, reports and recovery read these classes and nothing else. An event is
written once and never changed; `kind` in the ledger is the class name.

The paid call (`engine/attempt.py`) writes them in this order, and a crash may fall between any two::

    Reserved -> Submitting -> Accepted -> Running* -> Done -> Stored

From any of them on an attempt may end as Failed or Cancelled instead, and from Submitting on as Unknown, which only
Resolved ends. What was reserved and never sent ends as Released.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from sys import intern
from typing import Any, ClassVar, NamedTuple

from rushes.errors import ErrorClass
from rushes.model.ids import AttemptId, BaseKey, Digest, NodeId, RequestKey
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.run import Knob, Verb
from rushes.model.verdict import Choice, Finding, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which candidate of which row of which node."""

    node: NodeId
    row: int = 0
    candidate: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The root; `durable` events are on disk before the engine takes its next step."""

    durable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """A process began to drive the run (again); `owner` is its lease name."""

    owner: str
    resumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved(Event):
    """An attempt exists: its request, and the worst case in USD that is now held for it (None: unknown).

    `harmless`: asking twice costs nothing, so a dead process's claim on the request binds nobody. `scopes` are the
    accounts that the money is held in, innermost first: `node:...`, `run:...`, `batch:...`, `project:...`, `day:...`,
    `agent:...` (`model/scope.py`).
    """

    attempt: AttemptId
    place: Place
    key: RequestKey
    base: BaseKey
    candidate: int
    salt: int
    op: Operation
    provider: str
    model: str
    worst: Decimal | None
    harmless: bool = False
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitting(Event):
    """The intention, on disk before the first byte is sent."""

    durable: ClassVar[bool] = True
    attempt: AttemptId
    idempotency_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted(Event):
    """The provider has the job; `remote` is all that is needed to ask about it again."""

    durable: ClassVar[bool] = True
    attempt: AttemptId
    remote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Running(Event):
    """The provider reported progress; sparse."""

    attempt: AttemptId
    progress: float | None = None
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Event):
    """The provider finished; `urls` are where the outputs lie until they expire, `billed` is in USD."""

    durable: ClassVar[bool] = True
    attempt: AttemptId
    urls: tuple[str, ...] = ()
    billed: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored(Event):
    """The outputs are in the store, whole and synced; the request has its result. `text` for text outputs."""

    durable: ClassVar[bool] = True
    attempt: AttemptId
    place: Place
    key: RequestKey
    base: BaseKey
    candidate: int
    salt: int
    artifacts: tuple[Artifact, ...]
    verdict: Verdict
    recipe: dict[str, Any]
    text: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Event):
    """The attempt failed; its reservation is released, unless `maybe_billed`."""

    attempt: AttemptId
    place: Place
    error: ErrorClass
    says: str
    maybe_billed: bool = False
    final: bool = False  # no further attempt will be made


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Event):
    """The attempt was cancelled; `billed` is what the provider charges anyway, in USD (None: unknown)."""

    attempt: AttemptId
    place: Place
    billed: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Event):
    """Nobody can say whether the provider accepted the attempt; a person or a policy decides."""

    durable: ClassVar[bool] = True
    attempt: AttemptId
    place: Place
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow(Event):
    """A request is not done after `limit` seconds, the most that is usual or allowed for its model; said once for each.

    `learned`: the limit is what earlier requests took, not what a person set. With `until` it is overdue besides, which
    is said once more: its time is over, nobody could call it off, and it is asked about until it took so many seconds.
    """

    attempt: AttemptId
    place: Place
    provider: str
    model: str
    limit: float
    learned: bool
    until: float | None = None

    @property
    def says(self) -> str:
        """In words."""
        if self.until is not None:
            late = f"it may still come and be charged, and is waited for until it took {self.until:g} s"
            return f"overdue after {self.limit:g} s ({self.provider}/{self.model}): {late}; its slot is free again"
        why = "99 of 100 are done by then" if self.learned else "the limit in [alerts]"
        return f"not done after {self.limit:g} s ({self.provider}/{self.model}; {why})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Released(Event):
    """The reservation was given back: it is certain that nothing was ever sent."""

    attempt: AttemptId


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Event):
    """A person or a policy decided about an unknown attempt: the promise about money goes on from here.

    `outcome` is `paid` (it was charged, worst case, and there is no result), `lost` (nothing was accepted; the money
    comes back) or `adopt` (it was accepted as `remote`; the run fetches it). `by` names who said so.
    """

    durable: ClassVar[bool] = True
    attempt: AttemptId
    outcome: str
    by: str
    remote: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Borrowed(Event):
    """A candidate is what was made for another prompt, because a person said so. Nothing was reserved, nothing spent.

    `base` is the key of the question `asks` as these bytes answer it (`model/canonical.py`); `from_base` is the
    question that `from_digest` was made for, `score` how alike the prompts are (0 to 1), `by` the flag that said so. It
    is on disk before anything is sent because of it: what follows comes after it in the same journal.
    """

    place: Place
    key: RequestKey
    base: BaseKey
    asks: BaseKey
    candidate: int
    salt: int
    from_base: BaseKey
    from_digest: Digest
    score: float
    by: str
    artifacts: tuple[Artifact, ...]
    verdict: Verdict
    recipe: dict[str, Any]
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CellDone(Event):
    """A (node, row) is decided: what downstream gets, and whether anything was bought for it."""

    place: Place
    base: BaseKey | None
    artifact: Digest | None
    reused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFailed(Event):
    """A (node, row) will have no result in this run. `blocked_by` names the node that failed first."""

    place: Place
    error: ErrorClass | None
    says: str
    attempts: int = 0
    blocked_by: NodeId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSkipped(Event):
    """A (node, row) was not wanted: its condition did not hold, or it is disabled."""

    place: Place
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting(Event):
    """A gate's row waits for a person; `shown` are the candidates to choose from."""

    place: Place
    subject: BaseKey
    shown: tuple[Digest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided(Event):
    """A person or a policy decided about exact bytes."""

    durable: ClassVar[bool] = True
    place: Place
    subject: BaseKey
    artifact: Digest
    choice: Choice
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Event):
    """Somebody told the run from elsewhere what to do; the process that drives it does so.

    `by` names who said so, `owner` whom it was said to: nobody who drives the run later is bound by it (None: nobody
    drove it). With SET, `knob` has this `value` from now on (None: no value of its own), in every resume too.
    """

    durable: ClassVar[bool] = True
    verb: Verb
    by: str
    owner: str | None = None
    knob: Knob | None = None
    value: int | None = None


class Word(NamedTuple):
    """What a run was told, and when (unix seconds)."""

    at: float
    said: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class RunParked(Event):
    """Nothing is left to do until a person decides."""

    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(Event):
    """The run is over: `state` is done, failed or cancelled."""

    durable: ClassVar[bool] = True
    state: str
    done: int
    failed: int
    reused: int


EVENTS: dict[str, type[Event]] = {cls.__name__: cls for cls in Event.__subclasses__()}


def to_plain(event: Event) -> dict[str, Any]:
    """The event as JSON; Decimals become strings."""
    return _plain(event)  # type: ignore[no-any-return]


_ATOMS = frozenset({str, int, float, bool, type(None), dict})


@cache
def _names(cls: type) -> tuple[str, ...] | None:
    if dataclasses.is_dataclass(cls):
        return tuple(f.name for f in dataclasses.fields(cls))
    named: tuple[str, ...] | None = getattr(cls, "_fields", None)
    return named


def _plain(value: Any) -> Any:
    cls = value.__class__
    if cls in _ATOMS:
        return value
    names = _names(cls)
    if names is not None:
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        return str(value)
    return value


def _place(raw: dict[str, Any]) -> Place:
    return Place(**raw)


def _verdict(raw: dict[str, Any]) -> Verdict:
    return Verdict(raw["flagged"], raw["score"], tuple(Finding(**one) for one in raw["findings"]))


# what most attempts of a run have in common is in memory once, however many they are


@lru_cache(maxsize=4096)
def _decimal(raw: str | None) -> Decimal | None:
    return None if raw is None else Decimal(raw)


@lru_cache(maxsize=4096)
def _texts(raw: tuple[str, ...]) -> tuple[str, ...]:
    return raw


_STRUCTURE: dict[str, Callable[[Any], Any]] = {
    "place": _place,
    "verdict": _verdict,
    "artifacts": lambda raw: tuple(Artifact(**one) for one in raw),
    "worst": _decimal,
    "billed": _decimal,
    "urls": tuple,
    "scopes": lambda raw: _texts(tuple(raw)),
    "provider": intern,
    "model": intern,
    "shown": tuple,
    "op": Operation,
    "choice": Choice,
    "verb": Verb,
    "knob": lambda raw: None if raw is None else Knob(raw),
    "error": lambda raw: None if raw is None else ErrorClass(raw),
}


_STRUCTURED = {
    kind: tuple((one.name, _STRUCTURE[one.name]) for one in dataclasses.fields(cls) if one.name in _STRUCTURE)
    for kind, cls in EVENTS.items()
}
"""The fields of each event that are more than JSON: a large run has half a million events to look them up for."""


def from_plain(kind: str, raw: dict[str, Any]) -> Event:
    """The event that `to_plain` wrote; KeyError for a kind nobody knows. `raw` is the event's from now on."""
    cls = EVENTS[kind]
    for name, structure in _STRUCTURED[kind]:
        if name in raw:
            raw[name] = structure(raw[name])
    return cls(**raw)
