"""OpenAI's protocol: pictures and answers that come on the connection they were asked on, and the list of models.

A client that loses the connection loses what it has paid for. Sources: what openai 3.54.0 sends and reads; OpenAI's
guides to image generation and to error codes; its errors as issue trackers quote them.
"""

from __future__ import annotations

import base64
import math
import re
from typing import Any

from rushes.model.operation import Operation
from rushes.sim.faults import What
from rushes.sim.formats import opened
from rushes.sim.gemini_judge import MARK, fitting
from rushes.sim.jobs import Job, State
from rushes.sim.making import REFUSED, UNREADABLE, made
from rushes.sim.openai_asked import BadRequest, Picture, Question, model_of, picture, question, served
from rushes.sim.paint import Asking
from rushes.sim.route import Place, Route
from rushes.sim.wire import Piece, Receipt, Reply, Request, json_reply
from rushes.sim.world import Call

HOST = "api.openai.com"
WRONG_KEY = "wrong"
"""A key that the simulator knows to be no key, so that a client can rehearse what it does with one."""

_SUBMITS = {"/v1/images/generations", "/v1/images/edits", "/v1/responses"}
_MODELS = re.compile(r"/v1/models(?:/([\w./-]+))?")
_TYPE = {401: "invalid_request_error", 429: "requests", 500: "server_error", 503: "service_unavailable_error"}
_CODE = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
_SAYS = {
    401: "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY).",
    429: "Rate limit reached. Please try again later. Visit https://platform.openai.com/account/rate-limits to learn "
    "more.",
    500: "The server had an error while processing your request. Sorry about that!",
    503: "The engine is currently overloaded, please try again later",
    504: "Request timed out.",
}
_LETTERS = 4
"""Characters that make a token, about (OpenAI)."""

_PATCH = 32
"""Pixels along a side of what makes a token of a picture that is sent, about."""

_GRAINS = {
    "any": {"low": 16, "medium": 48, "high": 96},
    "finer": {"low": 16, "medium": 24, "high": 48, "xhigh": 64, "max": 96},
}


class OpenAI:
    """OpenAI's interface, by its host or under `/openai`."""

    name = "openai"
    hosts: tuple[str, ...] = (HOST,)

    def route(self, request: Request) -> Route | None:
        """Where a request belongs; its body names the model."""
        if request.method == "POST" and request.path in _SUBMITS:
            return Route(Place.SUBMIT, model_of(request))
        if request.method == "GET" and (listed := _MODELS.fullmatch(request.path)):
            return Route(Place.STATUS, about=listed[1] or "models")
        return None

    def key(self, request: Request) -> str | None:
        """The key of the header."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return key.strip() or None if scheme.lower() == "bearer" else None

    def error(self, status: int, request: Request, retry_after: float | None = None) -> Reply:
        """OpenAI's errors; a bad gateway speaks HTML."""
        if status == 502:
            page = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<center>cloudflare</center>\r\n</html>"
            return Reply(502, (("content-type", "text/html"),), (Piece(page),))
        if status == 404:
            says = f"Invalid URL ({request.method} {request.path})"
            return _error(404, says, "invalid_request_error")
        headers = () if retry_after is None else (("retry-after", f"{retry_after:g}"),)
        return _error(status, _SAYS.get(status, "Error"), _TYPE.get(status), code=_CODE.get(status), headers=headers)

    async def answer(self, call: Call) -> Reply:
        """Everything that OpenAI answers."""
        if self.key(call.request) == WRONG_KEY:
            says = (
                "Incorrect API key provided: wrong. You can find your API key at https://platform.openai.com/api-keys."
            )
            reply = _error(401, says, "invalid_request_error", code="invalid_api_key")
            return call.refuse(reply, "wrong key") if call.entry is not None else reply
        if call.route.place is Place.STATUS:
            return _listed(call.route.about)
        model = call.route.model
        paints = call.request.path != "/v1/responses"
        retired = call.world.faults.strikes(What.RETIRED, Place.SUBMIT, model, model)
        if retired or (model in served() and served()[model]["paints"] is not paints) or model not in served():
            return call.refuse(_unknown(model), "no such model")
        try:
            if paints:
                return await _painted(call, picture(call.request, model))
            return await _answered(call, question(call.request, model))
        except BadRequest as bad:
            refusal = _error(400, str(bad), "invalid_request_error", param=bad.param, code=bad.code)
            return call.refuse(refusal, "bad request")


