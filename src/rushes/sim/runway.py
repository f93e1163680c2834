"""Runway's protocol: tasks that are started, asked about and stopped; uploads by a form; an organisation.

Sources: the types of runwayml 5.24.0 and the wire that it sends; Runway's pages on errors, task failures and uploads,
as of 2026-11-21.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from rushes.catalogue.endpoints import endpoints, takes_at
from rushes.model.operation import Operation
from rushes.plugin.takes import Takes
from rushes.sim.asked import asking_of, params_of
from rushes.sim.blobs import Blob
from rushes.sim.faults import What
from rushes.sim.jobs import Job, JobFailed, State
from rushes.sim.making import FAILED, REFUSED, UNREADABLE, download, file_route, kept, made
from rushes.sim.paint import Asking
from rushes.sim.route import Place, Route
from rushes.sim.strict import wrong
from rushes.sim.wire import Receipt, Reply, Request, come_back, form, json_reply
from rushes.sim.world import Call

API, CDN, STORE = "api.dev.runwayml.com", "dnznrvs05pmza.cloudfront.net", "runway-uploads.s3.amazonaws.com"
WRONG_KEY = "wrong"
"""A key that the simulator knows to be no key. Any other opens an account."""

VERSION = "2024-11-06"
KEPT = 30 * 86400.0
"""Simulated seconds for which a result is kept; how long Runway keeps one is not documented."""

URLS_LIVE = 24 * 3600.0
"""Simulated seconds for which one of its addresses can be used, at least: until the end of that day."""

UPLOADS_LIVE = 24 * 3600.0
_CREATE = re.compile(r"/v1/(text_to_image|image_to_video|text_to_video)")
_TASK = re.compile(r"/v1/tasks/([\w-]+)")
_STORED = "/store/"
_LISTS = {"promptImage": "position", "referenceImages": "tag"}
_SAYS = {
    401: "Invalid API key.",
    404: "Not found",
    405: "Method not allowed",
    429: "You have made too many requests. Try again later.",
    500: "Internal server error",
}
_CODES = {REFUSED: "SAFETY.OUTPUT.VIDEO", FAILED: "INTERNAL.BAD_OUTPUT.CODE01", UNREADABLE: "ASSET.INVALID"}


class Runway:
    """Runway, by its hosts or under `/runway`."""

    name = "runway"
    hosts: tuple[str, ...] = (API, CDN, STORE)

    def route(self, request: Request) -> Route | None:
        """Where a request belongs."""
        path, method = request.path, request.method
        if method == "POST" and (work := _CREATE.fullmatch(path)):
            return Route(Place.SUBMIT, f"{work[1]}/{request.object().get('model') or ''}")
        if task := _TASK.fullmatch(path):
            places = {"GET": Place.STATUS, "DELETE": Place.CANCEL}
            return Route(places[method], about=task[1]) if method in places else None
        if (method, path) == ("POST", "/v1/uploads"):
            return Route(Place.UPLOAD, about=path)
        if method == "POST" and path.startswith(_STORED):
            return Route(Place.UPLOAD, about=path.removeprefix(_STORED), open=True)
        if (method, path) == ("GET", "/v1/organization"):
            return Route(Place.STATUS, about=path)
        return file_route(request)

    def key(self, request: Request) -> str | None:
        """The key of the header."""
        return request.authorization("bearer")

    def error(self, status: int, request: Request, retry_after: float | None = None) -> Reply:
        """Runway's errors: a text under `error`."""
        headers = come_back(retry_after)
        return json_reply({"error": _SAYS.get(status, "Error")}, status, headers)

    async def answer(self, call: Call) -> Reply:
        """Everything that Runway answers."""
        place, about = call.route.place, call.route.about
        if place is Place.DOWNLOAD:
            return _fetched(call)
        if place is Place.UPLOAD and about != "/v1/uploads":
            return _stored(call, about)
        if self.key(call.request) == WRONG_KEY:
            reply = self.error(401, call.request)
            return call.refuse(reply, "wrong key") if call.entry is not None else reply
        if call.request.headers.get("x-runway-version") != VERSION:
            reply = json_reply({"error": "The X-Runway-Version header is missing or names no version."}, 400)
            return call.refuse(reply, "no version") if call.entry is not None else reply
        if place is Place.SUBMIT:
            return self._submit(call)
        if place is Place.UPLOAD:
            return _placed(call)
        if about == "/v1/organization":
            return json_reply(_organization(call))
        job = call.world.jobs.get(about)
        if job is None or job.facts.get("account") is not call.account or "deleted" in job.facts:
            return self.error(404, call.request)
        return self._cancel(call, job) if place is Place.CANCEL else self._told(call, job)

    def _submit(self, call: Call) -> Reply:
        model, body = call.route.model, call.request.object()
        takes = takes_at(self.name, model)
        retired = call.world.faults.strikes(What.RETIRED, Place.SUBMIT, model, model)
        if takes is None or retired:
            return call.refuse(_invalid("model", "Invalid discriminator value."), "no such model")
        if (one := wrong(self.name, model, body)) is not None:
            return call.refuse(_invalid(one.field, one.says), "bad request")
        if (says := _bad_files(body)) is not None:
            return call.refuse(_invalid(*says), "bad request")
        job = self._accepted(call, takes, body)
        if job is None:
            return json_reply({"error": "You do not have enough credits to run this task."}, 400)
        told = {"id": job.id, "estimatedCost": {"credits": _credits(job.price)}}
        return json_reply(told)._replace(receipt=Receipt(job.id, told=True))

    def _accepted(self, call: Call, takes: Takes, body: Mapping[str, Any]) -> Job | None:
        world, model = call.world, call.route.model
        film = not model.startswith("text_to_image")
        flat = {name: _uris(value) if name in _LISTS else value for name, value in body.items()}
        seed = world.chance.number(call.identity, call.nth)

        async def work() -> list[str]:
            asking = asking_of(takes, model, flat, seed, partial(_upload, call), film=film)
            (one,) = await made(call, [_framed(asking)])
            assert job is not None  # what works is the job
            return [kept(call, job, one, 0, KEPT)]

        params = params_of(takes, flat)
        job = call.accept("video" if film else "image", params | _tier(params), work)
        if job is not None:
            job.facts.update(account=call.account, created=world.clock.stamp(), model=model)
        return job

    def _cancel(self, call: Call, job: Job) -> Reply:
        """A task that is under way is stopped, for its price once it runs; one that is done is deleted."""
        if call.account is not None and call.account.cancel(job, charged=True):
            job.entry.cancelled = True
            call.world.books.cancels.add(job.id)
        else:
            job.facts["deleted"] = True
        return Reply(204)

    def _told(self, call: Call, job: Job) -> Reply:
        said: dict[str, Any] = {"id": job.id, "createdAt": job.facts["created"]}
        if call.strikes(What.UNKNOWN_STATUS):
            return json_reply({**said, "status": "REHEARSING"})
        if not job.ended:
            running = job.state is State.RUNNING
            said |= {"status": "RUNNING", "progress": 0.5} if running else {"status": "THROTTLED"}
            return json_reply({**said, "estimatedCost": {"credits": _credits(job.price)}})
        said["cost"] = {"credits": _credits(Decimal(job.entry.billed or 0))}
        if job.state is State.DONE:
            until = math.ceil((call.world.clock.now() + URLS_LIVE) / 86400) * 86400
            output = [f"{call.request.own(path, CDN)}?_until={until}" for path in job.result]
            return json_reply({**said, "status": "SUCCEEDED", "output": output})._replace(
                receipt=Receipt(job.id, answered=True)
            )
        if job.failure is None:
            return json_reply({**said, "status": "CANCELLED"})
        return json_reply({**said, "status": "FAILED", **_failed(job.failure)})


