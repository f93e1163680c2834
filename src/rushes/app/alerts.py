"""Alerts: what a person wants to hear of while a run goes on, not when it is over.

A request that takes longer than its model usually does, or than a person allows, becomes a fact of the run (`Slow`),
said once; whoever watches the run sees it like any other fact. That, a request in doubt, a budget that is nearly used
and a provider that has no money or key for us any more are also handed to the command and the address that `[alerts]`
names. Nothing here is on the way of a paid call: it listens, sets timers, and what goes wrong with it goes wrong alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, NamedTuple

from rushes.app.alerts_due import Due
from rushes.app.project import Project
from rushes.app.spoken import means
from rushes.app.timings import Timings, Usual
from rushes.errors import ErrorClass
from rushes.ledger.fold import AttemptState
from rushes.model.event import (
    Cancelled,
    Event,
    Failed,
    Released,
    Reserved,
    Slow,
    Stored,
    Submitting,
    Unknown,
    to_plain,
)
from rushes.model.ids import AttemptId

ENOUGH = 20
"""Durations that have to be known before anybody says what is usual."""

FLOOR = 10.0
"""Seconds under which nothing is slow, however fast it usually is."""

_LOCKED_OUT = frozenset({ErrorClass.QUOTA, ErrorClass.AUTH})


class Limit(NamedTuple):
    """Seconds beyond which a request is slow; `learned` from earlier ones, or set by a person."""

    seconds: float
    learned: bool


class Alert(NamedTuple):
    """What is said: its kind (`slow`, `doubt`, `budget`, `provider`), in words, and its facts as JSON."""

    kind: str
    says: str
    facts: dict[str, Any]


def learned(usual: Usual | None) -> float | None:
    """What 99 of 100 requests of a model stayed under, in seconds; None while too few are known."""
    return None if usual is None or usual.known < ENOUGH else max(usual.most, FLOOR)


class Limits:
    """The limit of each model: what a person set for it, for all of them, or what was learned."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._set = project.config.alerts
        self._timings = Timings(project.ledger)
        self._found: dict[tuple[str, str], Limit | None] = {}

    def of(self, provider: str, model: str) -> Limit | None:
        """The limit of one model at one provider; None where nobody knows what is usual."""
        name = (provider, model)
        if name not in self._found:
            self._found[name] = self._of(provider, model)
        return self._found[name]

    def _of(self, provider: str, model: str) -> Limit | None:
        for spoken, seconds in self._set.models.items():
            if means(self._project, spoken)(model):
                return Limit(seconds, learned=False)
        if self._set.slow is not None:
            return Limit(self._set.slow, learned=False)
        usual = learned(self._timings.of(provider, model))
        return None if usual is None else Limit(usual, learned=True)


class Watch:
    """Listens to one run. `say` hears of every slow request, `tell` of everything that is worth an alert."""

    def __init__(
        self,
        limit: Callable[[str, str], Limit | None],
        say: Callable[[Slow], None],
        tell: Callable[[Alert], None],
        now: Callable[[], float],
    ) -> None:
        self._limit, self._say, self._tell, self._now = limit, say, tell, now
        self._asked: dict[AttemptId, Reserved] = {}
        self._out = Due[AttemptId](self._slow)
        self._told: set[tuple[str, ErrorClass]] = set()
        self._by: dict[type[Event], Callable[[Any], None]] = {
            Reserved: self._reserved,
            Submitting: self._sent,
            Slow: self._overdue,
            **dict.fromkeys((Stored, Failed, Cancelled, Unknown, Released), self._over),
        }

    def left(self, attempts: Iterable[AttemptState]) -> None:
        """Requests that an earlier process left under way: they have been slow for as long as they are out."""
        for one in sorted(attempts, key=lambda one: one.sent or 0.0):
            self._asked[one.event.attempt] = one.event
            limit = self._limit(one.event.provider, one.event.model)
            if limit is not None and one.sent is not None and not one.slow:
                # the wall clock only says how long they have been out; one that was set back says nothing
                self._out.began(one.event.attempt, limit.seconds, max(self._now() - one.sent, 0.0))

    def watch(self, event: Event) -> None:
        """One event."""
        take = self._by.get(type(event))
        if take is not None:
            take(event)

    def close(self) -> None:
        """The run is over."""
        self._out.close()

    def _reserved(self, event: Reserved) -> None:
        self._asked[event.attempt] = event

    def _sent(self, event: Submitting) -> None:
        asked = self._asked.get(event.attempt)
        limit = None if asked is None else self._limit(asked.provider, asked.model)
        if limit is not None:
            self._out.began(event.attempt, limit.seconds)

    def _slow(self, attempt: AttemptId) -> None:
        asked = self._asked[attempt]
        limit = self._limit(asked.provider, asked.model)
        assert limit is not None, "it was sent under one"
        slow = Slow(
            attempt=attempt,
            place=asked.place,
            provider=asked.provider,
            model=asked.model,
            limit=limit.seconds,
            learned=limit.learned,
        )
        with suppress(Exception):  # a journal that cannot be written ends the run by itself, and says why
            self._say(slow)
        self._tell(Alert("slow", slow.says, to_plain(slow)))

    def _overdue(self, event: Slow) -> None:
        """The engine gave its slot back: whoever is told of what is slow is told of this, too."""
        self._tell(Alert("slow", event.says, to_plain(event)))

    def _over(self, event: Stored | Failed | Cancelled | Unknown | Released) -> None:
        asked = self._asked.pop(event.attempt, None)
        self._out.ended(event.attempt)
        if isinstance(event, Unknown) and asked is not None:
            says = f"{asked.provider} may or may not have accepted {event.attempt}: see rushes unknowns"
            self._tell(Alert("doubt", says, to_plain(event)))
        elif isinstance(event, Failed) and asked is not None and event.error in _LOCKED_OUT:
            self._locked_out(asked.provider, event)

    def _locked_out(self, provider: str, event: Failed) -> None:
        if (provider, event.error) not in self._told:
            self._told.add((provider, event.error))
            says = f"{provider} takes no more requests ({event.error}): {event.says}"
            self._tell(Alert("provider", says, {"provider": provider, **to_plain(event)}))
