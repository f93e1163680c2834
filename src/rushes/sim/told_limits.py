"""What an account's limits have left, in the headers in which a service tells it. Most services tell nothing.

Sources: OpenAI's guide to rate limits (spans such as `6m0s`), Anthropic's page on rate limits (moments of RFC 3339),
OpenRouter's page on limits (thousandths of seconds since 1970, in refusals), Luma's page on rate limits, 2026-11-21.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from rushes.model.limit import Standing, Unit

Headers = Iterator[tuple[str, str]]


def told(service: str, stands: Sequence[Standing], scale: float, *, refused: bool) -> tuple[tuple[str, str], ...]:
    """The headers of an answer. `scale` is real seconds for a simulated one: headers are for whoever reads them."""
    words = _WORDS.get(service)
    if words is None or (service in _IN_REFUSALS and not refused):
        return ()
    nearest: dict[Unit, Standing] = {}
    for one in sorted(stands, key=_share):
        nearest.setdefault(one.of, one)
    return tuple(header for one in nearest.values() for header in words(one, in_whole((one.resets or 0.0) * scale)))


def _share(one: Standing) -> float:
    """How much is left of a limit, from 0 to 1: of two that count the same the nearer one is told."""
    return (one.left or 0.0) / (one.most or 1.0)


def in_whole(seconds: float) -> float:
    """A Retry-After as services say it, in whole seconds; in thousandths where a second is long. Never too early."""
    parts = 1 if seconds >= 1 else 1000
    return math.ceil(seconds * parts - 1e-6) / parts


def in_spans(seconds: float) -> str:
    """A span of time as OpenAI writes it: `6m0s`, `1s`, `250ms`."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{f'{hours:g}h' if hours else ''}{f'{minutes:g}m' if hours or minutes else ''}{rest:g}s"


def _openai(one: Standing, seconds: float) -> Headers:
    if one.of in (Unit.REQUESTS, Unit.TOKENS):
        yield from _counts(one, f"x-ratelimit-limit-{one.of}", f"x-ratelimit-remaining-{one.of}")
        yield f"x-ratelimit-reset-{one.of}", in_spans(seconds)


def _anthropic(one: Standing, seconds: float) -> Headers:
    for word in {Unit.REQUESTS: ("requests",), Unit.TOKENS: ("tokens", "input-tokens")}.get(one.of, ()):
        yield from _counts(one, f"anthropic-ratelimit-{word}-limit", f"anthropic-ratelimit-{word}-remaining")
        moment = math.ceil((time.time() + seconds) * 1000) / 1000
        whole = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
        yield f"anthropic-ratelimit-{word}-reset", whole.replace("+00:00", "Z")


def _openrouter(one: Standing, seconds: float) -> Headers:
    if one.of is Unit.REQUESTS:
        yield from _counts(one, "x-ratelimit-limit", "x-ratelimit-remaining")
        yield "x-ratelimit-reset", str(math.ceil((time.time() + seconds) * 1000))


def _luma(one: Standing, _seconds: float) -> Headers:
    if one.of is Unit.REQUESTS:
        yield from _counts(one, "x-ratelimit-limit", "x-ratelimit-remaining")


def _counts(one: Standing, most: str, left: str) -> Headers:
    yield most, str(math.floor(one.most or 0.0))
    yield left, str(max(math.floor(one.left or 0.0), 0))


_IN_REFUSALS = frozenset({"openrouter"})
"""Services that tell of limits only when these are used up."""

_WORDS: Mapping[str, Callable[[Standing, float], Headers]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "openrouter": _openrouter,
    "luma": _luma,
}
