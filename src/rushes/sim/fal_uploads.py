"""fal's storage: a token, an upload in one piece, in two steps, or in parts; and the files by their addresses.

Source: the addresses, headers and bodies that fal-client 1.0.3 sends.
"""

from __future__ import annotations

import hashlib
import re

from rushes.sim.blobs import Blob
from rushes.sim.fal_work import lifetime
from rushes.sim.wire import Reply, Request, json_reply
from rushes.sim.world import Call

CDN = "v3.fal.media"
TOKEN_LIVES = 3600.0
_PART = re.compile(r"(b/[\w.-]+/[\w.-]+)/multipart/(\w+)/(\d{1,5}|complete)")
_MOST_PARTS = 10_000


def upload(call: Call) -> Reply | None:
    """The answer to whatever brings a file here; None for an address that is none."""
    request, world = call.request, call.world
    if request.path == "/storage/auth/token":
        token = world.chance.word("token", call.account.name if call.account else "")
        lives = world.clock.stamp_of_day(TOKEN_LIVES)
        base = request.own("", CDN)
        return json_reply({"token": token, "token_type": "Bearer", "base_url": base, "expires_at": lives})
    if request.path == "/storage/upload/initiate":
        there = request.own(f"/files/up/{world.chance.word(call.identity, call.nth)}/{_asked_name(request)}", CDN)
        return json_reply({"upload_url": there, "file_url": there})
    name = request.path.removeprefix("/files/")
    given = _file_name(request.headers.get("x-fal-file-name", "file"))
    if (request.method, name) == ("POST", "upload/multipart"):
        id_ = world.chance.word("parts", call.identity, call.nth, given)
        world.blobs.put(f"b/{id_}/{given}/multipart/{id_}", Blob(b"", _media_type(request)))
        return json_reply({"access_url": request.own(f"/files/b/{id_}/{given}", CDN), "uploadId": id_})
    if part := _PART.fullmatch(name):
        return _part(call, part[1], part[2], part[3])
    if (request.method, name) == ("POST", "upload"):
        return _stored(call, f"b/{world.chance.word(hashlib.sha256(request.body).digest())}/{given}", request.body)
    if request.method == "PUT" and name.startswith("up/"):
        return _stored(call, name, request.body)
    return None


def _part(call: Call, name: str, id_: str, number: str) -> Reply:
    blobs = call.world.blobs
    begun = blobs.get(f"{name}/multipart/{id_}")
    if begun is None:
        return json_reply({"detail": "Upload not found"}, 404)
    if number != "complete":
        if not blobs.put(f"{name}/multipart/{id_}/{number}", Blob(call.request.body, begun.media_type)):
            return _full()
        etag = hashlib.sha256(call.request.body).hexdigest()[:32]
        return json_reply({})._replace(headers=(("content-type", "application/json"), ("etag", f'"{etag}"')))
    parts = [f"{name}/multipart/{id_}/{part}" for part in _numbers(call.request)]
    found = [blobs.get(part) for part in parts]
    if not found or None in found:
        return json_reply({"detail": "A part is missing"}, 400)
    whole = b"".join(part.data for part in found if part is not None)
    for part in parts:
        blobs.drop(part)
    return _stored(call, name, whole, begun.media_type)


def _stored(call: Call, name: str, data: bytes, media_type: str | None = None) -> Reply:
    request, world = call.request, call.world
    lives = lifetime(request, "x-fal-object-lifecycle")
    expires = None if lives is None else world.clock.now() + lives
    if not world.blobs.put(name, Blob(data, media_type or _media_type(request), expires=expires)):
        return _full()
    world.books.upload(hashlib.sha256(data).hexdigest())
    return json_reply({"access_url": request.own(f"/files/{name}", CDN)})


def _full() -> Reply:
    return json_reply({"detail": "the simulator holds no more uploads"}, 507)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "application/octet-stream")


def _file_name(given: str) -> str:
    return re.sub(r"[^\w.-]", "_", given)[-80:] or "file"


def _asked_name(request: Request) -> str:
    try:
        return _file_name(str(request.json()["file_name"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return "file"


def _numbers(request: Request) -> list[int]:
    """The part numbers that a client lists, in the order of the file: fal_client lists them as they were finished."""
    try:
        listed = request.json()["parts"]
        return sorted(int(one["partNumber"]) for one in listed[:_MOST_PARTS])
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
