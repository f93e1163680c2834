"""Gemini: pictures by one synchronous call. The answer is the result, so a lost answer is a lost result.

Sources: the wire and the types of google-genai 3.4.0, Google's pages on errors and billing, as of 2026-11-20.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any

from rushes.errors import ErrorClass, RemoteError
from rushes.model.problem import Problem
from rushes.model.request import Recipe, Request
from rushes.plugin.access import Access
from rushes.plugin.provider import Context, Duplicates, Facts, Finished, Output
from rushes.providers.answering import Answering
from rushes.providers.errors import COMMON, EDGE, LOST, Heard, Row, read, retry_after, seconds, unknown
from rushes.providers.http import Answer
from rushes.providers.remote import document, listed
from rushes.providers.spelled import Put

HOST = "https://generativelanguage.googleapis.com"

ANSWER_WITHIN = 300.0
"""Seconds for one call: the picture is made meanwhile. Asking twice would be buying twice, so it is patient."""

MOST_BODY = 20_000_000
"""Bytes of the largest request with its pictures inside. Source: Google's guide to image understanding."""

_BILLING = "see the plan and its billing at aistudio.google.com"
_POLICY = "change the prompt or the pictures: the same again is refused again"

SUBMIT: tuple[Row, ...] = (
    Row("400", ErrorClass.AUTH, code="API_KEY_INVALID|API_KEY_EXPIRED", next_step="see the key: rushes keys check"),
    Row("400", ErrorClass.AUTH, says="api key (not valid|expired)", next_step="see the key: rushes keys check"),
    Row("400|403", ErrorClass.QUOTA, code="FAILED_PRECONDITION|BILLING_DISABLED", next_step=_BILLING),
    Row("402", ErrorClass.QUOTA, next_step=_BILLING),
    Row("429", ErrorClass.QUOTA, says="credits? (are|is) depleted", next_step=_BILLING),
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
"""About a 200 without a picture, by `finishReason`, or `BLOCKED_` and the `blockReason` of a prompt. A model that stops
as usual and answers in words has declined. At least the tokens of the text are charged. Source: enums of the SDK."""


class Gemini(Answering):
    """The image models of the Gemini API."""

    name = "gemini"
    facts = Facts(
        duplicates=Duplicates.NEVER,
        remembers=None,
        bills_refusals=True,  # the prompt's tokens
        outputs_live=None,  # they come with the answer and are nowhere else
        in_flight=8,
    )

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._host = (access.url or HOST).rstrip("/")

    def put(self, recipe: Recipe) -> Put:
        """The shape as `aspectRatio`, the size as `resolution`: prices know it by that word."""
        ready = super().put(recipe)
        ready.problems.extend(self._too_large(recipe))
        return ready

    def _too_large(self, recipe: Recipe) -> Iterator[Problem]:
        size = sum(one.size for many in recipe.inputs.values() for one in many)
        if size * 4 / 3 > MOST_BODY:
            yield self.problem(
                f"the pictures of one request are {size} bytes together", "use smaller or fewer pictures"
            )

    async def submit(self, request: Request, context: Context) -> Finished:
        """Ask once and wait for the picture."""
        recipe = request.recipe
        ready = self.ready(recipe)
        headers = {"x-goog-api-key": self.key(), "Content-Type": "application/json"}
        if self.access.simulated:
            headers["x-rushes-asking"] = request.key  # lets the simulator's books tell two candidates from a duplicate
        config: dict[str, Any] = {"responseModalities": ["IMAGE"]}
        image = {{"resolution": "imageSize"}.get(name, name): value for name, value in ready.items()}
        if image:
            config["imageConfig"] = image
        contents = [{"role": "user", "parts": await self._parts(recipe, context)}]
        answer = await self.http.post_once(
            f"{self._host}/v1/models/{self.endpoint(recipe)}:generateContent",
            headers=headers,
            body=json.dumps({"contents": contents, "generationConfig": config}).encode(),
            within=ANSWER_WITHIN,
        )
        return self._finished(self.accepted(answer, SUBMIT))

    async def _parts(self, recipe: Recipe, context: Context) -> list[dict[str, Any]]:
        """The prompt and then the inputs, in the order of their roles, inside the request."""
        parts: list[dict[str, Any]] = [{"text": recipe.prompt or ""}]
        for artifact in (one for many in recipe.inputs.values() for one in many):
            data = await context.work(context.path(artifact.digest).read_bytes)
            encoded = base64.b64encode(data).decode()
            parts.append({"inlineData": {"mimeType": artifact.media_type, "data": encoded}})
        return parts

    def _finished(self, answer: Answer) -> Finished:
        """The pictures. A refusal is a 200 without one and must not pass for a success."""
        said = document(answer.body)
        if not isinstance(said, dict):
            raise unknown("gemini answered, and its answer cannot be read: a picture may be paid for and lost")
        try:
            outputs = tuple(_pictures(said))
        except (ValueError, binascii.Error):
            raise RemoteError(
                ErrorClass.BAD_OUTPUT, "gemini sent a picture that cannot be read", maybe_billed=True
            ) from None
        if outputs:
            return Finished(outputs)
        raise read(REFUSED, _reason(said), self.name, self.access.key)

    async def check_key(self, context: Context) -> None:
        """Try the key with a question that costs nothing: the list of models. Raises RemoteError."""
        await self.free("GET", f"{self._host}/v1/models?pageSize=1", {"x-goog-api-key": self.key()}, context)

    def heard(self, answer: Answer) -> Heard:
        """Google's shape of an error: a status in words, reasons in its details, and when to come back."""
        said = document(answer.body)
        error = said.get("error") if isinstance(said, dict) else None
        error = error if isinstance(error, dict) else {}
        details = [one for one in listed(error.get("details")) if isinstance(one, dict)]
        codes = [one.get("reason") for one in details] + [error.get("status")]
        waits = (seconds(one.get("retryDelay")) for one in details)
        wait = next((one for one in waits if one is not None), retry_after(answer.headers))
        return Heard(answer.status, [str(code) for code in codes if code], str(error.get("message") or ""), wait)


def _pictures(said: Mapping[str, Any]) -> Iterator[Output]:
    for part in _parts(_first(said)):
        inline = part.get("inlineData")
        if isinstance(inline, dict) and inline.get("data") and not part.get("thought"):
            data = base64.b64decode(str(inline["data"]), validate=True)
            yield Output(str(inline.get("mimeType") or "image/png"), data=data)


def _first(said: Mapping[str, Any]) -> Mapping[str, Any]:
    first = next(iter(listed(said.get("candidates"))), None)
    return first if isinstance(first, dict) else {}


def _parts(candidate: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = candidate.get("content")
    return [one for one in listed(content.get("parts")) if isinstance(one, dict)] if isinstance(content, dict) else []


def _reason(said: Mapping[str, Any]) -> Heard:
    """Why there is no picture, in Google's word for it."""
    feedback, first = said.get("promptFeedback"), _first(said)
    blocked = feedback if isinstance(feedback, dict) else {}
    block = blocked.get("blockReason")
    reason = f"BLOCKED_{block}" if block else first.get("finishReason") or "NO_IMAGE"
    text = " ".join(str(part["text"]) for part in _parts(first) if part.get("text"))
    says = blocked.get("blockReasonMessage") or first.get("finishMessage") or text or "no picture came"
    return Heard(200, [str(reason)], str(says))
