"""OpenRouter's protocol: pictures and texts at once, films as jobs that are asked about.

Sources: what openrouter 1.3.84 sends and reads, OpenRouter's pages on video generation and on errors, as of 2026-11-20.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from rushes.catalogue.endpoints import endpoints, takes_at
from rushes.model.operation import Operation
from rushes.plugin.takes import Takes
from rushes.sim.asked import params_of
from rushes.sim.faults import What
from rushes.sim.jobs import Job, JobFailed, State
from rushes.sim.judge import in_words
from rushes.sim.making import FILES, REFUSED, download, file_route, kept, made, refuse
from rushes.sim.paint import Asking, Unpaintable
from rushes.sim.route import Place, Route
from rushes.sim.strict import wrong
from rushes.sim.wire import Receipt, Reply, Request, come_back, json_reply
from rushes.sim.world import Call

HOST = "openrouter.ai"
WRONG_KEY = "wrong"
"""A key that the simulator knows to be no key, so that a client can rehearse what it does with one."""
KEPT = 24 * 3600.0
"""Simulated seconds for which a film can be fetched; OpenRouter does not say for how long."""

_SUBMITS = {"/api/v1/images": "image", "/api/v1/videos": "video", "/api/v1/chat/completions": "text"}
_JOB = re.compile(r"/api/v1/videos/([\w-]+)(/content)?")
_LISTS = re.compile(r"/api/v1/(models|images/models|videos/models|key)")
_SAYS = {
    400: "Invalid request",
    401: "No auth credentials found",
    402: "Insufficient credits. Add more using https://openrouter.ai/credits",
    404: "Not Found",
    429: "Rate limit exceeded",
    500: "Internal Server Error",
    502: "Provider returned error",
    503: "Provider returned error",
    504: "The provider did not answer in time",
}
_LETTERS, _PICTURE = 4, 1120
"""Characters that make a token, and the tokens of a picture, about (Google, whose models answer here)."""

_FLAGGED = "The model requires moderation and your input was flagged"


class BadRequest(Exception):
    """OpenRouter would answer 400 with this message."""


class OpenRouter:
    """OpenRouter's interface, by its host or under `/openrouter`."""

    name = "openrouter"
    hosts: tuple[str, ...] = (HOST,)

    def route(self, request: Request) -> Route | None:
        """Where a request belongs; its body names the model."""
        if request.method == "POST" and request.path in _SUBMITS:
            return Route(Place.SUBMIT, _model(request))
        if request.method in ("GET", "HEAD") and (listed := _LISTS.fullmatch(request.path)):
            return Route(Place.STATUS, about=listed[1])
        if request.method in ("GET", "HEAD") and (job := _JOB.fullmatch(request.path)):
            return Route(Place.DOWNLOAD if job[2] else Place.STATUS, about=job[1])
        return file_route(request)

    def key(self, request: Request) -> str | None:
        """The key of the header."""
        return request.authorization("bearer")

    def error(self, status: int, request: Request, retry_after: float | None = None) -> Reply:
        """OpenRouter's errors: the status again, and words."""
        headers = come_back(retry_after)
        return _error(status, _SAYS.get(status, "Error"), headers=headers)

    async def answer(self, call: Call) -> Reply:
        """Everything that OpenRouter answers."""
        place, path = call.route.place, call.request.path
        if self.key(call.request) == WRONG_KEY:
            refusal = _error(401, "User not found.")
            return call.refuse(refusal, "wrong key") if call.entry is not None else refusal
        if place is Place.SUBMIT:
            return await self._submit(call, _SUBMITS[path])
        if _LISTS.fullmatch(path):
            return _listed(call.route.about)
        if place is Place.DOWNLOAD and path.startswith(FILES):
            return download(call, _error(404, "Not Found"))
        job = call.world.jobs.get(call.route.about)
        if job is None or job.facts.get("account") is not call.account:
            return _error(404, "Video job not found")
        return _content(call, job) if place is Place.DOWNLOAD else _film(call, job)

    async def _submit(self, call: Call, kind: str) -> Reply:
        model, world = call.route.model, call.world
        takes = takes_at(self.name, model)
        retired = world.faults.strikes(What.RETIRED, Place.SUBMIT, model, model)
        if takes is None or retired or _kind_of(takes) != kind:
            return call.refuse(_error(400, f"{model} is not a valid model ID"), "no such model")
        try:
            body = _body(call.request)
            if kind == "text":
                return await _answered(call, body)
            _strict(model, body)
            asking = _asking(call, takes, body, film=kind == "video")
        except BadRequest as bad:
            return call.refuse(_error(400, str(bad)), "bad request")
        return _begun(call, asking) if kind == "video" else await _painted(call, asking)


