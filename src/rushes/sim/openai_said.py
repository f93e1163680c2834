"""How OpenAI words refusals and failures. Sources: its error codes, and its answers as issue trackers quote them."""

from __future__ import annotations

import math
from typing import Any

from rushes.sim.jobs import Job
from rushes.sim.making import REFUSED, UNREADABLE
from rushes.sim.told_limits import in_spans
from rushes.sim.wire import Reply, come_back, json_reply

TYPE = {401: "invalid_request_error", 429: "requests", 500: "server_error", 503: "service_unavailable_error"}
CODE = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
SAYS = {
    401: "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY).",
    429: "Rate limit reached. Please try again later. Visit https://platform.openai.com/account/rate-limits to learn "
    "more.",
    500: "The server had an error while processing your request. Sorry about that!",
    503: "The engine is currently overloaded, please try again later",
    504: "Request timed out.",
}


def error(
    status: int,
    says: str,
    kind: str | None,
    *,
    param: str | None = None,
    code: str | None = None,
    details: dict[str, Any] | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Reply:
    """An error as OpenAI answers one: a type, and where it has them the parameter, a code, what moderation saw."""
    told: dict[str, Any] = {"message": says, "type": kind or "server_error", "param": param, "code": code}
    if details is not None:
        told["moderation_details"] = details
    return json_reply({"error": told}, status, headers)


def too_many(seconds: float) -> Reply:
    """A 429 that says when to come back, in two headers and in its words."""
    headers = (*come_back(seconds), ("retry-after-ms", f"{math.ceil(seconds * 1000)}"))
    says = SAYS[429].replace("later", f"in {in_spans(seconds)}")
    return error(429, says, TYPE[429], code=CODE[429], headers=headers)


def failed(job: Job) -> Reply:
    """What is said of a picture or a text that did not come."""
    failure = job.failure
    if failure is None:
        return error(499, "The request was cancelled.", "invalid_request_error")
    if failure.kind == REFUSED:
        stage = "output" if failure.billed else "input"
        says = "Your request was rejected by the safety system. If you believe this is an error, contact us."
        details = {"moderation_stage": stage, "categories": ["violence"]}
        return error(400, says, "image_generation_user_error", code="moderation_blocked", details=details)
    if failure.kind == UNREADABLE:
        says = "Invalid image file or mode, please check your image file."
        return error(400, says, "invalid_request_error", param="image", code="invalid_image_file")
    return error(500, SAYS[500], "server_error")


def poor() -> Reply:
    """An account without money: a 429, which no waiting mends."""
    says = ("You exceeded your current quota, please check your plan and billing details. For more information on this "
            "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.")  # fmt: skip
    return error(429, says, "insufficient_quota", code="insufficient_quota")


def unknown(model: str) -> Reply:
    """A model that there is not, or not any more."""
    says = f"The model '{model[:80]}' does not exist or you do not have access to it."
    return error(404, says, "invalid_request_error", code="model_not_found")
