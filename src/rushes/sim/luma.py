"""Luma's protocol: jobs of the Agents API, and the files they make.

Sources: what luma-agents 0.5.0 sends and reads; Luma's guides to errors and rate limits, whose sentences these are, as
of 2026-11-20. The upload of files ahead is not spoken.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from rushes.model.operation import Operation
from rushes.model.workflow import Json
from rushes.sim.faults import What
from rushes.sim.jobs import Job, JobFailed, State
from rushes.sim.making import FAILED, REFUSED, UNREADABLE, download, file_route, kept, made
from rushes.sim.paint import Asking
from rushes.sim.route import Place, Route
from rushes.sim.strict import wrong
from rushes.sim.wire import Receipt, Reply, Request, come_back, json_reply
from rushes.sim.world import Call

HOST = "agents.lumalabs.ai"
WRONG_KEY = "wrong"
"""A key that the simulator knows to be no key, so that a client can rehearse what it does with one. Any other opens
an account."""

LIVE = 3600.0
"""Simulated seconds for which the address of an output can be used; each question gives another."""

_JOB = re.compile(r"/v1/generations/([^/]+)")
_MODELS = ("uni-1", "uni-1-max", "ray-3.2")
_TYPES = {"uni-1": ("image", "image_edit"), "uni-1-max": ("image", "image_edit"), "ray-3.2": ("video", "video_edit")}
_SAYS = {
    401: "Missing or invalid API key",
    402: "Insufficient credits. Please add credits to continue.",
    403: "API client is suspended",
    404: "Generation not found",
    429: "Rate limit exceeded",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
_CODES = {REFUSED: "content_moderated", FAILED: "generation_failed", UNREADABLE: "corrupt_input"}
_REASONS = {
    "content_moderated": "Generation output was flagged by our content moderation system.",
    "generation_failed": "Generation failed",
    "corrupt_input": "The image could not be read",
}


class Refused(Exception):
    """Luma would refuse the body with this status and sentence."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Asked(NamedTuple):
    """A body that can be answered: what it is about, its parameters in one level, its pictures and films by field."""

    type: str
    params: dict[str, Any]
    files: dict[str, list[bytes]]


class Luma:
    """Luma's Agents API, by its host or under `/luma`."""

    name = "luma"
    hosts: tuple[str, ...] = (HOST,)

    def route(self, request: Request) -> Route | None:
        """Where a request belongs."""
        if request.path == "/v1/generations" and request.method == "POST":
            return Route(Place.SUBMIT, str(request.object().get("model") or "uni-1"))
        if request.method == "GET" and (job := _JOB.fullmatch(request.path)):
            return Route(Place.STATUS, about=job[1])
        if request.method == "GET" and request.path == "/v1/files":
            return Route(Place.STATUS, about="files")
        return file_route(request)

    def key(self, request: Request) -> str | None:
        """The key of `Authorization: Bearer ...`."""
        return request.authorization("bearer")

    def error(self, status: int, request: Request, retry_after: float | None = None) -> Reply:
        """Luma's errors: one sentence under `detail`."""
        headers = come_back(retry_after)
        return json_reply({"detail": _SAYS.get(status, "Error")}, status, headers)

    async def answer(self, call: Call) -> Reply:
        """Everything that Luma answers."""
        if call.route.place is Place.DOWNLOAD:
            return download(call, json_reply({"detail": "Request has expired"}, 403))
        if self.key(call.request) == WRONG_KEY:
            reply = json_reply({"detail": "Invalid API key"}, 401)
            return call.refuse(reply, "wrong key") if call.entry is not None else reply
        if call.route.place is Place.SUBMIT:
            return self._submit(call)
        if call.route.about == "files":
            return json_reply({"data": [], "has_more": False, "next_cursor": None})
        job = call.world.jobs.get(call.route.about)
        if job is None or job.facts.get("account") is not call.account:
            return self.error(404, call.request)
        return _status(call, job)

    def _submit(self, call: Call) -> Reply:
        model = call.route.model
        if call.world.faults.strikes(What.RETIRED, Place.SUBMIT, model, model):
            return call.refuse(json_reply({"detail": f"Unknown model: {model}"}, 400), "retired")
        try:
            asked = read(model, call.request.object())
        except Refused as no:
            return call.refuse(json_reply({"detail": str(no)}, no.status), "bad request")

        async def work() -> list[Any]:
            seed = call.world.chance.number(call.identity, call.nth) & 0x7FFFFFFF
            try:
                return await made(call, [_asking(model, asked, seed)])
            except JobFailed as failure:  # what is refused or broken is refunded
                raise JobFailed(failure.kind, failure.message) from None

        pictures = sum(len(many) for many in asked.files.values())
        kind = "video" if model == "ray-3.2" else "image"
        job = call.accept(kind, {**asked.params, "pictures": pictures}, work)
        if job is None:
            return self.error(402, call.request)
        job.facts.update(account=call.account, type=asked.type, call=call, at=call.world.clock.stamp_of_day(0.0))
        return json_reply(_told(job, "queued"), 201)._replace(receipt=Receipt(job.id, told=True))


