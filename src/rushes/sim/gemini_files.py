"""Google's Files API in the simulator: a place is asked for, the bytes are sent there, and the file has an address.

Source: what google-genai 3.4.0 sends and reads. What a model made is a file too, and only such a file can be fetched.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from rushes.sim.blobs import Blob
from rushes.sim.wire import Reply, Request, json_reply
from rushes.sim.world import Call

KEPT = 48 * 3600.0
"""Simulated seconds for which a file is kept."""

UPLOADS = re.compile(r"/upload/(v1|v1beta)/files")
FILE = re.compile(r"/(v1|v1beta)/files/([\w-]+)")
OUTPUT = re.compile(r"/(v1|v1beta)/files/([\w-]+):download")
_OWN = re.compile(r".*/(?:v1|v1beta)/files/([\w-]+)")


def uploaded(call: Call, uri: str) -> bytes | None:
    """The bytes of a file that was uploaded, by its address; None for any other."""
    found = _OWN.fullmatch(uri)
    blob = call.world.blobs.get(f"u/{found[1]}") if found else None
    return blob.data if blob is not None else None


def upload(call: Call) -> Reply:
    """The two steps of an upload: `start` names the place, `upload, finalize` brings the bytes there."""
    request, world = call.request, call.world
    command = request.headers.get("x-goog-upload-command", "")
    if request.headers.get("x-goog-upload-protocol") == "resumable" and command == "start":
        kind = request.headers.get("x-goog-upload-header-content-type", "application/octet-stream")
        id_ = world.chance.word("upload", call.identity, call.nth, length=12)
        world.blobs.put(f"begun/{id_}", Blob(b"", kind))
        place = request.own(f"{request.path}?upload_id={id_}&upload_protocol=resumable")
        return Reply(200, (("x-goog-upload-url", place), ("x-goog-upload-status", "active")))
    id_ = request.query.get("upload_id", "")
    begun = world.blobs.get(f"begun/{id_}")
    if begun is None or command != "upload, finalize" or request.headers.get("x-goog-upload-offset") != "0":
        return json_reply({"error": {"code": 400, "message": "Invalid upload.", "status": "INVALID_ARGUMENT"}}, 400)
    until = world.clock.now() + KEPT
    if not world.blobs.put(f"u/{id_}", Blob(request.body, begun.media_type, expires=until)):
        return json_reply({"error": {"code": 507, "message": "The simulator holds no more uploads."}}, 507)
    world.books.upload(hashlib.sha256(request.body).hexdigest())
    answer = json_reply({"file": _file(call, id_)})
    return answer._replace(headers=(*answer.headers, ("x-goog-upload-status", "final")))


def looked_up(call: Call) -> Reply | None:
    """What is known of an uploaded file; None for one that is not there."""
    name = call.route.about
    return json_reply(_file(call, name)) if call.world.blobs.get(f"u/{name}") is not None else None


def address(request: Request, word: str) -> str:
    """Where a file that a model made can be fetched, with the key."""
    return request.own(f"/v1beta/files/{word}:download?alt=media")


def _file(call: Call, name: str) -> dict[str, Any]:
    blob = call.world.blobs.get(f"u/{name}")
    assert blob is not None
    digest = base64.b64encode(hashlib.sha256(blob.data).hexdigest().encode()).decode()
    stamp = call.world.clock.stamp_of_day
    return {
        "name": f"files/{name}",
        "uri": call.request.own(f"/v1beta/files/{name}"),
        "mimeType": blob.media_type,
        "sizeBytes": str(len(blob.data)),
        "sha256Hash": digest,
        "createTime": stamp(0.0),
        "updateTime": stamp(0.0),
        "expirationTime": stamp(KEPT),
        "state": "ACTIVE",
        "source": "UPLOADED",
    }