def _kind_of(takes: Takes) -> str:
    if takes.length is not None:
        return "video"
    return "image" if takes.shape is not None else "text"


def _model(request: Request) -> str:
    return str(request.object().get("model") or "")[:120]


def _body(request: Request) -> dict[str, Any]:
    try:
        said = request.json()
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise BadRequest("Invalid JSON body")
    return said


def _strict(model: str, body: Mapping[str, Any]) -> None:
    if (bad := wrong("openrouter", model, body)) is not None:
        raise BadRequest(f"{bad.field}: {bad.says}")


def _asking(call: Call, takes: Takes, body: Mapping[str, Any], *, film: bool) -> Asking:
    """What is to be made for a body."""
    references = tuple(_picture(one) for one in _list(body, "input_references"))
    frames = {str(one.get("frame_type")): _picture(one) for one in _list(body, "frame_images")}
    inputs: dict[str, tuple[bytes, ...]] = {}
    for place, role in (("first_frame", "start_frame"), ("last_frame", "end_frame")):
        if place in frames:
            inputs[role] = (frames[place],)
    if film:
        op = Operation.IMAGE_TO_VIDEO if "start_frame" in inputs else Operation.TEXT_TO_VIDEO
        inputs |= {"reference": references} if references else {}
    else:
        op = Operation.IMAGE_TO_IMAGE if references else Operation.TEXT_TO_IMAGE
        inputs = {"image": references[:1], "reference": references[1:]} if references else {}
    given = body.get("seed")
    seed = given if isinstance(given, int) else call.world.chance.number(call.identity, call.nth)
    plain = {name: value for name, value in body.items() if name not in ("model", "frame_images", "input_references")}
    return Asking(
        op, call.route.model, str(body.get("prompt") or ""), params_of(takes, plain), inputs, seed & 0x7FFFFFFF
    )


