"""Anthropic's protocol: messages that are answered on the connection they were asked on, and the list of models.

Sources: what anthropic 2.12.0 sends and reads; Anthropic's page on errors.
"""

from __future__ import annotations

import math
import re
from typing import Any

from rushes.model.operation import Operation
from rushes.sim.anthropic_asked import BadRequest, Question, model_of, question
from rushes.sim.faults import What
from rushes.sim.formats import opened
from rushes.sim.jobs import Job, State
from rushes.sim.judge import in_words
from rushes.sim.making import REFUSED, UNREADABLE, made
from rushes.sim.paint import Asking
from rushes.sim.prices import listed
from rushes.sim.route import Place, Route
from rushes.sim.wire import Piece, Receipt, Reply, Request, come_back, json_reply
from rushes.sim.world import Call

HOST = "api.anthropic.com"
WRONG_KEY = "wrong"
"""A key that the simulator knows to be no key, so that a client can rehearse what it does with one."""

_MOST_BODY = 32_000_000
_MODELS = re.compile(r"/v1/models(?:/([\w./-]+))?")
_KIND = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    503: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_SAYS = {
    401: "x-api-key header is required",
    404: "Not found",
    429: "This request would exceed your organization's rate limit.",
    500: "Internal server error",
    504: "The request timed out while processing.",
}
_LETTERS = 4
_PATCH, _MOST_OF_PICTURE = 28, 4784
"""Pixels along a side of what makes a token of a picture, about, and the most tokens of one (Anthropic)."""


class Anthropic:
    """Anthropic's interface, by its host or under `/anthropic`."""

    name = "anthropic"
    hosts: tuple[str, ...] = (HOST,)

    def route(self, request: Request) -> Route | None:
        """Where a request belongs; its body names the model."""
        if request.method == "POST" and request.path == "/v1/messages":
            return Route(Place.SUBMIT, model_of(request))
        if request.method == "GET" and (found := _MODELS.fullmatch(request.path)):
            return Route(Place.STATUS, about=found[1] or "models")
        return None

    def key(self, request: Request) -> str | None:
        """The key, in either of the headers that Anthropic takes."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return request.headers.get("x-api-key") or (key.strip() if scheme.lower() == "bearer" else None) or None

    def error(self, status: int, request: Request, retry_after: float | None = None) -> Reply:
        """Anthropic's errors. One that is overloaded says 529; a bad gateway speaks HTML."""
        if status == 502:
            return Reply(
                502, (("content-type", "text/html"),), (Piece(b"<html><title>502 Bad Gateway</title></html>"),)
            )
        headers = come_back(retry_after)
        return _error(status, _SAYS.get(status, "Error"), headers=headers)

    async def answer(self, call: Call) -> Reply:
        """Everything that Anthropic answers."""
        refused = None
        if len(call.request.body) > _MOST_BODY:
            refused = _error(413, "Request exceeds the maximum size"), "too large"
        elif self.key(call.request) == WRONG_KEY:
            refused = _error(401, "invalid x-api-key"), "wrong key"
        elif "anthropic-version" not in call.request.headers:
            refused = _error(400, "anthropic-version: header is required"), "bad request"
        if refused is not None:
            return call.refuse(*refused) if call.entry is not None else refused[0]
        if call.route.place is Place.STATUS:
            return _listed(call.route.about)
        model = call.route.model
        if model not in _served() or call.world.faults.strikes(What.RETIRED, Place.SUBMIT, model, model):
            return call.refuse(_error(404, f"model: {model[:80]}"), "no such model")
        try:
            asked = question(call.request, model)
        except BadRequest as bad:
            return call.refuse(_error(400, str(bad)), "bad request")
        return await _answered(call, asked)


async def _answered(call: Call, asked: Question) -> Reply:
    wanted = Asking(
        Operation.ANALYZE_IMAGE if asked.pictures else Operation.PROMPT_GENERATION,
        call.route.model,
        asked.prompt,
        {},
        {"image": asked.pictures} if asked.pictures else {},
        call.world.chance.number(call.identity, call.nth),
    )
    sent = _tokens(asked.prompt) + sum(_of_picture(one) for one in asked.pictures)

    async def work() -> str:
        (one,) = await made(call, [wanted])
        words = in_words(asked.schema, one.text or "", call.world.chance, asked.prompt)
        assert job is not None  # it is what is being done
        call.counted(job, (sent, min(_tokens(words), asked.most)))
        return words

    job = call.accept("text", {}, work, tokens=(sent, asked.most), kept=False)
    if job is None:
        says = "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or "
        return _error(400, says + "purchase credits.")
    await job.over.wait()  # from here on it costs, whether the client is still there or not
    if job.failure is not None and job.failure.kind == REFUSED and job.failure.billed:
        return _said(call, job, [], "refusal", (sent, 1))  # it began to answer, and was stopped
    if job.state is not State.DONE:
        return _failed(job)
    came = _tokens(job.result)
    cut = came > asked.most
    text = job.result[: asked.most * _LETTERS] if cut else job.result
    block = {"type": "text", "text": text, "citations": None}
    return _said(call, job, [block], "max_tokens" if cut else "end_turn", (sent, min(came, asked.most)))


def _said(call: Call, job: Job, content: list[dict[str, Any]], reason: str, tokens: tuple[int, int]) -> Reply:
    details = {"type": "refusal", "category": None, "explanation": "The request was declined."}
    said = {
        "id": f"msg_{job.id.replace('-', '')}",
        "type": "message",
        "role": "assistant",
        "model": call.route.model,
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "stop_details": details if reason == "refusal" else None,
        "usage": {
            "input_tokens": tokens[0],
            "output_tokens": tokens[1],
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "service_tier": "standard",
        },
    }
    headers = (("request-id", f"req_{job.id.replace('-', '')}"),)
    receipt = Receipt(job.id, told=True, answered=job.state is State.DONE)
    return json_reply(said, headers=headers)._replace(receipt=receipt)


def _failed(job: Job) -> Reply:
    failure = job.failure
    if failure is not None and failure.kind == REFUSED:
        return _error(400, "Output blocked by content filtering policy")
    if failure is not None and failure.kind == UNREADABLE:
        return _error(400, "messages.0.content.0.image.source.base64.data: Could not process image")
    return _error(500, _SAYS[500])


def _tokens(text: str) -> int:
    return len(text) // _LETTERS + 1


def _of_picture(data: bytes) -> int:
    try:
        width, height = opened(data).size
    except (OSError, ValueError):
        return 1
    return min(math.ceil(width / _PATCH) * math.ceil(height / _PATCH), _MOST_OF_PICTURE)


def _served() -> list[str]:
    return sorted(listed("prices/anthropic", "models"))


def _listed(about: str) -> Reply:
    every = [
        {
            "type": "model",
            "id": name,
            "display_name": f"{name} (simulated)",
            "created_at": "2026-10-07T00:00:00Z",
            "lifecycle": "active",
            "retires_at": None,
        }
        for name in _served()
    ]
    if about == "models":
        first, last = (every[0]["id"], every[-1]["id"]) if every else (None, None)
        return json_reply({"data": every, "has_more": False, "first_id": first, "last_id": last})
    found = next((one for one in every if one["id"] == about), None)
    return json_reply(found) if found is not None else _error(404, f"model: {about[:80]}")


def _error(status: int, says: str, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    kind = _KIND.get(status, "api_error")
    return json_reply({"type": "error", "error": {"type": kind, "message": says}, "request_id": None}, status, headers)
