"""Films of the simulated Gemini: the Interactions API, and the older `predictLongRunning` as gateways imitate it.

Sources: what google-genai 3.4.0 (interactions) and 2.34.0 (predictLongRunning) send and read, and answers of Google
that an open-source client recorded in October 2026 (bike4mind, `GeminiOmniVideoProvider`).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from rushes.model.operation import Operation
from rushes.sim.faults import What
from rushes.sim.gemini_files import KEPT, address, uploaded
from rushes.sim.jobs import Job, JobFailed, State
from rushes.sim.making import FAILED, REFUSED, kept, made
from rushes.sim.paint import Asking, Made
from rushes.sim.route import Place, Route
from rushes.sim.strict import wrong
from rushes.sim.wire import Receipt, Reply, Request, json_reply
from rushes.sim.world import Call

INTERACTIONS = re.compile(r"/(v1|v1beta)/interactions(?:/([\w-]+)(?:/(cancel))?)?")
PREDICT = re.compile(r"/(v1|v1beta)/models/([\w.-]+):predictLongRunning")
OPERATION = re.compile(r"/(v1|v1beta)/(models/([\w.-]+)/operations/([\w-]+))")

OMNI = frozenset({"gemini-omni-1.1-flash"})
VEO = frozenset({"veo-3.1-generate-preview", "veo-3.1-fast-generate-preview", "veo-3.1-lite-generate-preview"})
"""What Google itself shut down on 2026-10-22; a gateway may still serve it, and here the simulator is one."""

_TASKS = frozenset({"text_to_video", "image_to_video", "reference_to_video", "edit", "extend", "upscale"})
_TOP = frozenset(
    {"model", "input", "background", "store", "stream", "response_format", "generation_config", "labels", "tools"}
    | {"system_instruction", "previous_interaction_id", "webhook_config", "response_modalities", "service_tier"}
    | {"response_mime_type", "safety_settings", "cached_content", "environment", "continuation_token"}
)
_FILM_TOKENS = 5792
"""Tokens of a second of film at 720p: 17376 for three (the recorded answers)."""


class BadRequest(Exception):
    """Google would answer 400 with this message."""


class Asked(NamedTuple):
    """A film that can be made: the operation, words, parameters and inputs by role."""

    op: Operation
    prompt: str
    params: dict[str, Any]
    inputs: dict[str, tuple[bytes, ...]]


def route(request: Request) -> Route | None:
    """Where a request belongs; None when it is not about a film."""
    if found := INTERACTIONS.fullmatch(request.path):
        id_, verb = found[2], found[3]
        if id_ is None:
            return Route(Place.SUBMIT, _model(request)) if request.method == "POST" else None
        if verb == "cancel":
            return Route(Place.CANCEL, about=id_) if request.method == "POST" else None
        return Route(Place.STATUS, about=id_) if request.method == "GET" else None
    if request.method == "POST" and (found := PREDICT.fullmatch(request.path)):
        return Route(Place.SUBMIT, found[2])
    if request.method == "GET" and (found := OPERATION.fullmatch(request.path)):
        return Route(Place.STATUS, about=found[4])
    return None


def is_film(request: Request) -> bool:
    """Whether a submission is for a film."""
    return INTERACTIONS.fullmatch(request.path) is not None or PREDICT.fullmatch(request.path) is not None


def _model(request: Request) -> str:
    return str(request.object().get("model") or "")[:120]


def submit(call: Call) -> Job | Reply:
    """The job of a submission, or why there is none."""
    model, older = call.route.model, PREDICT.fullmatch(call.request.path) is not None
    retired = call.world.faults.strikes(What.RETIRED, Place.SUBMIT, model, model)
    if model not in (VEO if older else OMNI) or retired:
        says = f"models/{model} is not found for API version v1, or is not supported."
        return call.refuse(_error(404, says, "NOT_FOUND" if older else "not_found", older), "no such model")
    try:
        asked = _veo(call) if older else _omni(call)
    except BadRequest as bad:
        return call.refuse(_error(400, str(bad), "INVALID_ARGUMENT" if older else "invalid_request", older), str(bad))
    maker = _Maker(call, asked)
    job = call.accept("video", asked.params, maker.make)
    if job is None:
        says = "Your prepayment credits are depleted. Please go to AI Studio to manage your billing."
        return _error(429, says, "RESOURCE_EXHAUSTED" if older else "resource_exhausted", older)
    maker.job = job
    job.facts.update(account=call.account, asked=asked, older=older)
    return job


def told(call: Call, job: Job) -> Reply:
    """The answer to a submission."""
    if job.facts["older"]:
        return json_reply({"name": _name(job)})._replace(receipt=Receipt(job.id, told=True))
    answer = {"id": job.id, "status": "in_progress", "model": job.model, "object": "interaction", **_stamps(call)}
    return json_reply(answer)._replace(receipt=Receipt(job.id, told=True))


def looked_up(call: Call) -> Reply:
    """What is said of a film, by its id; a stranger's is not there."""
    older = OPERATION.fullmatch(call.request.path) is not None
    job = call.world.jobs.get(call.route.about)
    if job is None or job.facts.get("account") is not call.account or job.facts.get("older") is not older:
        if older:
            return _error(404, "Requested entity was not found.", "NOT_FOUND", older)
        return _error(400, f"Invalid interaction name: interactions/{call.route.about}", "invalid_request", older)
    if call.route.place is Place.CANCEL:
        return _cancel(call, job)
    if call.strikes(What.UNKNOWN_STATUS):
        return json_reply({"id": job.id, "status": "rehearsing"})
    answer = _operation(job) if older else _interaction(call, job)
    return json_reply(answer)._replace(receipt=Receipt(job.id, answered=job.state is State.DONE))


