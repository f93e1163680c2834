"""Replicate's protocol: predictions of models, versions and deployments; their list; files; signed webhooks.

Sources: what replicate 1.0.7 sends and reads; Replicate's reference of its HTTP interface and its pages on lifecycle,
deadlines, errors and webhooks, as of 2026-11-21.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from rushes.catalogue.endpoints import takes_at
from rushes.plugin.takes import Takes
from rushes.sim.asked import asking_of, operation_of, params_of
from rushes.sim.blobs import Blob
from rushes.sim.faults import What
from rushes.sim.hooks import Hook
from rushes.sim.jobs import Job, JobFailed, State
from rushes.sim.making import FAILED, REFUSED, download, file_route, kept, made
from rushes.sim.paint import Made
from rushes.sim.route import Place, Route
from rushes.sim.strict import wrong
from rushes.sim.wire import Receipt, Reply, Request, come_back, form, json_reply
from rushes.sim.world import Call

API, DELIVERY = "api.replicate.com", "replicate.delivery"
WRONG_KEY = "wrong"
"""A key that the simulator knows to be no key. Any other opens an account."""

KEPT = 3600.0
"""Simulated seconds for which inputs and outputs of a job are kept."""

PAGE = 100
_CREATE = re.compile(r"/v1/(?:models/([\w.-]+/[\w.-]+)|(deployments/[\w.-]+/[\w.-]+))/predictions")
_JOB = re.compile(r"/v1/predictions/([\w-]+)(/cancel)?")
_MODEL = re.compile(r"/v1/models/([\w.-]+/[\w.-]+)(?:/versions/(\w+))?")
_FILE = re.compile(r"/v1/files/([\w-]+)")
_AFTER = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")
_FILMS = re.compile(r"video|kling|hailuo|veo|seedance|wan|ray|gen4-(turbo|aleph)")
_LISTED = re.compile(r"schnell|flux-dev|redux|sdxl")
"""Models that answer with a list, however many pictures there are; others give one address."""

_PLAIN = Takes(schema={}, shape="aspect_ratio", length="duration")
_SAYS = {
    401: ("Unauthenticated", "You did not pass a valid authentication token"),
    402: (
        "Insufficient credit",
        "You have insufficient credit to run this model. Go to your billing page to add some.",
    ),
    404: ("", "The requested resource could not be found."),
    429: ("", "Request was throttled."),
}
_ENDED = {State.DONE: "succeeded", State.FAILED: "failed", State.CANCELLED: "canceled"}


class Replicate:
    """Replicate, by its host or under `/replicate`."""

    name = "replicate"
    hosts: tuple[str, ...] = (API, DELIVERY)

    def route(self, request: Request) -> Route | None:
        """Where a request belongs."""
        path, method = request.path, request.method
        if method == "POST" and (named := _CREATE.fullmatch(path)):
            return Route(Place.SUBMIT, named[1] or named[2])
        if (method, path) == ("POST", "/v1/predictions"):
            return Route(Place.SUBMIT, str(request.object().get("version") or ""))
        if (method, path) == ("POST", "/v1/files"):
            return Route(Place.UPLOAD)
        if job := _JOB.fullmatch(path):
            if job[2]:
                return Route(Place.CANCEL, about=job[1]) if method == "POST" else None
            return Route(Place.STATUS, about=job[1]) if method == "GET" else None
        if (method, path) == ("GET", "/v1/webhooks/default/secret"):
            return Route(Place.WEBHOOK, about=path)
        listed = path in ("/v1/account", "/v1/predictions", "/v1/files") or _MODEL.fullmatch(path)
        if method == "GET" and listed:
            return Route(Place.STATUS, about=path)
        if _FILE.fullmatch(path) and method in ("GET", "HEAD", "DELETE"):
            return Route(Place.STATUS, about=path)
        return file_route(request)

    def key(self, request: Request) -> str | None:
        """The key of the header: `Bearer`, or `Token` as older clients have it."""
        return request.authorization("bearer", "token")

    def error(self, status: int, request: Request, retry_after: float | None = None) -> Reply:
        """Replicate's errors: problems of RFC 7807."""
        title, detail = _SAYS.get(status, ("", "Internal server error"))
        headers = come_back(retry_after)
        if status == 429 and retry_after is not None:
            detail += f" Your rate limit resets in ~{math.ceil(retry_after)}s."
        return _problem(status, title, detail, headers)

    async def answer(self, call: Call) -> Reply:
        """Everything that Replicate answers."""
        place, about = call.route.place, call.route.about
        if place is Place.DOWNLOAD:
            return download(call, self.error(404, call.request))
        if self.key(call.request) == WRONG_KEY:
            reply = self.error(401, call.request)
            return call.refuse(reply, "wrong key") if call.entry is not None else reply
        if place is Place.SUBMIT:
            return await self._submit(call)
        if place is Place.UPLOAD:
            return _uploaded(call)
        if place is Place.WEBHOOK:
            return json_reply({"key": call.world.hooks.shared()})
        if about.startswith("/v1/"):
            return self._about(call, about)
        job = call.world.jobs.get(about)
        if job is None or job.facts.get("account") is not call.account:
            return self.error(404, call.request)
        _stop_late(call, job)
        if place is Place.CANCEL and call.account is not None and call.account.cancel(job, charged=True):
            job.entry.cancelled = True
            call.world.books.cancels.add(job.id)
        return self._told(call, job)

    def _about(self, call: Call, path: str) -> Reply:
        if path == "/v1/account":
            return json_reply({"type": "user", "username": "simulated", "name": "Simulated"})
        if path == "/v1/predictions":
            return self._list(call)
        if file := _FILE.fullmatch(path):
            return _file(call, file[1]) or self.error(404, call.request)
        model = _MODEL.fullmatch(path)
        takes = takes_at(self.name, model[1]) if model else None
        if model is None or takes is None:
            return self.error(404, call.request)
        owner, _, name = model[1].partition("/")
        schema = {"components": {"schemas": {"Input": dict(takes.schema)}}}
        version = {
            "id": _version(model[1]),
            "openapi_schema": schema,
            "cog_version": "0.16",
            "created_at": call.world.clock.stamp_of_day(0.0),
        }
        if model[2]:
            return json_reply(version) if model[2] == version["id"] else self.error(404, call.request)
        said = {"url": f"https://replicate.com/{model[1]}", "owner": owner, "name": name, "run_count": 0}
        return json_reply({**said, "visibility": "public", "latest_version": version})

    async def _submit(self, call: Call) -> Reply:
        model, body = call.route.model, call.request.object()
        given = body.get("input")
        if call.world.faults.strikes(What.RETIRED, Place.SUBMIT, model, model):
            return call.refuse(self.error(404, call.request), "retired")
        if not model or not isinstance(given, dict):
            missing = "version" if not model else "input"
            return call.refuse(_invalid(f"- {missing} is required\n"), "bad request")
        if (one := wrong(self.name, model, given)) is not None:
            says = f"{one.field} is required" if one.rule == "required" else f"{one.field}: {one.says}"
            return call.refuse(_invalid(f"- input.{says}\n"), "bad request")
        job = self._accepted(call, body, given)
        if job is None:
            return self.error(402, call.request)
        preferred, _, seconds = call.request.headers.get("prefer", "").partition("=")
        if preferred == "wait":
            with suppress(TimeoutError):
                async with asyncio.timeout(min(float(seconds or 60), 60.0) * call.world.clock.scale):
                    await job.over.wait()
        said = self._prediction(call, job)
        # whoever waited in vain is told that it is starting, whatever it does: so the reference has it
        reply = json_reply(said if job.ended else {**said, "status": "starting"})
        return reply._replace(status=201, receipt=Receipt(job.id, told=True, answered=job.state is State.DONE))

    def _accepted(self, call: Call, body: Mapping[str, Any], given: dict[str, Any]) -> Job | None:
        world, model = call.world, call.route.model
        takes = takes_at(self.name, model) or _PLAIN
        film = _FILMS.search(model) is not None
        seed = world.chance.number(call.identity, call.nth)
        count = int(given.get("num_outputs", 1)) if isinstance(given.get("num_outputs", 1), int) else 1

        async def work() -> list[str]:
            first = asking_of(takes, model, given, seed, partial(_own_file, call), film=film)
            wanted = [first._replace(seed=(first.seed + number) & 0x7FFFFFFF) for number in range(count)]
            found = await made(call, wanted)
            assert job is not None  # what works is the job
            return [_address(call, job, one, number) for number, one in enumerate(found)]

        kind = "video" if film else "image"
        job = call.accept(kind, {**params_of(takes, given), "num_images": count}, work)
        if job is None:
            return None
        job.facts.update(
            account=call.account,
            input=given,
            op=operation_of(takes, given, film=film),
            created=world.clock.now(),
            created_at=world.clock.stamp(),
            webhook=body.get("webhook"),
            deadline=world.clock.now() + (_seconds(call.request.headers.get("cancel-after", "")) or 30 * 60.0),
        )
        if isinstance(url := body.get("webhook"), str):
            told = partial(self._prediction, call, job)
            account = call.account.name if call.account else ""
            world.hooks.ask(Hook(url, job, account, lambda: _bytes(told()), call.strikes, standard=True))
        return job

    def _told(self, call: Call, job: Job) -> Reply:
        reply = json_reply(self._prediction(call, job))
        if call.strikes(What.UNKNOWN_STATUS):
            return json_reply({**self._prediction(call, job), "status": "rehearsing", "output": None})
        return reply._replace(receipt=Receipt(job.id, answered=True)) if job.state is State.DONE else reply

    def _prediction(self, call: Call, job: Job) -> dict[str, Any]:
        """A prediction as Replicate shows it: after an hour without what went in and what came out."""
        removed = job.ended and call.world.clock.now() >= job.facts["created"] + job.seconds + KEPT
        status = _ENDED.get(job.state, "processing" if job.state is State.RUNNING else "starting")
        url = call.request.own(f"/v1/predictions/{job.id}", API)
        output = job.result if job.state is State.DONE and not removed else None
        if output is not None and not _LISTED.search(job.model):
            output = output[0]
        return {
            "id": job.id,
            "model": job.model.partition(":")[0],
            "version": _version(job.model),
            "status": job.facts.get("ended", status),
            "input": {} if removed else job.facts["input"],
            "output": output,
            "logs": "",
            "error": _words(job.failure) if job.failure is not None else None,
            "metrics": {"predict_time": job.seconds} if job.state is State.DONE else {},
            "created_at": job.facts["created_at"],
            "started_at": None if job.state is State.QUEUED else job.facts["created_at"],
            "completed_at": job.facts["created_at"] if job.ended else None,
            "data_removed": removed,
            "source": "api",
            "urls": {"get": url, "cancel": f"{url}/cancel", "web": f"https://replicate.com/p/{job.id}"},
        }

    def _list(self, call: Call) -> Reply:
        """Predictions, newest first, a hundred on a page."""
        query, start = call.request.query, 0
        after = _moment(query.get("created_after"))
        mine = [job for job in call.world.jobs.values() if job.facts.get("account") is call.account]
        jobs = [job for job in reversed(mine) if after is None or job.facts["created"] >= after]
        with suppress(ValueError):
            start = int(query.get("cursor", "0"))
        more = call.request.own(f"/v1/predictions?cursor={start + PAGE}", API) if start + PAGE < len(jobs) else None
        shown = [self._prediction(call, job) for job in jobs[start : start + PAGE]]
        return json_reply({"previous": None, "next": more, "results": shown})


