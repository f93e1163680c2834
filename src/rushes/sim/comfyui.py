"""ComfyUI's protocol: graphs that are queued, a history of what became of them, and files to look at.

A server of one's own: it asks for no key, and bills nothing. It works on as many jobs at once as the simulator lets an
account have; a real one works on one. Sources: `server.py`, `execution.py` and `comfy_execution/jobs.py` of
Comfy-Org/ComfyUI, as read on 2026-11-21. There is no websocket here: nothing that Rushes does needs one.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from rushes.sim.blobs import Blob
from rushes.sim.comfyui_judge import Invalid, Judged, info, judge
from rushes.sim.comfyui_work import Making, makings
from rushes.sim.faults import What
from rushes.sim.jobs import Job, JobFailed, State
from rushes.sim.making import REFUSED, download, kept, made
from rushes.sim.route import Place, Route
from rushes.sim.wire import Piece, Receipt, Reply, Request, bytes_reply, form, json_reply
from rushes.sim.world import Call, World

HOST = "comfyui.localhost"
"""A name of its own: a real server is known by its address only."""

KEPT = 365 * 86400.0
"""Simulated seconds for which outputs stay: a server deletes nothing by itself."""

_INPUT = "comfyui/input/"
_CANCEL = re.compile(r"/jobs/([^/]+)/cancel")
_NAMED = re.compile(r"/(history|object_info)(?:/([^/]+))?")
_SAYS = {REFUSED: "The safety checker flagged the picture", "unreadable": "cannot identify image file"}


class Comfyui:
    """A ComfyUI server, under `/comfyui`."""

    name = "comfyui"
    hosts: tuple[str, ...] = (HOST,)

    def route(self, request: Request) -> Route | None:
        """Where a request belongs; every route is there under `/api` too."""
        path, method = _plain(request.path), request.method
        if (method, path) == ("POST", "/prompt"):
            return Route(Place.SUBMIT, "graph")
        if method == "POST" and (cancelled := _CANCEL.fullmatch(path)) and request.path.startswith("/api"):
            return Route(Place.CANCEL, about=cancelled[1])
        if method == "POST" and path in ("/queue", "/interrupt"):
            return Route(Place.CANCEL, about=path)
        if (method, path) == ("POST", "/upload/image"):
            return Route(Place.UPLOAD)
        if path == "/view" and method in ("GET", "HEAD"):
            return Route(Place.DOWNLOAD, about=_viewed(request))
        if method == "GET" and path in ("/queue", "/system_stats"):
            return Route(Place.STATUS, about=path)
        if method == "GET" and (named := _NAMED.fullmatch(path)):
            return Route(Place.STATUS, about=f"{named[1]}/{named[2] or ''}")
        return None

    def key(self, request: Request) -> str | None:
        """A gateway's token, or anybody: the server itself asks for nothing."""
        return request.headers.get("authorization", "").removeprefix("Bearer ").strip() or "anybody"

    def error(self, status: int, request: Request, retry_after: float | None = None) -> Reply:
        """What stands before the server says: aiohttp's plain texts, or a gateway's."""
        headers: tuple[tuple[str, str], ...] = (("content-type", "text/plain; charset=utf-8"),)
        if retry_after is not None:
            headers += (("retry-after", f"{retry_after:g}"),)
        return Reply(status, headers, (Piece(f"{status}: {_WORDS.get(status, 'Error')}".encode()),))

    async def answer(self, call: Call) -> Reply:
        """Everything that the server answers."""
        place, about = call.route.place, call.route.about
        if place is Place.SUBMIT:
            return self._submit(call)
        if place is Place.UPLOAD:
            return _upload(call) or self.error(400, call.request)
        if place is Place.DOWNLOAD:
            return download(call, self.error(404, call.request))
        if place is Place.CANCEL:
            return _cancelled(call)
        if about == "/queue":
            return json_reply(_queue(call))
        if about == "/system_stats":
            return json_reply({"system": {"comfyui_version": "0.3.76", "os": "posix"}, "devices": []})
        what, _, name = about.partition("/")
        if what == "object_info":
            found = info(unquote(name))
            return json_reply({} if found is None else {unquote(name): found})
        return _history(call, name)

    def _submit(self, call: Call) -> Reply:
        try:
            body = call.request.json()
        except (ValueError, RecursionError):
            return call.refuse(self.error(500, call.request), "no JSON")  # aiohttp: the handler raised
        graph = body.get("prompt") if isinstance(body, dict) else None
        if not isinstance(graph, dict):
            return call.refuse(_refusal("no_prompt", "No prompt provided", "No prompt provided"), "no prompt")
        given = body.get("prompt_id")
        if given is not None and not _is_uuid(given):
            return call.refuse(_refusal("invalid_prompt_id", "prompt_id must be a valid UUID", _ODD_ID), "odd id")
        if call.world.faults.strikes(What.RETIRED, Place.SUBMIT, "graph", "graph"):
            says = "Node 'KSampler' not found. The custom node may not be installed."
            return call.refuse(_refusal("missing_node_type", says, "Node ID '#3'"), "retired")
        try:
            judged = judge(graph, lambda name: call.world.blobs.get(_INPUT + name) is not None)
        except Invalid as wrong:
            return call.refuse(json_reply({"error": wrong.error, "node_errors": wrong.nodes}, 400), "invalid graph")
        return self._queued(call, body, graph, judged)

    def _queued(self, call: Call, body: dict[str, Any], graph: dict[str, Any], judged: Judged) -> Reply:
        work = _Work(call, graph, judged)
        job = call.accept("image", {}, work.done)
        if job is None:
            return self.error(402, call.request)  # a gateway's: the server itself has no accounts
        work.job = job
        id_ = str(body.get("prompt_id") or job.id)
        given = body.get("extra_data")
        extra: dict[str, Any] = dict(given) if isinstance(given, dict) else {}
        extra["create_time"] = int(call.world.clock.now() * 1000)
        if "client_id" in body:
            extra["client_id"] = body["client_id"]
        number = len(list(_jobs(call)))
        job.facts.update(account=call.account, prompt=[number, id_, graph, extra, judged.outputs], prompt_id=id_)
        call.world.jobs[f"comfyui/{id_}"] = job  # of two under one id the later one is known by it, as in a history
        said = {"prompt_id": id_, "number": number, "node_errors": judged.nodes}
        return json_reply(said)._replace(receipt=Receipt(job.id, told=True))


