"""G-Labs' webhook: tasks that are queued, asked about and stopped, and files to fetch.

It is as lenient as the application: a model, a shape or a mode that it does not know falls back without a word, and
pictures that are too many or too small are left out. Source: `WEBHOOK_INTEGRATION.en.md` of
duckmartians/G-Labs-Studio, as read on 2026-11-21.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from rushes.model.operation import Operation
from rushes.sim.faults import What
from rushes.sim.jobs import Job, JobFailed, State
from rushes.sim.making import FAILED, REFUSED, download, kept, made
from rushes.sim.paint import Asking
from rushes.sim.route import Place, Route
from rushes.sim.wire import Receipt, Reply, Request, come_back, json_reply
from rushes.sim.world import Call

HOST = "glabs.localhost"
"""A name of its own: a real one is known by its address only."""

WRONG_KEY = "wrong"
"""A key that the simulator knows to be no key, so that a client can rehearse what it does with one."""

KEPT = 24 * 3600.0
"""Simulated seconds for which files stay; the application says "over time"."""

MOST_BODY = 50 * 1024 * 1024
_MOST_TASKS, _SHOWN, _LEAST = 50, 50, 100
_GENERATE = re.compile(r"/api/(image|video)/generate")
_TASK = re.compile(r"/api/(status|result|stop)/(\w{1,64})")
_IMAGES = ("nano_banana_pro", "nano_banana_2", "nano_banana_2_lite")
_SHAPES = ("1:1", "3:4", "4:3", "9:16", "16:9")
_MODES = {"start_image": 1, "start_end_image": 2, "components": 3}
_SAYS = {
    401: "Invalid or missing API key",
    403: "Webhook requires MAX plan",
    404: "Not found",
    429: "Too many requests",
    500: "Failed to read file",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class GLabs:
    """The webhook of the application, under `/glabs`."""

    name = "glabs"
    hosts: tuple[str, ...] = (HOST,)

    def route(self, request: Request) -> Route | None:
        """Where a request belongs; a slash at the end is tolerated."""
        path, method = request.path.rstrip("/"), request.method
        if (method, path) == ("GET", "/api/health"):
            return Route(Place.STATUS, about="health", open=True)
        if method == "GET" and path == "/api/tasks":
            return Route(Place.STATUS, about="tasks")
        if method in ("GET", "HEAD") and path.startswith("/api/files/"):
            return Route(Place.DOWNLOAD, about=f"o/{path.removeprefix('/api/files/').replace('_', '/', 1)}", open=True)
        if method == "POST" and (asked := _GENERATE.fullmatch(path)):
            return Route(Place.SUBMIT, asked[1])
        if method == "POST" and path == "/api/stop":
            return Route(Place.CANCEL)
        if task := _TASK.fullmatch(path):
            place = {"status": Place.STATUS, "result": Place.RESULT, "stop": Place.CANCEL}[task[1]]
            return Route(place, about=task[2]) if (method == "POST") is (place is Place.CANCEL) else None
        return None

    def key(self, request: Request) -> str | None:
        """The key of the header."""
        return request.headers.get("x-api-key", "").strip() or None

    def error(self, status: int, request: Request, retry_after: float | None = None) -> Reply:
        """An error of the webhook itself, or of a tunnel in front of it."""
        headers = come_back(retry_after)
        return json_reply({"error": _SAYS.get(status, "Error")}, status, headers)

    async def answer(self, call: Call) -> Reply:
        """Everything that the webhook answers."""
        place, about = call.route.place, call.route.about
        if self.key(call.request) == WRONG_KEY:
            refusal = self.error(401, call.request)
            return call.refuse(refusal, "wrong key") if call.entry is not None else refusal
        if place is Place.SUBMIT:
            return self._submit(call)
        if place is Place.DOWNLOAD:
            name = about.rpartition("/")[2]
            return download(call, json_reply({"error": f"File not found: {name}"}, 404))
        if about == "health":
            return json_reply({"status": "ok", "server": "G-Labs Webhook", "uptime": 1, **_counts(call)})
        if about == "tasks":
            newest = [_listed(job) for job in reversed(list(_jobs(call)))]
            return json_reply({"tasks": newest[:_MOST_TASKS]})
        if place is Place.CANCEL and not about:
            return _stopped(call, [job for job in _jobs(call) if not job.ended])
        job = call.world.jobs.get(f"glabs/{about}")
        if job is None or job.facts["account"] is not call.account:
            return json_reply({"error": f"Task {about} not found"}, 404)
        if place is Place.CANCEL:
            return _stopped(call, [job])
        return _told(call, job)

    def _submit(self, call: Call) -> Reply:
        kind, request = call.route.model, call.request
        if call.world.faults.strikes(What.RETIRED, Place.SUBMIT, kind, kind):
            return call.refuse(json_reply({"error": "MISSING_MODEL — choose a model"}, 400), "retired")
        if not request.body:
            return call.refuse(json_reply({"error": "Empty body"}, 400), "empty")
        if len(request.body) > MOST_BODY:
            return call.refuse(json_reply({"error": f"Payload too large (max {MOST_BODY} bytes)"}, 413), "too large")
        try:
            body = request.json()
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            return call.refuse(json_reply({"error": "Body must be a JSON object"}, 400), "no JSON")
        if kind == "video" and not body.get("model"):
            return call.refuse(json_reply({"error": "MISSING_MODEL — choose a model"}, 400), "no model")
        work = _Work(call, body)
        job = call.accept("video" if kind == "video" else "image", {}, work.done)
        if job is None:
            return self.error(403, request)
        work.job = job
        id_ = call.world.chance.word("glabs", job.id, length=8)
        prompt = str(body.get("prompt") or "")
        job.facts.update(account=call.account, task=id_, type=kind, prompt=prompt, at=call.world.clock.now())
        call.world.jobs[f"glabs/{id_}"] = job
        said = {
            "task_id": id_,
            "status": "pending",
            "message": f"{kind.capitalize()} task queued for processing",
            "poll_url": f"/api/status/{id_}",
        }
        return json_reply(said, 202)._replace(receipt=Receipt(job.id, told=True))


class _Work:
    """The work of one task. `job` is set as soon as there is one."""

    job: Job

    def __init__(self, call: Call, body: dict[str, Any]) -> None:
        self._call = call
        self._body = body

    async def done(self) -> list[str]:
        """The addresses of the files. Raises JobFailed."""
        call, body = self._call, self._body
        prompt = body.get("prompt")
        if not isinstance(prompt, str) or not prompt.strip():
            raise JobFailed("0", "Missing required field: prompt")
        asking = _film(call, body, prompt) if call.route.model == "video" else _picture(call, body, prompt)
        sizes = [one for one in _words(body.get("upscale")) if one in ("2K", "4K")] or ["1K"]
        if call.route.model == "video":
            sizes = [one for one in _words(body.get("resolution")) if one in ("720p", "1080p", "4K")] or ["720p"]
        wanted = [asking._replace(params={**asking.params, "resolution": size}) for size in sizes]
        files = await made(call, wanted)
        return [_address(call, kept(call, self.job, one, number, KEPT)) for number, one in enumerate(files)]


def _address(call: Call, path: str) -> str:
    """A file's own name: it has no folders."""
    return call.request.own("/api/files/" + path.removeprefix("/files/o/").replace("/", "_", 1))