def _problem(status: int, title: str, detail: str, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    said: dict[str, Any] = {"detail": detail, "status": status} | ({"title": title} if title else {})
    reply = json_reply(said, status)
    return reply._replace(headers=(("content-type", "application/problem+json"), *headers))


def _invalid(detail: str) -> Reply:
    return _problem(422, "Input validation failed", detail)


def _words(failure: JobFailed) -> str:
    if failure.kind == REFUSED:
        return "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"
    return "Prediction failed. (E1000)" if failure.kind == FAILED else failure.message


def _bytes(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def _version(model: str) -> str:
    _, _, named = model.partition(":")
    return named or hashlib.sha256(model.encode()).hexdigest()


def _seconds(text: str) -> float | None:
    """A deadline as `Cancel-After` has it: `90s`, `1m30s`, `2h`, or plain seconds."""
    found = _AFTER.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        return None
    hours, minutes, seconds = (int(one or 0) for one in found.groups())
    return float(Decimal(hours * 3600 + minutes * 60 + seconds))


def _moment(text: str | None) -> float | None:
    try:
        return datetime.fromisoformat(text or "").timestamp()
    except (ValueError, OverflowError):
        return None


def _stop_late(call: Call, job: Job) -> None:
    """A job past its deadline is stopped: `aborted` when it had not begun."""
    waiting = job.state is State.QUEUED
    late = not job.ended and call.world.clock.now() >= job.facts["deadline"]
    if late and call.account is not None and call.account.cancel(job, charged=True):
        job.facts["ended"] = "aborted" if waiting else "canceled"


def _address(call: Call, job: Job, one: Made, number: int) -> str:
    return call.request.own(kept(call, job, one, number, KEPT), DELIVERY)


def _own_file(call: Call, url: str) -> bytes | None:
    """What was uploaded here, or came out of another job here."""
    _, found, name = url.partition("/v1/files/")
    _, made_here, other = url.partition("/files/o/")
    blob = call.world.blobs.get(f"u/{name}" if found else f"o/{other}") if found or made_here else None
    return blob.data if blob is not None else None


def _uploaded(call: Call) -> Reply:
    part = next((one for one in form(call.request) or () if one.field == "content"), None)
    if part is None:
        return _invalid("- content is required\n")
    digest = hashlib.sha256(part.data).hexdigest()
    until = call.world.clock.now() + 24 * 3600.0
    if not call.world.blobs.put(f"u/{digest[:26]}", Blob(part.data, part.media_type, expires=until)):
        return _problem(507, "", "the simulator holds no more uploads")
    call.world.books.upload(digest)
    return json_reply(_file_facts(call, digest[:26], Blob(part.data, part.media_type)), 201)


def _file(call: Call, id_: str) -> Reply | None:
    blob = call.world.blobs.get(f"u/{id_}")
    if blob is None:
        return None
    if call.request.method == "DELETE":
        call.world.blobs.drop(f"u/{id_}")
        return Reply(204)
    return json_reply(_file_facts(call, id_, blob))


def _file_facts(call: Call, id_: str, blob: Blob) -> dict[str, Any]:
    return {
        "id": id_,
        "name": id_,
        "content_type": blob.media_type,
        "size": len(blob.data),
        "etag": id_,
        "checksums": {"sha256": hashlib.sha256(blob.data).hexdigest()},
        "metadata": {},
        "created_at": call.world.clock.stamp_of_day(0.0),
        "expires_at": call.world.clock.stamp_of_day(24 * 3600.0),
        "urls": {"get": call.request.own(f"/v1/files/{id_}", API)},
    }