def _list(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = body.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadRequest(f"{name}: Expected array")
    return found


def _picture(part: Mapping[str, Any]) -> bytes:
    inner = part.get("image_url")
    url = inner.get("url") if isinstance(inner, dict) else None
    head, comma, data = str(url).partition(",")
    if part.get("type") != "image_url" or not comma or not head.startswith("data:image/"):
        raise BadRequest("image_url: Invalid image")  # the simulator fetches nothing from anywhere
    try:
        return base64.b64decode(data, validate=True)
    except ValueError:
        raise BadRequest("image_url: Invalid image") from None


async def _painted(call: Call, asking: Asking) -> Reply:
    async def work() -> Any:
        return (await made(call, [asking]))[0]

    job = call.accept("image", asking.params, work, kept=False)
    if job is None:
        return _error(402, _SAYS[402])
    await job.over.wait()  # from here on it costs, whether the client is still there or not
    if job.state is not State.DONE:
        return _failed(job)
    picture = {"b64_json": base64.b64encode(job.result.data).decode(), "media_type": job.result.media_type}
    return _ended(job, {"created": 1_795_000_000, "data": [picture], "usage": _usage(job, 0, 0)})


async def _answered(call: Call, body: Mapping[str, Any]) -> Reply:
    """A text, on the connection on which it was asked for."""
    words, pictures, told = _messages(body)
    schema, most = _schema(body), _most(body)
    sent = len(words + told) // _LETTERS + 1 + len(pictures) * _PICTURE
    op = Operation.ANALYZE_IMAGE if pictures else Operation.PROMPT_GENERATION
    asking = Asking(
        op, call.route.model, words, {}, {"image": pictures}, call.world.chance.number(call.identity, call.nth)
    )
    jobs: list[Job] = []

    async def work() -> str:
        call.counted(jobs[0], (sent, 0))
        refuse(call)
        try:
            found = (await call.world.painter.make(asking)).text or ""
        except Unpaintable:
            raise JobFailed("unreadable", "Invalid image") from None
        text = in_words(schema, found, call.world.chance, words)[: most * _LETTERS]
        call.counted(jobs[0], (sent, _tokens(text)))
        return text

    job = call.accept("text", {}, work, tokens=(sent, most), kept=False)
    if job is None:
        return _error(402, _SAYS[402])
    jobs.append(job)
    await job.over.wait()
    failure = job.failure
    if failure is not None and failure.kind == REFUSED and failure.billed:
        choice: dict[str, Any] = {"index": 0, "finish_reason": "content_filter", "message": _message(None)}
        return _ended(job, _chat(job, choice, sent, 0))
    if job.state is not State.DONE:
        return _failed(job)
    cut = _tokens(job.result) >= most
    choice = {"index": 0, "finish_reason": "length" if cut else "stop", "message": _message(job.result)}
    return _ended(job, _chat(job, choice, sent, _tokens(job.result)))


def _message(text: str | None) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def _chat(job: Job, choice: dict[str, Any], sent: int, came: int) -> dict[str, Any]:
    return {
        "id": f"gen-{job.id}",
        "object": "chat.completion",
        "created": 1_795_000_000,
        "model": job.model,
        "system_fingerprint": None,
        "choices": [{**choice, "logprobs": None}],
        "usage": _usage(job, sent, came),
    }


def _messages(body: Mapping[str, Any]) -> tuple[str, tuple[bytes, ...], str]:
    """The words and pictures of the user, and what the system is told."""
    words: list[str] = []
    told: list[str] = []
    pictures: list[bytes] = []
    for message in _list(body, "messages"):
        role, content = message.get("role"), message.get("content")
        if role not in ("system", "developer", "user", "assistant"):
            raise BadRequest("messages: Invalid role")
        for part in content if isinstance(content, list) else [{"type": "text", "text": content}]:
            if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str):
                (told if role in ("system", "developer") else words).append(part["text"])
            elif isinstance(part, dict) and role == "user":
                pictures.append(_picture(part))
            else:
                raise BadRequest("messages: Invalid content")
    if not words and not pictures:
        raise BadRequest("Input required: specify messages")
    return "\n".join(words), tuple(pictures), "\n".join(told)


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    wanted = body.get("response_format")
    if wanted is None:
        return None
    inner = wanted.get("json_schema") if isinstance(wanted, dict) else None
    schema = inner.get("schema") if isinstance(inner, dict) and isinstance(inner.get("name"), str) else None
    if not isinstance(schema, dict):
        raise BadRequest("response_format: Invalid input")
    return schema


def _most(body: Mapping[str, Any]) -> int:
    most = body.get("max_completion_tokens", body.get("max_tokens", 65_536))
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise BadRequest("max_tokens: Number must be greater than or equal to 1")
    return most


