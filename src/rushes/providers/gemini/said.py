"""What Google's answers say: its errors as tables, and the parts of an answer of `generateContent`.

Sources: the types of google-genai 3.4.0 and Google's pages on errors, billing and rate limits, as of 2026-11-21; the
429s that users of the API recorded in 2026 (OmniRoute 9504, plyr.fm 2046); answers of the Interactions API as an
open-source client recorded them in October 2026 (bike4mind, `GeminiOmniVideoProvider`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rushes.errors import ErrorClass
from rushes.providers.errors import COMMON, EDGE, LOST, Heard, Row
from rushes.providers.http import Answer
from rushes.providers.remote import document, listed
from rushes.providers.said_limits import TOO_MANY, clock, duration, wait

_BILLING = "see the plan and its billing at aistudio.google.com"
_KEY = "see the key: rushes keys check"
_DAILY = "PerDay"  # in the id of a quota, such as GenerateRequestsPerDayPerProjectPerModel-FreeTier
_TOMORROW = "the quota of the day is used up: it is back at midnight in California; or use another model"
_POLICY = "change the prompt or the pictures: the same again is refused again"
_SAFETY = "(IMAGE_)?(SAFETY|PROHIBITED_CONTENT|BLOCKLIST|SPII)"

ACCOUNT: tuple[Row, ...] = (
    Row("400", ErrorClass.AUTH, code="API_KEY_INVALID|API_KEY_EXPIRED", next_step=_KEY),
    Row("400", ErrorClass.AUTH, says="api key (not valid|expired)", next_step=_KEY),
    Row("400|403", ErrorClass.QUOTA, code="FAILED_PRECONDITION|BILLING_DISABLED", next_step=_BILLING),
    Row("402", ErrorClass.QUOTA, next_step=_BILLING),
    Row("429", ErrorClass.QUOTA, says="credits? (are|is) depleted", next_step=_BILLING),
    Row("429", ErrorClass.RATE_LIMIT, code=f".*{_DAILY}.*", next_step=_TOMORROW),
)
"""About the key and the account, whatever was asked."""

SUBMIT: tuple[Row, ...] = (
    *ACCOUNT,
    Row("400", ErrorClass.CONTENT_POLICY, code=_SAFETY, next_step=_POLICY),  # of interactions: nothing was begun
    Row("400", ErrorClass.CONTENT_POLICY, says=r"blocked[^.]*(safety|polic)", next_step=_POLICY),
    Row("499", ErrorClass.CANCELLED, billed=True),
    *EDGE,
    *COMMON,
    *LOST,
)
"""About a call. Google does not charge for a 400 or a 500; that a 5xx came from Google and not from a gateway that
lost a finished answer cannot be told, so it stays unknown."""

REFUSED: tuple[Row, ...] = (
    Row(
        None, ErrorClass.AUTH, code="PUP_LIMITED_DISABLED", next_step="the account is limited: see aistudio.google.com"
    ),
    Row(
        None,
        ErrorClass.BAD_OUTPUT,
        code="OTHER|IMAGE_OTHER|NO_IMAGE|MAX_TOKENS|MALFORMED_.*|UNEXPECTED_.*",
        billed=True,
    ),
    Row(None, ErrorClass.CONTENT_POLICY, billed=True, next_step=_POLICY),
)
"""About a 200 without a result, by `finishReason`, or `BLOCKED_` and the `blockReason` of a prompt. A model that stops
as usual and answers in words where a picture was asked for has declined. At least the tokens of the text are charged.
Source: enums of the SDK."""

RESULT: tuple[Row, ...] = (
    *ACCOUNT,
    Row(None, ErrorClass.CONTENT_POLICY, code=_SAFETY, billed=True, next_step=_POLICY),
    Row(None, ErrorClass.CONTENT_POLICY, says=r"blocked[^.]*(safety|polic)", billed=True, next_step=_POLICY),
    Row(None, ErrorClass.CONTENT_POLICY, code="declined", billed=True, next_step=_POLICY),
    Row(None, ErrorClass.CANCELLED, code="cancelled", billed=True),
    Row(None, ErrorClass.QUOTA, code="budget_exceeded", billed=True, next_step=_BILLING),
    Row("400|404|410", ErrorClass.BAD_OUTPUT, billed=True),  # the job is no longer known: it was paid for all the same
    *COMMON,
    Row(None, ErrorClass.BAD_OUTPUT, billed=True),  # what a film that failed costs is not documented
)
"""About a film that was accepted: by the state of its interaction, and by the code and the words of its errors."""


def heard(answer: Answer) -> Heard:
    """Google's shape of an error: a status in words, reasons in its details, and when to come back.

    What stands in front of the service puts it into a list. A quota of a day comes with a delay of seconds too, after
    which the same is refused again: it is back at midnight, and no earlier.
    """
    said = document(answer.body)
    found = heard_of(answer.status, said[0] if isinstance(said, list) and said else said)
    waits = [found.wait, wait(answer.status, answer.headers, found.says)]
    if answer.status == TOO_MANY and any(_DAILY in code for code in found.codes):
        waits.append(until_midnight(clock(answer.headers)))
    return found._replace(wait=max((one for one in waits if one is not None), default=None))


def heard_of(status: int, said: object) -> Heard:
    """The `error` of a document, with the status that it came with; the quotas that are used up are among its codes."""
    error = said.get("error") if isinstance(said, dict) else None
    error = error if isinstance(error, dict) else {}
    details = [one for one in listed(error.get("details")) if isinstance(one, dict)]
    broken = [one for detail in details for one in listed(detail.get("violations")) if isinstance(one, dict)]
    codes = [one.get("reason") for one in details] + [error.get("status"), error.get("code")]
    codes += [one.get("quotaId") for one in broken]
    waits = (duration(one.get("retryDelay")) for one in details)
    named = [code for code in codes if isinstance(code, str) and code]
    says = str(error.get("message") or "")
    return Heard(status, named, says, max((one for one in waits if one is not None), default=None))


def until_midnight(now: float) -> float:
    """Seconds from a unix time until Google's quotas of a day are whole again: midnight in California.

    Where the machine knows no time zones it is midnight of the winter's time all year: late by an hour, never early.
    """
    here = datetime.fromtimestamp(now, _california())
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.timestamp() - now


def _california() -> tzinfo:
    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:
        return timezone(timedelta(hours=-8))


def first(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """The candidate of an answer; an empty one where there is none."""
    found = next(iter(listed(said.get("candidates"))), None)
    return found if isinstance(found, dict) else {}


def parts(candidate: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The parts of a candidate, its thoughts aside."""
    content = candidate.get("content")
    found = listed(content.get("parts")) if isinstance(content, dict) else []
    return [one for one in found if isinstance(one, dict) and not one.get("thought")]


def reason(said: Mapping[str, Any]) -> Heard:
    """Why there is no result, in Google's word for it."""
    feedback, candidate = said.get("promptFeedback"), first(said)
    blocked = feedback if isinstance(feedback, dict) else {}
    block = blocked.get("blockReason")
    code = f"BLOCKED_{block}" if block else candidate.get("finishReason") or "NO_IMAGE"
    text = " ".join(str(part["text"]) for part in parts(candidate) if part.get("text"))
    says = blocked.get("blockReasonMessage") or candidate.get("finishMessage") or text or "nothing came"
    return Heard(200, [str(code)], str(says))