_ODD_ID = (
    "prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server generate one"
)
_WORDS = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    404: "Not Found",
    405: "Method Not Allowed",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class _Work:
    """The work of one job. `job` is set as soon as there is one."""

    job: Job

    def __init__(self, call: Call, graph: dict[str, Any], judged: Judged) -> None:
        self._call = call
        self._graph = graph
        self._judged = judged

    async def done(self) -> dict[str, Any]:
        """The files by node, as history lists them. Raises JobFailed."""
        wanted = makings(self._graph, self._judged.outputs, lambda name: _input(self._call.world, name))
        found = await made(self._call, [one.asking for one in wanted])
        outputs: dict[str, Any] = {}
        for number, (making, one) in enumerate(zip(wanted, found, strict=True)):
            path = kept(self._call, self.job, one, number, KEPT).rpartition("/files/")[2]
            folder, _, name = path.rpartition("/")
            file = {"filename": name, "subfolder": folder, "type": _place(self._graph, making)}
            outputs[making.node] = {making.word: [file | _beside(making, one.media_type)]}
        return outputs


def _beside(making: Making, media_type: str) -> dict[str, str]:
    """What a node of another maker says beside the file."""
    return {"format": media_type, "workflow": "", "fullpath": ""} if making.word == "gifs" else {}


def _place(graph: dict[str, Any], making: Making) -> str:
    return "temp" if "Preview" in graph[making.node]["class_type"] else "output"


def _plain(path: str) -> str:
    return path.removeprefix("/api") if path.startswith("/api/") else path


def _viewed(request: Request) -> str:
    """The name under which the simulator keeps what is looked at."""
    name, folder = request.query.get("filename", ""), request.query.get("subfolder", "")
    if request.query.get("type", "output") == "input":
        return f"{_INPUT}{folder}/{name}" if folder else f"{_INPUT}{name}"
    return f"{folder}/{name}"


def _is_uuid(value: object) -> bool:
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value
    except ValueError:
        return False


def _refusal(kind: str, message: str, details: str) -> Reply:
    error = {"type": kind, "message": message, "details": details, "extra_info": {}}
    return json_reply({"error": error, "node_errors": {}}, 400)


def _input(world: World, name: str) -> bytes | None:
    blob = world.blobs.get(_INPUT + name)
    return blob.data if blob is not None else None