def _failed(failure: JobFailed) -> dict[str, Any]:
    code = "SAFETY.INPUT.TEXT" if failure.kind == REFUSED and failure.billed else _CODES.get(failure.kind, "INTERNAL")
    return {"failure": failure.message, "failureCode": code}


def _credits(usd: Decimal) -> int | float:
    credits = usd * 100
    return int(credits) if credits == int(credits) else float(credits)


def _invalid(field: str, says: str) -> Reply:
    issue = {"code": "custom", "path": [field], "message": says}
    return json_reply({"error": "Validation of body failed", "issues": [issue], "docUrl": f"https://{API}"}, 400)


def _bad_files(body: Mapping[str, Any]) -> tuple[str, str] | None:
    """The field of pictures that is not as Runway nests them, and why."""
    for name in _LISTS:
        value = body.get(name)
        parts = value if isinstance(value, list) else [] if value is None or isinstance(value, str) else [None]
        known = [one for one in parts if isinstance(one, dict) and isinstance(one.get("uri"), str)]
        if len(known) < len(parts):
            return name, "Expected an address, or a list of objects with a uri"
        places = [one.get("position") for one in known]
        if name == "promptImage" and (len(set(places)) < len(known) or not {*places} <= {"first", "last"}):
            return name, "Invalid position"
    return None


