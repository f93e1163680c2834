"""What an answer says of limits: when to come back, and what is left of which limit.

Headers are written by strangers. Whatever they say, nothing here raises, no wait is negative, none is shorter than what
was said, and none is longer than `LONGEST_WAIT`. Moments count from the service's own clock where it shows one.

Sources: RFC 9110 (Retry-After); `retry-after-ms` as the SDKs of OpenAI, Anthropic, Luma, Runway, ElevenLabs and
OpenRouter read it; draft-ietf-httpapi-ratelimit-headers-09 (`ratelimit`) as huggingface-hub 2.4.0 reads it. Which
headers a service sends stands with its adapter.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from rushes.model.limit import Standing, Unit

LONGEST_WAIT = 90_000.0
"""Seconds: what is said beyond 25 hours, the longest day of a clock on the wall, is read as that."""

TOO_MANY = 429

_UNIX, _UNIX_MS = 1e9, 1e11  # a number from here on is a moment and no span: seconds since 1970, thousandths of them
_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")
_PART = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|[dhms])")
_SPAN = rf"(?:{_PART.pattern})+"
_IN_WORDS = re.compile(
    rf"\b(?:try again|retry|resets?|available) (?:in|after) ~?({_SPAN}|[0-9]{{1,9}} seconds?\b)", re.IGNORECASE
)
_LEFT = re.compile(r";\s*r\s*=\s*([0-9]{1,15})\s*;\s*t\s*=\s*([0-9]{1,15})")


class Meter(NamedTuple):
    """The headers of one limit, in lower case: how much it allows, what is left of it, when it is whole again."""

    of: Unit
    most: str
    left: str
    resets: str


def meter(of: Unit, pattern: str, words: Sequence[str] = ("limit", "remaining", "reset")) -> Meter:
    """The headers of one limit, whose names differ in one word: `x-ratelimit-{}-requests`."""
    most, left, resets = (pattern.format(word) for word in words)
    return Meter(of, most, left, resets)


def wait(status: int, headers: Mapping[str, str], says: str = "", meters: Sequence[Meter] = ()) -> float | None:
    """Seconds until a refused request may be sent again; None where nothing that can be read says so.

    Of a 429 the words count too, and where neither a header nor they name a time, the limits that have nothing left.
    Of any other answer only a header that is meant for it does: a 503 that names its hour is believed to have done
    nothing, and an error page that happens to say "retry in 5s" must not pass for one.
    """
    told = retry_after(headers)
    if status != TOO_MANY:
        return told
    said = [one for one in (told, in_words(says)) if one is not None]
    return max(said or _spent(headers, meters), default=None)


def _spent(headers: Mapping[str, str], meters: Sequence[Meter]) -> list[float]:
    """In how many seconds each limit is whole again of which nothing is left."""
    found = [one.resets for one in _read(headers, meters) if one.left == 0 and one.resets is not None]
    listed = _LEFT.search(headers.get("ratelimit", ""))
    return [*found, _bounded(float(listed[2]))] if listed is not None and int(listed[1]) == 0 else found


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the headers for it say, in seconds, in thousandths or as a date; of several the longest."""
    said = (until(headers.get("retry-after", ""), clock(headers)), thousandths(headers, "retry-after-ms"))
    return max((one for one in said if one is not None), default=None)


def thousandths(headers: Mapping[str, str], name: str) -> float | None:
    """Seconds of a header that counts thousandths of them."""
    found = _number(headers.get(name, ""))
    return None if found is None else _bounded(found / 1000)


def standings(headers: Mapping[str, str], meters: Sequence[Meter]) -> tuple[Standing, ...]:
    """What an answer says of the limits of its account, one for each unit: of two that count the same the nearer one.

    Tokens in and tokens out have limits of their own, and whichever is used up first is the one that refuses.
    """
    nearest: dict[Unit, Standing] = {}
    for one in _read(headers, meters):
        before = nearest.get(one.of)
        if before is None or _share(one) < _share(before):
            nearest[one.of] = one
    return tuple(nearest.values())


def _read(headers: Mapping[str, str], meters: Sequence[Meter]) -> Iterator[Standing]:
    now = clock(headers)
    for one in meters:
        most, left = _number(headers.get(one.most, "")), _number(headers.get(one.left, ""))
        if most is not None or left is not None:
            yield Standing(one.of, most, left, until(headers.get(one.resets, ""), now))


def _share(one: Standing) -> float:
    """How much of a limit is left, from 0 to 1; of one that does not say it nothing is used."""
    if one.left is None:
        return 1.0
    return one.left / one.most if one.most else float(one.left > 0)


def until(said: str, now: float) -> float | None:
    """Seconds from the unix time `now` until what is said: a span, a date, or a number.

    A span is `6m0s`, a date one of HTTP or of RFC 3339. A number that is too large for a span is a unix time, in
    seconds or in thousandths.
    """
    text = said.strip()[:100]
    if (span := duration(text)) is not None:
        return span
    if (number := _number(text)) is not None:
        moment = number / 1000 if number >= _UNIX_MS else number
        return _bounded(moment - now if moment >= _UNIX else moment)
    moment_of_date = _moment(text)
    return None if moment_of_date is None else _bounded(moment_of_date - now)


def duration(text: object) -> float | None:
    """Seconds of a span such as `17s`, `0.5s`, `350ms`, `6m0s` or `1d2h`; None for anything else."""
    if not isinstance(text, str) or re.fullmatch(_SPAN, text) is None:
        return None
    return _bounded(sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text)))


def in_words(says: str) -> float | None:
    """Seconds that the words of a refusal name: `Please try again in 20s.`, `Expected available in 1 second.`"""
    found = _IN_WORDS.search(says[:2000])
    return None if found is None else duration(re.sub(r" seconds?$", "s", found[1].lower()))


def _moment(text: str) -> float | None:
    """The unix time of a date; None for what is none. A date without a zone is one of UTC."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(text)
            return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None


def clock(headers: Mapping[str, str]) -> float:
    """The unix time at the service when it answered, by its own clock where it shows one."""
    shown = _moment(headers.get("date", ""))
    return time.time() if shown is None or not _UNIX <= shown < 10 * _UNIX else shown


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text.strip()) else None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT)
