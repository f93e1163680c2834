"""What an earlier process left, as the run loop takes it up.

Recovery buys nothing and asks nobody. It makes a list; the units that come up in the normal way find their own entry
there and go on where it stopped. So there is one path to a result, whether or not a process died on the way.
"""

from __future__ import annotations

from rushes.engine.job import Past
from rushes.engine.order import Open
from rushes.errors import ErrorClass
from rushes.ledger.fold import OPEN, AttemptState, RunFold
from rushes.model.ids import AttemptId, RequestKey


def past_of(state: RunFold) -> Past:
    """Attempts made, tries used per request, what is open or in doubt, what may still turn up, what was never sent, and
    what the run was told.
    """
    tries: dict[RequestKey, int] = {}
    open_: dict[RequestKey, Open] = {}
    late: dict[RequestKey, Open] = {}
    unsent: list[AttemptId] = []
    for attempt in state.attempts.values():
        key = attempt.event.key
        if attempt.stage == "Failed" and not attempt.final and _counts(attempt):
            tries[key] = tries.get(key, 0) + 1
        if attempt.stage == "Reserved":
            unsent.append(attempt.event.attempt)
        elif attempt.stage in OPEN or attempt.stage == "Unknown" or _is_vouched(attempt):
            open_[key] = _open(attempt)
        elif _may_turn_up(attempt):
            late[key] = _open(attempt)
    numbers = [_number(name) for name in state.attempts]
    words = tuple(word.said for word in state.told)
    return Past(
        attempts=max(numbers, default=0),
        tries=tries,
        open=open_,
        late=late,
        unsent=tuple(unsent),
        resumed=state.starts > 0,
        seq=state.last_seq,
        told=words,
        owner=state.owner,
    )


def _counts(attempt: AttemptState) -> bool:
    # a final failure was the end of an earlier drive: whoever drives again has asked for new tries
    return attempt.error is not ErrorClass.RATE_LIMIT


def _is_vouched(attempt: AttemptState) -> bool:
    return attempt.stage == "Resolved" and attempt.remote is not None


def _may_turn_up(attempt: AttemptState) -> bool:
    """Given up while the provider had the job: too late, called off, out of reach."""
    ended = attempt.stage == "Cancelled" or (attempt.stage == "Failed" and attempt.maybe_billed)
    return ended and attempt.remote is not None


def _number(attempt: AttemptId) -> int:
    # numbers of attempts that were never written down are gaps: the next one follows the highest
    last = attempt.rpartition("/")[2]
    return int(last) if last.isdecimal() else 0


def _open(attempt: AttemptState) -> Open:
    return Open(
        attempt=attempt.event.attempt,
        idempotency_key=attempt.idempotency_key,
        remote=attempt.remote,
        urls=attempt.urls,
        sent=attempt.sent,
        vouched=_is_vouched(attempt),
    )