def _cancel(call: Call, job: Job) -> Reply:
    if not job.facts["account"].cancel(job):
        return _error(400, "Interaction is not in a cancellable state.", "invalid_request", older=False)
    job.entry.cancelled = True
    call.world.books.cancels.add(job.id)
    return json_reply(_interaction(call, job))


_STATES = {
    State.QUEUED: "queued",
    State.RUNNING: "in_progress",
    State.DONE: "completed",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
}


def _interaction(call: Call, job: Job) -> dict[str, Any]:
    told = {"id": job.id, "status": _STATES[job.state], "model": job.model, "object": "interaction"}
    said: dict[str, Any] = {**told, **_stamps(call)}
    failure = job.failure
    if job.state is State.DONE:
        tokens = round(job.result["seconds"] * _FILM_TOKENS)
        film = {"type": "video", "uri": job.result["uri"], "mime_type": job.result["mime_type"]}
        said["steps"] = [{"type": "model_output", "content": [film]}]
        said["usage"] = {
            "total_output_tokens": tokens,
            "output_tokens_by_modality": [{"modality": "video", "tokens": tokens}],
        }
    elif failure is not None and failure.kind == REFUSED:  # refusals are completed, and have words only
        words = {"type": "text", "text": "I cannot make this film."}
        said |= {"status": "completed", "steps": [{"type": "model_output", "content": [words]}]}
    elif failure is not None:
        said["errors"] = [{"code": "internal_error", "message": failure.message}]
    return said


def _operation(job: Job) -> dict[str, Any]:
    said: dict[str, Any] = {"name": _name(job)}
    failure = job.failure
    if not job.ended:
        return said
    said["done"] = True
    if job.state is State.DONE:
        video = {"uri": job.result["uri"]}
        said["response"] = {"generateVideoResponse": {"generatedSamples": [{"video": video}]}}
    elif failure is not None and failure.kind == REFUSED:
        reasons = ["The prompt was blocked for safety reasons."]
        filtered = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": reasons}
        said["response"] = {"generateVideoResponse": filtered}
    else:
        says = failure.message if failure is not None else "The operation was cancelled."
        said["error"] = {"code": 13, "message": says, "status": "INTERNAL"}
    return said


def _name(job: Job) -> str:
    return f"models/{job.model}/operations/{job.id}"


def _stamps(call: Call) -> dict[str, str]:
    stamp = call.world.clock.stamp_of_day(0.0)
    return {"created": stamp, "updated": stamp}


class _Maker:
    """Makes the film of one job. `job` is set as soon as there is one."""

    job: Job

    def __init__(self, call: Call, asked: Asked) -> None:
        self._call = call
        self._asked = asked

    async def make(self) -> dict[str, Any]:
        """Where the film is. Raises JobFailed."""
        call, asked = self._call, self._asked
        seed = call.world.chance.number(call.identity, call.nth)
        wanted = Asking(asked.op, call.route.model, asked.prompt, asked.params, asked.inputs, seed)
        try:
            (film,) = await made(call, [wanted])
        except JobFailed as failure:
            if failure.kind in (REFUSED, FAILED):
                raise
            raise JobFailed(FAILED, str(failure)) from None
        return self._placed(film)

    def _placed(self, film: Made) -> dict[str, Any]:
        word = kept(self._call, self.job, film, 0, KEPT).split("/")[-2]
        seconds = self._asked.params.get("duration", 8)
        uri = address(self._call.request, word)
        return {"uri": uri, "mime_type": film.media_type, "seconds": float(str(seconds).removesuffix("s"))}


def _body(call: Call) -> dict[str, Any]:
    try:
        said = call.request.json()
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise BadRequest("Invalid JSON payload received. Expected a value.")
    return said


