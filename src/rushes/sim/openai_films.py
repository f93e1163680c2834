"""Films of the simulated OpenAI: the Videos API, which OpenAI itself has shut down, as gateways still imitate it.

Sources: what openai 3.54.0 sends and reads, and OpenAI's guide to video generation. Ids are a gateway's own.
In which words the deletion of a film that is still made is refused, and for how long one can be fetched, is not
established.
"""

from __future__ import annotations

import re
from typing import Any

from rushes.model.operation import Operation
from rushes.sim.faults import What
from rushes.sim.jobs import Job, State
from rushes.sim.making import FILES, REFUSED, download, kept, made
from rushes.sim.openai_asked import film, model_of
from rushes.sim.openai_said import error, poor
from rushes.sim.paint import Asking
from rushes.sim.route import Place, Route
from rushes.sim.wire import Receipt, Reply, Request, json_reply
from rushes.sim.world import Call

MODELS = frozenset({"sora-2", "sora-2-pro"})
"""What OpenAI itself shut down on 2026-09-24; a gateway may still serve it, and here the simulator is one."""

KEPT = 24 * 3600.0
"""Simulated seconds for which a film can be fetched."""

_VIDEO = re.compile(r"/v1/videos(?:/([\w-]+)(/content)?)?")
_WHEN = 1_795_000_000
_STATES = {State.QUEUED: "queued", State.RUNNING: "in_progress", State.DONE: "completed"}
_PLACES = {"GET": Place.STATUS, "DELETE": Place.CANCEL}


def is_about(request: Request) -> bool:
    """Whether a request is about films."""
    return _VIDEO.fullmatch(request.path) is not None


def route(request: Request) -> Route | None:
    """Where a request belongs; None when it is not about a film."""
    found = _VIDEO.fullmatch(request.path)
    if found is None:
        return None
    id_, content = found[1], found[2]
    if id_ is None and request.method == "POST":
        return Route(Place.SUBMIT, model_of(request) or "sora-2")
    if content:
        return Route(Place.DOWNLOAD, about=id_) if request.method in ("GET", "HEAD") else None
    if id_ is None:
        return Route(Place.STATUS, about="videos") if request.method == "GET" else None
    return Route(_PLACES[request.method], about=id_) if request.method in _PLACES else None


def begun(call: Call) -> Reply:
    """The answer to a submission. Raises BadRequest."""
    asked = film(call.request, call.route.model)
    width, height = (int(side) for side in asked.size.split("x"))
    asking = Asking(
        Operation.TEXT_TO_VIDEO if asked.frame is None else Operation.IMAGE_TO_VIDEO,
        call.route.model,
        asked.prompt,
        {"width": width, "height": height, "duration": asked.seconds},
        {} if asked.frame is None else {"start_frame": (asked.frame,)},
        call.world.chance.number(call.identity, call.nth),
    )
    jobs: list[Job] = []

    async def work() -> str:
        (one,) = await made(call, [asking])
        return kept(call, jobs[0], one, 0, KEPT)

    job = call.accept("video", {"size": asked.size, "duration": asked.seconds}, work)
    if job is None:
        return poor()
    jobs.append(job)
    job.facts.update(account=call.account, prompt=asked.prompt, size=asked.size, seconds=asked.seconds)
    return json_reply(_video(job))._replace(receipt=Receipt(job.id, told=True))


def looked_up(call: Call) -> Reply:
    """What is said of films: one, the list of an account's, a film itself; a stranger's is not there."""
    if call.route.about == "videos":
        return _list(call)
    job = call.world.jobs.get(call.route.about)
    if job is None or job.facts.get("account") is not call.account or job.facts.get("deleted"):
        return _gone(call)
    if call.route.place is Place.DOWNLOAD:
        return _content(call, job)
    if call.route.place is Place.CANCEL:
        return _deleted(call, job)
    said = _video(job)
    if call.strikes(What.UNKNOWN_STATUS):
        said["status"] = "rehearsing"
    reply = json_reply(said, headers=(("openai-poll-after-ms", "10000"),))
    return reply._replace(receipt=Receipt(job.id, answered=job.state is State.DONE))


def _video(job: Job) -> dict[str, Any]:
    done, failure = job.state is State.DONE, job.failure
    said: dict[str, Any] = {
        "id": job.id,
        "object": "video",
        "created_at": _WHEN,
        "completed_at": _WHEN + int(job.seconds) if done else None,
        "expires_at": _WHEN + int(job.seconds + KEPT) if done else None,
        "error": None,
        "model": job.model,
        "progress": 100 if done else 0,
        "prompt": job.facts["prompt"],
        "remixed_from_video_id": None,
        "seconds": job.facts["seconds"],
        "size": job.facts["size"],
        "status": _STATES.get(job.state, "failed"),
    }
    if failure is not None and failure.kind == REFUSED:
        says = "Your request was blocked by our moderation system."
        said["error"] = {"code": "moderation_blocked", "message": says}
    elif failure is not None:
        said["error"] = {"code": "internal_error", "message": failure.message}
    return said


def _list(call: Call) -> Reply:
    own = [job for job in call.world.jobs.values() if job.facts.get("account") is call.account and "size" in job.facts]
    data = [_video(job) for job in reversed(own) if not job.facts.get("deleted")]
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
    return json_reply({"object": "list", "data": data, "has_more": False, **ends})


def _content(call: Call, job: Job) -> Reply:
    """The film itself, for whoever has the key."""
    if job.state is not State.DONE or call.request.query.get("variant", "video") != "video":
        return error(404, "Video is not ready yet, use GET /v1/videos/{video_id} to check status.", None)
    return download(call._replace(route=call.route._replace(about=job.result.removeprefix(FILES))), _gone(call))


def _deleted(call: Call, job: Job) -> Reply:
    """A film that has ended is deleted; what it has cost it has cost."""
    if not job.ended:
        return error(400, "Only completed or failed videos can be deleted.", "invalid_request_error")
    job.facts["deleted"] = True
    return json_reply({"id": job.id, "object": "video.deleted", "deleted": True})


def _gone(call: Call) -> Reply:
    says = f"Video with id '{call.route.about}' not found."
    return error(404, says, "invalid_request_error", param="video_id")