async def _painted(call: Call, asked: Picture) -> Reply:
    model = call.route.model
    text, sent, came = _tokens(asked.prompt), _of_pictures(asked.pictures), _of_result(model, asked)
    wanted = Asking(
        Operation.IMAGE_TO_IMAGE if asked.pictures else Operation.TEXT_TO_IMAGE,
        model,
        asked.prompt,
        {"width": asked.size[0], "height": asked.size[1], "output_format": asked.format},
        {"image": asked.pictures} if asked.pictures else {},
        call.world.chance.number(call.identity, call.nth),
    )

    async def work() -> list[Any]:
        return await made(call, [wanted])

    # five tokens of pictures cost what eight of text do ($8 and $5 a million), and come in fives
    job = call.accept("image", {}, work, tokens=(text + sent * 8 // 5, came), kept=False)
    if job is None:
        return _poor()
    await job.over.wait()  # from here on it costs, whether the client is still there or not
    if job.state is not State.DONE:
        return _failed(job)
    (one,) = job.result
    said = {
        "created": 1_795_000_000 + call.nth,
        "background": "opaque",
        "data": [{"b64_json": base64.b64encode(one.data).decode()}],
        "output_format": one.media_type.partition("/")[2],
        "quality": asked.quality,
        "size": f"{asked.size[0]}x{asked.size[1]}",
        "usage": {
            "input_tokens": text + sent,
            "input_tokens_details": {"image_tokens": sent, "text_tokens": text},
            "output_tokens": came,
            "output_tokens_details": {"image_tokens": came, "text_tokens": 0},
            "total_tokens": text + sent + came,
        },
    }
    return _ended(job, said)


async def _answered(call: Call, asked: Question) -> Reply:
    model = call.route.model
    wanted = Asking(
        Operation.ANALYZE_IMAGE if asked.pictures else Operation.PROMPT_GENERATION,
        model,
        asked.prompt,
        {},
        {"image": asked.pictures} if asked.pictures else {},
        call.world.chance.number(call.identity, call.nth),
    )
    sent = _tokens(asked.prompt) + _of_pictures(asked.pictures)

    async def work() -> str:
        (one,) = await made(call, [wanted])
        words = one.text or ""
        if asked.schema is not None:
            words = json_reply(fitting(asked.schema, words, call.world.chance, asked.prompt)).body.decode()
        else:
            words = MARK + words
        assert job is not None  # it is what is being done
        call.counted(job, (sent, min(_tokens(words), asked.most or 10**9)))
        return words

    job = call.accept("text", {}, work, tokens=(sent, asked.most or 128_000), kept=False)
    if job is None:
        return _poor()
    await job.over.wait()
    if job.state is not State.DONE:
        return _failed(job)
    came = _tokens(job.result)
    cut = asked.most is not None and came > asked.most
    text = job.result[: (asked.most or 0) * _LETTERS] if cut else job.result
    content = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    message = {
        "id": f"msg_{job.id}",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [content],
    }
    said = {
        "id": f"resp_{job.id}",
        "object": "response",
        "created_at": 1_795_000_000 + call.nth,
        "model": model,
        "status": "incomplete" if cut else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "output": [message],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": sent,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": min(came, asked.most or came),
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": sent + min(came, asked.most or came),
        },
    }
    return _ended(job, said)


def _tokens(text: str) -> int:
    return len(text) // _LETTERS + 1


def _of_pictures(pictures: tuple[bytes, ...]) -> int:
    """Tokens of the pictures that are sent, in fives; of one that cannot be opened, five."""
    return sum(5 * math.ceil(_patches(one) / 5) for one in pictures)


def _patches(data: bytes) -> int:
    try:
        width, height = opened(data).size
    except (OSError, ValueError):
        return 1
    return math.ceil(width / _PATCH) * math.ceil(height / _PATCH)


def _of_result(model: str, asked: Picture) -> int:
    """Tokens of the picture that comes back: the sides of a grid of grains, weighed by its pixels."""
    width, height = asked.size
    listed = served()[model].get("tokens")
    if listed is not None:
        square, wide, tall = listed[asked.quality]
        return int(square if width == height else wide if width > height else tall)
    grains = _GRAINS[served()[model]["grains"]][asked.quality]
    other = math.floor(grains * min(width, height) / max(width, height) + 0.5)
    return math.ceil(grains * other * (2_000_000 + width * height) / 4_000_000)


def _ended(job: Job, said: dict[str, Any]) -> Reply:
    headers = (("x-request-id", f"req_{job.id.replace('-', '')}"),)
    return json_reply(said, headers=headers)._replace(receipt=Receipt(job.id, told=True, answered=True))


def _failed(job: Job) -> Reply:
    failure = job.failure
    if failure is None:
        return _error(499, "The request was cancelled.", "invalid_request_error")
    if failure.kind == REFUSED:
        stage = "output" if failure.billed else "input"
        says = "Your request was rejected by the safety system. If you believe this is an error, contact us."
        details = {"moderation_stage": stage, "categories": ["violence"]}
        return _error(400, says, "image_generation_user_error", code="moderation_blocked", details=details)
    if failure.kind == UNREADABLE:
        says = "Invalid image file or mode, please check your image file."
        return _error(400, says, "invalid_request_error", param="image", code="invalid_image_file")
    return _error(500, _SAYS[500], "server_error")


def _poor() -> Reply:
    says = ("You exceeded your current quota, please check your plan and billing details. For more information on this "
            "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.")  # fmt: skip
    return _error(429, says, "insufficient_quota", code="insufficient_quota")


def _unknown(model: str) -> Reply:
    says = f"The model '{model[:80]}' does not exist or you do not have access to it."
    return _error(404, says, "invalid_request_error", code="model_not_found")


def _listed(about: str) -> Reply:
    every = [
        {
            "id": name,
            "object": "model",
            "created": 1_770_000_000,
            "owned_by": "system",
            "shutdown_date": one.get("ends"),
        }
        for name, one in sorted(served().items())
    ]
    if about == "models":
        return json_reply({"object": "list", "data": every})
    found = next((one for one in every if one["id"] == about), None)
    return json_reply(found) if found is not None else _unknown(about)


def _error(
    status: int,
    says: str,
    kind: str | None,
    *,
    param: str | None = None,
    code: str | None = None,
    details: dict[str, Any] | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Reply:
    error: dict[str, Any] = {"message": says, "type": kind or "server_error", "param": param, "code": code}
    if details is not None:
        error["moderation_details"] = details
    return json_reply({"error": error}, status, headers)
