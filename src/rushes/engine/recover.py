"""What an earlier process left, as the run loop takes it up.

Recovery buys nothing and asks nobody. It makes a list; the units that come up in the normal way find their own entry
there and go on where it stopped. So there is one path to a result, whether or not a process died on the way.
"""

from __future__ import annotations

from rushes.engine.attempt import Open
from rushes.engine.job import Past
from rushes.errors import ErrorClass
from rushes.ledger.fold import AttemptState, RunFold
from rushes.model.ids import RequestKey


def past_of(state: RunFold) -> Past:
    """Attempts made, tries used per request, attempts still open, and those that nobody can speak for."""
    tries: dict[RequestKey, int] = {}
    for attempt in state.attempts.values():
        if attempt.stage == "Failed" and not attempt.final and _counts(attempt):
            key = attempt.event.key
            tries[key] = tries.get(key, 0) + 1
    open_ = {attempt.event.key: _open(attempt) for attempt in state.open.values()}
    unknown = frozenset(attempt.event.key for attempt in state.unknown.values())
    return Past(len(state.attempts), tries, open_, unknown, state.starts > 0)


def _counts(attempt: AttemptState) -> bool:
    # a final failure was the end of an earlier drive: whoever drives again has asked for new tries
    return attempt.error is not ErrorClass.RATE_LIMIT


def _open(attempt: AttemptState) -> Open:
    return Open(
        attempt=attempt.event.attempt,
        idempotency_key=attempt.idempotency_key,
        remote=attempt.remote,
        urls=attempt.urls,
    )
