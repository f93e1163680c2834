"""fal's protocol: the queue, the synchronous host, uploads, files and webhooks.

Sources: fal's documentation of queue, webhooks and errors; the addresses, headers and bodies that fal-client 1.0.3
sends, and the fields that it reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from rushes.model.operation import Operation
from rushes.model.spelling import SIZE
from rushes.providers.at_once import BadParam
from rushes.providers.sketch.sizes import picture_size
from rushes.sim import fal_published
from rushes.sim.fal_models import BadInput, askings, hold, kind_of, operation_of, shaping, timed
from rushes.sim.fal_published import PLATFORM, SITE
from rushes.sim.fal_uploads import CDN, upload
from rushes.sim.fal_work import FileMaker, detail
from rushes.sim.faults import What
from rushes.sim.hooks import Hook
from rushes.sim.jobs import Job, JobFailed, State
from rushes.sim.making import download
from rushes.sim.route import Place, Route
from rushes.sim.wire import Receipt, Reply, Request, json_reply
from rushes.sim.world import Call, World

QUEUE, SYNC, REST = "queue.fal.run", "fal.run", "rest.fal.ai"
WRONG_KEY = "wrong:wrong"
"""A key that the simulator knows to be no key, so that a client can rehearse what it does with one."""

_JOB = re.compile(r"/((?:workflows/|comfy/)?[^/]+/[^/]+)/requests/([^/]+)(?:/(status|cancel))?")
_NAME = re.compile(r"/((?:[\w.~-]+/)+[\w.~-]+)")
_SAYS = {
    401: "Cannot access application. Authentication is required.",
    403: "User is locked. Reason: Exhausted balance.",
    404: "Not Found",
    405: "Method Not Allowed",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
_SYNC = (SYNC, "falrun.com")


class Fal:
    """fal.ai, by its hosts or under `/fal`."""

    name = "fal"
    hosts: tuple[str, ...] = (
        QUEUE,
        SYNC,
        REST,
        CDN,
        "queue.falrun.com",
        "falrun.com",
        "rest.alpha.fal.ai",
        "fal.media",
        SITE,
        PLATFORM,
    )

    def route(self, request: Request) -> Route | None:
        """Where a request belongs. Under `/fal` all hosts share one space of paths, which do not collide."""
        path, method = request.path, request.method
        if (published := fal_published.route(request)) is not None:
            return published
        if path == "/.well-known/jwks.json" and method == "GET":
            return Route(Place.WEBHOOK, about="jwks", open=True)
        if path.startswith("/storage/") and method == "POST":
            return Route(Place.UPLOAD)
        if path.startswith("/files/"):
            if method in ("POST", "PUT"):
                return Route(Place.UPLOAD, open=method == "PUT")
            there = Route(Place.DOWNLOAD, about=path.removeprefix("/files/"), open=True)
            return there if method in ("GET", "HEAD") else None
        if job := _JOB.fullmatch(path):
            wanted = {"status": ("GET", Place.STATUS), "cancel": ("PUT", Place.CANCEL), None: ("GET", Place.RESULT)}
            verb, place = wanted[job[3]]
            return Route(place, about=job[2]) if method == verb else None
        if method == "POST" and (name := _NAME.fullmatch(path)):
            return Route(Place.SUBMIT, name[1])
        return None

    def key(self, request: Request) -> str | None:
        """The key of `Authorization: Key ...`, or the CDN token that an upload carries instead."""
        return request.authorization("key", "bearer")

    def error(self, status: int, request: Request, retry_after: float | None = None) -> Reply:
        """fal's platform errors: a text under `detail`."""
        says: dict[str, Any] = {"detail": _SAYS.get(status, "Error")}
        headers: tuple[tuple[str, str], ...] = ()
        if status == 504:
            says["error_type"] = "request_timeout"
            headers = (("x-fal-error-type", "request_timeout"),)
        if retry_after is not None:
            headers += (("retry-after", f"{retry_after:g}"),)
        return json_reply(says, status, headers)

    async def answer(self, call: Call) -> Reply:
        """Everything that fal answers."""
        place = call.route.place
        if self.key(call.request) == WRONG_KEY:
            refusal = json_reply({"detail": "No user found for Key ID and Secret"}, 401)
            return call.refuse(refusal, "wrong key") if call.entry is not None else refusal
        if place is Place.SUBMIT:
            return await self._submit(call)
        if place is Place.UPLOAD:
            return upload(call) or self.error(404, call.request)
        if place is Place.DOWNLOAD:
            return download(call, json_reply({"detail": "File not found"}, 404))
        if place is Place.WEBHOOK:
            return json_reply(call.world.hooks.jwks())
        if (published := fal_published.answer(call)) is not None:
            return published
        job = call.world.jobs.get(call.route.about)
        if job is None or job.facts["account"] is not call.account:
            missing = {"status": "NOT_FOUND"} if place is Place.CANCEL else {"detail": "Request not found"}
            return json_reply(missing, 404)
        if place is Place.CANCEL:
            return self._cancel(call, job)
        return self._status(call, job) if place is Place.STATUS else self._result(job)

    async def _submit(self, call: Call) -> Reply:
        model = call.route.model
        if call.world.faults.strikes(What.RETIRED, Place.SUBMIT, model, model):
            return call.refuse(json_reply({"detail": f'Application "{model}" not found'}, 404), "retired")
        try:
            body = call.request.json()
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            bad = json_reply({"detail": detail("body", "json_invalid", "JSON decode error")}, 422)
            return call.refuse(bad, "no JSON")
        job = self._accept(call, body)
        if job is None:
            return self.error(403, call.request)
        if call.request.host in _SYNC:
            await job.over.wait()
            reply = self._result(job)
            return reply._replace(headers=(*reply.headers, ("x-fal-request-id", job.id)), receipt=_all_at_once(job))
        urls = self._urls(call, job)
        told = {
            "status": "IN_QUEUE",
            "request_id": job.id,
            "queue_position": job.facts["account"].position(job),
            **urls,
        }
        return json_reply(told)._replace(receipt=Receipt(job.id, told=True))

    def _accept(self, call: Call, body: dict[str, Any]) -> Job | None:
        world, model = call.world, call.route.model
        op = operation_of(model, body)
        maker = FileMaker(call, op, str(body.get("prompt", "")), lambda path: call.request.own(path, CDN))
        read = partial(_own_file, world)

        async def work() -> dict[str, Any]:
            try:
                hold(model, body)
                wanted = askings(model, body, world.chance.number(call.identity, call.nth), read)
            except BadInput as bad:
                said = detail(bad.field, bad.kind, bad.message)
                raise JobFailed("invalid_input", bad.message, detail=said) from None
            return await maker.make(wanted)

        kept = call.request.host not in _SYNC
        length = sum(world.painter.seconds(data) or 0.0 for data in timed(op, body, read))
        job = call.accept(kind_of(op), body, work, pixels=_pixels(call, op, body, read), length=length, kept=kept)
        if job is not None:
            maker.job = job
            job.facts.update(account=call.account, app=_app_of(model))
            if url := call.request.query.get("fal_webhook"):
                world.hooks.ask(
                    Hook(url, job, call.account.name if call.account else "", lambda: _hook_body(job), call.strikes)
                )
        return job

    def _urls(self, call: Call, job: Job) -> dict[str, str]:
        base = call.request.own(f"/{job.facts['app']}/requests/{job.id}", QUEUE)
        return {"response_url": base, "status_url": f"{base}/status", "cancel_url": f"{base}/cancel"}

    def _status(self, call: Call, job: Job) -> Reply:
        urls = self._urls(call, job)
        logs: list[Any] | None = [] if call.request.query.get("logs") in ("true", "1") else None
        if call.strikes(What.UNKNOWN_STATUS):
            return json_reply({"status": "REHEARSING", "request_id": job.id, "logs": logs, **urls}, 202)
        if job.state is State.QUEUED:
            waiting = {"status": "IN_QUEUE", "queue_position": job.facts["account"].position(job)}
            return json_reply({**waiting, "request_id": job.id, **urls}, 202)
        if job.state is State.RUNNING:
            return json_reply({"status": "IN_PROGRESS", "request_id": job.id, "logs": logs, **urls}, 202)
        over: dict[str, Any] = {"status": "COMPLETED", "request_id": job.id, "logs": logs, **urls}
        over["metrics"] = {"inference_time": job.seconds}
        if job.state is not State.DONE:
            failure = job.failure
            over["error"] = failure.message if failure is not None else "Request was cancelled"
            over["error_type"] = failure.kind if failure is not None else "request_cancelled"
        return json_reply(over)

    def _result(self, job: Job) -> Reply:
        if not job.ended:
            return json_reply({"detail": "Request is still in progress"}, 400)
        if job.state is State.DONE:
            return json_reply(job.result)._replace(receipt=Receipt(job.id, answered=True))
        failure = job.failure
        if failure is None:
            return json_reply({"detail": "Request was cancelled", "error_type": "request_cancelled"}, 499)
        if failure.kind == "internal_server_error":
            said = {"detail": failure.detail or failure.message}
            return json_reply(said, 500, (("x-fal-retryable", "true"),))
        return json_reply({"detail": failure.detail or failure.message}, 422, (("x-fal-retryable", "false"),))

    def _cancel(self, call: Call, job: Job) -> Reply:
        if job.state is State.CANCELLED:
            return json_reply({"status": "CANCELLATION_REQUESTED"}, 202)
        waited = job.state is State.QUEUED
        if not job.facts["account"].cancel(job):
            return json_reply({"status": "ALREADY_COMPLETED"}, 400)
        job.entry.cancelled = True
        call.world.books.cancels.add(job.id)
        # fal's reference of the queue: OK is one that was taken out of it, for others the runner is asked to stop
        return json_reply({"status": "OK"}) if waited else json_reply({"status": "CANCELLATION_REQUESTED"}, 202)


