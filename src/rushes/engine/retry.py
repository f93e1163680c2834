"""What to do about a failed attempt. Nothing is tried again unless its class is named here.

A further attempt is made only where the failure is *known*: nothing was bought, or what was bought is known to be
bad. Tries are counted in the ledger, so a crash does not refill them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from rushes.errors import ErrorClass, RemoteError


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """`tries` bounds attempts per request (the first counts); `delay` is the first wait in seconds, then doubled."""

    tries: int = 3
    delay: float = 1.0
    longest: float = 60.0


_AGAIN = frozenset({ErrorClass.TRANSIENT, ErrorClass.BAD_OUTPUT})

ASKED_AGAIN = frozenset({ErrorClass.TRANSIENT, ErrorClass.RATE_LIMIT, ErrorClass.TIMEOUT})
"""Failures of a question about a job (a poll, a download), after which it is asked again."""

_LONGEST_ASKING = 60.0


def wait_before_asking(error: RemoteError, times: int) -> float:
    """Seconds before a question is asked again that failed so many times in a row."""
    return max(error.retry_after or 0.0, min(_LONGEST_ASKING, 2.0 ** (times - 1)))


def wait_before_next(error: RemoteError, tries: int, policy: RetryPolicy, jitter_of: str) -> float | None:
    """Seconds to wait before the next attempt, or None when there is none.

    A rate limit costs nothing and uses up no try. Jitter is a function of the request, so that a replayed run waits
    the same and a thousand requests do not come back together.
    """
    if error.maybe_billed:
        return None
    if error.kind is ErrorClass.RATE_LIMIT:
        return max(error.retry_after or 0.0, _backoff(min(tries, 6), policy, jitter_of))
    if error.kind not in _AGAIN or tries >= policy.tries:
        return None
    return max(error.retry_after or 0.0, _backoff(tries - 1, policy, jitter_of))


def _backoff(step: int, policy: RetryPolicy, jitter_of: str) -> float:
    share = hashlib.sha256(f"{jitter_of}/{step}".encode()).digest()[0] / 255
    return min(policy.longest, policy.delay * 2.0**step) * (0.75 + 0.5 * share)