def _upload(call: Call) -> Reply | None:
    """Keep a file of the input folder; None for a form that has none, or a name that leads elsewhere."""
    parts = {one.field: one for one in form(call.request) or []}
    image = parts.get("image")
    if image is None or not image.file:
        return None
    folder = parts["subfolder"].text if "subfolder" in parts else ""
    name = f"{folder}/{image.file}" if folder else image.file
    if ".." in name.split("/") or name.startswith("/"):
        return None
    if not call.world.blobs.put(_INPUT + name, Blob(image.data, image.media_type)):
        return None
    call.world.books.upload(hashlib.sha256(image.data).hexdigest())
    return json_reply({"name": image.file, "subfolder": folder, "type": "input"})


def _jobs(call: Call) -> Iterator[Job]:
    """The jobs of this server, in the order in which they came."""
    for name, job in call.world.jobs.items():
        if name.startswith("comfyui/") and job.facts["account"] is call.account:
            yield job


def _queue(call: Call) -> dict[str, Any]:
    running = [job.facts["prompt"] for job in _jobs(call) if job.state is State.RUNNING]
    pending = [job.facts["prompt"] for job in _jobs(call) if job.state is State.QUEUED]
    return {"queue_running": running, "queue_pending": pending}


def _history(call: Call, id_: str) -> Reply:
    over = {job.facts["prompt_id"]: job for job in _jobs(call) if job.ended and _is_in_history(job)}
    if not id_:
        most = call.request.query.get("max_items", "")
        return json_reply({one: _entry(job) for one, job in list(over.items())[-int(most) if most.isdigit() else 0 :]})
    job = over.get(id_)
    if job is None:
        return json_reply({})
    entry = _entry(job)
    if call.strikes(What.UNKNOWN_STATUS):
        entry["status"]["status_str"] = "rehearsing"
    receipt = Receipt(job.id, answered=job.state is State.DONE)
    return json_reply({id_: entry})._replace(receipt=receipt)


def _is_in_history(job: Job) -> bool:
    """A job that was taken out of the queue before it ran leaves no trace."""
    return not job.facts.get("dequeued")


def _entry(job: Job) -> dict[str, Any]:
    id_ = job.facts["prompt_id"]
    messages: list[Any] = [["execution_start", {"prompt_id": id_}]]
    if job.state is State.DONE:
        messages.append(["execution_success", {"prompt_id": id_}])
    elif job.failure is not None:
        messages.append(["execution_error", {"prompt_id": id_, **_failure(job.failure)}])
    else:
        messages.append(["execution_interrupted", {"prompt_id": id_, "node_id": "3", "node_type": "KSampler"}])
    done = job.state is State.DONE
    status = {"status_str": "success" if done else "error", "completed": done, "messages": messages}
    return {"prompt": job.facts["prompt"], "outputs": job.result if done else {}, "status": status, "meta": {}}


def _failure(failure: JobFailed) -> dict[str, Any]:
    says = _SAYS.get(failure.kind, "Allocation on device 0 would exceed allowed memory")
    kind = "torch.OutOfMemoryError" if failure.kind not in _SAYS else "PIL.UnidentifiedImageError"
    if failure.kind == REFUSED:
        kind = "RuntimeError"
    return {"node_id": "3", "node_type": "KSampler", "exception_message": says, "exception_type": kind}


def _cancelled(call: Call) -> Reply:
    """The three ways to stop a job: by its id, out of the queue, or whatever runs."""
    about = call.route.about
    jobs = list(_jobs(call))
    if about not in ("/queue", "/interrupt"):
        stopped = [_stop(call, job) for job in jobs if job.facts["prompt_id"] == about]
        return json_reply({"cancelled": any(stopped)})
    try:
        body = call.request.json() if call.request.body else {}
    except (ValueError, RecursionError):
        body = {}
    said = body if isinstance(body, dict) else {}
    for job in jobs:
        id_ = job.facts["prompt_id"]
        deleted = about == "/queue" and job.state is State.QUEUED and id_ in (said.get("delete") or ())
        meant = about == "/interrupt" and job.state is State.RUNNING and said.get("prompt_id") in (None, id_)
        if deleted or meant:
            _stop(call, job)
    return bytes_reply(b"", "application/octet-stream")


def _stop(call: Call, job: Job) -> bool:
    waited = job.state is State.QUEUED
    if not job.facts["account"].cancel(job):
        return False
    job.facts["dequeued"] = waited
    job.entry.cancelled = True
    call.world.books.cancels.add(job.id)
    return True
