"""OpenAI's protocol: pictures and answers that come on the connection they were asked on, and the list of models.

Films are jobs, in a file of their own. Of all else a client that loses the connection loses what it has paid for.
Sources: what openai 3.54.0 sends and reads; OpenAI's guides to image generation and to error codes; its errors as issue
trackers quote them.
"""

from __future__ import annotations

import base64
import math
import re
from typing import Any

from rushes.model.operation import Operation
from rushes.sim import openai_films as films
from rushes.sim.faults import What
from rushes.sim.formats import opened
from rushes.sim.jobs import Job, State
from rushes.sim.judge import in_words
from rushes.sim.making import made
from rushes.sim.openai_asked import BadRequest, Picture, Question, model_of, picture, question, served
from rushes.sim.openai_said import CODE, SAYS, TYPE, error, failed, poor, too_many, unknown
from rushes.sim.paint import Asking
from rushes.sim.route import Place, Route
from rushes.sim.wire import Piece, Receipt, Reply, Request, come_back, json_reply
from rushes.sim.world import Call

HOST = "api.openai.com"
WRONG_KEY = "wrong"
"""A key that the simulator knows to be no key, so that a client can rehearse what it does with one."""

_SUBMITS = {"/v1/images/generations": "pictures", "/v1/images/edits": "pictures", "/v1/responses": "words"}
_MODELS = re.compile(r"/v1/models(?:/([\w./-]+))?")
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
        return films.route(request)

    def key(self, request: Request) -> str | None:
        """The key of the header."""
        return request.authorization("bearer")

    def error(self, status: int, request: Request, retry_after: float | None = None) -> Reply:
        """OpenAI's errors; a bad gateway speaks HTML."""
        if status == 502:
            page = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<center>cloudflare</center>\r\n</html>"
            return Reply(502, (("content-type", "text/html"),), (Piece(page),))
        if status == 404:
            says = f"Invalid URL ({request.method} {request.path})"
            return error(404, says, "invalid_request_error")
        if status == 429 and retry_after is not None:
            return too_many(retry_after)
        headers = come_back(retry_after)
        return error(status, SAYS.get(status, "Error"), TYPE.get(status), code=CODE.get(status), headers=headers)

    async def answer(self, call: Call) -> Reply:
        """Everything that OpenAI answers."""
        if self.key(call.request) == WRONG_KEY:
            says = (
                "Incorrect API key provided: wrong. You can find your API key at https://platform.openai.com/api-keys."
            )
            reply = error(401, says, "invalid_request_error", code="invalid_api_key")
            return call.refuse(reply, "wrong key") if call.entry is not None else reply
        if call.route.place is not Place.SUBMIT:
            return films.looked_up(call) if films.is_about(call.request) else _listed(call.route.about)
        model = call.route.model
        kind = _SUBMITS.get(call.request.path, "films")
        retired = call.world.faults.strikes(What.RETIRED, Place.SUBMIT, model, model)
        if retired or kind != ("films" if model in films.MODELS else _kind_of(model)):
            return call.refuse(unknown(model), "no such model")
        try:
            if kind == "films":
                return films.begun(call)
            if kind == "pictures":
                return await _painted(call, picture(call.request, model))
            return await _answered(call, question(call.request, model))
        except BadRequest as bad:
            refusal = error(400, str(bad), "invalid_request_error", param=bad.param, code=bad.code)
            return call.refuse(refusal, "bad request")


def _kind_of(model: str) -> str | None:
    known = served().get(model)
    return None if known is None else "pictures" if known["paints"] else "words"


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
        return poor()
    await job.over.wait()  # from here on it costs, whether the client is still there or not
    if job.state is not State.DONE:
        return failed(job)
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
        words = in_words(asked.schema, one.text or "", call.world.chance, asked.prompt)
        assert job is not None  # it is what is being done
        call.counted(job, (sent, min(_tokens(words), asked.most or 10**9)))
        return words

    job = call.accept("text", {}, work, tokens=(sent, asked.most or 128_000), kept=False)
    if job is None:
        return poor()
    await job.over.wait()
    if job.state is not State.DONE:
        return failed(job)
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
    return json_reply(found) if found is not None else unknown(about)