def read(model: str, body: Mapping[str, Any]) -> Asked:
    """What a body asks of a model. Raises Refused in Luma's order: the model, the kind, the fields, the files."""
    if model not in _MODELS:
        raise Refused(400, f"Unknown model: {model}")
    kind = str(body.get("type") or "image")
    if kind not in _TYPES[model]:
        raise Refused(400, f"Type '{kind}' is not supported for model '{model}'")
    video = _object(body.get("video"))
    params = {**body, **video, **_object(video.get("edit")), "model": model, "type": kind}
    for name in ("video", "edit"):
        params.pop(name, None)
    if kind == "image" and params.get("source") is not None:
        raise Refused(400, "source is only valid for type 'image_edit'")
    if kind == "image_edit" and params.get("source") is None:
        raise Refused(400, "source is required for type 'image_edit'")
    frames = any(params.get(name) is not None for name in ("start_frame", "end_frame"))
    if frames and params.get("start_frame") is None:
        params["start_frame"] = params["end_frame"]  # an end alone is taken too; the schema here wants a start
    endpoint = model if kind in ("image", "video") and not frames else f"{model}/{'frames' if frames else kind}"
    _look_at(params, endpoint)
    files = {
        field: [_file(one, where) for one, where in _named(params.pop(field, None), field)]
        for field in ("source", "image_ref", "start_frame", "end_frame")
    }
    return Asked(kind, params, {field: many for field, many in files.items() if many})


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _look_at(params: Mapping[str, Any], endpoint: str) -> None:
    prompt = params.get("prompt")
    if not isinstance(prompt, str) or not 1 <= len(prompt) <= 6000:
        raise Refused(400, "Prompt must be between 1 and 6000 characters")
    refs = params.get("image_ref")
    if endpoint.endswith("image_edit") and isinstance(refs, list) and len(refs) > 8:
        raise Refused(400, "image_edit supports up to 8 reference images (source occupies one slot)")
    if (one := wrong("luma", endpoint, params)) is not None:
        raise Refused(400, f"Invalid {one.field} {params.get(one.field)!r}. {one.says}")


def _named(value: Any, field: str) -> list[tuple[Any, str]]:
    if value is None:
        return []
    return [(one, f"{field}[{n}]") for n, one in enumerate(value)] if isinstance(value, list) else [(value, field)]


def _file(one: Any, where: str) -> bytes:
    ref = _object(one)
    url, data = ref.get("url"), ref.get("data")
    if url and data:
        raise Refused(400, f"{where}: provide either 'url' or 'data', not both")
    if not url and not data:
        raise Refused(400, f"{where}: provide either 'url' or 'data', not neither")
    if url:
        # the real service would go and fetch it; the simulator goes nowhere
        raise Refused(422, f"{where}: failed to fetch URL")
    if not ref.get("media_type"):
        raise Refused(400, f"{where}: 'media_type' is required with 'data'")
    try:
        return base64.b64decode(str(data), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(422, f"{where}: invalid base64 data") from None


def _asking(model: str, asked: Asked, seed: int) -> Asking:
    prompt = str(asked.params["prompt"])
    params: dict[str, Json] = {
        name: asked.params[name] for name in ("aspect_ratio", "resolution", "output_format") if name in asked.params
    }
    files = {field: tuple(many) for field, many in asked.files.items()}
    if asked.type == "video_edit":
        return Asking(Operation.VIDEO_TO_VIDEO, model, prompt, params, {"video": files["source"]}, seed)
    if asked.type == "video":
        params["duration"] = str(asked.params.get("duration", "5s")).removesuffix("s")
        op = Operation.IMAGE_TO_VIDEO if files else Operation.TEXT_TO_VIDEO
        return Asking(op, model, prompt, params, files, seed)
    inputs = {"image": files.get("source", ()), "reference": files.get("image_ref", ())}
    if not inputs["image"]:
        inputs = {"image": inputs["reference"]}
    op = Operation.IMAGE_TO_IMAGE if inputs["image"] else Operation.TEXT_TO_IMAGE
    return Asking(op, model, prompt, params, {role: many for role, many in inputs.items() if many}, seed)


def _told(job: Job, state: str, **more: Any) -> dict[str, Any]:
    return {
        "id": job.id,
        "type": job.facts["type"],
        "state": state,
        "model": job.model,
        "created_at": job.facts["at"],
        "output": [],
        "failure_reason": None,
        "failure_code": None,
        **more,
    }


def _status(call: Call, job: Job) -> Reply:
    if call.strikes(What.UNKNOWN_STATUS):
        return json_reply(_told(job, "rehearsing"))
    if not job.ended:
        return json_reply(_told(job, "queued" if job.state is State.QUEUED else "processing"))
    if job.state is not State.DONE:
        kind = job.failure.kind if job.failure is not None else FAILED
        code = _CODES.get(kind, "generation_failed")
        return json_reply(_told(job, "failed", failure_code=code, failure_reason=_REASONS[code]))
    asked: Call = job.facts["call"]
    media = "video" if job.facts["type"].startswith("video") else "image"
    output = [
        {"type": media, "url": call.request.own(kept(asked, job, one, number, LIVE))}
        for number, one in enumerate(job.result)
    ]
    return json_reply(_told(job, "completed", output=output))._replace(receipt=Receipt(job.id, answered=True))