def _omni(call: Call) -> Asked:
    """A film as an interaction asks for it. Raises BadRequest."""
    body = _body(call)
    for name in body:
        if name not in _TOP:
            raise BadRequest(f"Unknown parameter '{name[:80]}'.")
    formats = body.get("response_format")
    one = formats[0] if isinstance(formats, list) and len(formats) == 1 else formats
    if not isinstance(one, dict) or one.get("type") != "video":
        raise BadRequest("Invalid value at 'response_format': this model makes videos.")
    if one.get("delivery") not in (None, "inline", "uri"):
        raise BadRequest("Invalid value at 'response_format.delivery'.")
    params = {name: value for name, value in one.items() if name not in ("type", "delivery", "gcs_uri")}
    prompt, images, videos = _input(call, body.get("input"))
    task = _task(body, images, videos)
    if (bad := wrong("gemini", call.route.model, {**params, "prompt": prompt})) is not None:
        raise BadRequest(f"Invalid value at 'response_format.{bad.field}': {bad.says}")
    params = {"duration": "8s", "resolution": "720p", "aspect_ratio": "16:9", **params}
    if task == "edit":
        return Asked(Operation.VIDEO_TO_VIDEO, prompt, params, {"video": videos, "reference": images})
    if task == "image_to_video":
        return Asked(Operation.IMAGE_TO_VIDEO, prompt, params, {"start_frame": images[:1]})
    return Asked(Operation.TEXT_TO_VIDEO, prompt, params, {"reference": images} if images else {})


def _task(body: Mapping[str, Any], images: tuple[bytes, ...], videos: tuple[bytes, ...]) -> str:
    config = body.get("generation_config", {})
    video = config.get("video_config", {}) if isinstance(config, dict) else None
    task = video.get("task") if isinstance(video, dict) else ""
    guessed = "edit" if videos else "image_to_video" if images else "text_to_video"
    if task is not None and task not in _TASKS:
        raise BadRequest(f"Invalid value at 'generation_config.video_config.task': {json.dumps(task)[:80]}")
    needs = {"edit": videos, "image_to_video": images, "reference_to_video": images or videos}
    if task is not None and not needs.get(str(task), True):
        raise BadRequest(f"The task {task} needs an input of its kind.")
    return str(task or guessed)


def _input(call: Call, given: Any) -> tuple[str, tuple[bytes, ...], tuple[bytes, ...]]:
    """The words, pictures and films of an interaction's input."""
    if isinstance(given, str):
        return given, (), ()
    words: list[str] = []
    files: dict[str, list[bytes]] = {"image": [], "video": []}
    for one in _contents(given):
        kind = one.get("type") if isinstance(one, dict) else None
        if kind == "text" and isinstance(one.get("text"), str):
            words.append(one["text"])
        elif kind in files and str(one.get("mime_type", "")).startswith(f"{kind}/"):
            files[str(kind)].append(_data(call, one))
        else:
            raise BadRequest("Invalid value at 'input'.")
    return "\n".join(words), tuple(files["image"]), tuple(files["video"])


def _contents(given: Any) -> list[Any]:
    """Contents alone, or inside the steps of a user, as google-genai sends them."""
    steps = given if isinstance(given, list) else [given]
    found: list[Any] = []
    for one in steps:
        inner = one.get("content") if isinstance(one, dict) and one.get("type") == "user_input" else [one]
        found += inner if isinstance(inner, list) else [inner]
    return found


def _data(call: Call, one: Mapping[str, Any]) -> bytes:
    found = uploaded(call, str(one["uri"])) if "uri" in one else _decoded(one.get("data"))
    if found is None:
        raise BadRequest("Unable to process an input: it is neither data nor a file of this account.")
    return found


def _decoded(text: Any) -> bytes | None:
    try:
        return base64.b64decode(str(text).translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        return None


_PICTURES = {"image": "start_frame", "lastFrame": "end_frame"}


def _veo(call: Call) -> Asked:
    """A film as `predictLongRunning` asks for it. Raises BadRequest."""
    body = _body(call)
    instances, params = body.get("instances"), body.get("parameters", {})
    one = instances[0] if isinstance(instances, list) and len(instances) == 1 else None
    if not isinstance(one, dict) or not isinstance(params, dict):
        raise BadRequest("Invalid value at 'instances'.")
    if (bad := wrong("gemini", call.route.model, {**params, "prompt": one.get("prompt")})) is not None:
        raise BadRequest(f"`{bad.field}`: {bad.says}")
    inputs: dict[str, tuple[bytes, ...]] = {}
    for field, role in _PICTURES.items():
        if field in one:
            inputs[role] = (_encoded(one[field]),)
    references = one.get("referenceImages", [])
    pictures = [_encoded(ref.get("image")) for ref in references if isinstance(ref, dict)]
    if pictures:
        inputs["reference"] = tuple(pictures)
    op = Operation.IMAGE_TO_VIDEO if "start_frame" in inputs else Operation.TEXT_TO_VIDEO
    asked = {
        "duration": f"{params.get('durationSeconds', 8)}s",
        "resolution": params.get("resolution", "720p"),
        "aspect_ratio": params.get("aspectRatio", "16:9"),
    }
    return Asked(op, str(one.get("prompt") or ""), asked, inputs)


def _encoded(value: Any) -> bytes:
    found = _decoded(value.get("bytesBase64Encoded")) if isinstance(value, dict) else None
    if found is None:
        raise BadRequest("Unable to process input image.")
    return found


def _error(status: int, says: str, code: str, older: bool) -> Reply:
    """Interactions name an error by a word, the older interface by number and status."""
    error = {"code": status, "message": says, "status": code} if older else {"code": code, "message": says}
    return json_reply({"error": error}, status)