def _tokens(text: str) -> int:
    return -(-len(text) // _LETTERS)


def _begun(call: Call, asking: Asking) -> Reply:
    """A film is accepted: where it can be asked about, at an address without a host."""
    jobs: list[Job] = []

    async def work() -> str:
        (film,) = await made(call, [asking])
        return kept(call, jobs[0], film, 0, KEPT)

    job = call.accept("video", asking.params, work)
    if job is None:
        return _error(402, _SAYS[402])
    jobs.append(job)
    job.facts["account"] = call.account
    said = {"id": job.id, "polling_url": f"/api/v1/videos/{job.id}", "status": "pending"}
    return json_reply(said, 202)._replace(receipt=Receipt(job.id, told=True))


_STATES = {State.QUEUED: "pending", State.RUNNING: "in_progress", State.CANCELLED: "cancelled"}


def _film(call: Call, job: Job) -> Reply:
    said: dict[str, Any] = {"id": job.id, "polling_url": f"/api/v1/videos/{job.id}", "generation_id": f"gen-{job.id}"}
    if call.strikes(What.UNKNOWN_STATUS):
        return json_reply({**said, "status": "rehearsing"})
    if job.state is State.DONE:
        own = call.request.own
        said |= {"status": "completed", "usage": {"cost": float(job.price), "is_byok": False}}
        said["unsigned_urls"] = [own(f"/api/v1/videos/{job.id}/content?index=0")]
        said |= {"urls": [own(job.result)], "expires_at": 1_795_000_000 + int(KEPT)}
    elif job.failure is not None:
        flagged = job.failure.kind == REFUSED
        said |= {"status": "failed", "error": _FLAGGED if flagged else job.failure.message}
        said["usage"] = {"cost": float(job.price) if job.failure.billed else 0.0, "is_byok": False}
    else:
        said["status"] = _STATES[job.state]
    return json_reply(said)._replace(receipt=Receipt(job.id, answered=job.state is State.DONE))


def _content(call: Call, job: Job) -> Reply:
    """The film itself, for whoever has the key."""
    if job.state is not State.DONE or call.request.query.get("index", "0") != "0":
        return _error(404, "Video content not found")
    return download(call._replace(route=call.route._replace(about=job.result.removeprefix(FILES))), _error(404, "gone"))


def _failed(job: Job) -> Reply:
    """What is said of a picture or a text that did not come. What was charged stands in a 200."""
    failure = job.failure
    if failure is None or failure.kind == "internal_server_error":
        return _error(500, _SAYS[500])
    if failure.kind == REFUSED and not failure.billed:
        about = {"reasons": ["flagged"], "flagged_input": "...", "provider_name": "simulated", "model_slug": job.model}
        return _error(403, _FLAGGED, metadata=about)
    if failure.kind == "unreadable":
        return _error(400, failure.message)
    says = "The answer was flagged by a content filter" if failure.kind == REFUSED else _SAYS[502]
    return _ended(job, {"error": {"code": 502, "message": says}, "usage": _usage(job, 0, 0)})


def _ended(job: Job, said: dict[str, Any]) -> Reply:
    return json_reply(said)._replace(receipt=Receipt(job.id, told=True, answered=job.state is State.DONE))


def _usage(job: Job, sent: int, came: int) -> dict[str, Any]:
    failed = job.failure is not None and not job.failure.billed
    return {
        "prompt_tokens": sent,
        "completion_tokens": came,
        "total_tokens": sent + came,
        "cost": 0.0 if failed else float(job.price),
        "is_byok": False,
    }


def _listed(about: str) -> Reply:
    if about == "key":
        return json_reply({"data": {"label": "simulated", "limit": None, "limit_remaining": None, "usage": 0.0}})
    kinds = {"images/models": ("image",), "videos/models": ("video",)}.get(about, ("image", "video", "text"))
    named = [name for name, takes in sorted(endpoints("openrouter").items()) if _kind_of(takes) in kinds]
    return json_reply({"data": [{"id": name, "name": f"{name} (simulated)"} for name in named]})


def _error(
    status: int, says: str, *, metadata: dict[str, Any] | None = None, headers: tuple[tuple[str, str], ...] = ()
) -> Reply:
    error: dict[str, Any] = {"code": status, "message": says}
    if metadata is not None:
        error["metadata"] = metadata
    return json_reply({"error": error, "user_id": "user_simulated"}, status, headers)