def _picture(call: Call, body: dict[str, Any], prompt: str) -> Asking:
    model, shape = body.get("model"), body.get("aspect_ratio")
    pictures = _references(body, 10)
    return Asking(
        Operation.IMAGE_TO_IMAGE if pictures else Operation.TEXT_TO_IMAGE,
        str(model) if model in _IMAGES else "nano_banana_2",
        prompt,
        {"aspect_ratio": str(shape) if shape in _SHAPES else "1:1"},
        {"image": pictures[:1], "reference": pictures[1:]} if pictures else {},
        call.world.chance.number(call.identity, call.nth),
    )


def _film(call: Call, body: dict[str, Any], prompt: str) -> Asking:
    model, mode = str(body.get("model")), str(body.get("mode") or "text_to_video")
    most = 7 if model == "omni_flash" and mode == "components" else _MODES.get(mode, 0)
    pictures = _references(body, most)
    if mode in _MODES and not pictures:
        raise JobFailed("0", f"reference_images required for mode {mode}")
    lengths = (4, 6, 8, 10) if model == "omni_flash" else (4, 6, 8)
    length, shape = body.get("video_length"), body.get("aspect_ratio")
    inputs: dict[str, tuple[bytes, ...]] = {}
    if pictures:
        inputs = {"start_frame": pictures[:1]}
        inputs |= {"end_frame" if mode == "start_end_image" else "reference": pictures[1:]} if pictures[1:] else {}
    return Asking(
        Operation.IMAGE_TO_VIDEO if pictures else Operation.TEXT_TO_VIDEO,
        model,
        prompt,
        {
            "aspect_ratio": str(shape) if shape in ("16:9", "9:16") else "16:9",
            "duration": length if isinstance(length, int) and length in lengths else 8,
        },
        inputs,
        call.world.chance.number(call.identity, call.nth),
    )


