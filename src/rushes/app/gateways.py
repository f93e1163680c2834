"""Which of several addresses of one provider is asked: the fastest, measured before a run and remembered for a day.

A job is asked about where it was submitted: as long as anything that was sent to a provider has no end, its address
stays as it is.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit

from rushes.ledger.fold import fold
from rushes.ledger.ledger import Ledger

LASTS = 86_400.0
"""Seconds for which a measurement holds."""

PATIENCE = 5.0
"""Seconds after which an address counts as out of reach."""

_TIMES = 3
_KIND = "gateway"


class Measured(NamedTuple):
    """The fastest address, its seconds to connect and answer, and when that was (unix seconds)."""

    url: str
    seconds: float
    at: float


def remembered(ledger: Ledger, provider: str) -> Measured | None:
    """What was measured last, by any process that uses this ledger."""
    try:
        url, seconds, at = json.loads(ledger.memo(_KIND, [provider]).get(provider) or "")
        return Measured(str(url), float(seconds), float(at))
    except (ValueError, TypeError):
        return None


async def settle(ledger: Ledger, gateways: Mapping[str, Sequence[str]]) -> dict[str, Measured]:
    """Measure what has several addresses and no fresh measurement; the fastest of each, by provider."""
    stale = {name: urls for name, urls in gateways.items() if len(urls) > 1 and not _fresh(ledger, name, urls)}
    busy = _with_open_jobs(ledger) if stale else set()
    found = {}
    for name, urls in stale.items():
        best = None if name in busy else await _fastest(urls)
        if best is not None:
            ledger.memoize(_KIND, {name: json.dumps(best)})
            found[name] = best
    return found


def _fresh(ledger: Ledger, name: str, urls: Sequence[str]) -> bool:
    known = remembered(ledger, name)
    return known is not None and known.url in urls and 0 <= time.time() - known.at < LASTS


def _with_open_jobs(ledger: Ledger) -> set[str]:
    sent = ledger.doubtful()
    folded = {run: fold(ledger.events(run)) for run in dict.fromkeys(run for run, _attempt in sent)}
    attempts = (folded[run].attempts.get(attempt) for run, attempt in sent)
    return {one.event.provider for one in attempts if one is not None}


async def _fastest(urls: Sequence[str]) -> Measured | None:
    """The address with the least time; None when none answers. All are asked at once: none has the worse moment."""
    seconds = await asyncio.gather(*(asyncio.to_thread(_seconds_of, url) for url in urls))
    best = min(zip(seconds, urls, strict=True), key=lambda one: one[0])
    return Measured(best[1], round(best[0], 4), time.time()) if best[0] < PATIENCE else None


def _seconds_of(url: str) -> float:
    """The least of a few times to connect and get any answer, without a key; `PATIENCE` where there is none."""
    return min(_once(url) for _ in range(_TIMES))


def _once(url: str) -> float:
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    began = time.perf_counter()
    connection = kind(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        connection.request("HEAD", parts.path or "/")
        connection.getresponse()
    except (OSError, HTTPException):
        return PATIENCE
    finally:
        connection.close()
    return time.perf_counter() - began
