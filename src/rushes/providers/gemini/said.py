"""What Google's answers say: its errors as tables, and the parts of an answer of `generateContent`.

Sources: the types of google-genai 3.4.0 and Google's pages on errors and billing, as of 2026-11-20; answers of the
Interactions API as an open-source client recorded them in October 2026 (bike4mind, `GeminiOmniVideoProvider`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rushes.errors import ErrorClass
from rushes.providers.errors import COMMON, EDGE, LOST, Heard, Row, retry_after, seconds
from rushes.providers.http import Answer
from rushes.providers.remote import document, listed

_BILLING = "see the plan and its billing at aistudio.google.com"
_KEY = "see the key: rushes keys check"
_POLICY = "change the prompt or the pictures: the same again is refused again"
_SAFETY = "(IMAGE_)?(SAFETY|PROHIBITED_CONTENT|BLOCKLIST|SPII)"

ACCOUNT: tuple[Row, ...] = (
    Row("400", ErrorClass.AUTH, code="API_KEY_INVALID|API_KEY_EXPIRED", next_step=_KEY),
    Row("400", ErrorClass.AUTH, says="api key (not valid|expired)", next_step=_KEY),
    Row("400|403", ErrorClass.QUOTA, code="FAILED_PRECONDITION|BILLING_DISABLED", next_step=_BILLING),
    Row("402", ErrorClass.QUOTA, next_step=_BILLING),
    Row("429", ErrorClass.QUOTA, says="credits? (are|is) depleted", next_step=_BILLING),
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

    What stands in front of the service puts it into a list.
    """
    said = document(answer.body)
    error = said[0] if isinstance(said, list) and said else said
    return heard_of(answer.status, error, retry_after(answer.headers))


def heard_of(status: int, said: object, wait: float | None = None) -> Heard:
    """The `error` of a document, with the status that it came with."""
    error = said.get("error") if isinstance(said, dict) else None
    error = error if isinstance(error, dict) else {}
    details = [one for one in listed(error.get("details")) if isinstance(one, dict)]
    codes = [one.get("reason") for one in details] + [error.get("status"), error.get("code")]
    waits = (seconds(one.get("retryDelay")) for one in details)
    named = [code for code in codes if isinstance(code, str) and code]
    return Heard(status, named, str(error.get("message") or ""), next((one for one in waits if one is not None), wait))


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