def _app_of(model: str) -> str:
    """Owner and app: status, result and cancel addresses have no sub-path."""
    parts = model.split("/")
    return "/".join(parts[:3] if parts[0] in ("workflows", "comfy") else parts[:2])


def _all_at_once(job: Job) -> Receipt:
    return Receipt(job.id, told=True, answered=job.state is State.DONE)


def _own_file(world: World, url: str) -> bytes | None:
    """The file behind one of our own addresses; None for every other: the simulator fetches nothing from anywhere."""
    _, found, name = url.partition("/files/")
    blob = world.blobs.get(name) if found else None
    return blob.data if blob is not None else None


def _pixels(call: Call, op: Operation, body: dict[str, Any], read: Callable[[str], bytes | None]) -> int:
    """How large a picture is asked for, or comes in to be changed; a megapixel where nothing says so."""
    if not any(body.get(name) for name in ("width", *SIZE)):
        shown = shaping(op, body, read)
        return (call.world.painter.pixels(shown) if shown is not None else None) or 1_000_000
    try:
        width, height = picture_size(body)
    except BadParam:
        return 1_000_000
    return width * height


def _hook_body(job: Job) -> bytes:
    """What fal posts when a job is over."""
    said: dict[str, Any] = {"request_id": job.id, "gateway_request_id": job.id}
    if job.state is State.DONE:
        said |= {"status": "OK", "payload": job.result}
    else:
        failure = job.failure
        message = failure.message if failure is not None else "Request was cancelled"
        said |= {"status": "ERROR", "error": message, "payload": {"detail": failure.detail if failure else message}}
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
