"""Counting what happens to requests, moment by moment: live for metrics, from the ledger for statistics.

Every moment costs the same, however many there were before, and what is kept for an attempt is let go when its result
is stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from rushes.app.stats_series import Series
from rushes.ledger.stats import Moment

RATE_LIMIT = "rate_limit"

Model = tuple[str, str]
"""A provider, and the version of a model there."""


@dataclass(slots=True)
class Flying:
    """The requests that a provider has now, and the most that it had at once in one run."""

    now: int = 0
    most: int = 0


@dataclass(slots=True, kw_only=True)
class ModelCount:
    """One model at one provider. All durations in seconds, each of requests that were stored.

    `total` is from sending to stored, and has four parts but for the first: `slot` from the reservation to the sending
    (what waits longer is not reserved yet), `answer` until the provider took it, `work` until it was finished there,
    `keep` until it was fetched, stored and checked. A provider that answers at once has no `answer`.
    """

    sent: int = 0
    ended: Counter[str] = field(default_factory=Counter)  # by outcome: stored, cancelled, unknown, or a class of error
    flagged: int = 0
    slow: int = 0
    in_flight: int = 0
    total: Series = field(default_factory=Series)
    slot: Series = field(default_factory=Series)
    answer: Series = field(default_factory=Series)
    work: Series = field(default_factory=Series)
    keep: Series = field(default_factory=Series)


@dataclass(slots=True)
class _Attempt:
    of: ModelCount
    at: Flying
    reserved: float
    sent: float | None = None
    accepted: float | None = None
    done: float | None = None
    flying: bool = False
    slow: bool = False


class Counted:
    """What was counted so far. Requests that were sent before `since` (unix seconds) are left out."""

    def __init__(self, since: float = 0.0) -> None:
        self.models: dict[Model, ModelCount] = {}
        self.flying: dict[str, Flying] = {}  # by provider
        self._since = since
        self._attempts: dict[str, _Attempt] = {}
        self._take: dict[str, Callable[[Moment], None]] = {
            "Reserved": self._reserve,
            "Submitting": self._send,
            "Accepted": self._accept,
            "Done": self._finish,
            "Stored": self._store,
            "Failed": lambda moment: self._end(moment, moment.error),
            "Cancelled": lambda moment: self._end(moment, "cancelled"),
            "Unknown": lambda moment: self._end(moment, "unknown"),
            "Slow": self._slow,
        }

    def take(self, moment: Moment) -> None:
        """Count one moment; those of a run come in order."""
        take = self._take.get(moment.kind)
        if take is not None:
            take(moment)

    def run_over(self) -> None:
        """No more will come of this run: what was kept for its attempts is let go."""
        for attempt in self._attempts.values():
            self._land(attempt)
        self._attempts.clear()

    def _reserve(self, moment: Moment) -> None:
        name = (moment.provider, moment.model)
        count = self.models.get(name)
        if count is None:
            count = self.models[name] = ModelCount()
        flying = self.flying.get(moment.provider)
        if flying is None:
            flying = self.flying[moment.provider] = Flying()
        self._attempts.setdefault(moment.attempt, _Attempt(count, flying, moment.at))

    def _send(self, moment: Moment) -> None:
        attempt = self._attempts.get(moment.attempt)
        if attempt is None or attempt.sent is not None:  # sent again under the same key: the same request
            return
        if moment.at < self._since:
            del self._attempts[moment.attempt]
            return
        attempt.sent, attempt.flying = moment.at, True
        attempt.of.sent += 1
        attempt.of.in_flight += 1
        attempt.at.now += 1
        attempt.at.most = max(attempt.at.most, attempt.at.now)

    def _accept(self, moment: Moment) -> None:
        attempt = self._attempts.get(moment.attempt)
        if attempt is not None:
            attempt.accepted = moment.at

    def _finish(self, moment: Moment) -> None:
        attempt = self._attempts.get(moment.attempt)
        if attempt is not None:
            attempt.done = moment.at
            self._land(attempt)

    def _store(self, moment: Moment) -> None:
        attempt = self._attempts.pop(moment.attempt, None)
        if attempt is None or attempt.sent is None:
            return
        self._land(attempt)
        count, sent, accepted, done = attempt.of, attempt.sent, attempt.accepted, attempt.done
        count.ended["stored"] += 1
        count.flagged += moment.flagged
        count.total.add(moment.at - sent)
        count.slot.add(sent - attempt.reserved)
        if accepted is not None:
            count.answer.add(accepted - sent)
        if done is not None:
            count.work.add(done - (sent if accepted is None else accepted))
            count.keep.add(moment.at - done)

    def _end(self, moment: Moment, outcome: str) -> None:
        attempt = self._attempts.get(moment.attempt)
        if attempt is None or attempt.sent is None:
            return
        self._land(attempt)
        attempt.of.ended[outcome] += 1
        if attempt.accepted is None:  # what a provider had taken may turn up later
            del self._attempts[moment.attempt]

    def _slow(self, moment: Moment) -> None:
        attempt = self._attempts.get(moment.attempt)
        if attempt is not None and not attempt.slow:  # what is overdue is said to be slow once more
            attempt.slow = True
            attempt.of.slow += 1

    def _land(self, attempt: _Attempt) -> None:
        if attempt.flying:
            attempt.flying = False
            attempt.of.in_flight -= 1
            attempt.at.now -= 1
