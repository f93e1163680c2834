"""Hugging Face's protocol: pictures of its own inference behind the router, what the hub says of a model and a key.

Sources: what huggingface-hub 2.4.0 sends and reads; Hugging Face's pages on the tasks, as of 2026-11-20. How it refuses
what it does not want to paint is not documented: the sentence here is made up.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from rushes.catalogue.endpoints import endpoints
from rushes.model.operation import Operation
from rushes.model.workflow import Json
from rushes.sim.faults import What
from rushes.sim.jobs import Job, JobFailed, State
from rushes.sim.making import FAILED, REFUSED, made
from rushes.sim.paint import Asking
from rushes.sim.route import Place, Route
from rushes.sim.strict import wrong
from rushes.sim.wire import Receipt, Reply, Request, bytes_reply, come_back, json_reply
from rushes.sim.world import Call

HOSTS = ("router.huggingface.co", "huggingface.co")
WRONG_KEY = "wrong"
"""A key that the simulator knows to be no key, so that a client can rehearse what it does with one. Any other opens
an account."""

_RUN = re.compile(r"/hf-inference/models/([^/]+/[^/]+)")
_INFO = re.compile(r"/api/models/([^/]+/[^/]+)")
_WHOAMI = "/api/whoami-v2"
_SAYS = {
    401: "Invalid username or password.",
    402: "You have exceeded your monthly included credits for Inference Providers.",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class HuggingFace:
    """Hugging Face, by its hosts or under `/huggingface`."""

    name = "huggingface"
    hosts: tuple[str, ...] = HOSTS

    def route(self, request: Request) -> Route | None:
        """Where a request belongs."""
        if request.method == "POST" and (run := _RUN.fullmatch(request.path)):
            return Route(Place.SUBMIT, run[1])
        if request.method == "GET" and (info := _INFO.fullmatch(request.path)):
            return Route(Place.STATUS, info[1], about=info[1], open=True)
        if request.method == "GET" and request.path == _WHOAMI:
            return Route(Place.STATUS, about=_WHOAMI)
        return None

    def key(self, request: Request) -> str | None:
        """The key of `Authorization: Bearer ...`."""
        return request.authorization("bearer")

    def error(self, status: int, request: Request, retry_after: float | None = None) -> Reply:
        """Hugging Face's errors: one sentence under `error`."""
        headers = come_back(retry_after)
        return json_reply({"error": _SAYS.get(status, "Error")}, status, headers)

    async def answer(self, call: Call) -> Reply:
        """Everything that Hugging Face answers."""
        if self.key(call.request) == WRONG_KEY:
            reply = self.error(401, call.request)
            return call.refuse(reply, "wrong key") if call.entry is not None else reply
        if call.route.place is Place.SUBMIT:
            return await self._run(call)
        if call.route.about == _WHOAMI:
            return json_reply({"type": "user", "id": "simulated", "name": "somebody", "auth": {"type": "access_token"}})
        return _info(call.route.about)

    async def _run(self, call: Call) -> Reply:
        model = call.route.model
        if model not in endpoints(self.name) or call.world.faults.strikes(What.RETIRED, Place.SUBMIT, model, model):
            return call.refuse(_error(400, f"Model {model} is not supported by provider hf-inference"), "no such model")
        try:
            asked = _asked(call.request)
        except ValueError as no:
            return call.refuse(_error(400, str(no)), "bad request")
        if (one := wrong(self.name, model, asked)) is not None:
            return call.refuse(_error(400, [f"Input validation error: {one.says} in `{one.field}`"]), "bad request")
        changes = _task(model) == "image-to-image"
        try:
            picture = base64.b64decode(asked["inputs"], validate=True) if changes else b""
        except (binascii.Error, ValueError):
            return call.refuse(_error(400, "cannot identify image file"), "no picture")

        async def work() -> bytes:
            seed = int(asked.get("seed", call.world.chance.number(call.identity, call.nth)))
            op = Operation.IMAGE_TO_IMAGE if changes else Operation.TEXT_TO_IMAGE
            size: dict[str, Json] = {name: asked[name] for name in ("width", "height") if name in asked}
            files = {"image": (picture,)} if changes else {}
            words = str(asked["prompt" if changes else "inputs"])
            (one,) = await made(call, [Asking(op, model, words, size, files, seed & 0x7FFFFFFF)])
            return one.data

        job = call.accept("image", asked, work, kept=False)
        if job is None:
            return self.error(402, call.request)
        # from here on it costs, whether the client is still there or not
        await job.over.wait()
        return _over(job)


def _asked(request: Request) -> dict[str, Any]:
    """A call as the published schema has it: parameters beside what goes in. Raises ValueError."""
    try:
        body = request.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or not isinstance(parameters := body.get("parameters") or {}, dict):
        raise ValueError("Body needs to provide a inputs key")
    asked = {"inputs": body.get("inputs"), **parameters}
    sides = (asked.get("width"), asked.get("height"))
    if any(side is not None and (type(side) is not int or not 64 <= side <= 4096) for side in sides):
        raise ValueError(f"Invalid size: {sides[0]}x{sides[1]}")
    return {name: value for name, value in asked.items() if value is not None}


def _over(job: Job) -> Reply:
    """The answer once the model is done."""
    failure = job.failure
    if job.state is State.DONE:
        reply = bytes_reply(job.result, "image/png")
        return reply._replace(receipt=Receipt(job.id, told=True, answered=True))
    if isinstance(failure, JobFailed) and failure.kind == REFUSED:
        return _error(400, "Potential NSFW content was detected.")
    if isinstance(failure, JobFailed) and failure.kind != FAILED:
        return _error(400, failure.message)
    return _error(500, _SAYS[500])


def _info(model: str) -> Reply:
    if model not in endpoints("huggingface"):
        return _error(401, "Repository not found")  # the hub does not say which names there are
    said = {"_id": "simulated", "id": model, "modelId": model, "pipeline_tag": _task(model), "tags": [_task(model)]}
    return json_reply({**said, "private": False, "downloads": 0, "likes": 0, "siblings": []})


def _task(model: str) -> str:
    takes: Mapping[str, str] = endpoints("huggingface")[model].inputs
    return "image-to-image" if takes else "text-to-image"


def _error(status: int, says: str | list[str]) -> Reply:
    return json_reply({"error": says}, status)