def _uris(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [one["uri"] for one in value]


def _framed(asking: Asking) -> Asking:
    """The frames of a film, the first one and the last."""
    frames = asking.inputs.get("start_frame", ())
    if asking.op is not Operation.IMAGE_TO_VIDEO or len(frames) < 2:
        return asking
    return asking._replace(inputs={**asking.inputs, "start_frame": frames[:1], "end_frame": frames[1:2]})


def _tier(params: Mapping[str, Any]) -> dict[str, str]:
    """What a size costs by: `1080p` for all that is not one of the smaller ones."""
    if "resolution" in params or "width" not in params:
        return {}
    return {"resolution": "720p" if min(params["width"], params["height"]) <= 720 else "1080p"}


def _upload(call: Call, uri: str) -> bytes | None:
    blob = call.world.blobs.get(f"u/{uri.removeprefix('runway://')}") if uri.startswith("runway://") else None
    return blob.data if blob is not None else None


def _placed(call: Call) -> Reply:
    """A place for one upload: an address and the fields of the form that opens it."""
    name = call.request.object().get("filename")
    if not isinstance(name, str) or not name:
        return _invalid("filename", "Required")
    word = call.world.chance.word(call.identity, name)
    fields = {"key": word, "policy": call.world.chance.word("policy", word)}
    said = {"runwayUri": f"runway://{word}", "uploadUrl": call.request.own(f"{_STORED}{word}", STORE), "fields": fields}
    return json_reply(said)


def _stored(call: Call, word: str) -> Reply:
    """What a storage like S3 answers: the form must open the place, and its file is the last field."""
    parts = {part.field: part for part in form(call.request) or ()}
    opened = "policy" in parts and parts["policy"].text == call.world.chance.word("policy", word)
    if not opened or "file" not in parts:
        return Reply(403)
    file, until = parts["file"], call.world.clock.now() + UPLOADS_LIVE
    if not call.world.blobs.put(f"u/{word}", Blob(file.data, file.media_type, expires=until)):
        return Reply(507)
    call.world.books.upload(hashlib.sha256(file.data).hexdigest())
    return Reply(204)


def _fetched(call: Call) -> Reply:
    """A result, as long as its address may be used."""
    until = call.request.query.get("_until", "")
    gone = json_reply({"message": "Access denied"}, 403)
    if not until.isdecimal() or call.world.clock.now() >= int(until):
        return gone
    return download(call, gone)


def _organization(call: Call) -> dict[str, Any]:
    names = sorted({name.partition("/")[2] for name in endpoints("runway")})
    limits = {name: {"maxConcurrentGenerations": 5, "maxDailyGenerations": None} for name in names}
    used = {name: {"dailyGenerations": 0} for name in names}
    balance = call.account.balance if call.account is not None else None
    return {
        "creditBalance": 1_000_000 if balance is None else int(balance * 100),
        "tier": {"maxMonthlyCreditSpend": 10_000_000, "models": limits},
        "usage": {"models": used},
    }