def _references(body: dict[str, Any], most: int) -> tuple[bytes, ...]:
    """The pictures that are used: what is too small, too many or no base64 is left out without a word."""
    given = body.get("reference_images")
    found = []
    for one in given if isinstance(given, list) else []:
        text = one.get("data") if isinstance(one, dict) else one
        try:
            data = base64.b64decode(str(text).rpartition(",")[2], validate=True)
        except (binascii.Error, ValueError):
            continue
        if len(data) >= _LEAST:
            found.append(data)
    return tuple(found[:most])


def _words(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _jobs(call: Call) -> Iterator[Job]:
    """The tasks of this application, in the order in which they came."""
    for name, job in call.world.jobs.items():
        if name.startswith("glabs/") and job.facts["account"] is call.account:
            yield job


def _counts(call: Call) -> dict[str, int]:
    states = [job.state for name, job in call.world.jobs.items() if name.startswith("glabs/")]
    return {"tasks_pending": states.count(State.QUEUED), "tasks_running": states.count(State.RUNNING)}


_STATES = {State.QUEUED: "pending", State.RUNNING: "running", State.DONE: "completed"}


def _state(job: Job) -> str:
    return _STATES.get(job.state, "failed")


def _listed(job: Job) -> dict[str, Any]:
    facts = job.facts
    shown = facts["prompt"][:_SHOWN]
    return {
        "task_id": facts["task"],
        "type": facts["type"],
        "status": _state(job),
        "prompt": shown,
        "created_at": facts["at"],
    }


def _told(call: Call, job: Job) -> Reply:
    """What is said of one task."""
    said = {**_listed(job), "prompt": job.facts["prompt"]}
    if call.strikes(What.UNKNOWN_STATUS):
        return json_reply({**said, "status": "rehearsing"})
    if call.route.place is Place.RESULT and job.state is not State.DONE:
        return json_reply({"task_id": said["task_id"], "status": said["status"], "message": "Task not yet completed"})
    if job.state is State.DONE:
        said |= {"results": job.result, "completed_at": job.facts["at"] + job.seconds}
        return json_reply(said)._replace(receipt=Receipt(job.id, answered=True))
    if job.ended:
        code, words = _why(job)
        said |= {"error_code": code, "error": words, "error_detail": f"{code}: {words}"}
    return json_reply(said)


def _why(job: Job) -> tuple[int, str]:
    failure = job.failure
    if failure is None:
        return 499, "STOPPED_BY_CLIENT"
    if failure.kind == REFUSED:
        return 400, "The prompt violates the policy on prohibited content"
    if failure.kind == FAILED:
        return 500, "INTERNAL"
    return 0, failure.message


def _stopped(call: Call, jobs: list[Job]) -> Reply:
    stopped, skipped = [], []
    for job in jobs:
        if job.facts["account"].cancel(job):
            job.entry.cancelled = True
            call.world.books.cancels.add(job.id)
            stopped.append(job.facts["task"])
        else:
            skipped.append(job.facts["task"])
    return json_reply({"stopped": stopped, "skipped": skipped, "count": len(stopped)})
